//! What a certificate says, parsed once. Believes nothing: whether to trust it is decided elsewhere.

use std::fmt::Write;
use std::net::IpAddr;

use jiff::Timestamp;
use serde::Serialize;
use sha2::{Digest, Sha256};
use x509_parser::extensions::{ExtendedKeyUsage, GeneralName, KeyUsage, ParsedExtension};
use x509_parser::oid_registry as oid;
use x509_parser::prelude::{FromDer, X509Certificate, X509Name};
use x509_parser::time::ASN1Time;
use x509_parser::x509::SubjectPublicKeyInfo;

use crate::name::{ParseNameError, SpiffeId};
use crate::text::{hex, shown};

/// What one certificate claims, in a form that is safe to show and easy to ask.
///
/// The certificate may come from anyone: parsing it never panics, and every text in here is escaped
/// and clipped. None of it is verified.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CertificateInfo {
    subject: String,
    issuer: String,
    serial: String,
    not_before: Timestamp,
    not_after: Timestamp,
    uris: Vec<String>,
    dns_names: Vec<String>,
    ips: Vec<IpAddr>,
    is_ca: bool,
    key_usages: Vec<&'static str>,
    extended_key_usages: Vec<String>,
    key_algorithm: String,
    fingerprint: String,
    #[serde(skip)]
    spiffe_id: Result<SpiffeId, SpiffeIdError>,
    #[serde(skip)]
    public_key: Vec<u8>,
    #[serde(skip)]
    subject_key_id: Option<Vec<u8>>,
}

impl CertificateInfo {
    /// Reads one certificate in DER.
    ///
    /// Fails when what decides about identity or usage cannot be read without doubt: an extension
    /// that is there twice or is malformed, or bytes behind the certificate.
    pub fn from_der(der: &[u8]) -> Result<CertificateInfo, CertificateError> {
        let (rest, certificate) =
            X509Certificate::from_der(der).map_err(|e| CertificateError(shown(&e.to_string(), 200)))?;
        if !rest.is_empty() {
            return Err(CertificateError(format!("{} bytes follow it", rest.len())));
        }
        let names = AlternativeNames::of(&certificate)?;
        let key_usage = certificate.key_usage().map_err(|e| unreadable("key usage", &e))?;
        let extended = certificate.extended_key_usage().map_err(|e| unreadable("extended key usage", &e))?;
        Ok(CertificateInfo {
            subject: words_of(certificate.subject()),
            issuer: words_of(certificate.issuer()),
            serial: hex(certificate.raw_serial()),
            not_before: timestamp(certificate.validity().not_before),
            not_after: timestamp(certificate.validity().not_after),
            spiffe_id: names.spiffe_id(),
            uris: names.uris.iter().map(|uri| shown(uri, TEXT_LIMIT)).collect(),
            dns_names: names.dns_names,
            ips: names.ips,
            is_ca: is_ca(&certificate)?,
            key_usages: key_usage.map_or_else(Vec::new, |usage| key_usages(usage.value)),
            extended_key_usages: extended.map_or_else(Vec::new, |usage| extended_key_usages(usage.value)),
            key_algorithm: key_algorithm(certificate.public_key()),
            fingerprint: hex(&Sha256::digest(der)),
            public_key: certificate.public_key().raw.to_vec(),
            subject_key_id: subject_key_id(&certificate),
        })
    }

    /// Whom it is for, as a distinguished name such as `CN=alice`.
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// Who signed it, as a distinguished name.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// The serial number in hexadecimal.
    pub fn serial(&self) -> &str {
        &self.serial
    }

    /// The first moment at which it is valid.
    pub fn not_before(&self) -> Timestamp {
        self.not_before
    }

    /// The last moment at which it is valid.
    pub fn not_after(&self) -> Timestamp {
        self.not_after
    }

    /// How it stands at `now`.
    pub fn validity_at(&self, now: Timestamp) -> Validity {
        if now < self.not_before {
            Validity::NotYet
        } else if now > self.not_after {
            Validity::Expired
        } else {
            Validity::Valid
        }
    }

    /// Who it says its owner is: its only URI, if there is exactly one and that is a SPIFFE ID.
    pub fn spiffe_id(&self) -> Result<&SpiffeId, &SpiffeIdError> {
        self.spiffe_id.as_ref()
    }

    /// Every URI among its alternative names, one entry for each, whether or not it is a SPIFFE ID.
    pub fn uris(&self) -> &[String] {
        &self.uris
    }

    /// The host names that it may answer for.
    pub fn dns_names(&self) -> &[String] {
        &self.dns_names
    }

    /// The IP addresses that it may answer for.
    pub fn ips(&self) -> &[IpAddr] {
        &self.ips
    }

    /// Whether it may sign other certificates.
    pub fn is_ca(&self) -> bool {
        self.is_ca
    }

    /// Its key usages by their standard names, such as `digitalSignature`; none means unrestricted.
    pub fn key_usages(&self) -> &[&'static str] {
        &self.key_usages
    }

    /// Its extended key usages by their standard names, such as `clientAuth`, or as an OID.
    pub fn extended_key_usages(&self) -> &[String] {
        &self.extended_key_usages
    }

    /// Whether it names client authentication among its usages.
    pub fn has_client_auth(&self) -> bool {
        self.extended_key_usages.iter().any(|usage| usage == CLIENT_AUTH)
    }

    /// Whether it names server authentication among its usages.
    pub fn has_server_auth(&self) -> bool {
        self.extended_key_usages.iter().any(|usage| usage == SERVER_AUTH)
    }

    /// The kind of its key, such as `ECDSA P-256`.
    pub fn key_algorithm(&self) -> &str {
        &self.key_algorithm
    }

    /// The SHA-256 digest of the whole certificate in hexadecimal.
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// What it says, in words: a sentence, then one line for each fact.
    pub fn describe(&self) -> String {
        let who = match &self.spiffe_id {
            Ok(id) => id.to_string(),
            Err(_) if self.subject.is_empty() => "nobody in particular".to_owned(),
            Err(_) => self.subject.clone(),
        };
        let mut words = format!("A certificate {} {who}.\n", self.purpose());
        let mut line = |label: &str, text: &str| {
            // Writing to a `String` cannot fail.
            let _ = writeln!(words, "  {label:<13}{text}");
        };
        if let Err(problem) = &self.spiffe_id {
            line("SPIFFE ID", &format!("none that counts: {problem}"));
        }
        if !self.dns_names.is_empty() || !self.ips.is_empty() {
            let ips = self.ips.iter().map(IpAddr::to_string);
            line("Hosts", &listed(self.dns_names.iter().cloned().chain(ips)));
        }
        line("Valid from", &moment(self.not_before));
        line("Valid until", &moment(self.not_after));
        line("Subject", &self.subject);
        line("Issuer", &self.issuer);
        line("Usages", &self.usages());
        line("Key", &self.key_algorithm);
        line("Serial", &self.serial);
        line("SHA-256", &self.fingerprint);
        words
    }

    fn purpose(&self) -> &'static str {
        match (self.is_ca, self.has_client_auth(), self.has_server_auth()) {
            (true, ..) => "of the authority",
            (_, true, true) => "for the client and server",
            (_, true, false) => "for the client",
            (_, false, true) => "for the server",
            (_, false, false) => "for",
        }
    }

    fn usages(&self) -> String {
        let usages = self.key_usages.iter().map(|usage| (*usage).to_owned());
        let all = listed(usages.chain(self.extended_key_usages.iter().cloned()));
        if all.is_empty() { "not restricted".to_owned() } else { all }
    }

    /// The public key, with its algorithm, in DER: to find the private key that belongs to it.
    pub(crate) fn public_key(&self) -> &[u8] {
        &self.public_key
    }

    /// What certificates that it signs have to name as their authority key identifier.
    #[cfg(feature = "authority")]
    pub(crate) fn subject_key_id(&self) -> Option<&[u8]> {
        self.subject_key_id.as_deref()
    }

    /// Whether its owner may sign certificates or revocation lists, by any of the ways to say so.
    pub(crate) fn may_sign_for_others(&self) -> bool {
        self.is_ca || self.key_usages.iter().any(|usage| matches!(*usage, "keyCertSign" | "cRLSign"))
    }
}

/// How a certificate stands at some moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Validity {
    /// Its first moment is still to come.
    NotYet,
    /// Within its dates.
    Valid,
    /// Its last moment has passed.
    Expired,
}

/// The bytes are not a certificate that can be read without doubt.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a readable certificate: {0}")]
pub struct CertificateError(String);

/// Why a certificate does not say who its owner is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SpiffeIdError {
    /// It has no URI at all.
    #[error("it has no URI among its alternative names; exactly one is needed, a SPIFFE ID")]
    Missing,
    /// It has several, so nobody can tell which one counts.
    #[error("it has {0} URIs among its alternative names; exactly one is needed, a SPIFFE ID")]
    Several(usize),
    /// It has one, which is something else.
    #[error(transparent)]
    Invalid(#[from] ParseNameError),
}

const CLIENT_AUTH: &str = "clientAuth";
const SERVER_AUTH: &str = "serverAuth";

/// How much of one text from a certificate is kept. Twice the longest common name allowed.
const TEXT_LIMIT: usize = 128;

/// How many entries of a list are worth reading in a description.
const LIST_LIMIT: usize = 16;

struct AlternativeNames<'a> {
    uris: Vec<std::borrow::Cow<'a, str>>,
    dns_names: Vec<String>,
    ips: Vec<IpAddr>,
}

impl<'a> AlternativeNames<'a> {
    fn of(certificate: &'a X509Certificate<'_>) -> Result<AlternativeNames<'a>, CertificateError> {
        let mut names = AlternativeNames { uris: Vec::new(), dns_names: Vec::new(), ips: Vec::new() };
        let extension =
            certificate.subject_alternative_name().map_err(|e| unreadable("alternative names", &e))?;
        for name in extension.iter().flat_map(|extension| &extension.value.general_names) {
            match name {
                GeneralName::URI(uri) => names.uris.push((*uri).into()),
                // Not text at all, and so no SPIFFE ID, but it counts: one more URI is one too many.
                GeneralName::Invalid(tag, bytes) if tag.0 == URI_TAG => {
                    names.uris.push(String::from_utf8_lossy(bytes));
                }
                GeneralName::DNSName(name) => names.dns_names.push(shown(name, TEXT_LIMIT)),
                GeneralName::IPAddress(bytes) => names.ips.push(ip(bytes)?),
                _ => {}
            }
        }
        Ok(names)
    }

    fn spiffe_id(&self) -> Result<SpiffeId, SpiffeIdError> {
        match self.uris.as_slice() {
            [] => Err(SpiffeIdError::Missing),
            [only] => Ok(only.parse()?),
            several => Err(SpiffeIdError::Several(several.len())),
        }
    }
}

/// The choice number of a URI among alternative names (RFC 5280, section 4.2.1.6).
const URI_TAG: u32 = 6;

fn ip(bytes: &[u8]) -> Result<IpAddr, CertificateError> {
    if let Ok(v4) = <[u8; 4]>::try_from(bytes) {
        Ok(v4.into())
    } else if let Ok(v6) = <[u8; 16]>::try_from(bytes) {
        Ok(v6.into())
    } else {
        Err(CertificateError(format!("it has an IP address of {} bytes", bytes.len())))
    }
}

fn is_ca(certificate: &X509Certificate<'_>) -> Result<bool, CertificateError> {
    // The parser's own `is_ca` takes unreadable constraints for absent ones.
    let extension = certificate
        .get_extension_unique(&oid::OID_X509_EXT_BASIC_CONSTRAINTS)
        .map_err(|e| unreadable("basic constraints", &e))?;
    match extension.map(|extension| extension.parsed_extension()) {
        None => Ok(false),
        Some(ParsedExtension::BasicConstraints(constraints)) => Ok(constraints.ca),
        Some(_) => Err(CertificateError("its basic constraints are malformed".to_owned())),
    }
}

fn subject_key_id(certificate: &X509Certificate<'_>) -> Option<Vec<u8>> {
    certificate.iter_extensions().find_map(|extension| match extension.parsed_extension() {
        ParsedExtension::SubjectKeyIdentifier(id) => Some(id.0.to_vec()),
        _ => None,
    })
}

fn unreadable(what: &str, error: &x509_parser::error::X509Error) -> CertificateError {
    CertificateError(format!("its {what}: {error}"))
}

/// The moment in a certificate; what lies beyond the range of `Timestamp` becomes its end.
///
/// RFC 5280 writes "no end" as the last second of the year 9999, a few hours after that range.
fn timestamp(time: ASN1Time) -> Timestamp {
    let second = time.timestamp();
    Timestamp::from_second(second).unwrap_or(if second < 0 { Timestamp::MIN } else { Timestamp::MAX })
}

fn moment(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}

/// A distinguished name as `CN=alice, O=Example`, escaped and clipped.
fn words_of(name: &X509Name<'_>) -> String {
    listed(name.iter_attributes().map(|attribute| {
        let kind = match attribute.attr_type().to_id_string().as_str() {
            "2.5.4.3" => "CN".to_owned(),
            "2.5.4.5" => "serialNumber".to_owned(),
            "2.5.4.6" => "C".to_owned(),
            "2.5.4.7" => "L".to_owned(),
            "2.5.4.8" => "ST".to_owned(),
            "2.5.4.10" => "O".to_owned(),
            "2.5.4.11" => "OU".to_owned(),
            other => shown(other, TEXT_LIMIT),
        };
        let value = match attribute.as_str() {
            Ok(text) => shown(text, TEXT_LIMIT),
            Err(_) => shown(&format!("#{}", hex(attribute.as_slice())), TEXT_LIMIT),
        };
        format!("{kind}={value}")
    }))
}

/// The first few of `items`, and how many more there are.
fn listed(items: impl Iterator<Item = String>) -> String {
    let mut items: Vec<String> = items.collect();
    let more = items.len().saturating_sub(LIST_LIMIT);
    if more > 0 {
        items.truncate(LIST_LIMIT);
        items.push(format!("and {more} more"));
    }
    items.join(", ")
}

fn key_usages(usage: &KeyUsage) -> Vec<&'static str> {
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

fn extended_key_usages(usage: &ExtendedKeyUsage<'_>) -> Vec<String> {
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
    known.chain(usage.other.iter().map(|oid| shown(&oid.to_id_string(), TEXT_LIMIT))).collect()
}

fn key_algorithm(key: &SubjectPublicKeyInfo<'_>) -> String {
    let algorithm = &key.algorithm.algorithm;
    if *algorithm == oid::OID_KEY_TYPE_EC_PUBLIC_KEY {
        let curve = key.algorithm.parameters.as_ref().and_then(|parameters| parameters.as_oid().ok());
        match curve.map(|curve| curve.to_id_string()).as_deref() {
            Some("1.2.840.10045.3.1.7") => "ECDSA P-256".to_owned(),
            Some("1.3.132.0.34") => "ECDSA P-384".to_owned(),
            Some("1.3.132.0.35") => "ECDSA P-521".to_owned(),
            Some(other) => format!("ECDSA on the curve {}", shown(other, TEXT_LIMIT)),
            None => "ECDSA on an unnamed curve".to_owned(),
        }
    } else if *algorithm == oid::OID_PKCS1_RSAENCRYPTION {
        key.parsed().map_or_else(|_| "RSA".to_owned(), |parsed| format!("RSA {}", parsed.key_size()))
    } else {
        match algorithm.to_id_string().as_str() {
            "1.3.101.112" => "Ed25519".to_owned(),
            "2.16.840.1.101.3.4.3.17" => "ML-DSA-44".to_owned(),
            "2.16.840.1.101.3.4.3.18" => "ML-DSA-65".to_owned(),
            "2.16.840.1.101.3.4.3.19" => "ML-DSA-87".to_owned(),
            other => shown(other, TEXT_LIMIT),
        }
    }
}
