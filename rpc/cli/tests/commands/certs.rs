//! `countersign certs`.

use crate::desk::{Desk, json};

#[test]
fn an_authority_is_made_once() {
    let desk = Desk::empty();
    let made = desk.run("certs init pki --trust-domain acme.internal");
    assert!(made.contains("acme.internal") && made.contains("certs issue pki NAME"), "{made}");
    for file in ["cert.pem", "key.pem", "crl.pem", "issued.jsonl"] {
        assert!(desk.path().join("pki/authority").join(file).is_file(), "{file}");
    }
    assert!(desk.fail("certs init pki").contains("there is an authority already"));
}

#[test]
fn an_identity_is_replaced_only_when_asked_to() {
    let desk = Desk::with_identities();
    for file in ["cert.pem", "key.pem", "ca.pem"] {
        assert!(desk.path().join("pki/alice").join(file).is_file(), "{file}");
    }
    let refused = desk.fail("certs issue pki alice");
    assert!(refused.contains("--replace"), "{refused}");
    let issued = json(&desk.run("certs issue pki alice --replace --days 3 --json"));
    let list = json(&desk.run("certs list pki --json"));
    assert_eq!(list.as_array().unwrap().len(), 3);
    assert_eq!(list[2]["serial"], issued["serial"]);
    assert_eq!(list[0]["hosts"], serde_json::json!(["localhost", "127.0.0.1"]));
    let words = desk.run("certs list pki");
    assert!(words.starts_with("NAME") && words.lines().count() == 4, "{words}");
}

#[test]
fn a_certificate_is_described_in_words() {
    let desk = Desk::with_identities();
    let words = desk.run("certs show pki/server/cert.pem pki/authority/cert.pem");
    assert!(words.contains("for the client and server spiffe://countersign.internal/server"), "{words}");
    assert!(words.contains("of the authority"), "{words}");
    let shown = json(&desk.run("certs show pki/alice --json"));
    assert_eq!(shown[0]["id"], "spiffe://countersign.internal/alice");
    assert_eq!(shown[0]["valid"], true);
    assert!(desk.fail("certs show pki/alice/key.pem").contains("key.pem"));
}

#[test]
fn names_and_hosts_are_checked_before_anything_is_made() {
    let desk = Desk::with_identities();
    for (words, said) in [
        ("certs issue pki Alice", "Alice"),
        ("certs issue pki authority", "authority"),
        ("certs issue pki bob --host localhost:7443", "without the port"),
        ("certs issue pki bob --days 0", "days"),
        ("certs issue nowhere bob", "countersign certs init nowhere"),
        ("certs init other --trust-domain not/a/domain", "not/a/domain"),
    ] {
        let error = desk.fail(words);
        assert!(error.contains(said) && error.lines().count() == 1, "{words}: {error}");
    }
    assert!(!desk.path().join("pki/bob").exists() && !desk.path().join("other").exists());
}
