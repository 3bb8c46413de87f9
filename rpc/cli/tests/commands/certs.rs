//! `countersign certs`.

#[cfg(unix)]
use crate::desk::text;
use crate::desk::{Desk, failed, json, succeeded};

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
fn an_identity_is_renewed_and_revoked() {
    let desk = Desk::with_identities();
    let issued = json(&desk.run("certs list pki --json"));
    let renewed = json(&desk.run("certs renew pki server --days 7 --json"));
    assert_ne!(renewed["serial"], issued[0]["serial"]);
    assert_eq!(renewed["hosts"], issued[0]["hosts"]);
    let words = desk.run("certs renew pki alice --valid 90m");
    assert!(words.contains("renewed spiffe://") && words.contains(" UTC"), "{words}");

    let words = desk.run("certs revoke pki alice");
    assert!(
        words.matches("revoked alice's certificate").count() == 2
            && words
                .contains("crl.pem where servers and clients read it: countersign certs crl pki --out FILE"),
        "{words}"
    );
    assert!(desk.run("certs revoke pki alice").contains("was revoked before"));
    let list = json(&desk.run("certs list pki --json"));
    let states: Vec<_> = list.as_array().unwrap().iter().map(|entry| entry["state"].clone()).collect();
    assert_eq!(states, ["valid", "revoked", "valid", "revoked"]);
    assert_eq!((&list[0]["kind"], &list[1]["kind"]), (&"server".into(), &"client".into()));
    let error = desk.fail("certs renew pki alice");
    assert!(
        error.contains("was revoked") && error.contains("try: countersign certs issue pki alice"),
        "{error}"
    );

    let serial = renewed["serial"].as_str().unwrap();
    let revoked = json(&desk.run(&format!("certs revoke pki --serial {serial} --reason superseded --json")));
    assert_eq!(revoked["revoked"][0]["serial"], serial);
    desk.run("certs crl pki --out pki/server/crl.pem --out crl.pem");
    let [own, copy, other] = ["pki/authority/crl.pem", "pki/server/crl.pem", "crl.pem"]
        .map(|file| std::fs::read(desk.path().join(file)).unwrap());
    assert!(own == copy && own == other);
}

#[test]
fn the_key_of_a_root_with_an_intermediate_can_be_taken_away() {
    let desk = Desk::empty();
    let made = desk.run("certs init pki --intermediate");
    assert!(made.contains("move pki/authority/key.pem offline"), "{made}");
    let (key, away) = (desk.path().join("pki/authority/key.pem"), desk.path().join("away.pem"));
    std::fs::rename(&key, &away).unwrap();
    desk.run("certs issue pki alice");
    let error = desk.fail("certs renew pki --intermediate");
    assert!(error.contains("pki/authority/key.pem: the key of ") && error.lines().count() == 1, "{error}");
    std::fs::rename(&away, &key).unwrap();
    assert!(desk.run("certs renew pki --intermediate").contains("place the new pki/authority/crl.pem"));
    let list = desk.run("certs list pki");
    assert!(list.matches("intermediate").count() == 2, "{list}");
}

#[test]
fn an_authority_with_a_passphrase_asks_for_it_but_never_as_an_argument() {
    let desk = Desk::empty();
    let with = |words: &str, passphrase: &str| {
        let mut command = desk.command(words);
        command.env("COUNTERSIGN_PASSPHRASE", passphrase);
        command
    };
    succeeded(with("certs init pki --passphrase", "open sesame"));
    succeeded(with("certs issue pki alice", "open sesame"));
    let error = failed(with("certs issue pki bob", "open barley"));
    assert_eq!(error, "error: pki/authority/key.pem: the passphrase is wrong\n");
    let error = desk.fail("certs issue pki bob");
    let remedy = "pki/authority/key.pem: needs a passphrase, and there is no terminal to ask for it; try: --passphrase-file";
    assert!(error.contains(remedy) && error.lines().count() == 1, "{error}");
    assert!(desk.fail("certs issue pki bob --passphrase x").contains("--passphrase"), "no such argument");

    std::fs::write(desk.path().join("words"), "open sesame\n").unwrap();
    desk.run("certs renew pki alice --passphrase-file words");
    #[cfg(unix)]
    a_passphrase_that_others_can_read_is_warned_of(&desk);
    assert!(desk.fail("certs renew pki alice --passphrase-file nothing").contains("nothing: cannot be read"));
    let made = json(&desk.run("certs init other --passphrase-file words --json"));
    assert_eq!(made["encrypted"], true);
    assert!(desk.run("certs list pki").contains("alice"), "what is no secret needs no passphrase");
}

/// In a file `words` on this desk.
#[cfg(unix)]
fn a_passphrase_that_others_can_read_is_warned_of(desk: &Desk) {
    use std::os::unix::fs::PermissionsExt;
    for (mode, warned) in [(0o644, true), (0o640, true), (0o600, false)] {
        let file = desk.path().join("words");
        std::fs::set_permissions(file, std::fs::Permissions::from_mode(mode)).expect("it is there");
        let output = desk.command("certs renew pki alice --passphrase-file words").output().expect("it runs");
        let stderr = text(output.stderr);
        let warning =
            format!("warning: words: others on this machine can read this passphrase (mode {mode:04o})");
        assert_eq!((output.status.success(), stderr.starts_with(&warning)), (true, warned), "{stderr}");
    }
}

#[test]
fn a_root_is_rolled_over_step_by_step() {
    let desk = Desk::with_identities();
    let begun = desk.run("certs rollover pki");
    assert!(begun.contains("renew every identity") && begun.contains("--switch"), "{begun}");
    let error = desk.fail("certs rollover pki");
    assert!(error.contains("countersign certs rollover DIR --switch"), "{error}");
    let error = desk.fail("certs rollover pki --switch");
    assert!(error.contains("renew alice, server; try: the same with --force"), "{error}");
    let renew_both = || ["server", "alice"].map(|name| desk.run(&format!("certs renew pki {name}")));
    renew_both();
    assert!(desk.run("certs rollover pki --switch").contains("--retire"));
    renew_both();
    let bundle = desk.run("certs bundle pki");
    assert_eq!(bundle.matches("BEGIN CERTIFICATE").count(), 2);
    assert_eq!(std::fs::read_to_string(desk.path().join("pki/alice/ca.pem")).unwrap(), bundle);
    let retired = json(&desk.run("certs rollover pki --retire --json"));
    assert_eq!(retired["stage"], "settled");
    desk.run("certs bundle pki --out pki/alice/ca.pem");
    let bundle = std::fs::read_to_string(desk.path().join("pki/alice/ca.pem")).unwrap();
    assert_eq!(retired["bundle"], bundle);
    assert_eq!(bundle.matches("BEGIN CERTIFICATE").count(), 1);
}

#[test]
fn a_key_that_stays_where_it_is_gets_a_certificate() {
    let desk = Desk::with_identities();
    let made = desk.run("certs csr printer --host localhost --out far/printer");
    assert!(made.contains("carry the request"), "{made}");
    assert!(desk.fail("certs csr printer --out far/printer").contains("--replace"));
    let signed = desk.run("certs sign pki far/printer/request.csr --days 3");
    assert!(
        signed
            .contains("spiffe://countersign.internal/printer into far/printer, for the server at localhost"),
        "{signed}"
    );
    desk.run("certs check far/printer");
    assert!(desk.run("certs list pki").contains("printer"));
    assert!(desk.fail("certs sign pki far/printer/key.pem").contains("it holds a private key"));
    let taken = desk.fail("certs sign pki far/printer/request.csr --out pki/alice");
    assert!(taken.contains("/alice is at home in this folder") && taken.lines().count() == 1, "{taken}");

    desk.run("certs csr printer --host localhost --out far/printer --replace");
    let sign = "certs sign pki far/printer/request.csr --name copier --host ::1 --out far/copier --json";
    let signed = json(&desk.run(sign));
    assert_eq!(signed["id"], "spiffe://countersign.internal/copier");
    assert_eq!(signed["hosts"], serde_json::json!(["::1"]));
    let error = desk.fail("certs renew pki printer");
    assert!(error.contains("pki/printer: no identity here"), "{error}");
}

#[test]
fn an_identity_that_would_outlive_its_authority_is_cut_and_says_so() {
    let desk = Desk::empty();
    desk.run("certs init pki --days 3");
    assert!(desk.run("certs issue pki alice").contains(", as its authority is"));
    assert_eq!(json(&desk.run("certs issue pki bob --valid 1h --json"))["clamped"], false);
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
}

#[test]
fn whatever_is_in_a_pem_file_is_shown_and_never_a_key() {
    let desk = Desk::with_identities();
    let words = desk.run("certs show pki/alice/key.pem pki/authority/crl.pem");
    let list = words.strip_prefix("A private key: ECDSA P-256.\n\n").expect("the key comes first");
    assert!(list.starts_with("A revocation list of CN=countersign.internal authority"), "{list}");
    assert!(list.contains("\n  Revokes      0\n"), "{list}");
    let shown = json(&desk.run("certs show pki/alice/key.pem --json"));
    let expected = serde_json::json!([{
        "kind": "private_key", "key_algorithm": "ECDSA P-256", "usable": true,
        "file": "pki/alice/key.pem", "line": 1,
    }]);
    assert_eq!(shown, expected);
    let refused = desk.fail("certs show pki/authority/issued.jsonl");
    assert!(refused.contains("no PEM section in this file"), "{refused}");
}

#[test]
fn names_and_hosts_are_checked_before_anything_is_made() {
    let desk = Desk::with_identities();
    for (words, said) in [
        ("certs issue pki Alice", "Alice"),
        ("certs issue pki authority", "authority"),
        ("certs issue pki bob --host localhost:7443", "without the port"),
        ("certs issue pki bob --days 0", "days"),
        ("certs issue pki bob --valid 0s", "no time"),
        ("certs issue pki bob --valid 90", "such as 500ms or 5s"),
        ("certs issue pki bob --days 1 --valid 1h", "cannot be used with"),
        ("certs renew pki bob", "pki/bob: no identity here"),
        ("certs renew pki", "<NAME>"),
        ("certs revoke pki bob", "no certificate with the name bob"),
        ("certs revoke pki --serial 12:34", "no certificate with the serial number 12:34"),
        ("certs revoke pki", "<NAME>"),
        ("certs crl nowhere", "countersign certs init nowhere"),
        ("certs issue nowhere bob", "countersign certs init nowhere"),
        ("certs init other --trust-domain not/a/domain", "not/a/domain"),
    ] {
        let error = desk.fail(words);
        assert!(error.contains(said) && error.lines().count() == 1, "{words}: {error}");
    }
    assert!(!desk.path().join("pki/bob").exists() && !desk.path().join("other").exists());
}
