//! The list of features names tests that there are.

use std::fs;
use std::path::Path;

#[test]
fn every_feature_of_the_list_has_a_test_of_that_name() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let list = fs::read_to_string(root.join("tests/features.md")).unwrap();
    let rows: Vec<&str> = list.lines().filter(|line| line.starts_with("| ") && line.contains("`")).collect();
    assert!(rows.len() > 8, "the list was not found in features.md");
    for row in rows {
        let named: Vec<&str> = row.split('`').skip(1).step_by(2).filter(|it| it.contains("::")).collect();
        assert!(!named.is_empty(), "no test: {row}");
        for test in named {
            let (file, name) = test.rsplit_once("::").unwrap();
            let file = root.join("src").join(format!("{}.rs", file.replace("::", "/")));
            let source =
                fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
            assert!(source.contains(&format!("#[test]\nfn {name}()")), "no such test: {test}");
        }
    }
}
