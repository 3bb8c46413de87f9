//! Who I am: a private key and the certificate chain that names its owner.

use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use zeroize::Zeroize;

use crate::certificate::{CertificateError, CertificateInfo, SpiffeIdError, Validity};
use crate::name::SpiffeId;

/// A key and the certificate chain that says whose it is. Cheap to clone.
///
/// Every identity has been checked: its certificate carries exactly one SPIFFE ID, is not an
/// authority's, and belongs to the key. `Debug` shows the ID, never the key, and the key's memory is
/// cleared when the last clone goes.
#[derive(Clone)]
pub struct Identity(Arc<Inner>);

struct Inner {
    id: SpiffeId,
    certificate: CertificateInfo,
    chain: Vec<CertificateDer<'static>>,
    not_after: Timestamp,
    key: ClearedKey,
}

impl Identity {
    /// Takes a chain, the owner's own certificate first, and its private key.
    pub fn new(
        chain: Vec<CertificateDer<'static>>,
        key: PrivateKeyDer<'static>,
    ) -> Result<Identity, IdentityError> {
        Identity::with_one_of(chain, vec![ClearedKey(key)])
    }

    /// Takes the one of `keys` that belongs to the chain: during a renewal there are two.
    pub(crate) fn with_one_of(
        chain: Vec<CertificateDer<'static>>,
        keys: Vec<ClearedKey>,
    ) -> Result<Identity, IdentityError> {
        let leaf = chain.first().ok_or(IdentityError::NoCertificate)?;
        let certificate = CertificateInfo::from_der(leaf).map_err(IdentityError::Unreadable)?;
        if certificate.may_sign_for_others() {
            return Err(IdentityError::IsAuthority { subject: certificate.subject().to_owned() });
        }
        let id = certificate.spiffe_id().map_err(|problem| IdentityError::SpiffeId(problem.clone()))?.clone();
        if id.path().is_empty() {
            return Err(IdentityError::NoPath { id });
        }
        let key = matching(keys, &certificate)?;
        let ends = chain.iter().filter_map(|der| Some(CertificateInfo::from_der(der).ok()?.not_after()));
        let not_after = ends.fold(certificate.not_after(), Timestamp::min);
        Ok(Identity(Arc::new(Inner { id, certificate, chain, not_after, key })))
    }

    /// Who this is.
    pub fn id(&self) -> &SpiffeId {
        &self.0.id
    }

    /// The certificates to show, the owner's own first.
    pub fn chain(&self) -> &[CertificateDer<'static>] {
        &self.0.chain
    }

    /// The private key that belongs to the first certificate.
    pub fn key(&self) -> &PrivateKeyDer<'static> {
        &self.0.key.0
    }

    /// The last moment at which every certificate of the chain is valid.
    pub fn not_after(&self) -> Timestamp {
        self.0.not_after
    }

    /// How the whole chain stands at `now`, as to its dates.
    pub fn validity_at(&self, now: Timestamp) -> Validity {
        match self.0.certificate.validity_at(now) {
            // Certificates count in whole seconds, and the last one counts to its end.
            Validity::Valid if now.as_second() > self.0.not_after.as_second() => Validity::Expired,
            validity => validity,
        }
    }

    /// What the first certificate says.
    pub fn certificate(&self) -> &CertificateInfo {
        &self.0.certificate
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity")
            .field("id", &self.0.id.as_str())
            .field("fingerprint", &self.0.certificate.fingerprint())
            .finish_non_exhaustive()
    }
}

/// Why a chain and a key are no identity.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IdentityError {
    /// The chain is empty.
    #[error("there is no certificate in it")]
    NoCertificate,
    /// The first certificate cannot be read.
    #[error("its first certificate is {0}")]
    Unreadable(CertificateError),
    /// The first certificate is an authority's.
    #[error(
        "its first certificate belongs to an authority ({subject}); \
         put the identity's own certificate first, the authority's beside it in its trust file"
    )]
    IsAuthority {
        /// Whose certificate it is.
        subject: String,
    },
    /// The first certificate does not say whose it is.
    #[error(
        "its first certificate does not say whose it is: {0}; \
         `countersign certs check` tells the line that adds it"
    )]
    SpiffeId(SpiffeIdError),
    /// The first certificate names a whole trust domain, not someone in it.
    #[error("its SPIFFE ID {id} names a whole trust domain; an identity's ID has a path, as in {id}/alice")]
    NoPath {
        /// The ID in the certificate.
        id: SpiffeId,
    },
    /// None of the keys is of a kind that can be used.
    #[error("no key of a supported kind; use ECDSA P-256 or P-384, Ed25519, or RSA of 2048 bits or more")]
    UnsupportedKey,
    /// None of the keys belongs to the certificate.
    #[error("the key belongs to another certificate")]
    KeyMismatch,
}

/// The key that belongs to `certificate`; the others are cleared.
fn matching(keys: Vec<ClearedKey>, certificate: &CertificateInfo) -> Result<ClearedKey, IdentityError> {
    let mut error = IdentityError::UnsupportedKey;
    for key in keys {
        let Ok(usable) = rustls::crypto::aws_lc_rs::sign::any_supported_type(&key.0) else { continue };
        match usable.public_key() {
            Some(public) if public.as_ref() == certificate.public_key() => return Ok(key),
            _ => error = IdentityError::KeyMismatch,
        }
    }
    Err(error)
}

/// A private key whose memory is cleared when it goes.
pub(crate) struct ClearedKey(PrivateKeyDer<'static>);

impl ClearedKey {
    #[cfg(feature = "authority")]
    pub(crate) fn der(&self) -> &PrivateKeyDer<'static> {
        &self.0
    }
}

impl From<PrivateKeyDer<'static>> for ClearedKey {
    fn from(key: PrivateKeyDer<'static>) -> ClearedKey {
        ClearedKey(key)
    }
}

impl Drop for ClearedKey {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}
