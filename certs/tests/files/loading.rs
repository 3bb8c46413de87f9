//! What can be loaded from a folder, and what is refused: which file, why, and what to do.

use std::fs;

use countersign_certs::{Credentials, CredentialsError, Identity, IdentityError, Trust, TrustError, Warning};
use jiff::Timestamp;
use rcgen::{
    BasicConstraints, IsCa, KeyPair, KeyUsagePurpose, PKCS_ECDSA_P384_SHA384, PKCS_ED25519, PKCS_RSA_SHA256,
    SignatureAlgorithm,
};
use rustls_pki_types::PrivateKeyDer;

use crate::pki::{Ca, Folder, alice, set_mode, with_uris};

#[test]
fn the_file_names_of_other_tools_are_known() {
    for [certificate, key, trust] in [
        ["cert.pem", "key.pem", "ca.pem"],
        ["tls.crt", "tls.key", "ca.crt"],
        ["svid.pem", "svid_key.pem", "svid_bundle.pem"],
        ["svid.0.pem", "svid.0.key", "bundle.0.pem"],
    ] {
        let folder = Folder::called(certificate, key, trust);
        let credentials = folder.load().unwrap();
        assert_eq!(credentials.identity().id().as_str(), "spiffe://countersign.internal/alice");
        assert_eq!(credentials.trust().domains().count(), 1);

        fs::remove_file(folder.path(trust)).unwrap();
        assert!(folder.refusal(trust).starts_with("no such file"));
    }
}

#[test]
fn a_missing_folder_is_said_to_be_missing() {
    let error = Credentials::load("no/such/folder").unwrap_err();
    assert!(matches!(error, CredentialsError::FolderMissing { .. }));
    assert_eq!(
        error.to_string(),
        "no/such/folder: no such folder; make an identity with `countersign certs issue`"
    );
}

#[test]
fn a_file_in_place_of_the_folder_is_refused() {
    let folder = Folder::of_alice();
    let error = Credentials::load(folder.path("cert.pem")).unwrap_err();
    assert!(matches!(error, CredentialsError::NotAFolder { .. }), "{error}");
}

#[test]
fn an_empty_folder_is_told_what_it_needs() {
    let folder = tempfile::tempdir().unwrap();
    let error = Credentials::load(folder.path()).unwrap_err();
    assert!(error.to_string().contains("it needs cert.pem, key.pem and ca.pem"), "{error}");
}

#[test]
fn each_missing_file_is_named() {
    for name in ["cert.pem", "key.pem", "ca.pem"] {
        let folder = Folder::of_alice();
        fs::remove_file(folder.path(name)).unwrap();
        assert!(folder.refusal(name).starts_with("no such file"));
    }
}

#[test]
fn a_folder_in_place_of_a_file_is_refused() {
    let folder = Folder::of_alice();
    fs::remove_file(folder.path("cert.pem")).unwrap();
    fs::create_dir(folder.path("cert.pem")).unwrap();
    assert_eq!(folder.refusal("cert.pem"), "not a file");
}

#[test]
fn damaged_pem_is_said_to_be_damaged() {
    for name in ["cert.pem", "key.pem", "ca.pem"] {
        let folder = Folder::of_alice();
        let text = fs::read_to_string(folder.path(name)).unwrap();
        for (damaged, reason) in [
            (text[..text.len() / 2].to_owned(), "a BEGIN line without its END line"),
            (text.replacen('M', "%", 1), "text between BEGIN and END that is not base64"),
        ] {
            folder.write(name, damaged);
            assert_eq!(folder.refusal(name), format!("damaged PEM: {reason}; restore the file"));
        }
    }
}

#[test]
fn a_file_of_the_wrong_kind_says_what_it_is() {
    let folder = Folder::of_alice();
    let key = fs::read_to_string(folder.path("key.pem")).unwrap();
    for (contents, hint) in [
        (b"".as_slice(), "it is empty"),
        (b"hello".as_slice(), "it holds no PEM section of that kind"),
        (key.as_bytes(), "it holds a private key"),
        (&folder.ca.der, "it looks like DER; convert it to PEM with openssl"),
    ] {
        folder.write("cert.pem", contents);
        assert_eq!(folder.refusal("cert.pem"), format!("no certificate in this file; {hint}"));
    }
}

#[test]
fn an_encrypted_key_is_said_to_be_encrypted() {
    let folder = Folder::of_alice();
    folder.write_key(
        "key.pem",
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n",
    );
    assert!(folder.refusal("key.pem").contains("decrypt it"));
}

#[test]
fn an_absurdly_large_file_is_not_read() {
    let folder = Folder::of_alice();
    fs::File::create(folder.path("ca.pem")).unwrap().set_len(1 << 40).unwrap();
    assert!(folder.refusal("ca.pem").starts_with("larger than 1048576 bytes"));
}

#[test]
fn bytes_that_are_no_certificate_are_refused() {
    let folder = Folder::of_alice();
    folder.write("cert.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    assert!(folder.refusal("cert.pem").starts_with("its first certificate is not a readable certificate"));
    let folder = Folder::of_alice();
    folder.write("ca.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    assert!(folder.refusal("ca.pem").starts_with("its certificate 1 is not a readable certificate"));
}

#[test]
fn the_key_of_another_certificate_is_refused() {
    let folder = Folder::of_alice();
    folder.write_key("key.pem", &KeyPair::generate().unwrap().serialize_pem());
    let refusal = folder.refusal("key.pem");
    let certificate = folder.path("cert.pem").display().to_string();
    assert!(refusal.starts_with(&format!("no key in this file belongs to the certificate in {certificate}")));
}

#[test]
fn of_several_keys_the_matching_one_is_taken() {
    let folder = Folder::of_alice();
    let others = [KeyPair::generate().unwrap().serialize_pem(), KeyPair::generate().unwrap().serialize_pem()];
    let keys = [others[0].as_str(), &folder.key.serialize_pem(), &others[1]].concat();
    folder.write_key("key.pem", &keys);
    let credentials = folder.load().unwrap();
    assert_eq!(credentials.identity().key().secret_der(), folder.key.serialized_der());
}

#[test]
fn an_unusable_key_is_told_which_kinds_are() {
    let folder = Folder::of_alice();
    folder.write_key("key.pem", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n");
    assert!(folder.refusal("key.pem").starts_with("no key of a supported kind; use ECDSA P-256"));
}

#[test]
fn keys_of_every_usual_kind_load() {
    let kinds: [(&'static SignatureAlgorithm, &str); 3] = [
        (&PKCS_ECDSA_P384_SHA384, "ECDSA P-384"),
        (&PKCS_ED25519, "Ed25519"),
        (&PKCS_RSA_SHA256, "RSA 2048"),
    ];
    for (algorithm, name) in kinds {
        let folder = Folder::of_alice();
        let key = KeyPair::generate_for(algorithm).unwrap();
        folder.write("cert.pem", folder.ca.sign(&alice(), &key));
        folder.write_key("key.pem", &key.serialize_pem());
        assert_eq!(folder.load().unwrap().identity().certificate().key_algorithm(), name);
    }
}

#[cfg(unix)]
#[test]
fn a_key_that_everyone_can_reach_is_refused() {
    let folder = Folder::of_alice();
    let path = folder.path("key.pem");
    for mode in [0o644, 0o604, 0o602, 0o777] {
        set_mode(&path, mode);
        assert_eq!(
            folder.refusal("key.pem"),
            format!(
                "everyone on this machine can reach this key (mode {mode:04o}); run `chmod 600 {}`",
                path.display()
            )
        );
    }
}

#[cfg(unix)]
#[test]
fn a_key_that_its_group_can_reach_loads_with_a_warning() {
    let folder = Folder::of_alice();
    set_mode(&folder.path("key.pem"), 0o640);
    let warnings = folder.load().unwrap().warnings_at(Timestamp::now());
    let [warning, Warning::NoCrl { .. }] = warnings.as_slice() else { panic!("{warnings:?}") };
    assert!(warning.to_string().contains("(mode 0640); run `chmod 600 "), "{warning}");
}

#[test]
fn a_certificate_names_exactly_one_spiffe_id() {
    for (params, problem) in [
        (with_uris(&[]), "it has no URI"),
        (with_uris(&["spiffe://a/x", "spiffe://a/y"]), "it has 2 URIs"),
        (with_uris(&["spiffe://a/x", "https://a/y"]), "it has 2 URIs"),
        (with_uris(&["https://countersign.internal/alice"]), "is not a SPIFFE ID: begin it with"),
    ] {
        let folder = Folder::of_alice();
        folder.write_certificate(&params);
        let refusal = folder.refusal("cert.pem");
        assert!(refusal.starts_with("its first certificate does not say whose it is"), "{refusal}");
        assert!(refusal.contains(problem), "{refusal}");
    }
}

#[test]
fn the_id_of_a_whole_domain_is_nobodys() {
    let folder = Folder::of_alice();
    folder.write_certificate(&with_uris(&["spiffe://countersign.internal"]));
    assert!(folder.refusal("cert.pem").contains("names a whole trust domain"));
}

#[test]
fn an_authority_is_no_identity() {
    let mut by_constraint = alice();
    by_constraint.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let mut by_usage = alice();
    by_usage.key_usages = vec![KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::CrlSign];
    for params in [by_constraint, by_usage] {
        let folder = Folder::of_alice();
        folder.write_certificate(&params);
        let refusal = folder.refusal("cert.pem");
        assert!(refusal.starts_with("its first certificate belongs to an authority"), "{refusal}");
    }
}

#[test]
fn trust_in_other_domains_is_kept_apart() {
    let folder = Folder::of_alice();
    let partner = Ca::new();
    folder.write("trust/partner.example.pem", &partner.pem);
    folder.write("trust/partner.example.crl.pem", partner.crl(1, &[]));
    folder.write("trust/README", "notes");

    let credentials = folder.load().unwrap();
    let domains: Vec<&str> = credentials.trust().domains().map(|domain| domain.as_str()).collect();
    assert_eq!(domains, ["countersign.internal", "partner.example"]);
    assert_eq!(credentials.trust().roots(&"partner.example".parse().unwrap()), [partner.der]);
    let own = credentials.identity().id().trust_domain();
    assert_eq!(credentials.trust().roots(own), std::slice::from_ref(&folder.ca.der));
    assert!(credentials.trust().roots(&"stranger.example".parse().unwrap()).is_empty());
}

#[test]
fn a_trust_file_is_called_after_its_domain() {
    let folder = Folder::of_alice();
    folder.write("trust/Partner.pem", &folder.ca.pem);
    assert!(folder.refusal("trust/Partner.pem").starts_with("call it after the trust domain"));
}

#[test]
fn trust_in_the_own_domain_has_one_place() {
    let folder = Folder::of_alice();
    folder.write("trust/countersign.internal.pem", &Ca::new().pem);
    let refusal = folder.refusal("trust/countersign.internal.pem");
    assert!(refusal.contains("has its roots from elsewhere already"), "{refusal}");
}

#[test]
fn only_authorities_are_roots() {
    let folder = Folder::of_alice();
    let leaf = folder.ca.sign(&alice(), &folder.key);
    folder.write("ca.pem", folder.ca.pem.clone() + &leaf);
    assert!(folder.refusal("ca.pem").starts_with("its certificate 2 ("));
}

#[test]
fn trust_and_identity_can_be_made_in_memory() {
    let ca = Ca::new();
    let key = KeyPair::generate().unwrap();
    let chain = vec![alice().signed_by(&key, &ca.issuer).unwrap().der().clone()];
    let key = PrivateKeyDer::Pkcs8(key.serialize_der().into());
    let identity = Identity::new(chain, key.clone_key()).unwrap();
    let trust = Trust::new("countersign.internal".parse().unwrap(), vec![ca.der]).unwrap();
    assert_eq!(Credentials::new(identity, trust.clone()).trust(), &trust);

    assert_eq!(Identity::new(vec![], key).unwrap_err(), IdentityError::NoCertificate);
    let nothing = trust.and("partner.example".parse().unwrap(), vec![]);
    assert_eq!(nothing.unwrap_err(), TrustError::Empty);
}

#[test]
fn debug_output_never_shows_a_key() {
    let folder = Folder::of_alice();
    let credentials = folder.load().unwrap();
    let shown = format!("{credentials:?} {credentials:#?}");
    assert!(shown.contains("spiffe://countersign.internal/alice"));
    // Any four neighbouring bytes of the key, as a list of numbers or as hexadecimal digits.
    for bytes in folder.key.serialized_der().windows(4) {
        let numbers = format!("{bytes:?}");
        assert!(!shown.contains(numbers.trim_matches(['[', ']'])));
    }
}
