//! Authorities whose keys are encrypted.

#![expect(clippy::unwrap_used, reason = "a test whose helper fails has failed")]

use std::fs;
use std::path::Path;
use std::process::Command;

use countersign_certs::authority::{Authority, AuthorityError, Existing, Passphrase, Plan, Request};
use countersign_certs::{Credentials, TrustDomain};
use tempfile::TempDir;

const WORDS: &str = "Grün ist die Heide";

fn encrypted(plan: Plan) -> (TempDir, Passphrase) {
    let pki = tempfile::tempdir().unwrap();
    let passphrase = Passphrase::new(WORDS).unwrap();
    Authority::init(pki.path(), plan.encrypted(passphrase.clone())).unwrap();
    (pki, passphrase)
}

fn simple() -> Plan {
    Plan::new(TrustDomain::default())
}

fn sections(pki: &Path, file: &str) -> (usize, usize) {
    let text = fs::read_to_string(pki.join("authority").join(file)).unwrap();
    (text.matches("BEGIN ENCRYPTED PRIVATE KEY").count(), text.matches("BEGIN PRIVATE KEY").count())
}

#[test]
fn an_encrypted_authority_opens_with_its_passphrase_alone() {
    let (pki, passphrase) = encrypted(simple());
    let key = pki.path().join("authority/key.pem").display().to_string();
    let error = Authority::open(pki.path()).unwrap_err();
    assert!(matches!(error, AuthorityError::Locked { .. }) && error.to_string().starts_with(&key), "{error}");
    for wrong in ["Gruen ist die Heide", " Grün ist die Heide"] {
        let error = Authority::unlock(pki.path(), &Passphrase::new(wrong).unwrap()).unwrap_err();
        assert_eq!(error.to_string(), format!("{key}: the passphrase is wrong"));
    }
    let authority = Authority::unlock(pki.path(), &passphrase).unwrap();
    let alice = Request::client("alice".parse().unwrap());
    let home = authority.issue_to(pki.path(), &alice, Existing::Refuse).unwrap();
    Credentials::load(home).unwrap();
}

#[test]
fn no_key_of_an_encrypted_authority_is_ever_written_in_the_clear() {
    let (pki, passphrase) = encrypted(simple().with_intermediate());
    assert_eq!(
        (sections(pki.path(), "key.pem"), sections(pki.path(), "intermediate-key.pem")),
        ((1, 0), (1, 0))
    );
    let mut authority = Authority::unlock(pki.path(), &passphrase).unwrap();
    authority.renew_intermediate().unwrap();
    assert_eq!(
        (sections(pki.path(), "key.pem"), sections(pki.path(), "intermediate-key.pem")),
        ((1, 0), (2, 0))
    );
    Authority::unlock(pki.path(), &passphrase).unwrap();
}

#[test]
fn a_passphrase_for_keys_that_are_not_encrypted_does_no_harm() {
    let pki = tempfile::tempdir().unwrap();
    Authority::init(pki.path(), &TrustDomain::default()).unwrap();
    Authority::unlock(pki.path(), &Passphrase::new(WORDS).unwrap()).unwrap();
    Authority::open(pki.path()).unwrap();
}

#[test]
fn a_passphrase_is_some_words_and_never_shown() {
    assert!(matches!(Passphrase::new(""), Err(AuthorityError::NoPassphrase)));
    let plan = Plan::new(TrustDomain::default()).encrypted(Passphrase::new(WORDS).unwrap());
    assert!(!format!("{plan:?}").contains("Heide"));
}

#[test]
fn a_damaged_encrypted_key_is_told_from_a_wrong_passphrase() {
    let (pki, passphrase) = encrypted(simple());
    let path = pki.path().join("authority/key.pem");
    let good = fs::read_to_string(&path).unwrap();
    for (bad, said) in [
        (good.replace("-----END", "-----"), "damaged"),
        (good.replacen("KEY-----\nM", "KEY-----\n!", 1), "damaged"),
        (good.replacen("KEY-----\nM", "KEY-----\nA", 1), "cannot be read"),
    ] {
        fs::write(&path, bad).unwrap();
        let error = Authority::unlock(pki.path(), &passphrase).unwrap_err().to_string();
        assert!(error.starts_with(&path.display().to_string()) && error.contains(said), "{error}");
    }
}

#[test]
fn openssl_reads_our_keys_and_we_read_its() {
    let (pki, passphrase) = encrypted(simple());
    let key = pki.path().join("authority/key.pem");
    let openssl = |words: &[&str]| {
        let output = Command::new("openssl").args(words).env("WORDS", WORDS).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        output.stdout
    };
    let path = key.to_str().unwrap();
    let clear = openssl(&["pkey", "-in", path, "-passin", "env:WORDS"]);
    assert!(clear.starts_with(b"-----BEGIN PRIVATE KEY-----"));
    let plain = pki.path().join("plain.pem");
    fs::write(&plain, clear).unwrap();
    for how in [&["-v2", "aes-256-cbc"][..], &["-scrypt"]] {
        let words = ["pkcs8", "-topk8", "-passout", "env:WORDS", "-in", plain.to_str().unwrap()];
        let sealed = openssl(&[&words[..], how].concat());
        fs::write(&key, sealed).unwrap();
        Authority::unlock(pki.path(), &passphrase).unwrap();
    }
}
