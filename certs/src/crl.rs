//! Certificate revocation lists: what one says, parsed once, and who signed it.

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use rustls_pki_types::CertificateRevocationListDer;
use x509_parser::extensions::ParsedExtension;
use x509_parser::num_bigint::BigUint;
use x509_parser::oid_registry as oid;
use x509_parser::prelude::{FromDer, X509Certificate};
use x509_parser::revocation_list::CertificateRevocationList;

use crate::certificate::{timestamp, words};
use crate::signature;

/// The longest number of a list, in bits: twenty bytes (RFC 5280, section 5.2.3).
const NUMBER_BITS_MAX: u64 = 160;

/// A certificate revocation list: which certificates of one issuer no longer count. Cheap to clone.
///
/// It may come from anyone: parsing it never panics, and every text in here is escaped and clipped. Whether
/// to believe it is decided by [`Trust::with_crls`](crate::Trust::with_crls).
#[derive(Clone)]
pub struct Crl(Arc<Inner>);

struct Inner {
    der: CertificateRevocationListDer<'static>,
    issuer: String,
    this_update: Timestamp,
    next_update: Timestamp,
    number: Option<BigUint>,
    revoked: HashSet<Box<[u8]>>,
    line: Line,
}

/// What a list and its successors have in common.
#[derive(PartialEq)]
struct Line {
    issuer: Vec<u8>,
    /// Which of the issuer's keys signs it, if it says so.
    key_id: Option<Vec<u8>>,
    /// Which of the issuer's certificates it is for, in DER, if not for all of them.
    scope: Option<Vec<u8>>,
}

impl Crl {
    /// Reads one list in DER.
    pub fn from_der(der: CertificateRevocationListDer<'static>) -> Result<Crl, CrlError> {
        let list = parse(&der)?;
        let next_update =
            list.next_update().ok_or_else(|| error("it does not say when the next one is due"))?;
        let number = list.crl_number().cloned();
        if number.as_ref().is_some_and(|number| NUMBER_BITS_MAX < number.bits()) {
            return Err(error("its number is longer than 20 bytes"));
        }
        let key_id = list.extensions().iter().find_map(|extension| match extension.parsed_extension() {
            ParsedExtension::AuthorityKeyIdentifier(id) => id.key_identifier.as_ref().map(|id| id.0.to_vec()),
            _ => None,
        });
        let scope = list
            .extensions()
            .iter()
            .find(|extension| extension.oid == oid::OID_X509_EXT_ISSUER_DISTRIBUTION_POINT);
        let inner = Inner {
            issuer: words::distinguished_name(list.issuer()),
            this_update: timestamp(list.last_update()),
            next_update: timestamp(next_update),
            number,
            revoked: list
                .iter_revoked_certificates()
                .map(|entry| canonical(entry.raw_serial()).into())
                .collect(),
            line: Line {
                issuer: list.issuer().as_raw().to_vec(),
                key_id,
                scope: scope.map(|extension| extension.value.to_vec()),
            },
            der: der.clone(),
        };
        Ok(Crl(Arc::new(inner)))
    }

    /// Whose certificates it is about, as a distinguished name such as `CN=Countersign authority`.
    pub fn issuer(&self) -> &str {
        &self.0.issuer
    }

    /// The same name in DER.
    pub fn issuer_der(&self) -> &[u8] {
        &self.0.line.issuer
    }

    /// Which one of its issuer's lists it is, in decimal; they rise. Not every issuer counts.
    pub fn number(&self) -> Option<String> {
        self.0.number.as_ref().map(BigUint::to_string)
    }

    /// When it was made.
    pub fn this_update(&self) -> Timestamp {
        self.0.this_update
    }

    /// When the next one is due. From then on this one is stale.
    pub fn next_update(&self) -> Timestamp {
        self.0.next_update
    }

    /// Whether the next one is overdue at `now`.
    pub fn is_stale_at(&self, now: Timestamp) -> bool {
        self.0.next_update <= now
    }

    /// How many certificates it revokes.
    pub fn revoked_count(&self) -> usize {
        self.0.revoked.len()
    }

    /// Whether it revokes the certificate with this issuer, in DER, and this serial number, in big-endian
    /// bytes.
    pub fn revokes(&self, issuer_der: &[u8], serial: &[u8]) -> bool {
        self.issuer_der() == issuer_der && self.0.revoked.contains(canonical(serial))
    }

    /// All of it in DER, for a verifier.
    pub fn der(&self) -> &CertificateRevocationListDer<'static> {
        &self.0.der
    }

    /// Whether `other` is another issue of the same list, made earlier or later.
    pub(crate) fn is_in_line_with(&self, other: &Crl) -> bool {
        self.0.line == other.0.line
    }

    /// Whether it was made before `other`, another issue of the same list.
    pub(crate) fn is_older_than(&self, other: &Crl) -> bool {
        match (&self.0.number, &other.0.number) {
            (Some(own), Some(others)) => own < others,
            _ => self.0.this_update < other.0.this_update,
        }
    }

    /// Whether `other` is about certificates of the same name. A verifier looks at one list for each name.
    pub(crate) fn competes_with(&self, other: &Crl) -> bool {
        self.0.line.issuer == other.0.line.issuer && self.0.line.scope == other.0.line.scope
    }

    pub(crate) fn is_signed_by(&self, authority: &X509Certificate<'_>) -> bool {
        // The name first, since a list can be long to parse. It could be when it was made, so it can be now.
        self.issuer_der() == authority.subject().as_raw()
            && parse(&self.0.der).is_ok_and(|list| {
                let signed = list.tbs_cert_list.as_ref();
                signature::verifies(authority, &list.signature_algorithm, &list.signature_value, signed)
            })
    }
}

impl PartialEq for Crl {
    fn eq(&self, other: &Crl) -> bool {
        self.0.der == other.0.der
    }
}

impl Eq for Crl {}

impl fmt::Debug for Crl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Crl")
            .field("issuer", &self.0.issuer)
            .field("number", &self.number())
            .field("next_update", &self.0.next_update)
            .field("revoked", &self.revoked_count())
            .finish_non_exhaustive()
    }
}

/// The bytes are not a revocation list that can be read without doubt.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a readable revocation list: {0}")]
pub struct CrlError(String);

fn error(reason: &str) -> CrlError {
    CrlError(reason.to_owned())
}

fn parse(der: &[u8]) -> Result<CertificateRevocationList<'_>, CrlError> {
    let (rest, list) =
        CertificateRevocationList::from_der(der).map_err(|e| CrlError(words::clipped(&e.to_string())))?;
    match rest.len() {
        0 => Ok(list),
        more => Err(CrlError(format!("{more} more bytes follow it"))),
    }
}

/// A serial number without leading zeros, which one side may write and another leave out.
fn canonical(serial: &[u8]) -> &[u8] {
    let zeros = serial.iter().take_while(|byte| **byte == 0).count();
    &serial[zeros..]
}
