//! SPEC.md keeps its word: each rule has a number, each number a proof, and each proof exists.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde::Deserialize;

const SPEC: &str = include_str!("../../SPEC.md");
const FRAMES: &str = include_str!("../../vectors/frames.json");
const EXCHANGES: &str = include_str!("../../vectors/exchanges.json");

/// The rules, and the table that says what proves them.
fn halves() -> (&'static str, &'static str) {
    SPEC.split_once("\n## Proof\n").expect("the section with the table")
}

/// The numbers of rules in a text: those of `(R1)`.
fn numbers(text: &str) -> Vec<u32> {
    let tags = text.split("(R").skip(1).filter_map(|rest| rest.split_once(')'));
    tags.filter_map(|(number, _)| number.parse().ok()).collect()
}

/// The rows of the table: the number of a rule, and its proofs.
fn rows() -> Vec<(u32, &'static str)> {
    let rows = halves().1.lines().filter_map(|line| line.strip_prefix("| R")?.split_once(" | "));
    rows.map(|(number, proofs)| (number.parse().unwrap(), proofs)).collect()
}

#[test]
fn rules_are_numbered_and_each_must_is_one() {
    // A rule keeps its number, so a later one may stand before an earlier.
    let mut rules = numbers(halves().0);
    rules.sort_unstable();
    assert!(rules.len() > 50);
    assert_eq!(rules, (1..=rules.len() as u32).collect::<Vec<_>>());
    for paragraph in halves().0.split("\n\n").flat_map(|paragraph| paragraph.split("\n- ")) {
        let musts = paragraph.matches("MUST").count();
        assert!(musts <= numbers(paragraph).len(), "a MUST without a number: {paragraph}");
    }
}

#[test]
fn every_rule_has_a_proof() {
    let mut rules = numbers(halves().0);
    rules.sort_unstable();
    let proved: Vec<u32> = rows().iter().map(|(number, _)| *number).collect();
    assert_eq!(proved, rules);
}

#[test]
fn every_proof_exists() {
    let (tests, frames, exchanges) = (tests(), names(FRAMES), names(EXCHANGES));
    for (number, proofs) in rows() {
        for name in proofs.trim_end_matches(" |").split(", ") {
            let exists = match name.split_once(' ') {
                None => tests.contains(name.trim_matches('`')),
                Some(("frame", name)) => frames.contains(name.trim_matches('*')),
                Some(("exchange", name)) => exchanges.contains(name.trim_matches('*')),
                Some(_) => false,
            };
            assert!(exists, "R{number} names {name}, which does not exist");
        }
    }
}

fn names(vectors: &str) -> BTreeSet<String> {
    #[derive(Deserialize)]
    struct Named {
        name: String,
    }
    let vectors: Vec<Named> = serde_json::from_str(vectors).unwrap();
    let names: BTreeSet<String> = vectors.iter().map(|vector| vector.name.clone()).collect();
    assert_eq!(names.len(), vectors.len(), "a name comes twice");
    names
}

/// The names of all tests of the workspace.
fn tests() -> BTreeSet<String> {
    let mut tests = BTreeSet::new();
    for folder in ["rpc", "certs", "tests"] {
        read_tests(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(folder), &mut tests);
    }
    tests
}

fn read_tests(folder: &Path, tests: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read_tests(&path, tests);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let source = fs::read_to_string(&path).unwrap();
            let functions = source.split("#[test]").skip(1);
            let functions = functions.chain(source.split("#[tokio::test").skip(1));
            tests.extend(functions.filter_map(name_of_function));
        }
    }
}

/// The name of the function that begins after an attribute.
fn name_of_function(source: &str) -> Option<String> {
    let (_, rest) = source.split_once("fn ")?;
    Some(rest.split_once('(')?.0.to_owned())
}
