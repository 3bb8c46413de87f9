//! Certificates in words: names, usages and keys as people write them, fit to be shown.

use std::fmt::Write;
use std::net::IpAddr;

use jiff::Timestamp;
use x509_parser::extensions::{ExtendedKeyUsage, KeyUsage};
use x509_parser::oid_registry as oid;
use x509_parser::prelude::FromDer;
use x509_parser::x509::{SubjectPublicKeyInfo, X509Name};

use super::CertificateInfo;
use crate::text::{hex, shown};

pub(crate) const CLIENT_AUTH: &str = "clientAuth";
pub(crate) const SERVER_AUTH: &str = "serverAuth";

pub(super) fn describe(certificate: &CertificateInfo) -> String {
    let who = match &certificate.spiffe_id {
        Ok(id) => id.to_string(),
        Err(_) if certificate.subject.is_empty() => "nobody in particular".to_owned(),
        Err(_) => certificate.subject.clone(),
    };
    let mut words = format!("A certificate {} {who}.\n", purpose(certificate));
    let mut line = |label: &str, text: &str| {
        // Writing to a `String` cannot fail.
        let _ = writeln!(words, "  {label:<13}{text}");
    };
    if let Err(problem) = &certificate.spiffe_id {
        line("SPIFFE ID", &format!("none that counts: {problem}"));
    }
    if !certificate.dns_names.is_empty() || !certificate.ips.is_empty() {
        let ips = certificate.ips.iter().map(IpAddr::to_string);
        line("Hosts", &listed(certificate.dns_names.iter().cloned().chain(ips)));
    }
    line("Valid from", &moment(certificate.not_before));
    line("Valid until", &moment(certificate.not_after));
    line("Subject", &certificate.subject);
    line("Issuer", &certificate.issuer);
    line("Usages", &usages(certificate));
    line("Key", &certificate.key_algorithm);
    line("Serial", &certificate.serial);
    line("SHA-256", &certificate.fingerprint);
    words
}

fn purpose(certificate: &CertificateInfo) -> &'static str {
    match (certificate.is_ca, certificate.has_client_auth(), certificate.has_server_auth()) {
        (true, ..) => "of the authority",
        (_, true, true) => "for the client and server",
        (_, true, false) => "for the client",
        (_, false, true) => "for the server",
        (_, false, false) => "for",
    }
}

fn usages(certificate: &CertificateInfo) -> String {
    let usages = certificate.key_usages.iter().map(|usage| (*usage).to_owned());
    let all = listed(usages.chain(certificate.extended_key_usages.iter().cloned()));
    if all.is_empty() { "not restricted".to_owned() } else { all }
}

/// A text from a certificate, escaped and cut to a length that can be read.
pub(crate) fn clipped(text: &str) -> String {
    shown(text, TEXT_LIMIT)
}

/// How much of one text from a certificate is kept. Twice the longest common name allowed.
const TEXT_LIMIT: usize = 128;

/// How many entries of a list are worth reading in a description.
const LIST_LIMIT: usize = 16;

pub(crate) fn moment(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}

/// A distinguished name as `CN=alice, O=Example`, escaped and clipped.
pub(crate) fn distinguished_name(name: &X509Name<'_>) -> String {
    listed(name.iter_attributes().map(|attribute| {
        let kind = match attribute.attr_type().to_id_string().as_str() {
            "2.5.4.3" => "CN".to_owned(),
            "2.5.4.5" => "serialNumber".to_owned(),
            "2.5.4.6" => "C".to_owned(),
            "2.5.4.7" => "L".to_owned(),
            "2.5.4.8" => "ST".to_owned(),
            "2.5.4.10" => "O".to_owned(),
            "2.5.4.11" => "OU".to_owned(),
            other => clipped(other),
        };
        let value = match attribute.as_str() {
            // A comma within a value must not look like the beginning of the next one.
            Ok(text) => clipped(text).replace(',', "\\,"),
            Err(_) => clipped(&format!("#{}", hex(attribute.as_slice()))),
        };
        format!("{kind}={value}")
    }))
}

/// Whether a part of a name is text with control characters in it.
pub(super) fn has_control_characters(name: &X509Name<'_>) -> bool {
    let texts = name.iter_attributes().filter_map(|attribute| attribute.as_str().ok());
    texts.flat_map(str::chars).any(char::is_control)
}

/// The first few of `items`, and how many more there are.
pub(crate) fn listed(items: impl Iterator<Item = String>) -> String {
    let mut items: Vec<String> = items.collect();
    let more = items.len().saturating_sub(LIST_LIMIT);
    if more > 0 {
        items.truncate(LIST_LIMIT);
        items.push(format!("and {more} more"));
    }
    items.join(", ")
}

pub(crate) fn key_usages(usage: &KeyUsage) -> Vec<&'static str> {
    let all = [
        (usage.digital_signature(), "digitalSignature"),
        (usage.non_repudiation(), "nonRepudiation"),
        (usage.key_encipherment(), "keyEncipherment"),
        (usage.data_encipherment(), "dataEncipherment"),
        (usage.key_agreement(), "keyAgreement"),
        (usage.key_cert_sign(), "keyCertSign"),
        (usage.crl_sign(), "cRLSign"),
        (usage.encipher_only(), "encipherOnly"),
        (usage.decipher_only(), "decipherOnly"),
    ];
    all.into_iter().filter_map(|(set, name)| set.then_some(name)).collect()
}

pub(crate) fn extended_key_usages(usage: &ExtendedKeyUsage<'_>) -> Vec<String> {
    let known = [
        (usage.any, "anyExtendedKeyUsage"),
        (usage.server_auth, SERVER_AUTH),
        (usage.client_auth, CLIENT_AUTH),
        (usage.code_signing, "codeSigning"),
        (usage.email_protection, "emailProtection"),
        (usage.time_stamping, "timeStamping"),
        (usage.ocsp_signing, "OCSPSigning"),
    ];
    let known = known.into_iter().filter(|(set, _)| *set).map(|(_, name)| name.to_owned());
    known.chain(usage.other.iter().map(|oid| clipped(&oid.to_id_string()))).collect()
}

/// Whether it is an RSA key that is too short, or cannot be read.
pub(crate) fn is_weak(key: &SubjectPublicKeyInfo<'_>) -> bool {
    key.algorithm.algorithm == oid::OID_PKCS1_RSAENCRYPTION
        && key.parsed().map_or(true, |parsed| parsed.key_size() < RSA_BITS_MIN)
}

/// The shortest RSA key that is still in use.
const RSA_BITS_MIN: usize = 2048;

pub(crate) fn key_algorithm(key: &SubjectPublicKeyInfo<'_>) -> String {
    let algorithm = &key.algorithm.algorithm;
    if *algorithm == oid::OID_KEY_TYPE_EC_PUBLIC_KEY {
        let curve = key.algorithm.parameters.as_ref().and_then(|parameters| parameters.as_oid().ok());
        elliptic(curve.map(|curve| curve.to_id_string()).as_deref())
    } else if *algorithm == oid::OID_PKCS1_RSAENCRYPTION {
        key.parsed().map_or_else(|_| "RSA".to_owned(), |parsed| format!("RSA {}", parsed.key_size()))
    } else {
        match algorithm.to_id_string().as_str() {
            "1.3.101.112" => "Ed25519".to_owned(),
            other => clipped(other),
        }
    }
}

/// The kind of a public key in DER.
pub(crate) fn public_key(der: &[u8]) -> Result<String, String> {
    let (_, key) = SubjectPublicKeyInfo::from_der(der).map_err(|error| clipped(&error.to_string()))?;
    Ok(key_algorithm(&key))
}

/// The kind of a key on the elliptic curve of this OID.
pub(crate) fn elliptic(curve: Option<&str>) -> String {
    match curve {
        Some("1.2.840.10045.3.1.7") => "ECDSA P-256".to_owned(),
        Some("1.3.132.0.34") => "ECDSA P-384".to_owned(),
        Some("1.3.132.0.35") => "ECDSA P-521".to_owned(),
        Some(other) => format!("ECDSA on the curve {}", clipped(other)),
        None => "ECDSA on an unnamed curve".to_owned(),
    }
}
