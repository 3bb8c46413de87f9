//! Revocation lists: which are believed, for whom, and what is said of those that are not.

use std::fs;

use countersign_certs::{
    Credentials, CredentialsError, Crl, Revocation, StaleCrl, Trust, TrustError, Warning,
};
use jiff::{SignedDuration, Timestamp};
use rcgen::{KeyPair, KeyUsagePurpose};
use rustls_pki_types::{CertificateRevocationListDer, pem::PemObject};

use crate::pki::{Ca, Folder, HOUR, alice, crl_params};

const DAY: SignedDuration = SignedDuration::from_hours(24);

fn parsed(pem: &str) -> Crl {
    Crl::from_der(CertificateRevocationListDer::from_pem_slice(pem.as_bytes()).unwrap()).unwrap()
}

/// The lists for the domain of `folder`'s owner.
fn own_crls(credentials: &Credentials) -> &[Crl] {
    credentials.trust().revocation(credentials.identity().id().trust_domain()).crls()
}

#[test]
fn a_list_says_whose_it_is_how_old_it_is_and_whom_it_revokes() {
    let ca = Ca::named("Example authority");
    let crl = parsed(&ca.crl(300, &[&[0x12, 0x34], &[0x80, 1]]));
    assert_eq!((crl.issuer(), crl.number().unwrap().as_str()), ("CN=Example authority", "300"));
    assert_eq!(crl.revoked_count(), 2);
    assert!(crl.this_update() < Timestamp::now() && Timestamp::now() < crl.next_update());
    assert!(!crl.is_stale_at(Timestamp::now()) && crl.is_stale_at(crl.next_update()));

    let issuer = crl.issuer_der();
    assert!(crl.revokes(issuer, &[0x12, 0x34]));
    // A serial whose first bit is set has a zero before it in a certificate, and may have none in a list.
    assert!(crl.revokes(issuer, &[0x80, 1]) && crl.revokes(issuer, &[0, 0x80, 1]));
    assert!(!crl.revokes(issuer, &[0x12]));
    assert!(!crl.revokes(parsed(&Ca::named("Another").crl(1, &[])).issuer_der(), &[0x12, 0x34]));
}

#[test]
fn a_certificate_is_found_in_the_list_that_revokes_it() {
    let folder = Folder::of_alice();
    let serial = folder.load().unwrap().identity().certificate().raw_serial().to_vec();
    folder.write("crl.pem", folder.ca.crl(1, &[&serial]));
    let credentials = folder.load().unwrap();
    let certificate = credentials.identity().certificate();
    assert!(own_crls(&credentials)[0].revokes(certificate.issuer_der(), certificate.raw_serial()));
}

#[test]
fn without_a_list_nothing_is_checked_and_that_is_said() {
    let folder = Folder::of_alice();
    folder.write("trust/partner.example.pem", &Ca::new().pem);
    let credentials = folder.load().unwrap();
    for domain in credentials.trust().domains() {
        assert_eq!(credentials.trust().revocation(domain), &Revocation::Unchecked);
    }
    let warnings = credentials.warnings_at(Timestamp::now());
    let told: Vec<String> = warnings.iter().map(Warning::to_string).collect();
    assert!(told[0].starts_with("peers of countersign.internal are not checked for revocation"), "{told:?}");
    assert!(told[0].ends_with("in crl.pem, beside the certificate"), "{told:?}");
    assert!(told[1].ends_with("in trust/partner.example.crl.pem"), "{told:?}");
    assert!(!warnings.iter().any(Warning::is_urgent));
}

#[test]
fn the_list_of_the_own_domain_lies_in_the_folder_or_where_it_is_said_to() {
    let folder = Folder::of_alice();
    folder.write("crl.pem", folder.ca.crl(1, &[]));
    assert_eq!(own_crls(&folder.load().unwrap())[0].number().unwrap(), "1");

    let elsewhere = Folder::of_alice();
    elsewhere.write("latest.pem", folder.ca.crl(2, &[]));
    let loader = Credentials::loader(folder.home.path()).crl(elsewhere.path("latest.pem"));
    assert_eq!(own_crls(&loader.clone().load().unwrap())[0].number().unwrap(), "2");

    fs::remove_file(elsewhere.path("latest.pem")).unwrap();
    assert!(matches!(loader.load().unwrap_err(), CredentialsError::FileMissing { .. }));
}

#[test]
fn each_domain_has_its_own_lists() {
    let (folder, partner) = (Folder::of_alice(), Ca::new());
    folder.write("crl.pem", folder.ca.crl(1, &[&[1]]));
    folder.write("trust/partner.example.pem", &partner.pem);
    folder.write("trust/partner.example.crl.pem", partner.crl(2, &[&[2]]));
    let credentials = folder.load().unwrap();
    let of =
        |domain: &str| credentials.trust().revocation(&domain.parse().unwrap()).crls()[0].number().unwrap();
    assert_eq!((of("countersign.internal"), of("partner.example")), ("1".to_owned(), "2".to_owned()));
    assert_eq!(credentials.trust().revocation(&"stranger.example".parse().unwrap()), &Revocation::Unchecked);
}

#[test]
fn one_domain_cannot_revoke_for_another() {
    // Both authorities even have the same name.
    let (folder, partner) = (Folder::of_alice(), Ca::new());
    folder.write("trust/partner.example.pem", &partner.pem);
    folder.write("crl.pem", partner.crl(1, &[]));
    assert!(folder.refusal("crl.pem").contains("is not signed by an authority of this trust domain"));
    folder.write("crl.pem", folder.ca.crl(1, &[]));
    folder.write("trust/partner.example.crl.pem", folder.ca.crl(1, &[]));
    let refusal = folder.refusal("trust/partner.example.crl.pem");
    assert!(refusal.starts_with("its list 1 (of CN=an authority) is not signed"), "{refusal}");
}

#[test]
fn a_list_for_a_domain_without_roots_is_refused() {
    let folder = Folder::of_alice();
    folder.write("trust/partner.example.crl.pem", Ca::new().crl(1, &[]));
    let refusal = folder.refusal("trust/partner.example.crl.pem");
    assert!(refusal.contains("place them in trust/partner.example.pem, or remove this file"), "{refusal}");
}

#[test]
fn the_list_of_the_own_domain_has_one_place() {
    let folder = Folder::of_alice();
    folder.write("trust/countersign.internal.crl.pem", folder.ca.crl(1, &[]));
    assert!(folder.refusal("trust/countersign.internal.crl.pem").contains("move it there"));
}

#[test]
fn every_issuer_of_a_domain_has_a_list_in_the_same_file() {
    let (folder, old) = (Folder::of_alice(), Ca::named("the old authority"));
    folder.write("ca.pem", folder.ca.pem.clone() + &old.pem);
    folder.write("crl.pem", folder.ca.crl(7, &[]) + &old.crl(3, &[&[1]]));
    assert_eq!(own_crls(&folder.load().unwrap()).len(), 2);

    folder.write("crl.pem", folder.ca.crl(7, &[]) + &old.crl(3, &[]) + &folder.ca.crl(8, &[]));
    assert_eq!(folder.refusal("crl.pem"), "it has two lists of CN=an authority; keep the latest");
}

#[test]
fn an_intermediate_signs_lists_if_its_certificate_is_at_hand() {
    let folder = Folder::of_alice();
    let intermediate = folder.ca.intermediate("an intermediate");
    let leaf = intermediate.sign(&alice(), &folder.key);
    folder.write("cert.pem", leaf.clone() + &intermediate.pem);
    folder.write("crl.pem", folder.ca.crl(1, &[]) + &intermediate.crl(1, &[]));
    assert_eq!(own_crls(&folder.load().unwrap()).len(), 2);

    // Not in the chain that is shown: it may lie beside the list, if a root stands behind it.
    let (another, stranger) = (intermediate.intermediate("another"), Ca::new().intermediate("a stranger"));
    folder.write("crl.pem", another.crl(1, &[]));
    assert!(folder.refusal("crl.pem").contains("put its certificate into this file, too"));
    folder.write("crl.pem", another.crl(1, &[]) + &another.pem);
    assert_eq!(own_crls(&folder.load().unwrap()).len(), 1);
    folder.write("crl.pem", stranger.crl(1, &[]) + &stranger.pem);
    assert!(folder.refusal("crl.pem").contains("is not signed by an authority"));
}

#[test]
fn an_ordinary_peer_cannot_sign_a_list() {
    let folder = Folder::of_alice();
    // Alice's key, and the name that is in her certificate.
    let mut params = alice();
    params.distinguished_name = Ca::params("alice").distinguished_name;
    folder.write_certificate(&params);
    let key = KeyPair::from_pem(&folder.key.serialize_pem()).unwrap();
    let forged =
        crl_params(1, &[], -HOUR, DAY).signed_by(&rcgen::Issuer::new(Ca::params("alice"), key)).unwrap();
    folder.write("crl.pem", forged.pem().unwrap() + &fs::read_to_string(folder.path("cert.pem")).unwrap());
    assert!(folder.refusal("crl.pem").contains("is not signed by an authority"));
}

#[test]
fn an_authority_that_may_not_sign_lists_is_told_what_it_lacks() {
    let (mut params, key) = (Ca::params("an authority"), KeyPair::generate().unwrap());
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    let pem = params.self_signed(&key).unwrap().pem();
    let crl = crl_params(1, &[], -HOUR, DAY)
        .signed_by(&rcgen::Issuer::new(Ca::params("an authority"), key))
        .unwrap();
    let folder = Folder::of_alice();
    folder.write("ca.pem", folder.ca.pem.clone() + &pem);
    folder.write("crl.pem", crl.pem().unwrap());
    assert!(folder.refusal("crl.pem").contains("issue that one anew with the key usage cRLSign"));
}

#[test]
fn damaged_lists_are_refused() {
    let folder = Folder::of_alice();
    let whole = folder.ca.crl_of(1, &[&[1]], -HOUR, DAY);
    for length in 0..whole.der().len() {
        folder.write("crl.pem", pem_of(&whole.der()[..length]));
        folder.load().unwrap_err();
    }
    let mut longer = whole.der().to_vec();
    longer.push(0);
    folder.write("crl.pem", pem_of(&longer));
    assert!(folder.refusal("crl.pem").contains("1 more bytes follow it"));
    folder
        .write("crl.pem", whole.pem().unwrap() + "-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n");
    assert!(folder.refusal("crl.pem").starts_with("its list 2 is not a readable revocation list"));
    folder.write("crl.pem", &whole.pem().unwrap()[..100]);
    assert!(folder.refusal("crl.pem").starts_with("damaged PEM: a BEGIN line without its END line"));
}

#[test]
fn no_single_byte_of_a_list_can_be_changed() {
    let folder = Folder::of_alice();
    let whole = folder.ca.crl_of(1, &[&[1]], -HOUR, DAY);
    for place in 0..whole.der().len() {
        let mut changed = whole.der().to_vec();
        changed[place] ^= 1;
        folder.write("crl.pem", pem_of(&changed));
        folder.load().unwrap_err();
    }
}

#[test]
fn a_file_without_a_list_says_what_it_is() {
    let folder = Folder::of_alice();
    for (contents, hint) in [("", "it is empty"), (folder.ca.pem.as_str(), "it holds a certificate")] {
        folder.write("crl.pem", contents);
        assert_eq!(folder.refusal("crl.pem"), format!("no revocation list in this file; {hint}"));
    }
    folder.write("crl.pem", folder.ca.crl(1, &[]));
    folder.write("ca.pem", folder.ca.crl(1, &[]));
    assert_eq!(folder.refusal("ca.pem"), "no certificate in this file; it holds a revocation list");
}

#[test]
fn a_list_may_be_long_but_not_absurd() {
    let folder = Folder::of_alice();
    let serials: Vec<[u8; 16]> = (0..2_000_u128).map(|serial| (serial | 1 << 120).to_be_bytes()).collect();
    let revoked: Vec<&[u8]> = serials.iter().map(<[u8; 16]>::as_slice).collect();
    folder.write("crl.pem", folder.ca.crl(1, &revoked));
    assert_eq!(own_crls(&folder.load().unwrap())[0].revoked_count(), 2_000);

    fs::File::create(folder.path("crl.pem")).unwrap().set_len((8 << 20) + 1).unwrap();
    assert!(folder.refusal("crl.pem").starts_with("larger than 8388608 bytes"));
}

#[test]
fn a_domain_has_a_bounded_number_of_lists() {
    let folder = Folder::of_alice();
    folder.write("crl.pem", folder.ca.crl(1, &[]).repeat(65));
    assert!(folder.refusal("crl.pem").starts_with("it has more than 64 revocation lists"));
}

#[test]
fn a_stale_list_loads_and_says_what_follows() {
    let folder = Folder::of_alice();
    folder.write("crl.pem", folder.ca.crl_of(1, &[], -2 * DAY, -DAY).pem().unwrap());
    for (stale, effect) in [
        (StaleCrl::Refuse, "new peers are refused until there is a newer one"),
        (StaleCrl::Accept, "what was revoked since then is not known"),
    ] {
        let credentials = Credentials::loader(folder.home.path()).stale_crl(stale).load().unwrap();
        let warnings = credentials.warnings_at(Timestamp::now());
        let [warning @ Warning::CrlStale { .. }] = warnings.as_slice() else { panic!("{warnings:?}") };
        assert!(warning.is_urgent() && warning.to_string().contains(effect), "{warning}");
    }
}

#[test]
fn warnings_come_with_time_and_not_with_loading() {
    let folder = Folder::of_alice();
    let mut params = alice();
    (params.not_before, params.not_after) = (crate::pki::date(-HOUR), crate::pki::date(100 * DAY - HOUR));
    folder.write_certificate(&params);
    folder.write("crl.pem", folder.ca.crl_of(1, &[], -HOUR, 10 * DAY - HOUR).pem().unwrap());
    let credentials = folder.load().unwrap();
    let start = credentials.identity().certificate().not_before();
    let told = |after: SignedDuration| {
        let warnings = credentials.warnings_at(start + after);
        warnings.iter().map(Warning::to_string).collect::<Vec<_>>().join("\n")
    };
    assert_eq!(told(HOUR), "");
    assert_eq!(told(8 * DAY), "");
    assert!(told(8 * DAY + HOUR).contains("is stale in 47 h"), "{}", told(8 * DAY + HOUR));
    assert!(told(10 * DAY).contains("is stale since"));
    assert!(!told(70 * DAY).contains("expires"));
    assert!(told(71 * DAY).contains("alice expires in 29 d"), "{}", told(71 * DAY));
    assert!(told(101 * DAY).contains("alice has expired at"));
    assert!(told(-HOUR).contains("alice is not valid before"));
}

#[test]
fn a_chain_ends_with_its_first_certificate_that_ends() {
    let folder = Folder::of_alice();
    let mut params = Ca::params("an intermediate");
    params.not_after = crate::pki::date(DAY);
    let key = KeyPair::generate().unwrap();
    let certificate = params.signed_by(&key, &folder.ca.issuer).unwrap();
    let intermediate = Ca::from(params, key, &certificate);
    folder.write("cert.pem", intermediate.sign(&alice(), &folder.key) + &intermediate.pem);
    let credentials = folder.load().unwrap();
    let identity = credentials.identity();
    assert!(identity.not_after() < identity.certificate().not_after());
    let warnings = credentials.warnings_at(Timestamp::now() + 2 * DAY);
    assert!(matches!(warnings[0], Warning::Expired { .. }), "{warnings:?}");
}

#[test]
fn lists_can_be_given_in_memory() {
    let (ca, domain) = (Ca::new(), "partner.example".parse().unwrap());
    let trust = Trust::new("countersign.internal".parse().unwrap(), vec![ca.der.clone()]).unwrap();
    let crl = parsed(&ca.crl(1, &[]));
    let stranger = trust.clone().with_crls(&domain, vec![crl.clone()], StaleCrl::Refuse);
    assert_eq!(stranger.unwrap_err(), TrustError::CrlOfStranger { domain: domain.clone() });

    let trust = trust.and(domain.clone(), vec![ca.der]).unwrap();
    assert_eq!(trust.clone().with_crls(&domain, vec![], StaleCrl::Refuse).unwrap_err(), TrustError::NoCrl);
    let checked = trust.with_crls(&domain, vec![crl.clone()], StaleCrl::Accept).unwrap();
    assert_eq!(
        checked.revocation(&domain),
        &Revocation::Checked { crls: vec![crl], stale: StaleCrl::Accept }
    );
}

fn pem_of(der: &[u8]) -> String {
    use base64::Engine;
    let body = base64::engine::general_purpose::STANDARD.encode(der);
    format!("-----BEGIN X509 CRL-----\n{body}\n-----END X509 CRL-----\n")
}
