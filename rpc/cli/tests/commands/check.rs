//! `countersign certs check`: its verdict is its exit code, and its findings are its output.

use std::fs;
use std::path::Path;

use crate::desk::{Desk, json};

/// What a check prints that finds the identity unusable.
fn findings(desk: &Desk, words: &str) -> String {
    let output = desk.command(words).output().expect("it starts");
    assert!(!output.status.success(), "{words}");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{words}");
    String::from_utf8(output.stdout).expect("text")
}

#[test]
fn a_sound_identity_is_usable_as_what_it_is() {
    let desk = Desk::with_identities();
    let words = desk.run("certs check pki/alice");
    assert!(words.starts_with("note: pki/alice/crl.pem: there is no revocation list"), "{words}");
    assert_eq!(
        desk.run("certs check pki/alice --crl pki/authority/crl.pem"),
        "pki/alice: spiffe://countersign.internal/alice can be used as a client\n"
    );
    let words = desk.run("certs check pki/server --host localhost --host 127.0.0.1");
    assert!(words.ends_with("can be used as a client and as a server\n"), "{words}");
}

#[test]
fn each_problem_is_told_with_its_file_and_its_remedy() {
    let desk = Desk::with_identities();
    let words = findings(&desk, "certs check pki/alice --as server");
    assert!(words.starts_with("error: pki/alice/cert.pem:1: its certificate is not for a server"), "{words}");
    assert!(words.contains("\n  try: issue it again with the extended key usage serverAuth\n"), "{words}");
    assert!(words.ends_with("cannot be used as a server: 1 problem\n"), "{words}");
    let words = findings(&desk, "certs check pki/server --host example.org");
    assert!(words.contains("does not cover the host example.org: it covers localhost, 127.0.0.1"), "{words}");
    let words = findings(&desk, "certs check pki/nobody");
    assert!(
        words.contains("no such folder") && words.ends_with("pki/nobody: cannot be used: 1 problem\n"),
        "{words}"
    );
}

#[test]
fn a_revoked_identity_is_not_usable() {
    let desk = Desk::with_identities();
    desk.run("certs revoke pki alice");
    let words = findings(&desk, "certs check pki/alice --crl pki/authority/crl.pem");
    assert!(words.contains("its certificate 1 (CN=alice) was revoked"), "{words}");
}

#[test]
fn the_findings_are_json_for_machines() {
    let desk = Desk::with_identities();
    let sound = json(&desk.run("certs check pki/alice --json"));
    assert_eq!((&sound["usable"], &sound["findings"][0]["severity"]), (&true.into(), &"note".into()));
    fs::remove_file(desk.path().join("pki/alice/key.pem")).unwrap();
    let broken = json(&findings(&desk, "certs check pki/alice --json"));
    let finding = &broken["findings"][0];
    assert_eq!((&broken["usable"], &finding["problem"]), (&false.into(), &"file_missing".into()));
    assert!(Path::new(finding["file"].as_str().unwrap()).ends_with("key.pem"));
}
