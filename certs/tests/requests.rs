//! Keys that never leave their machine: requests for certificates, and what an authority makes of them.

#![expect(clippy::unwrap_used, reason = "a test whose helper fails has failed")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use countersign_certs::authority::{
    self, Authority, AuthorityError, Existing, Host, Request, SigningRequest, list,
};
use countersign_certs::{Credentials, Name, TrustDomain};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair, KeyUsagePurpose,
    SanType,
};
use tempfile::TempDir;

fn name(text: &str) -> Name {
    text.parse().unwrap()
}

fn hosts(hosts: &[&str]) -> Vec<Host> {
    hosts.iter().map(|host| host.parse().unwrap()).collect()
}

/// An authority, and a machine that is not its own.
fn new_authority() -> (TempDir, Authority, TempDir) {
    let pki = tempfile::tempdir().unwrap();
    let authority = Authority::init(pki.path(), &TrustDomain::default()).unwrap();
    (pki, authority, tempfile::tempdir().unwrap())
}

/// Signs what is asked for.
fn sign(authority: &Authority, folder: &Path) -> SigningRequest {
    let asked = SigningRequest::load(folder.join("request.csr")).unwrap();
    let request = Request::server(asked.name().unwrap().clone(), asked.hosts().to_vec());
    authority.sign_request_to(folder, &asked, &request).unwrap();
    asked
}

fn write(folder: &TempDir, pem: &str) -> PathBuf {
    let path = folder.path().join("upload.csr");
    fs::write(&path, pem).unwrap();
    path
}

/// A request with our own key, altered.
fn altered(alter: impl FnOnce(&mut CertificateParams)) -> String {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, "alice");
    alter(&mut params);
    params.serialize_request(&KeyPair::generate().unwrap()).unwrap().pem().unwrap()
}

#[test]
fn a_key_stays_on_its_machine_and_gets_a_certificate() {
    let (pki, authority, machine) = new_authority();
    let folder = machine.path().join("greeter");
    authority::request(&folder, &name("greeter"), &hosts(&["localhost", "::1"]), Existing::Refuse).unwrap();
    let key = fs::read(folder.join("key.pem")).unwrap();
    let asked = sign(&authority, &folder);
    assert_eq!(
        (asked.name().unwrap().as_str(), asked.hosts()),
        ("greeter", &hosts(&["localhost", "::1"])[..])
    );
    let credentials = Credentials::load(&folder).unwrap();
    let certificate = credentials.identity().certificate();
    assert_eq!(credentials.identity().id().as_str(), "spiffe://countersign.internal/greeter");
    assert_eq!(certificate.extended_key_usages(), ["serverAuth", "clientAuth"]);
    assert_eq!(fs::read(folder.join("key.pem")).unwrap(), key);
    let record = list(pki.path()).unwrap().remove(0);
    assert_eq!((record.serial.as_str(), record.hosts.len()), (certificate.serial(), 2));
    authority.revoke(&name("greeter")).unwrap();
    assert!(list(pki.path()).unwrap()[0].revoked.is_some());
}

#[cfg(unix)]
#[test]
fn the_key_of_a_request_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let machine = tempfile::tempdir().unwrap();
    let folder = machine.path().join("alice");
    authority::request(&folder, &name("alice"), &[], Existing::Refuse).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o7777;
    assert_eq!((mode(&folder), mode(&folder.join("key.pem"))), (0o700, 0o600));
}

#[test]
fn a_new_key_waits_beside_the_old_one_for_its_certificate() {
    let (_pki, authority, machine) = new_authority();
    let folder = machine.path().join("alice");
    authority::request(&folder, &name("alice"), &[], Existing::Refuse).unwrap();
    let error = authority::request(&folder, &name("alice"), &[], Existing::Refuse).unwrap_err();
    assert!(matches!(error, AuthorityError::IdentityExists { .. }), "{error}");
    sign(&authority, &folder);
    let old = Credentials::load(&folder).unwrap();
    for _ in 0..3 {
        authority::request(&folder, &name("alice"), &[], Existing::Replace).unwrap();
        let still = Credentials::load(&folder).unwrap();
        assert_eq!(still.identity().key(), old.identity().key());
        let keys = fs::read_to_string(folder.join("key.pem")).unwrap();
        assert_eq!(keys.matches("BEGIN PRIVATE KEY").count(), 2, "keys of abandoned requests go");
    }
    sign(&authority, &folder);
    assert_ne!(Credentials::load(&folder).unwrap().identity().key(), old.identity().key());
}

#[test]
fn the_authority_decides_what_it_certifies() {
    let (_pki, authority, machine) = new_authority();
    let pem = altered(|params| {
        params.distinguished_name.push(DnType::OrganizationName, "Evil");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::CodeSigning];
        params.subject_alt_names = vec![
            SanType::URI("spiffe://countersign.internal/root".try_into().unwrap()),
            SanType::DnsName("bank.example".try_into().unwrap()),
        ];
    });
    let asked = SigningRequest::load(write(&machine, &pem)).unwrap();
    let signed = authority.sign_request(&asked, &Request::client(name("bob"))).unwrap();
    let certificate = signed.certificate();
    assert_eq!(certificate.uris(), ["spiffe://countersign.internal/bob"]);
    assert_eq!(certificate.subject(), "CN=bob");
    assert!(!certificate.is_ca() && certificate.dns_names().is_empty());
    assert_eq!(certificate.key_usages(), ["digitalSignature"]);
    assert_eq!(certificate.extended_key_usages(), ["clientAuth"]);
}

#[test]
fn a_request_without_a_usable_name_says_why() {
    let (_pki, _authority, machine) = new_authority();
    for (common_name, why) in [("Alice", "'A'"), ("", "empty"), ("authority", "reserved"), ("a\n", "a")] {
        let pem = altered(|params| params.distinguished_name.push(DnType::CommonName, common_name));
        let asked = SigningRequest::load(write(&machine, &pem)).unwrap();
        let error = asked.name().unwrap_err().to_string();
        assert!(error.contains(why) && !error.contains('\n'), "{error}");
    }
}

#[test]
fn a_request_for_a_host_that_is_none_is_refused() {
    let (_pki, _authority, machine) = new_authority();
    let wildcard = altered(|params| {
        params.subject_alt_names = vec![SanType::DnsName("*.example.org".try_into().unwrap())];
    });
    let error = SigningRequest::load(write(&machine, &wildcard)).unwrap_err().to_string();
    assert!(error.contains("upload.csr: it asks for a host that is none: \"*.example.org\""), "{error}");
}

#[test]
fn a_request_with_any_bit_changed_is_refused_or_says_the_same() {
    let (_pki, _authority, machine) = new_authority();
    let pem = altered(|_| {});
    let body: String = pem.lines().filter(|line| !line.starts_with("-----")).map(str::trim).collect();
    let der = STANDARD.decode(body).unwrap();
    let original = format!("{:?}", SigningRequest::load(write(&machine, &pem)).unwrap());
    let mut lenient = 0;
    for bit in 0..der.len() * 8 {
        let mut der = der.clone();
        der[bit / 8] ^= 1 << (bit % 8);
        let pem = format!(
            "-----BEGIN CERTIFICATE REQUEST-----\n{}\n-----END CERTIFICATE REQUEST-----\n",
            STANDARD.encode(der)
        );
        if let Ok(asked) = SigningRequest::load(write(&machine, &pem)) {
            assert_eq!(format!("{asked:?}"), original, "bit {bit}");
            lenient += 1;
        }
    }
    // The parser is easy about some of the frame around what is signed.
    assert!(lenient < 32, "{lenient}");
}

#[test]
fn what_is_no_request_is_refused_with_the_file_and_a_remedy() {
    let (_pki, _authority, machine) = new_authority();
    let good = altered(|_| {});
    let key = KeyPair::generate().unwrap().serialize_pem();
    for (text, said) in [
        (String::new(), "no certificate request in this file; it is empty"),
        (key, "it holds a private key"),
        (format!("{good}{good}"), "several requests"),
        (good.replace("-----END", "-----"), "damaged PEM"),
        (good.replacen("MI", "AA", 1), "not a readable request"),
    ] {
        let path = write(&machine, &text);
        let error = SigningRequest::load(&path).unwrap_err().to_string();
        assert!(error.starts_with(&path.display().to_string()) && error.contains(said), "{error}");
    }
    let error = SigningRequest::load(machine.path().join("nothing.csr")).unwrap_err().to_string();
    assert!(error.contains("no such file"), "{error}");
}

#[test]
fn somebody_elses_folder_is_left_alone() {
    let (pki, authority, machine) = new_authority();
    let home = authority.issue_to(pki.path(), &Request::client(name("bob")), Existing::Refuse).unwrap();
    let before = fs::read(home.join("cert.pem")).unwrap();
    let asked = SigningRequest::load(write(&machine, &altered(|_| {}))).unwrap();
    let request = Request::client(name("alice"));
    let error = authority.sign_request_to(&home, &asked, &request).unwrap_err().to_string();
    assert!(error.contains("spiffe://countersign.internal/bob is at home in this folder"), "{error}");
    assert_eq!(fs::read(home.join("cert.pem")).unwrap(), before);
    assert_eq!(list(pki.path()).unwrap().len(), 1, "a refusal signs nothing");
}

#[test]
fn requests_of_openssl_are_signed_whatever_their_key() {
    let (_pki, authority, machine) = new_authority();
    for (number, (kind, good)) in [
        (&["-newkey", "rsa:2048"][..], true),
        (&["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"], true),
        (&["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-384"], true),
        (&["-newkey", "ed25519"], true),
        (&["-newkey", "rsa:1024"], false),
    ]
    .into_iter()
    .enumerate()
    {
        let folder = machine.path().join(number.to_string());
        fs::create_dir(&folder).unwrap();
        let output = Command::new("openssl")
            .args(["req", "-new", "-nodes", "-subj", "/CN=server", "-addext", "subjectAltName=DNS:localhost"])
            .args(["-keyout", "key.pem", "-out", "request.csr"])
            .args(kind)
            .current_dir(&folder)
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        if good {
            sign(&authority, &folder);
            assert_eq!(
                Credentials::load(&folder).unwrap().identity().certificate().dns_names(),
                ["localhost"]
            );
        } else {
            let error = SigningRequest::load(folder.join("request.csr")).unwrap_err().to_string();
            assert!(error.contains("its key is too weak"), "{error}");
        }
    }
}
