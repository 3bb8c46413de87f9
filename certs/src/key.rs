//! Private keys by their kind and size, usable or not. Never shows more of a key than that.

use rustls::crypto::aws_lc_rs::sign::any_supported_type;
use rustls_pki_types::PrivateKeyDer;
use x509_parser::asn1_rs::{Any, Class, FromDer, Integer, Sequence, Tag};
use x509_parser::prelude::AlgorithmIdentifier;

use crate::certificate::{CertificateInfo, words};
use crate::sections::Section;

/// What a section with a private key holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum PrivateKey {
    /// A key that TLS can use.
    Usable {
        /// Such as `ECDSA P-256`.
        kind: String,
        /// Its public half, with the algorithm, in DER, as a certificate has it.
        public: Vec<u8>,
    },
    /// A key of another kind or size.
    Unusable {
        /// Such as `RSA 1024`.
        kind: String,
    },
    /// A key that needs a passphrase.
    Encrypted,
    /// Bytes that are no key.
    Unreadable,
}

impl PrivateKey {
    /// What is in `section`, which was decoded to `der`.
    pub(crate) fn read(section: &Section, der: &[u8]) -> PrivateKey {
        if section.encrypted || section.label == "ENCRYPTED PRIVATE KEY" {
            return PrivateKey::Encrypted;
        }
        match of_known_form(&section.label, der).and_then(|key| usable(&key)) {
            Some((kind, public)) => PrivateKey::Usable { kind, public },
            None => match unusable(&section.label, der) {
                Some(kind) => PrivateKey::Unusable { kind },
                None => PrivateKey::Unreadable,
            },
        }
    }

    /// Such as `ECDSA P-256`, as far as it can be told.
    pub(crate) fn into_kind(self) -> String {
        match self {
            PrivateKey::Usable { kind, .. } | PrivateKey::Unusable { kind } => kind,
            PrivateKey::Encrypted => "encrypted".to_owned(),
            PrivateKey::Unreadable => "damaged, or of an unknown form".to_owned(),
        }
    }

    /// Whether it is usable and belongs to `certificate`.
    pub(crate) fn belongs_to(&self, certificate: &CertificateInfo) -> bool {
        matches!(self, PrivateKey::Usable { public, .. } if public == certificate.public_key())
    }
}

fn of_known_form<'a>(label: &str, der: &'a [u8]) -> Option<PrivateKeyDer<'a>> {
    match label {
        "PRIVATE KEY" => Some(PrivateKeyDer::Pkcs8(der.into())),
        "RSA PRIVATE KEY" => Some(PrivateKeyDer::Pkcs1(der.into())),
        "EC PRIVATE KEY" => Some(PrivateKeyDer::Sec1(der.into())),
        _ => None,
    }
}

fn usable(key: &PrivateKeyDer<'_>) -> Option<(String, Vec<u8>)> {
    let public = any_supported_type(key).ok()?.public_key()?.to_vec();
    Some((words::public_key(&public).ok()?, public))
}

/// The kind of a key with which TLS cannot work, as far as its form tells.
fn unusable(label: &str, der: &[u8]) -> Option<String> {
    match label {
        "PRIVATE KEY" => pkcs8_kind(der),
        "RSA PRIVATE KEY" => rsa_kind(der),
        "EC PRIVATE KEY" => sec1_kind(der),
        "DSA PRIVATE KEY" => Some("DSA".to_owned()),
        _ => None,
    }
}

/// `PrivateKeyInfo` of RFC 5958: version, algorithm, the key itself in a byte string.
fn pkcs8_kind(der: &[u8]) -> Option<String> {
    let (_, info) = Sequence::from_der(der).ok()?;
    let (rest, _version) = Integer::from_der(&info.content).ok()?;
    let (rest, algorithm) = AlgorithmIdentifier::from_der(rest).ok()?;
    match algorithm.algorithm.to_id_string().as_str() {
        "1.2.840.113549.1.1.1" => rsa_kind(Any::from_der(rest).ok()?.1.data),
        "1.2.840.113549.1.1.10" => Some("RSA-PSS".to_owned()),
        "1.2.840.10045.2.1" => {
            let curve = algorithm.parameters.as_ref().and_then(|parameters| parameters.as_oid().ok());
            Some(words::elliptic(curve.map(|curve| curve.to_id_string()).as_deref()))
        }
        "1.2.840.10040.4.1" => Some("DSA".to_owned()),
        "1.3.101.110" => Some("X25519".to_owned()),
        "1.3.101.112" => Some("Ed25519".to_owned()),
        "1.3.101.113" => Some("Ed448".to_owned()),
        other => Some(words::clipped(other)),
    }
}

/// `RSAPrivateKey` of RFC 8017: version, modulus, and the rest.
fn rsa_kind(der: &[u8]) -> Option<String> {
    let (_, key) = Sequence::from_der(der).ok()?;
    let (rest, _version) = Integer::from_der(&key.content).ok()?;
    let (_, modulus) = Any::from_der(rest).ok().filter(|(_, any)| any.tag() == Tag::Integer)?;
    let digits = modulus.data;
    let zeros = digits.iter().take_while(|byte| **byte == 0).count();
    let first = digits.get(zeros)?;
    Some(format!("RSA {}", (digits.len() - zeros) * 8 - first.leading_zeros() as usize))
}

/// `ECPrivateKey` of RFC 5915: version, the number, and the curve under the tag 0.
fn sec1_kind(der: &[u8]) -> Option<String> {
    let (_, key) = Sequence::from_der(der).ok()?;
    let (mut rest, _version) = Integer::from_der(&key.content).ok()?;
    let mut curve = None;
    while let Ok((after, part)) = Any::from_der(rest) {
        if part.class() == Class::ContextSpecific && part.tag().0 == 0 {
            curve = Any::from_der(part.data).ok().and_then(|(_, oid)| oid.oid().ok());
        }
        rest = after;
    }
    Some(words::elliptic(curve.map(|curve| curve.to_id_string()).as_deref()))
}
