//! What this side refuses in the peer, exactly.

use std::sync::Arc;

use countersign_certs::{SpiffeId, TrustDomain};
use rustls::{CertificateError, Error, OtherError};

/// Why this side refused the peer during the handshake, before a byte of the application was handled.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// It showed no certificate.
    #[error("the peer showed no certificate")]
    NoCertificate,
    /// Its certificate cannot be read.
    #[error("the peer's certificate cannot be read: {0}")]
    Malformed(String),
    /// It has not exactly one SPIFFE ID as its only URI name.
    #[error("the peer's certificate does not name one peer: {0}")]
    SpiffeId(String),
    /// It comes from a trust domain for which we have no roots.
    #[error("the peer is of the trust domain {presented}, and only {} is trusted here", list(.trusted))]
    WrongTrustDomain {
        /// The domain in its SPIFFE ID.
        presented: TrustDomain,
        /// Those that have roots here.
        trusted: Vec<TrustDomain>,
    },
    /// No root of its own trust domain stands behind it.
    #[error("the peer's certificate was not issued by an authority that is trusted here for its domain")]
    UnknownAuthority,
    /// Its time is over.
    #[error("the peer's certificate has expired")]
    Expired,
    /// Its time has not come, or one of the two clocks is wrong.
    #[error("the peer's certificate is not valid yet")]
    NotYetValid,
    /// It was revoked.
    #[error("the peer's certificate was revoked")]
    Revoked,
    /// It is valid, and for other hosts.
    #[error("the server's certificate is not for {expected}, but for {}", names(.presented))]
    WrongHost {
        /// The host that was dialled.
        expected: String,
        /// The hosts in the certificate.
        presented: Vec<String>,
    },
    /// It is valid, and another peer's than the one that was expected.
    #[error("the server is {presented}, and {expected} was expected")]
    WrongPeer {
        /// The ID that was expected.
        expected: SpiffeId,
        /// The ID in the certificate.
        presented: SpiffeId,
    },
    /// It may not be used for this side of a connection.
    #[error("the peer's certificate may not be used as a {role}'s")]
    WrongUsage {
        /// `client` or `server`.
        role: &'static str,
    },
    /// An authority's certificate in place of a peer's.
    #[error("the peer showed an authority's certificate")]
    IsAuthority,
    /// The session is sound, and speaks another protocol.
    #[error("the peer does not speak countersign/1")]
    NotCountersign,
    /// Anything else that TLS refuses.
    #[error("{0}")]
    Tls(String),
}

impl Refusal {
    /// What to do about it.
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::NoCertificate => "give the peer an identity of its own",
            Self::Malformed(_) | Self::SpiffeId(_) | Self::IsAuthority => {
                "issue the peer a certificate with `countersign certs issue`"
            }
            Self::WrongTrustDomain { .. } => {
                "check that this is the right peer; to trust its domain too, place its roots in trust/DOMAIN.pem"
            }
            Self::UnknownAuthority => {
                "check that this is the right peer and that ca.pem is its authority's certificate"
            }
            Self::Expired => "renew the peer's certificate",
            Self::NotYetValid => "check the clocks of both machines",
            Self::Revoked => "issue the peer a new certificate, if it should have one",
            Self::WrongHost { .. } => {
                "dial a host that the certificate names, or issue one with `--host` for this host"
            }
            Self::WrongPeer { .. } => "check the address and the expected ID",
            Self::WrongUsage { role: "server" } => "issue the server's certificate with `--host`",
            Self::WrongUsage { .. } => "issue the peer a certificate for this use",
            Self::NotCountersign => "check the address: another service answers there",
            Self::Tls(_) => "see the log of the other side",
        }
    }

    /// The refusal within an error of TLS, if it is one of ours and not the peer's.
    pub(crate) fn of(error: &Error, role_of_peer: &'static str) -> Option<Self> {
        Some(match error {
            Error::NoCertificatesPresented => Self::NoCertificate,
            Error::NoApplicationProtocol => Self::NotCountersign,
            Error::InvalidCertificate(error) => Self::of_certificate(error, role_of_peer),
            _ => return None,
        })
    }

    fn of_certificate(error: &CertificateError, role_of_peer: &'static str) -> Self {
        match error {
            CertificateError::Other(OtherError(ours)) => match ours.downcast_ref::<Self>() {
                Some(ours) => ours.clone(),
                None => Self::Tls(error.to_string()),
            },
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => Self::Expired,
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => Self::NotYetValid,
            CertificateError::Revoked => Self::Revoked,
            CertificateError::UnknownIssuer => Self::UnknownAuthority,
            CertificateError::NotValidForNameContext { expected, presented } => {
                Self::WrongHost { expected: expected.to_str().into_owned(), presented: presented.clone() }
            }
            CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
                Self::WrongUsage { role: role_of_peer }
            }
            CertificateError::BadEncoding => Self::Malformed(error.to_string()),
            _ => Self::Tls(error.to_string()),
        }
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        Self::InvalidCertificate(CertificateError::Other(OtherError(Arc::new(refusal))))
    }
}

fn list(domains: &[TrustDomain]) -> String {
    domains.iter().map(TrustDomain::as_str).collect::<Vec<_>>().join(", ")
}

fn names(presented: &[String]) -> String {
    match presented {
        [] => "no host at all".to_owned(),
        names => names.join(", "),
    }
}
