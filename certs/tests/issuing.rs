//! What an authority issues, where it puts it, and what it remembers.

#![expect(clippy::unwrap_used, reason = "a test whose helper fails has failed")]

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use countersign_certs::authority::{Authority, AuthorityError, Existing, Request, list};
use countersign_certs::{CertificateInfo, Credentials, TrustDomain, Validity, Warning};
use jiff::{SignedDuration, Timestamp};
use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair, KeyUsagePurpose, SanType};
use rustls::RootCertStore;
use rustls_pki_types::CertificateRevocationListDer;
use rustls_pki_types::pem::PemObject;
use tempfile::TempDir;
use x509_parser::prelude::{CertificateRevocationList, FromDer};

const DAY: SignedDuration = SignedDuration::from_hours(24);

fn client(name: &str) -> Request {
    Request::client(name.parse().unwrap())
}

fn server(name: &str, hosts: &[&str]) -> Request {
    Request::server(name.parse().unwrap(), hosts.iter().map(|host| host.parse().unwrap()))
}

fn new_authority() -> (TempDir, Authority) {
    let pki = tempfile::tempdir().unwrap();
    let authority = Authority::init(pki.path(), &TrustDomain::default()).unwrap();
    (pki, authority)
}

/// Every file and folder below `folder`, by its path within it.
fn tree(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path: PathBuf = entry.unwrap().path();
            found.push(path.strip_prefix(folder).unwrap().display().to_string());
            if path.is_dir() {
                folders.push(path);
            }
        }
    }
    found.sort();
    found
}

#[test]
fn an_issued_identity_loads_as_it_is() {
    let (pki, authority) = new_authority();
    let request = server("greeter", &["localhost", "127.0.0.1", "::1"]);
    let folder = authority.issue_to(pki.path(), &request, Existing::Refuse).unwrap();
    assert_eq!(folder, pki.path().join("greeter"));

    let credentials = Credentials::load(&folder).unwrap();
    let identity = credentials.identity();
    assert_eq!(identity.id().as_str(), "spiffe://countersign.internal/greeter");
    assert_eq!(identity.certificate().dns_names(), ["localhost"]);
    assert_eq!(identity.certificate().ips().len(), 2);
    assert_eq!(credentials.trust(), authority.trust());
    let warnings = credentials.warnings_at(Timestamp::now());
    assert!(matches!(warnings.as_slice(), [Warning::NoCrl { .. }]), "{warnings:?}");
}

#[test]
fn an_authority_and_its_identities_are_these_files() {
    let (pki, authority) = new_authority();
    authority.issue_to(pki.path(), &client("alice"), Existing::Refuse).unwrap();
    assert_eq!(
        tree(pki.path()),
        [
            "alice",
            "alice/ca.pem",
            "alice/cert.pem",
            "alice/key.pem",
            "authority",
            "authority/cert.pem",
            "authority/crl.pem",
            "authority/issued.jsonl",
            "authority/key.pem",
        ]
    );
}

#[cfg(unix)]
#[test]
fn keys_and_their_folders_are_for_their_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let (pki, authority) = new_authority();
    authority.issue_to(pki.path(), &client("alice"), Existing::Refuse).unwrap();
    for (path, mode) in
        [("authority", 0o700), ("authority/key.pem", 0o600), ("alice", 0o700), ("alice/key.pem", 0o600)]
    {
        let metadata = fs::metadata(pki.path().join(path)).unwrap();
        assert_eq!(metadata.permissions().mode() & 0o7777, mode, "{path}");
    }
}

#[test]
fn hosts_make_a_server_and_everyone_is_a_client() {
    let authority = Authority::in_memory(&TrustDomain::default()).unwrap();
    let alice = authority.issue(&client("alice")).unwrap();
    assert_eq!(alice.certificate().extended_key_usages(), ["clientAuth"]);
    let greeter = authority.issue(&server("greeter", &["localhost"])).unwrap();
    assert_eq!(greeter.certificate().extended_key_usages(), ["serverAuth", "clientAuth"]);
    assert_eq!(greeter.certificate().key_usages(), ["digitalSignature"]);
}

#[test]
fn an_authority_says_what_it_is() {
    let domain: TrustDomain = "example.org".parse().unwrap();
    let authority = Authority::in_memory(&domain).unwrap();
    let certificate = authority.certificate();
    assert!(certificate.is_ca());
    assert_eq!(certificate.spiffe_id().unwrap(), &domain.id());
    assert_eq!(certificate.key_usages(), ["keyCertSign", "cRLSign"]);
    assert!(certificate.extended_key_usages().is_empty());
    assert!(certificate.subject().starts_with("CN=example.org authority "), "{}", certificate.subject());
    assert_eq!(certificate.key_algorithm(), "ECDSA P-256");
}

#[test]
fn two_authorities_of_one_domain_have_different_names() {
    let domain = TrustDomain::default();
    let one = Authority::in_memory(&domain).unwrap();
    let other = Authority::in_memory(&domain).unwrap();
    assert_ne!(one.certificate().subject(), other.certificate().subject());
}

#[test]
fn an_issuer_is_named_as_a_tls_server_names_the_authorities_it_accepts() {
    let authority = Authority::in_memory(&TrustDomain::default()).unwrap();
    let alice = authority.issue(&client("alice")).unwrap();
    let mut accepted = RootCertStore::empty();
    accepted.add(authority.trust().roots(authority.trust_domain())[0].clone()).unwrap();
    assert_eq!(alice.certificate().issuer_der(), accepted.subjects()[0].as_ref());
}

#[test]
fn an_authority_lasts_ten_years_and_an_identity_thirty_days() {
    let now = Timestamp::now();
    let authority = Authority::in_memory(&TrustDomain::default()).unwrap();
    let alice = authority.issue(&client("alice")).unwrap();
    for (certificate, days) in [(authority.certificate(), 3650), (alice.certificate(), 30)] {
        let (from, until) = (certificate.not_before(), certificate.not_after());
        assert_eq!(until.duration_since(from), DAY * days + SignedDuration::from_mins(5));
        assert!(from < now, "backdated: {from}");
        assert_eq!(certificate.validity_at(now), Validity::Valid);
    }
}

#[test]
fn an_identity_never_outlives_its_authority() {
    let authority = Authority::in_memory(&TrustDomain::default()).unwrap();
    for valid in [Duration::from_hours(5000 * 24), Duration::MAX] {
        let request = Request { valid, ..client("alice") };
        let alice = authority.issue(&request).unwrap();
        assert_eq!(alice.certificate().not_after(), authority.certificate().not_after());
    }
}

#[test]
fn an_identity_for_no_time_is_refused() {
    let authority = Authority::in_memory(&TrustDomain::default()).unwrap();
    let error =
        authority.issue(&Request { valid: Duration::from_millis(999), ..client("alice") }).unwrap_err();
    assert!(matches!(error, AuthorityError::NoTime));
}

#[test]
fn serial_numbers_are_sixteen_random_bytes_and_positive() {
    let authority = Authority::in_memory(&TrustDomain::default()).unwrap();
    let serials: HashSet<String> = (0..50)
        .map(|_| authority.issue(&client("alice")).unwrap().certificate().serial().to_owned())
        .chain([authority.certificate().serial().to_owned()])
        .collect();
    assert_eq!(serials.len(), 51);
    for serial in serials {
        assert_eq!(serial.len(), 32, "{serial}");
        assert!(matches!(serial.as_bytes()[0], b'4'..=b'7'), "{serial}");
    }
}

#[test]
fn an_authority_is_never_overwritten() {
    let (pki, authority) = new_authority();
    let error = Authority::init(pki.path(), &TrustDomain::default()).unwrap_err();
    assert!(matches!(error, AuthorityError::Exists { .. }), "{error}");
    let reopened = Authority::open(pki.path()).unwrap();
    assert_eq!(reopened.certificate(), authority.certificate());
}

#[test]
fn a_reopened_authority_issues_for_the_same_domain() {
    let pki = tempfile::tempdir().unwrap();
    let domain: TrustDomain = "example.org".parse().unwrap();
    Authority::init(pki.path(), &domain).unwrap();
    let authority = Authority::open(pki.path()).unwrap();
    assert_eq!(authority.trust_domain(), &domain);
    let alice = authority.issue(&client("alice")).unwrap();
    assert_eq!(alice.credentials().identity().id().as_str(), "spiffe://example.org/alice");
    assert_eq!(alice.certificate().issuer(), authority.certificate().subject());
}

#[test]
fn a_folder_without_authority_says_how_to_make_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().display().to_string();
    let remedy = format!("{path}: no authority here; make one with `countersign certs init {path}`");
    assert_eq!(Authority::open(&path).unwrap_err().to_string(), remedy);
    assert_eq!(list(&path).unwrap_err().to_string(), remedy);
}

#[cfg(unix)]
#[test]
fn an_authority_whose_key_everyone_can_reach_does_not_open() {
    use std::os::unix::fs::PermissionsExt;
    let (pki, _) = new_authority();
    let key = pki.path().join("authority/key.pem");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
    let error = Authority::open(pki.path()).unwrap_err().to_string();
    assert!(error.contains("run `chmod 600 "), "{error}");
}

#[test]
fn an_existing_identity_is_replaced_only_when_asked() {
    let (pki, authority) = new_authority();
    let folder = authority.issue_to(pki.path(), &client("alice"), Existing::Refuse).unwrap();
    let first = Credentials::load(&folder).unwrap();

    let error = authority.issue_to(pki.path(), &client("alice"), Existing::Refuse).unwrap_err();
    assert!(matches!(error, AuthorityError::IdentityExists { .. }), "{error}");
    assert_eq!(list(pki.path()).unwrap().len(), 1, "a refusal issues nothing");
    assert_eq!(Credentials::load(&folder).unwrap().identity().chain(), first.identity().chain());

    authority.issue_to(pki.path(), &client("alice"), Existing::Replace).unwrap();
    let second = Credentials::load(&folder).unwrap();
    assert_ne!(second.identity().chain(), first.identity().chain());
    assert_ne!(second.identity().key(), first.identity().key());
    let keys = fs::read_to_string(folder.join("key.pem")).unwrap();
    assert_eq!(keys.matches("BEGIN PRIVATE KEY").count(), 1, "the old key is gone");
    assert_eq!(tree(&folder), ["ca.pem", "cert.pem", "key.pem"]);
}

#[test]
fn every_certificate_is_on_record() {
    let (pki, authority) = new_authority();
    assert_eq!(list(pki.path()).unwrap(), []);
    let alice = authority.issue(&client("alice")).unwrap();
    let folder = authority.issue_to(pki.path(), &server("greeter", &["localhost", "::1"]), Existing::Refuse);
    let greeter = CertificateInfo::load(folder.unwrap().join("cert.pem")).unwrap().remove(0);

    let records = list(pki.path()).unwrap();
    assert_eq!(records.len(), 2);
    assert_eq!(records[0].serial, alice.certificate().serial());
    assert_eq!(records[0].name.as_str(), "alice");
    assert!(records[0].hosts.is_empty());
    assert_eq!(records[1].id, *greeter.spiffe_id().unwrap());
    assert_eq!(records[1].fingerprint, greeter.fingerprint());
    assert_eq!(records[1].not_before, greeter.not_before());
    assert_eq!(records[1].not_after, greeter.not_after());
    let hosts: Vec<String> = records[1].hosts.iter().map(ToString::to_string).collect();
    assert_eq!(hosts, ["localhost", "::1"]);
}

#[test]
fn a_damaged_record_is_an_error_that_names_its_line() {
    let (pki, authority) = new_authority();
    authority.issue(&client("alice")).unwrap();
    let path = pki.path().join("authority/issued.jsonl");
    let good = fs::read_to_string(&path).unwrap();
    fs::write(&path, format!("{good}{{\"serial\": 1}}\n{good}")).unwrap();
    let error = list(pki.path()).unwrap_err().to_string();
    assert!(error.starts_with(&format!("{}: line 2 is damaged: ", path.display())), "{error}");
}

#[test]
fn a_record_cut_short_anywhere_does_not_damage_the_others() {
    let (pki, authority) = new_authority();
    let names = || list(pki.path()).unwrap().iter().map(|record| record.name.to_string()).collect::<Vec<_>>();
    let path = pki.path().join("authority/issued.jsonl");
    authority.issue(&client("alice")).unwrap();
    let whole = fs::read(&path).unwrap().len();
    authority.issue(&client("bob")).unwrap();
    let good = fs::read(&path).unwrap();
    for len in whole..good.len() {
        fs::write(&path, &good[..len]).unwrap();
        // Without its line break alone it is not cut short: somebody has edited the file.
        assert_eq!(names().len(), if len + 1 == good.len() { 2 } else { 1 }, "{len} bytes");
    }
    for (len, others) in
        [(whole + 1, &["alice"][..]), (whole + 40, &["alice"]), (good.len() - 1, &["alice", "bob"])]
    {
        fs::write(&path, &good[..len]).unwrap();
        authority.issue(&client("carol")).unwrap();
        assert_eq!(names(), [others, &["carol"]].concat());
    }
}

#[test]
fn many_commands_at_once_lose_no_record() {
    let (pki, _) = new_authority();
    thread::scope(|scope| {
        for thread in 0..4 {
            let pki = pki.path();
            scope.spawn(move || {
                let authority = Authority::open(pki).unwrap();
                for turn in 0..5 {
                    authority.issue(&client(&format!("peer-{thread}-{turn}"))).unwrap();
                }
            });
        }
    });
    let names: HashSet<String> =
        list(pki.path()).unwrap().iter().map(|record| record.name.to_string()).collect();
    assert_eq!(names.len(), 20);
    assert_eq!(read_crl(pki.path(), |crl| crl.crl_number().unwrap().to_string()), "21");
}

#[test]
fn the_revocation_list_is_good_for_thirty_days_and_signed_anew_by_each_command() {
    let (pki, authority) = new_authority();
    let (number, from, until) = read_crl(pki.path(), |crl| {
        let number = crl.crl_number().unwrap().to_string();
        (number, crl.last_update().timestamp(), crl.next_update().unwrap().timestamp())
    });
    assert_eq!(number, "1");
    assert_eq!(until - from, 30 * 86400 + 300);
    authority.issue(&client("alice")).unwrap();
    assert_eq!(read_crl(pki.path(), |crl| crl.crl_number().unwrap().to_string()), "2");
}

#[test]
fn what_is_revoked_stays_revoked() {
    let (pki, authority) = new_authority();
    let serial = vec![0x41, 2, 3, 4];
    revoke_by_hand(pki.path(), &serial);
    authority.issue(&client("alice")).unwrap();
    let revoked = read_crl(pki.path(), |crl| {
        crl.iter_revoked_certificates().map(|entry| entry.raw_serial().to_vec()).collect::<Vec<_>>()
    });
    assert_eq!(revoked, [serial]);
}

#[test]
fn a_damaged_revocation_list_stops_the_authority() {
    let (pki, authority) = new_authority();
    let path = pki.path().join("authority/crl.pem");
    fs::write(&path, "").unwrap();
    let error = authority.issue(&client("alice")).unwrap_err().to_string();
    assert_eq!(error, format!("{}: damaged revocation list; restore it from a copy", path.display()));
    assert_eq!(list(pki.path()).unwrap_err().to_string(), error, "nobody knows who is revoked");
    assert_eq!(fs::read(pki.path().join("authority/issued.jsonl")).unwrap(), b"");
}

#[test]
fn a_revocation_list_that_is_gone_is_not_started_anew() {
    let (pki, authority) = new_authority();
    authority.issue(&client("alice")).unwrap();
    fs::remove_file(pki.path().join("authority/crl.pem")).unwrap();
    let error = authority.issue(&client("bob")).unwrap_err().to_string();
    assert!(error.contains("crl.pem: missing; restore it from a copy"), "{error}");
    assert!(authority.revoke(&"alice".parse().unwrap()).is_err());
}

#[test]
fn an_authority_kept_elsewhere_can_be_used() {
    let key = KeyPair::generate().unwrap();
    let certificate = authority_params("spiffe://example.org").self_signed(&key).unwrap();
    let authority = Authority::from_pem(&certificate.pem(), &key.serialize_pem()).unwrap();
    assert_eq!(authority.certificate_pem().replace('\r', ""), certificate.pem().replace('\r', ""));
    let alice = authority.issue(&client("alice")).unwrap();
    assert_eq!(alice.credentials().identity().id().as_str(), "spiffe://example.org/alice");
}

#[test]
fn what_is_no_authority_of_a_domain_is_refused() {
    let key = KeyPair::generate().unwrap();
    let other_key = KeyPair::generate().unwrap().serialize_pem();
    let good = authority_params("spiffe://example.org");
    let mut leaf = good.clone();
    leaf.is_ca = IsCa::ExplicitNoCa;
    let mut nameless = good.clone();
    nameless.subject_alt_names.clear();
    for (params, key_pem, reason) in [
        (&good, &other_key, "the key does not belong to it"),
        (&leaf, &key.serialize_pem(), "is not an authority's"),
        (&nameless, &key.serialize_pem(), "it does not name its trust domain"),
        (&authority_params("spiffe://example.org/x"), &key.serialize_pem(), "has a path"),
    ] {
        let certificate = params.self_signed(&key).unwrap().pem();
        let error = Authority::from_pem(&certificate, key_pem).unwrap_err().to_string();
        assert!(error.contains(reason), "{error}");
    }
}

#[test]
fn an_expired_authority_issues_nothing() {
    let key = KeyPair::generate().unwrap();
    let mut params = authority_params("spiffe://example.org");
    params.not_after = rcgen::date_time_ymd(2020, 1, 1);
    let certificate = params.self_signed(&key).unwrap().pem();
    let authority = Authority::from_pem(&certificate, &key.serialize_pem()).unwrap();
    let error = authority.issue(&client("alice")).unwrap_err().to_string();
    assert!(error.starts_with("the authority expired on 2020-01-01"), "{error}");
}

#[test]
fn debug_output_never_shows_a_key() {
    let key = KeyPair::generate().unwrap();
    let certificate = authority_params("spiffe://example.org").self_signed(&key).unwrap().pem();
    let authority = Authority::from_pem(&certificate, &key.serialize_pem()).unwrap();
    let shown = format!("{authority:?}");
    assert!(shown.starts_with("Authority { domain: \"example.org\", fingerprint: "), "{shown}");
    assert!(shown.ends_with(", .. }"), "{shown}");
}

fn authority_params(id: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.subject_alt_names = vec![SanType::URI(id.try_into().unwrap())];
    params
}

fn read_crl<T>(pki: &Path, read: impl FnOnce(&CertificateRevocationList<'_>) -> T) -> T {
    let der = CertificateRevocationListDer::from_pem_file(pki.join("authority/crl.pem")).unwrap();
    read(&CertificateRevocationList::from_der(&der).unwrap().1)
}

/// Signs a list with one entry, as a `revoke` command would.
fn revoke_by_hand(pki: &Path, serial: &[u8]) {
    let home = pki.join("authority");
    let key = KeyPair::from_pem(&fs::read_to_string(home.join("key.pem")).unwrap()).unwrap();
    let certificate = fs::read_to_string(home.join("cert.pem")).unwrap();
    let issuer = rcgen::Issuer::from_ca_cert_pem(&certificate, key).unwrap();
    let list = rcgen::CertificateRevocationListParams {
        this_update: rcgen::date_time_ymd(2026, 1, 1),
        next_update: rcgen::date_time_ymd(2026, 2, 1),
        crl_number: rcgen::SerialNumber::from(7),
        issuing_distribution_point: None,
        revoked_certs: vec![rcgen::RevokedCertParams {
            serial_number: rcgen::SerialNumber::from_slice(serial),
            revocation_time: rcgen::date_time_ymd(2026, 1, 1),
            reason_code: Some(rcgen::RevocationReason::KeyCompromise),
            invalidity_date: None,
        }],
        key_identifier_method: rcgen::KeyIdMethod::Sha256,
    };
    fs::write(home.join("crl.pem"), list.signed_by(&issuer).unwrap().pem().unwrap()).unwrap();
}
