//! What a certificate says, parsed once. Believes nothing: whether to trust it is decided elsewhere.

pub(crate) mod words;

use std::borrow::Cow;
use std::net::IpAddr;
use std::path::Path;

use jiff::Timestamp;
use serde::Serialize;
use sha2::{Digest, Sha256};
use x509_parser::extensions::{GeneralName, ParsedExtension};
use x509_parser::oid_registry as oid;
use x509_parser::prelude::{FromDer, X509Certificate};
use x509_parser::time::ASN1Time;

use crate::credentials::CredentialsError;
use crate::name::{ParseNameError, SpiffeId};
use crate::pem;
use crate::text::hex;

/// What one certificate claims, in a form that is safe to show and easy to ask.
///
/// The certificate may come from anyone: parsing it never panics, and every text in here is escaped
/// and clipped. None of it is verified.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CertificateInfo {
    #[serde(serialize_with = "id_or_null")]
    spiffe_id: Result<SpiffeId, SpiffeIdError>,
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
    #[serde(skip)]
    has_weak_key: bool,
    #[serde(skip)]
    has_control_characters: bool,
    fingerprint: String,
    #[serde(skip)]
    issuer_der: Vec<u8>,
    #[serde(skip)]
    subject_der: Vec<u8>,
    #[serde(skip)]
    raw_serial: Vec<u8>,
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
            X509Certificate::from_der(der).map_err(|e| CertificateError(words::clipped(&e.to_string())))?;
        if !rest.is_empty() {
            return Err(CertificateError(format!("{} more bytes follow it", rest.len())));
        }
        let names = AlternativeNames::of(&certificate)?;
        let key_usage = certificate.key_usage().map_err(|e| unreadable("key usage", &e))?;
        let extended = certificate.extended_key_usage().map_err(|e| unreadable("extended key usage", &e))?;
        Ok(CertificateInfo {
            has_weak_key: words::is_weak(certificate.public_key()),
            has_control_characters: names.has_control_characters
                || words::has_control_characters(certificate.subject())
                || words::has_control_characters(certificate.issuer()),
            subject: words::distinguished_name(certificate.subject()),
            issuer: words::distinguished_name(certificate.issuer()),
            serial: hex(certificate.raw_serial()),
            not_before: timestamp(certificate.validity().not_before),
            not_after: timestamp(certificate.validity().not_after),
            spiffe_id: names.spiffe_id(),
            uris: names.uris.iter().map(|uri| words::clipped(uri)).collect(),
            dns_names: names.dns_names,
            ips: names.ips,
            is_ca: is_ca(&certificate)?,
            key_usages: key_usage.map_or_else(Vec::new, |usage| words::key_usages(usage.value)),
            extended_key_usages: extended
                .map_or_else(Vec::new, |usage| words::extended_key_usages(usage.value)),
            key_algorithm: words::key_algorithm(certificate.public_key()),
            fingerprint: Self::fingerprint_of(der),
            issuer_der: certificate.issuer().as_raw().to_vec(),
            subject_der: certificate.subject().as_raw().to_vec(),
            raw_serial: certificate.raw_serial().to_vec(),
            public_key: certificate.public_key().raw.to_vec(),
            subject_key_id: subject_key_id(&certificate),
        })
    }

    /// Reads every certificate in a PEM file, in its order. There is at least one.
    pub fn load(path: impl AsRef<Path>) -> Result<Vec<CertificateInfo>, CredentialsError> {
        let path = path.as_ref();
        let certificates = pem::certificates(path)?;
        (1..)
            .zip(certificates)
            .map(|(number, der)| {
                CertificateInfo::from_der(&der).map_err(|problem| CredentialsError::Certificate {
                    path: path.to_owned(),
                    number,
                    problem,
                })
            })
            .collect()
    }

    /// Whom it is for, as a distinguished name such as `CN=alice`.
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// Who signed it, as a distinguished name.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Who signed it, in DER: the form in which a TLS server names the authorities that it accepts.
    pub fn issuer_der(&self) -> &[u8] {
        &self.issuer_der
    }

    /// The serial number in hexadecimal.
    pub fn serial(&self) -> &str {
        &self.serial
    }

    /// The serial number in big-endian bytes, as a revocation list has it.
    pub fn raw_serial(&self) -> &[u8] {
        &self.raw_serial
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
        // Certificates count in whole seconds, and the last one counts to its end.
        if now < self.not_before {
            Validity::NotYet
        } else if now.as_second() > self.not_after.as_second() {
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

    /// Whether it claims any power to vouch for others, over certificates or revocation lists.
    ///
    /// No identity may: whoever holds such a key could make up any number of other identities.
    pub fn may_sign_for_others(&self) -> bool {
        self.is_ca || self.key_usages.iter().any(|usage| matches!(*usage, "keyCertSign" | "cRLSign"))
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
        self.extended_key_usages.iter().any(|usage| usage == words::CLIENT_AUTH)
    }

    /// Whether it names server authentication among its usages.
    pub fn has_server_auth(&self) -> bool {
        self.extended_key_usages.iter().any(|usage| usage == words::SERVER_AUTH)
    }

    /// The kind of its key, such as `ECDSA P-256`.
    pub fn key_algorithm(&self) -> &str {
        &self.key_algorithm
    }

    /// Whether its key is RSA of fewer than 2048 bits, which no verifier should accept.
    pub fn has_weak_key(&self) -> bool {
        self.has_weak_key
    }

    /// Whether there are control characters in what it says of names: somebody wants to deceive the reader.
    pub fn has_control_characters(&self) -> bool {
        self.has_control_characters
    }

    /// The SHA-256 digest of the whole certificate in hexadecimal.
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// The fingerprint of what may not even be a certificate: to tell it from others in a log.
    pub fn fingerprint_of(der: &[u8]) -> String {
        hex(&Sha256::digest(der))
    }

    /// What it says, in words: a sentence, then one line for each fact.
    ///
    /// ```
    /// # use countersign_certs::CertificateInfo;
    /// # fn show(certificate: &CertificateInfo) {
    /// print!("{}", certificate.describe());
    /// // A certificate for the client spiffe://countersign.internal/alice.
    /// //   Valid from   2026-11-22 09:55:00 UTC
    /// //   Valid until  2026-12-22 10:00:00 UTC
    /// //   …
    /// # }
    /// ```
    pub fn describe(&self) -> String {
        words::describe(self)
    }

    /// The hosts that it names: DNS names, then IP addresses.
    pub fn hosts(&self) -> Vec<String> {
        let ips = self.ips.iter().map(ToString::to_string);
        self.dns_names.iter().cloned().chain(ips).collect()
    }

    /// Whose it is, in DER: what the certificates that it signs name as their issuer.
    pub(crate) fn subject_der(&self) -> &[u8] {
        &self.subject_der
    }

    /// The public key, with its algorithm, in DER: to find the private key that belongs to it.
    pub(crate) fn public_key(&self) -> &[u8] {
        &self.public_key
    }

    /// What certificates that it signs have to name as their authority key identifier.
    pub(crate) fn subject_key_id(&self) -> Option<&[u8]> {
        self.subject_key_id.as_deref()
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

/// The names beside the subject, of a certificate or of a request for one.
#[derive(Default)]
pub(crate) struct AlternativeNames<'a> {
    pub(crate) uris: Vec<Cow<'a, str>>,
    pub(crate) dns_names: Vec<String>,
    pub(crate) ips: Vec<IpAddr>,
    has_control_characters: bool,
}

impl<'a> AlternativeNames<'a> {
    fn of(certificate: &'a X509Certificate<'_>) -> Result<AlternativeNames<'a>, CertificateError> {
        let extension =
            certificate.subject_alternative_name().map_err(|e| unreadable("alternative names", &e))?;
        AlternativeNames::among(extension.map_or(&[], |extension| &extension.value.general_names))
    }

    pub(crate) fn among(all: &'a [GeneralName<'_>]) -> Result<AlternativeNames<'a>, CertificateError> {
        let mut names = AlternativeNames::default();
        for name in all {
            match name {
                GeneralName::URI(uri) => names.uris.push((*uri).into()),
                // Not text at all, and so no SPIFFE ID, but it counts: one more URI is one too many.
                GeneralName::Invalid(tag, bytes) if tag.0 == URI_TAG => {
                    names.uris.push(String::from_utf8_lossy(bytes));
                }
                GeneralName::DNSName(name) => {
                    names.has_control_characters |= name.chars().any(char::is_control);
                    names.dns_names.push(words::clipped(name));
                }
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
pub(crate) fn timestamp(time: ASN1Time) -> Timestamp {
    let second = time.timestamp();
    Timestamp::from_second(second).unwrap_or(if second < 0 { Timestamp::MIN } else { Timestamp::MAX })
}

fn id_or_null<S: serde::Serializer>(
    id: &Result<SpiffeId, SpiffeIdError>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    id.as_ref().ok().serialize(serializer)
}
