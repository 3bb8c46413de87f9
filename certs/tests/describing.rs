//! What a certificate is said to be, also when whoever made it means harm.

#![expect(clippy::unwrap_used, reason = "a test whose helper fails has failed")]

use std::net::{IpAddr, Ipv6Addr};

use countersign_certs::{CertificateInfo, SpiffeIdError, Validity};
use jiff::{SignedDuration, Timestamp};
use rcgen::string::Ia5String;
use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, DistinguishedName, DnType, ExtendedKeyUsagePurpose,
    IsCa, KeyPair, KeyUsagePurpose, SanType, SerialNumber,
};

const BASIC_CONSTRAINTS: [u64; 4] = [2, 5, 29, 19];
const ALTERNATIVE_NAMES: [u64; 4] = [2, 5, 29, 17];

fn alice() -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, "alice");
    params.distinguished_name.push(DnType::OrganizationName, "Example");
    params.serial_number = Some(SerialNumber::from_slice(&[0x4a, 0, 0xff]));
    params.not_before = rcgen::date_time_ymd(2026, 11, 22);
    params.not_after = rcgen::date_time_ymd(2026, 12, 22);
    params.subject_alt_names = vec![
        SanType::URI(ia5("spiffe://example.org/alice")),
        SanType::DnsName(ia5("alice.example.org")),
        SanType::IpAddress(IpAddr::V6(Ipv6Addr::LOCALHOST)),
    ];
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages =
        vec![ExtendedKeyUsagePurpose::ClientAuth, ExtendedKeyUsagePurpose::ServerAuth];
    params
}

fn ia5(text: &str) -> Ia5String {
    text.try_into().unwrap()
}

fn der(params: &CertificateParams) -> Vec<u8> {
    params.self_signed(&KeyPair::generate().unwrap()).unwrap().der().to_vec()
}

fn read(params: &CertificateParams) -> CertificateInfo {
    CertificateInfo::from_der(&der(params)).unwrap()
}

fn refusal(der: &[u8]) -> String {
    CertificateInfo::from_der(der).unwrap_err().to_string()
}

#[test]
fn everything_it_claims_can_be_asked() {
    let certificate = read(&alice());
    assert_eq!(certificate.subject(), "CN=alice, O=Example");
    assert_eq!(certificate.issuer(), certificate.subject());
    assert_eq!(certificate.serial(), "4a00ff");
    assert_eq!(certificate.not_before(), "2026-11-22T00:00:00Z".parse().unwrap());
    assert_eq!(certificate.not_after(), "2026-12-22T00:00:00Z".parse().unwrap());
    assert_eq!(certificate.spiffe_id().unwrap().as_str(), "spiffe://example.org/alice");
    assert_eq!(certificate.uris(), ["spiffe://example.org/alice"]);
    assert_eq!(certificate.dns_names(), ["alice.example.org"]);
    assert_eq!(certificate.ips(), [IpAddr::V6(Ipv6Addr::LOCALHOST)]);
    assert!(!certificate.is_ca());
    assert_eq!(certificate.key_usages(), ["digitalSignature"]);
    assert_eq!(certificate.extended_key_usages(), ["serverAuth", "clientAuth"]);
    assert!(certificate.has_client_auth() && certificate.has_server_auth());
    assert_eq!(certificate.key_algorithm(), "ECDSA P-256");
    assert_eq!(certificate.fingerprint().len(), 64);
}

#[test]
fn it_is_described_in_words() {
    let certificate = read(&alice());
    let words = certificate.describe().replace(certificate.fingerprint(), "FINGERPRINT");
    assert_eq!(
        words,
        "\
A certificate for the client and server spiffe://example.org/alice.
  Hosts        alice.example.org, ::1
  Valid from   2026-11-22 00:00:00 UTC
  Valid until  2026-12-22 00:00:00 UTC
  Subject      CN=alice, O=Example
  Issuer       CN=alice, O=Example
  Usages       digitalSignature, serverAuth, clientAuth
  Key          ECDSA P-256
  Serial       4a00ff
  SHA-256      FINGERPRINT
"
    );
}

#[test]
fn each_kind_of_certificate_is_called_what_it_is() {
    let mut params = alice();
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    assert!(read(&params).describe().starts_with("A certificate for the client spiffe://"));
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    assert!(read(&params).describe().starts_with("A certificate for the server spiffe://"));
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    assert!(read(&params).describe().starts_with("A certificate of the authority spiffe://"));
    let bare = read(&CertificateParams::default()).describe();
    assert!(bare.starts_with("A certificate for CN=rcgen self signed cert.\n"), "{bare}");
    assert!(bare.contains("Usages       not restricted"), "{bare}");
    assert!(bare.contains("SPIFFE ID    none that counts: it has no URI"), "{bare}");
}

#[test]
fn it_is_valid_from_its_first_to_its_last_moment() {
    let certificate = read(&alice());
    let second = SignedDuration::from_secs(1);
    for (at, validity) in [
        (certificate.not_before() - second, Validity::NotYet),
        (certificate.not_before(), Validity::Valid),
        (certificate.not_after(), Validity::Valid),
        (certificate.not_after() + second, Validity::Expired),
    ] {
        assert_eq!(certificate.validity_at(at), validity, "{at}");
    }
}

#[test]
fn a_certificate_without_end_reaches_the_end_of_time() {
    let mut params = alice();
    // As RFC 5280, section 4.1.2.5, writes "no end".
    params.not_after = rcgen::date_time_ymd(9999, 12, 31) + time::Duration::seconds(86399);
    assert_eq!(read(&params).not_after(), Timestamp::MAX);
}

#[test]
fn it_goes_into_json_with_its_id_or_null() {
    let json = serde_json::to_value(read(&alice())).unwrap();
    assert_eq!(json["spiffe_id"], "spiffe://example.org/alice");
    assert_eq!(json["not_after"], "2026-12-22T00:00:00Z");
    assert_eq!(json["ips"][0], "::1");
    let json = serde_json::to_value(read(&CertificateParams::default())).unwrap();
    assert!(json["spiffe_id"].is_null());
}

#[test]
fn several_uris_are_counted_exactly() {
    let mut params = alice();
    params.subject_alt_names = vec![SanType::URI(ia5("spiffe://example.org/alice")); 3];
    let certificate = read(&params);
    assert_eq!(certificate.uris().len(), 3);
    assert_eq!(certificate.spiffe_id(), Err(&SpiffeIdError::Several(3)));
}

#[test]
fn a_uri_that_is_not_text_counts_as_one_and_is_no_id() {
    // GeneralNames of two URIs: a good one and two bytes that are no text.
    let good = b"spiffe://example.org/alice";
    let mut names = vec![0x30, good.len() as u8 + 6, 0x86, good.len() as u8];
    names.extend(good);
    names.extend([0x86, 2, 0xff, 0xfe]);
    let mut params = alice();
    params.subject_alt_names.clear();
    params.custom_extensions = vec![CustomExtension::from_oid_content(&ALTERNATIVE_NAMES, names)];
    assert_eq!(read(&params).spiffe_id(), Err(&SpiffeIdError::Several(2)));

    params.custom_extensions =
        vec![CustomExtension::from_oid_content(&ALTERNATIVE_NAMES, vec![0x30, 4, 0x86, 2, 0xff, 0xfe])];
    assert!(matches!(read(&params).spiffe_id(), Err(SpiffeIdError::Invalid(_))));
}

#[test]
fn names_cannot_deceive_whoever_reads_them() {
    let mut params = alice();
    let name = format!("a\n\u{1b}[2J\u{202e}, O=Bank {}", "x".repeat(1000));
    params.distinguished_name.push(DnType::CommonName, name);
    params.subject_alt_names = vec![SanType::URI(ia5("spiffe://example.org/a\r\nb")); 200];
    let certificate = read(&params);
    assert!(
        certificate.subject().starts_with(r"CN=a\n\u{1b}[2J\u{202e}\, O=Bank xxx"),
        "{}",
        certificate.subject()
    );
    assert!(certificate.subject().len() < 250);
    assert_eq!(certificate.uris()[0], r"spiffe://example.org/a\r\nb");
    let controls = certificate.describe().chars().filter(|c| c.is_control() && *c != '\n').count();
    assert_eq!(controls, 0);
}

#[test]
fn a_long_list_of_hosts_does_not_fill_the_screen() {
    let mut params = alice();
    let hosts = (0..100).map(|n| SanType::DnsName(ia5(&format!("host-{n}"))));
    params.subject_alt_names.extend(hosts);
    let certificate = read(&params);
    assert_eq!(certificate.dns_names().len(), 101);
    assert!(certificate.describe().contains("host-14, and 86 more\n"), "{}", certificate.describe());
}

#[test]
fn what_cannot_be_read_without_doubt_is_refused() {
    let good = der(&alice());
    assert_eq!(refusal(&[&good[..], &[0]].concat()), "not a readable certificate: 1 more bytes follow it");
    assert!(refusal(&[]).starts_with("not a readable certificate: "));
    assert!(refusal(&good[..good.len() - 1]).starts_with("not a readable certificate: "));

    let mut twice = alice();
    let name = vec![0x30, 3, 0x86, 1, b'x'];
    twice.custom_extensions = vec![CustomExtension::from_oid_content(&ALTERNATIVE_NAMES, name)];
    assert!(refusal(&der(&twice)).contains("its alternative names"), "{}", refusal(&der(&twice)));

    let mut malformed = alice();
    malformed.custom_extensions =
        vec![CustomExtension::from_oid_content(&BASIC_CONSTRAINTS, vec![0x30, 3, 1, 1])];
    assert!(refusal(&der(&malformed)).contains("its basic constraints"), "{}", refusal(&der(&malformed)));

    let mut address = alice();
    address.subject_alt_names.clear();
    address.custom_extensions =
        vec![CustomExtension::from_oid_content(&ALTERNATIVE_NAMES, vec![0x30, 5, 0x87, 3, 1, 2, 3])];
    assert!(refusal(&der(&address)).contains("an IP address of 3 bytes"), "{}", refusal(&der(&address)));
}

#[test]
fn no_damaged_certificate_makes_the_reader_panic() {
    let good = der(&alice());
    for at in 0..good.len() {
        let _ = CertificateInfo::from_der(&good[..at]);
        for byte in [0x00, 0x01, 0x7f, 0x80, 0xff, good[at] ^ 0x20, good[at].wrapping_add(1)] {
            let mut damaged = good.clone();
            damaged[at] = byte;
            if let Ok(certificate) = CertificateInfo::from_der(&damaged) {
                let _ = certificate.describe();
            }
        }
    }
}
