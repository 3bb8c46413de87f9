//! From one root to the next: what is trusted and who signs, step by step.

#![expect(clippy::unwrap_used, reason = "a test whose helper fails has failed")]

use std::fs;
use std::path::Path;
use std::time::Duration;

use countersign_certs::authority::{
    Authority, AuthorityError, Existing, Late, Plan, Request, Stage, bundle, list, place,
};
use countersign_certs::{CertificateInfo, Credentials, Name, TrustDomain};
use tempfile::TempDir;

fn name(text: &str) -> Name {
    text.parse().unwrap()
}

fn plan() -> Plan {
    Plan::new(TrustDomain::default())
}

/// An authority with two clients, `alice` and `bob`.
fn new_authority(plan: Plan) -> (TempDir, Authority) {
    let pki = tempfile::tempdir().unwrap();
    let authority = Authority::init(pki.path(), plan).unwrap();
    for who in ["alice", "bob"] {
        authority.issue_to(pki.path(), &Request::client(name(who)), Existing::Refuse).unwrap();
    }
    (pki, authority)
}

fn renew(authority: &Authority, pki: &TempDir, who: &[&str]) {
    for who in who {
        authority.renew(pki.path(), &name(who), None).unwrap();
    }
}

/// The subjects of the roots in a PEM file.
fn roots(path: &Path) -> Vec<String> {
    CertificateInfo::load(path).unwrap().iter().map(|root| root.subject().to_owned()).collect()
}

fn issuer(pki: &TempDir, who: &str) -> String {
    CertificateInfo::load(pki.path().join(who).join("cert.pem")).unwrap()[0].issuer().to_owned()
}

#[test]
fn a_root_is_rolled_over_in_three_steps() {
    let (pki, mut authority) = new_authority(plan());
    let ca = |who: &str| roots(&pki.path().join(who).join("ca.pem"));
    let old = authority.certificate().subject().to_owned();
    assert_eq!((authority.stage(), ca("alice")), (Stage::Settled, vec![old.clone()]));

    authority.begin_rollover(&plan()).unwrap();
    assert_eq!(authority.stage(), Stage::Announced);
    renew(&authority, &pki, &["alice", "bob"]);
    let next = ca("alice").pop().unwrap();
    assert_eq!(ca("alice"), [old.clone(), next.clone()]);
    assert_eq!(issuer(&pki, "alice"), old, "the next root signs nothing yet");

    authority.switch_root(Late::Wait).unwrap();
    assert_eq!(authority.stage(), Stage::Switched);
    assert_eq!(authority.certificate().subject(), next);
    renew(&authority, &pki, &["alice", "bob"]);
    assert_eq!((issuer(&pki, "alice"), ca("alice")), (next.clone(), vec![next.clone(), old]));

    authority.retire_root(Late::Wait).unwrap();
    assert_eq!(authority.stage(), Stage::Settled);
    renew(&authority, &pki, &["alice"]);
    assert_eq!(ca("alice"), [next]);
    let keys = fs::read_to_string(pki.path().join("authority/key.pem")).unwrap();
    assert_eq!(keys.matches("BEGIN PRIVATE KEY").count(), 1, "the old root's key is gone");
    assert_eq!(list(pki.path()).unwrap().len(), 2 + 2 + 2 + 1);
}

#[test]
fn no_step_leaves_anyone_behind_unasked() {
    let (pki, mut authority) = new_authority(plan());
    let gone = Request::client(name("gone"));
    authority.issue(&gone).unwrap();
    authority.revoke(&gone.name).unwrap();
    authority.begin_rollover(&plan()).unwrap();
    renew(&authority, &pki, &["alice"]);
    let error = authority.switch_root(Late::Wait).unwrap_err();
    assert_eq!(error.to_string(), "not everyone is ready for this: renew bob");
    authority.switch_root(Late::LeaveBehind).unwrap();
    let error = authority.retire_root(Late::Wait).unwrap_err();
    assert_eq!(error.to_string(), "not everyone is ready for this: renew alice, bob");
    renew(&authority, &pki, &["bob", "alice"]);
    authority.retire_root(Late::Wait).unwrap();
}

#[test]
fn a_step_that_is_not_the_next_one_is_refused() {
    let (_pki, mut authority) = new_authority(plan());
    for (early, remedy) in [
        (authority.switch_root(Late::LeaveBehind).unwrap_err(), "begin one with"),
        (authority.retire_root(Late::LeaveBehind).unwrap_err(), "begin one with"),
    ] {
        assert!(early.to_string().contains(remedy), "{early}");
    }
    authority.begin_rollover(&plan()).unwrap();
    for error in [authority.begin_rollover(&plan()), authority.retire_root(Late::LeaveBehind)] {
        let error = error.unwrap_err();
        assert!(matches!(error, AuthorityError::WrongStage { stage: Stage::Announced }), "{error}");
        assert!(error.to_string().contains("--switch"), "{error}");
    }
}

#[test]
fn the_stage_is_known_when_the_authority_is_opened_again() {
    let (pki, mut authority) = new_authority(plan());
    for stage in [Stage::Announced, Stage::Switched, Stage::Settled] {
        match stage {
            Stage::Announced => authority.begin_rollover(&plan()).unwrap(),
            Stage::Switched => authority.switch_root(Late::LeaveBehind).unwrap(),
            _ => authority.retire_root(Late::LeaveBehind).unwrap(),
        }
        let reopened = Authority::open(pki.path()).unwrap();
        assert_eq!(reopened.stage(), stage);
        assert_eq!(reopened.issuer(), authority.issuer());
        assert_eq!(reopened.bundle(), bundle(pki.path()).unwrap());
        assert_eq!(reopened.trust(), authority.trust());
    }
}

#[test]
fn a_life_that_the_old_root_cut_short_is_whole_again_after_the_rollover() {
    let day = Duration::from_hours(24);
    let (pki, mut authority) = new_authority(plan().valid_for(10 * day));
    let life = || {
        let alice = CertificateInfo::load(pki.path().join("alice/cert.pem")).unwrap().remove(0);
        alice.not_after().duration_since(alice.not_before()).as_hours() / 24
    };
    assert_eq!(life(), 10);
    authority.begin_rollover(&plan()).unwrap();
    renew(&authority, &pki, &["alice"]);
    assert_eq!(life(), 10);
    authority.switch_root(Late::LeaveBehind).unwrap();
    renew(&authority, &pki, &["alice"]);
    assert_eq!(life(), 30);
}

#[test]
fn an_intermediate_rolls_over_with_its_root() {
    let (pki, mut authority) = new_authority(plan().with_intermediate());
    let old = authority.issuer().subject().to_owned();
    authority.begin_rollover(&plan().with_intermediate()).unwrap();
    assert_eq!(authority.issuer().subject(), old);
    renew(&authority, &pki, &["alice", "bob"]);
    authority.switch_root(Late::Wait).unwrap();
    assert_ne!(authority.issuer().subject(), old);
    assert_eq!(authority.issuer().issuer(), authority.certificate().subject());
    renew(&authority, &pki, &["alice", "bob"]);
    authority.retire_root(Late::Wait).unwrap();
    let crl = fs::read_to_string(pki.path().join("authority/crl.pem")).unwrap();
    assert_eq!(crl.matches("BEGIN X509 CRL").count(), 2, "one for each issuer that is left");
}

#[test]
fn a_rollover_can_bring_an_intermediate_or_drop_it() {
    let (pki, mut authority) = new_authority(plan());
    for (plan, chain) in [(plan().with_intermediate(), 2), (plan(), 1)] {
        authority.begin_rollover(&plan).unwrap();
        authority.switch_root(Late::LeaveBehind).unwrap();
        authority.retire_root(Late::LeaveBehind).unwrap();
        renew(&authority, &pki, &["alice"]);
        let alice = Credentials::load(pki.path().join("alice")).unwrap();
        assert_eq!(alice.identity().chain().len(), chain);
    }
    assert!(!pki.path().join("authority/intermediate.pem").exists());
    assert!(!pki.path().join("authority/intermediate-key.pem").exists());
}

#[test]
fn what_a_retired_root_issued_needs_no_revocation() {
    let (pki, mut authority) = new_authority(plan());
    authority.begin_rollover(&plan()).unwrap();
    authority.switch_root(Late::LeaveBehind).unwrap();
    authority.retire_root(Late::LeaveBehind).unwrap();
    let old = list(pki.path()).unwrap().remove(0);
    assert!(authority.revoke(&old.name).unwrap().revoked.is_empty());
    let error = authority.revoke_serial(&old.serial).unwrap_err();
    assert!(matches!(error, AuthorityError::Retired { .. }), "{error}");
}

#[test]
fn the_old_roots_certificates_can_be_revoked_until_it_retires() {
    let (pki, mut authority) = new_authority(plan());
    authority.begin_rollover(&plan()).unwrap();
    authority.switch_root(Late::LeaveBehind).unwrap();
    authority.revoke(&name("alice")).unwrap();
    assert!(list(pki.path()).unwrap()[0].revoked.is_some());
}

#[test]
fn the_lists_of_two_roots_suit_those_who_know_one_of_them() {
    let (pki, mut authority) = new_authority(plan());
    let domain = TrustDomain::default();
    let lists_read_by = |who: &str| {
        let credentials = Credentials::load(pki.path().join(who)).unwrap();
        credentials.trust().revocation(&domain).crls().len()
    };
    authority.begin_rollover(&plan()).unwrap();
    let both = authority.crl().unwrap();
    for who in ["alice", "bob"] {
        place(pki.path().join(who).join("crl.pem"), &both).unwrap();
    }
    renew(&authority, &pki, &["alice"]);
    assert_eq!((lists_read_by("alice"), lists_read_by("bob")), (2, 1));
    authority.switch_root(Late::LeaveBehind).unwrap();
    authority.retire_root(Late::LeaveBehind).unwrap();
    renew(&authority, &pki, &["alice"]);
    assert_eq!(lists_read_by("alice"), 1, "the old root's list is left aside");
    // Without any list that counts nobody could be let in.
    place(pki.path().join("bob/crl.pem"), &authority.crl().unwrap()).unwrap();
    let error = Credentials::load(pki.path().join("bob")).unwrap_err().to_string();
    assert!(error.contains("is not signed by an authority of this trust domain"), "{error}");
}

#[test]
fn the_old_roots_key_is_needed_to_begin() {
    let (pki, _) = new_authority(plan().with_intermediate());
    fs::remove_file(pki.path().join("authority/key.pem")).unwrap();
    let error = Authority::open(pki.path()).unwrap().begin_rollover(&plan()).unwrap_err();
    assert!(matches!(error, AuthorityError::KeyAbsent { .. }), "{error}");
}

#[test]
fn the_bundle_needs_no_key() {
    let (pki, mut authority) = new_authority(plan());
    authority.begin_rollover(&plan()).unwrap();
    fs::remove_file(pki.path().join("authority/key.pem")).unwrap();
    assert_eq!(bundle(pki.path()).unwrap(), authority.bundle());
    let error = bundle(pki.path().join("alice")).unwrap_err();
    assert!(matches!(error, AuthorityError::Missing { .. }), "{error}");
}
