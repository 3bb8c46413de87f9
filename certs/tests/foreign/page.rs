//! The page on identities made elsewhere: what it says is what works.

use std::fs;
use std::process::Command;

use countersign_certs::Credentials;
use countersign_certs::check::{Check, Problem, Role, Tool};

const PAGE: &str = include_str!("../../IDENTITIES.md");

/// The commands under this heading, block by block.
fn commands(heading: &str) -> Vec<&'static str> {
    let (_, section) = PAGE.split_once(&format!("\n## {heading}\n")).unwrap();
    let section = section.split("\n## ").next().unwrap();
    let blocks = section.split("```sh\n").skip(1);
    blocks.map(|block| block.split("```").next().unwrap()).collect()
}

#[test]
fn the_lines_for_openssl_make_a_client_a_server_and_a_list() {
    let home = tempfile::tempdir().unwrap();
    let run = |script: &str| {
        let output = Command::new("sh").args(["-euc", script]).current_dir(home.path()).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    };
    let [identities, list] = commands("openssl").try_into().unwrap();
    run(identities);
    for (name, role, host) in
        [("alice", Role::Client, None), ("ledger", Role::Server, Some("ledger.acme.internal"))]
    {
        let folder = home.path().join(name);
        let credentials = Credentials::load(&folder).unwrap();
        assert_eq!(credentials.identity().id().as_str(), format!("spiffe://acme.internal/{name}"));
        let check = Check::of(&folder).used_as(role);
        let report = host.into_iter().fold(check, Check::host).run();
        let [finding] = report.findings.as_slice() else { panic!("{report:#?}") };
        assert!(matches!(finding.problem, Problem::NoCrl { .. }) && report.is_usable());
    }
    run(list);
    assert!(Check::of(home.path().join("ledger")).run().findings.is_empty());
    fs::copy(home.path().join("ledger/crl.pem"), home.path().join("alice/crl.pem")).unwrap();
    let report = Check::of(home.path().join("alice")).run();
    assert!(matches!(report.findings[0].problem, Problem::Revoked { .. }), "{report:#?}");
}

#[test]
fn the_page_has_the_line_that_a_check_tells_for_each_tool() {
    let id = "spiffe://acme.internal/alice".parse().unwrap();
    for tool in Tool::ALL {
        assert!(PAGE.contains(&tool.line(&id)), "{}", tool.line(&id));
        assert!(PAGE.contains(tool.name()), "{}", tool.name());
    }
}

#[test]
fn the_page_names_all_files_that_are_known() {
    for [certificate, key, trust] in [
        ["cert.pem", "key.pem", "ca.pem"],
        ["tls.crt", "tls.key", "ca.crt"],
        ["svid.0.pem", "svid.0.key", "bundle.0.pem"],
        ["svid.pem", "svid_key.pem", "svid_bundle.pem"],
        ["site.crt", "site.key", "root.crt"],
    ] {
        assert!(PAGE.contains(&format!("| `{certificate}` | `{key}` | `{trust}` |")), "{certificate}");
    }
}
