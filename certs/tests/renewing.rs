//! Identities that are renewed and revoked, and what the record and the revocation lists say of them.

#![expect(clippy::unwrap_used, reason = "a test whose helper fails has failed")]

use std::fs;
use std::path::Path;
use std::time::Duration;

use countersign_certs::authority::{
    Authority, AuthorityError, Existing, Host, Kind, Plan, Reason, Request, State, list, place,
};
use countersign_certs::{CertificateInfo, Credentials, Name, TrustDomain};
use jiff::{SignedDuration, Timestamp};
use rustls_pki_types::CertificateRevocationListDer;
use rustls_pki_types::pem::PemObject;
use tempfile::TempDir;
use x509_parser::prelude::{CertificateRevocationList, FromDer};

fn name(text: &str) -> Name {
    text.parse().unwrap()
}

fn client(text: &str) -> Request {
    Request::client(name(text))
}

fn server(text: &str) -> Request {
    let hosts = ["localhost", "::1"].map(|host| host.parse::<Host>().unwrap());
    Request::server(name(text), hosts)
}

/// An authority with a client `alice` and a server `greeter`.
fn new_authority(plan: Plan) -> (TempDir, Authority) {
    let pki = tempfile::tempdir().unwrap();
    let authority = Authority::init(pki.path(), plan).unwrap();
    authority.issue_to(pki.path(), &client("alice"), Existing::Refuse).unwrap();
    authority.issue_to(pki.path(), &server("greeter"), Existing::Refuse).unwrap();
    (pki, authority)
}

fn simple() -> Plan {
    Plan::new(TrustDomain::default())
}

fn certificate(folder: &Path) -> CertificateInfo {
    CertificateInfo::load(folder.join("cert.pem")).unwrap().remove(0)
}

/// The issuer, number, last second and revoked serial numbers of each list in the file.
fn crls(pki: &Path) -> Vec<(String, u32, i64, usize)> {
    CertificateRevocationListDer::pem_file_iter(pki.join("authority/crl.pem"))
        .unwrap()
        .map(|der| {
            let der = der.unwrap();
            let (_, list) = CertificateRevocationList::from_der(&der).unwrap();
            let number = list.crl_number().unwrap().try_into().unwrap();
            let until = list.next_update().unwrap().timestamp();
            (list.issuer().to_string(), number, until, list.iter_revoked_certificates().count())
        })
        .collect()
}

fn states(pki: &Path) -> Vec<State> {
    let now = Timestamp::now();
    list(pki).unwrap().iter().map(|record| record.state(now)).collect()
}

#[test]
fn a_renewed_identity_has_the_same_name_and_hosts_and_a_new_key_and_serial() {
    let (pki, authority) = new_authority(simple());
    let home = pki.path().join("greeter");
    let old = Credentials::load(&home).unwrap();
    assert_eq!(authority.renew(pki.path(), &name("greeter"), None).unwrap(), home);
    let new = Credentials::load(&home).unwrap();
    let (old, new) = (old.identity(), new.identity());
    assert_eq!(new.id(), old.id());
    assert_eq!(new.certificate().dns_names(), old.certificate().dns_names());
    assert_eq!(new.certificate().ips(), old.certificate().ips());
    assert_eq!(new.certificate().extended_key_usages(), old.certificate().extended_key_usages());
    assert_ne!(new.certificate().serial(), old.certificate().serial());
    assert_ne!(new.key(), old.key());
    let keys = fs::read_to_string(home.join("key.pem")).unwrap();
    assert_eq!(keys.matches("BEGIN PRIVATE KEY").count(), 1, "the old key is gone");
    let records = list(pki.path()).unwrap();
    assert_eq!(records.len(), 3);
    assert_eq!(records[2].hosts, records[1].hosts);
    assert_eq!(records[2].serial, new.certificate().serial());
}

#[test]
fn a_renewed_identity_lives_as_long_as_the_old_one_or_as_was_asked() {
    let pki = tempfile::tempdir().unwrap();
    let authority = Authority::init(pki.path(), simple()).unwrap();
    let request = Request { valid: Duration::from_secs(90), ..client("alice") };
    let home = authority.issue_to(pki.path(), &request, Existing::Refuse).unwrap();
    let life = || {
        let certificate = certificate(&home);
        certificate.not_after().duration_since(certificate.not_before()) - SignedDuration::from_mins(5)
    };
    authority.renew(pki.path(), &name("alice"), None).unwrap();
    assert_eq!(life(), SignedDuration::from_secs(90));
    authority.renew(pki.path(), &name("alice"), Some(Duration::from_hours(1))).unwrap();
    assert_eq!(life(), SignedDuration::from_hours(1));
}

#[test]
fn what_is_not_there_is_not_renewed() {
    let (pki, authority) = new_authority(simple());
    let error = authority.renew(pki.path(), &name("bob"), None).unwrap_err();
    assert!(matches!(error, AuthorityError::NoIdentity { .. }), "{error}");
    // Another authority's.
    let (other, _) = new_authority(simple());
    let error = authority.renew(other.path(), &name("alice"), None).unwrap_err();
    assert!(matches!(error, AuthorityError::NotOnRecord { .. }), "{error}");
    // One whose key is on another machine.
    fs::remove_file(pki.path().join("alice/key.pem")).unwrap();
    let error = authority.renew(pki.path(), &name("alice"), None).unwrap_err();
    assert!(matches!(error, AuthorityError::KeyElsewhere { .. }), "{error}");
    assert_eq!(list(pki.path()).unwrap().len(), 2, "a refusal issues nothing");
}

#[test]
fn a_name_that_is_revoked_loses_all_its_certificates() {
    let (pki, authority) = new_authority(simple());
    authority.renew(pki.path(), &name("alice"), None).unwrap();
    let done = authority.revoke(&name("alice")).unwrap();
    assert_eq!((done.revoked.len(), done.already.len()), (2, 0));
    assert_eq!(states(pki.path()), [State::Revoked, State::Valid, State::Revoked]);
    assert_eq!(crls(pki.path())[0].3, 2);
}

#[test]
fn to_revoke_twice_changes_nothing() {
    let (pki, authority) = new_authority(simple());
    authority.revoke(&name("alice")).unwrap();
    let first = list(pki.path()).unwrap()[0].revoked;
    assert!(first.is_some());
    let done = authority.revoke(&name("alice")).unwrap();
    assert_eq!((done.revoked.len(), done.already.len()), (0, 1));
    assert_eq!(list(pki.path()).unwrap()[0].revoked, first);
    assert_eq!(crls(pki.path())[0].3, 1);
}

#[test]
fn a_list_says_why_a_certificate_was_revoked_if_that_was_said() {
    let (pki, authority) = new_authority(simple());
    authority.revoke(&name("greeter")).unwrap();
    authority.revoke_for(&name("alice"), Reason::KeyCompromise).unwrap();
    // What was said is on every list from then on.
    authority.crl().unwrap();
    let der = CertificateRevocationListDer::from_pem_file(pki.path().join("authority/crl.pem")).unwrap();
    let (_, list) = CertificateRevocationList::from_der(&der).unwrap();
    let reasons = list.iter_revoked_certificates().map(|entry| entry.reason_code().map(|(_, code)| code.0));
    assert_eq!(reasons.collect::<Vec<_>>(), [None, Some(1)]);
}

#[test]
fn an_expired_certificate_is_not_revoked_with_its_name() {
    let pki = tempfile::tempdir().unwrap();
    let authority = Authority::init(pki.path(), simple()).unwrap();
    authority.issue(&client("alice")).unwrap();
    let path = pki.path().join("authority/issued.jsonl");
    let mut record: serde_json::Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    record["not_after"] = "2026-01-01T00:00:00Z".into();
    record["issued"] = "2025-12-01T00:00:00Z".into();
    fs::write(&path, format!("{record}\n")).unwrap();
    assert_eq!(states(pki.path()), [State::Expired]);
    let done = authority.revoke(&name("alice")).unwrap();
    assert_eq!((done.revoked.len(), done.already.len()), (0, 0));
}

#[test]
fn one_certificate_is_revoked_by_its_serial_number() {
    let (pki, authority) = new_authority(simple());
    authority.renew(pki.path(), &name("alice"), None).unwrap();
    let serial = list(pki.path()).unwrap()[0].serial.to_uppercase();
    let with_colons: Vec<_> = serial.as_bytes().chunks(2).map(|pair| str::from_utf8(pair).unwrap()).collect();
    authority.revoke_serial(&with_colons.join(":")).unwrap();
    assert_eq!(states(pki.path()), [State::Revoked, State::Valid, State::Valid]);
    for unknown in ["", "00", "alice", "é\u{1b}"] {
        let error = authority.revoke_serial(unknown).unwrap_err();
        assert!(matches!(error, AuthorityError::NotOnRecord { .. }), "{error}");
        assert!(!error.to_string().contains('\u{1b}'));
    }
}

#[test]
fn who_never_had_a_certificate_cannot_be_revoked() {
    let (_pki, authority) = new_authority(simple());
    let error = authority.revoke(&name("bob")).unwrap_err().to_string();
    assert_eq!(
        error,
        "no certificate with the name bob is on record; `countersign certs list` shows those that are"
    );
}

#[test]
fn a_revoked_identity_is_not_renewed_but_may_be_issued_anew() {
    let (pki, authority) = new_authority(simple());
    authority.revoke(&name("alice")).unwrap();
    let error = authority.renew(pki.path(), &name("alice"), None).unwrap_err();
    assert!(matches!(error, AuthorityError::WasRevoked { .. }), "{error}");
    authority.issue_to(pki.path(), &client("alice"), Existing::Replace).unwrap();
    assert_eq!(states(pki.path()), [State::Revoked, State::Valid, State::Valid]);
}

#[test]
fn a_certificate_expires_soon_when_less_than_a_third_of_its_life_is_left() {
    let (pki, _) = new_authority(simple());
    let record = list(pki.path()).unwrap().remove(0);
    let after = |days: i64| record.state(record.issued + SignedDuration::from_hours(24 * days));
    assert_eq!(
        [0, 20, 22, 29, 31].map(after),
        [State::Valid, State::Valid, State::ExpiresSoon, State::ExpiresSoon, State::Expired]
    );
}

#[test]
fn a_refreshed_list_has_a_higher_number_and_can_be_placed_elsewhere() {
    let (pki, authority) = new_authority(simple());
    authority.revoke(&name("alice")).unwrap();
    let before = crls(pki.path())[0].1;
    let text = authority.crl().unwrap();
    assert_eq!(fs::read_to_string(pki.path().join("authority/crl.pem")).unwrap(), text);
    assert_eq!((crls(pki.path())[0].1, crls(pki.path())[0].3), (before + 1, 1));
    let elsewhere = pki.path().join("greeter/crl.pem");
    place(&elsewhere, "old").unwrap();
    place(&elsewhere, &text).unwrap();
    assert_eq!(fs::read_to_string(&elsewhere).unwrap(), text);
    let error = place(pki.path().join("nowhere/crl.pem"), &text).unwrap_err().to_string();
    assert!(error.contains("nowhere/crl.pem: "), "{error}");
}

#[test]
fn an_intermediate_signs_what_its_root_vouches_for() {
    let (pki, authority) = new_authority(simple().with_intermediate());
    let alice = Credentials::load(pki.path().join("alice")).unwrap();
    let chain: Vec<_> =
        alice.identity().chain().iter().map(|der| CertificateInfo::from_der(der).unwrap()).collect();
    assert_eq!(chain.len(), 2);
    assert_eq!(chain[0].issuer(), chain[1].subject());
    assert_eq!(chain[1].issuer(), authority.certificate().subject());
    assert_eq!(&chain[1], authority.issuer());
    assert!(chain[1].is_ca());
    let trusted = alice.trust().roots(alice.identity().id().trust_domain());
    assert_eq!(trusted.len(), 1);
    assert_eq!(&CertificateInfo::from_der(&trusted[0]).unwrap(), authority.certificate());
    let records = list(pki.path()).unwrap();
    assert_eq!(
        records.iter().map(|r| r.kind()).collect::<Vec<_>>(),
        [Kind::Intermediate, Kind::Client, Kind::Server]
    );
    assert_eq!(records[0].serial, chain[1].serial());
    assert_eq!(records[1].issuer, chain[1].serial());
}

#[test]
fn each_issuer_has_a_revocation_list_of_its_own() {
    let (pki, authority) = new_authority(simple().with_intermediate());
    authority.revoke(&name("alice")).unwrap();
    let [root, intermediate] = &crls(pki.path())[..] else { panic!("two lists") };
    assert_eq!((root.3, intermediate.3), (0, 1));
    let ends = authority.issuer().not_after().as_second();
    assert_eq!(root.2, ends, "its key may be offline until the intermediate is renewed");
    assert!(intermediate.2 < ends);
}

#[test]
fn the_roots_key_is_needed_only_to_renew_the_intermediate() {
    let (pki, _) = new_authority(simple().with_intermediate());
    let (key, offline) = (pki.path().join("authority/key.pem"), pki.path().join("offline.pem"));
    fs::rename(&key, &offline).unwrap();
    let mut authority = Authority::open(pki.path()).unwrap();
    let root_list = crls(pki.path())[0].clone();
    authority.renew(pki.path(), &name("alice"), None).unwrap();
    authority.revoke(&name("greeter")).unwrap();
    authority.crl().unwrap();
    assert_eq!(crls(pki.path())[0], root_list, "the root's list stays as it was");
    assert_eq!(crls(pki.path())[1].3, 1);

    let error = authority.renew_intermediate().unwrap_err();
    assert!(matches!(error, AuthorityError::KeyAbsent { .. }), "{error}");
    assert!(error.to_string().starts_with(&format!("{}: the key of ", key.display())), "{error}");
    let intermediate = list(pki.path()).unwrap()[0].serial.clone();
    let error = authority.revoke_serial(&intermediate).unwrap_err();
    assert!(matches!(error, AuthorityError::KeyAbsent { .. }), "{error}");

    fs::rename(&offline, &key).unwrap();
    Authority::open(pki.path()).unwrap().renew_intermediate().unwrap();
}

#[test]
fn without_the_key_that_signs_there_is_no_authority() {
    let (pki, _) = new_authority(simple().with_intermediate());
    let key = pki.path().join("authority/intermediate-key.pem");
    fs::remove_file(&key).unwrap();
    let error = Authority::open(pki.path()).unwrap_err().to_string();
    assert!(error.starts_with(&format!("{}: the key of ", key.display())), "{error}");
}

#[test]
fn a_renewed_intermediate_leaves_the_old_one_its_list() {
    let (pki, mut authority) = new_authority(simple().with_intermediate());
    let old = authority.issuer().clone();
    authority.renew_intermediate().unwrap();
    assert_ne!(authority.issuer().serial(), old.serial());
    authority.renew(pki.path(), &name("greeter"), None).unwrap();
    assert_eq!(certificate(&pki.path().join("greeter")).issuer(), authority.issuer().subject());
    authority.revoke(&name("alice")).unwrap();
    let revoked: Vec<_> = crls(pki.path()).into_iter().map(|list| list.3).collect();
    assert_eq!(revoked, [0, 0, 1], "root, new intermediate, old intermediate");
    let reopened = Authority::open(pki.path()).unwrap();
    assert_eq!(reopened.issuer(), authority.issuer());
}

#[test]
fn a_revoked_intermediate_signs_nothing_more() {
    let (pki, mut authority) = new_authority(simple().with_intermediate());
    authority.revoke_serial(&list(pki.path()).unwrap()[0].serial).unwrap();
    assert_eq!(states(pki.path())[0], State::Revoked);
    let error = authority.issue(&client("bob")).unwrap_err();
    assert!(matches!(error, AuthorityError::IssuerRevoked { .. }), "{error}");
    authority.renew_intermediate().unwrap();
    authority.issue(&client("bob")).unwrap();
}

#[test]
fn an_authority_that_another_has_changed_is_opened_again() {
    let (pki, mut authority) = new_authority(simple().with_intermediate());
    let stale = Authority::open(pki.path()).unwrap();
    authority.renew_intermediate().unwrap();
    let error = stale.issue(&client("bob")).unwrap_err();
    assert!(matches!(error, AuthorityError::Changed { .. }), "{error}");
}

#[test]
fn an_intermediate_never_outlives_its_root() {
    let plan = simple().with_intermediate().valid_for(Duration::from_hours(24));
    let authority = Authority::in_memory(plan).unwrap();
    assert_eq!(authority.issuer().not_after(), authority.certificate().not_after());
    let alice = authority.issue(&client("alice")).unwrap();
    assert_eq!(alice.certificate().not_after(), authority.certificate().not_after());
}

#[test]
fn the_lists_of_an_authority_with_an_intermediate_load_beside_an_identity() {
    let (pki, authority) = new_authority(simple().with_intermediate());
    let home = pki.path().join("greeter");
    place(home.join("crl.pem"), &authority.crl().unwrap()).unwrap();
    let credentials = Credentials::load(&home).unwrap();
    assert_eq!(credentials.trust().revocation(authority.trust_domain()).crls().len(), 2);
}

#[test]
fn an_authority_in_memory_remembers_nothing() {
    let authority = Authority::in_memory(&TrustDomain::default()).unwrap();
    let error = authority.revoke(&name("alice")).unwrap_err();
    assert!(matches!(error, AuthorityError::NoRecord), "{error}");
    assert!(authority.crl().unwrap().starts_with("-----BEGIN X509 CRL-----"));
}
