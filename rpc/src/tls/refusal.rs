//! What this side refuses in the peer, exactly.

use std::sync::Arc;

use countersign_certs::{SpiffeId, TrustDomain};
use countersign_proto::Role;
use jiff::Timestamp;
use rustls::pki_types::UnixTime;
use rustls::{CertificateError, Error, InvalidMessage, OtherError, PeerIncompatible};

use super::life::name;
use crate::failure::{FailureKind, Side};
use crate::link::Lapse;
use crate::text::escaped;

/// Why this side refused the peer during the handshake, before a byte of the application was handled.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// It showed no certificate.
    #[error("the peer showed no certificate")]
    NoCertificate,
    /// Its certificate cannot be read, or is made in a way that nobody should accept.
    #[error("the peer's certificate is not sound: {0}")]
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
    #[error("the peer's certificate expired on {0}")]
    Expired(Timestamp),
    /// Its time has not come, or one of the two clocks is wrong.
    #[error("the peer's certificate is not valid before {0}")]
    NotYetValid(Timestamp),
    /// It was revoked.
    #[error("the peer's certificate was revoked")]
    Revoked,
    /// Whether it was revoked is not known any more: its authority's list should have been renewed by then.
    #[error("the revocation list of the peer's authority is out of date since {0}")]
    StaleCrl(Timestamp),
    /// Whether it was revoked is not known: there are lists for its domain, and none of its issuer.
    #[error("no revocation list here tells of the peer's certificate")]
    UnknownRevocation,
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
    /// Its key is of a kind or a length that nobody should rely on any more.
    #[error("the peer's key is too weak: {0}")]
    WeakKey(String),
    /// An authority's certificate in place of a peer's.
    #[error("the peer showed an authority's certificate")]
    IsAuthority,
    /// It holds another key than the one in its certificate.
    #[error("the peer does not hold the key of its certificate")]
    KeyMismatch,
    /// What it says is not TLS.
    #[error("the peer does not speak TLS")]
    NotTls,
    /// It has no TLS 1.3.
    #[error("the peer does not speak TLS 1.3")]
    NoCommonVersion,
    /// It has TLS 1.3, and none of the algorithms that are accepted here.
    #[error("the peer has no key exchange, cipher or signature that is accepted here")]
    NoCommonAlgorithm,
    /// The session is sound, and speaks another protocol.
    #[error("the peer does not speak countersign/1")]
    NotCountersign,
    /// Anything else that TLS refuses.
    #[error("the peer broke the rules of TLS: {0}")]
    Tls(String),
}

impl Refusal {
    /// Which row of the table of failures it is.
    pub fn kind(&self) -> FailureKind {
        match self {
            Self::NoCertificate => FailureKind::NoCertificate,
            Self::Malformed(_) => FailureKind::MalformedCertificate,
            Self::SpiffeId(_) => FailureKind::NotOneSpiffeId,
            Self::WrongTrustDomain { .. } => FailureKind::WrongTrustDomain,
            Self::UnknownAuthority => FailureKind::UnknownAuthority,
            Self::Expired(_) => FailureKind::Expired,
            Self::NotYetValid(_) => FailureKind::NotYetValid,
            Self::Revoked => FailureKind::Revoked,
            Self::StaleCrl(_) => FailureKind::StaleCrl,
            Self::UnknownRevocation => FailureKind::UnknownRevocation,
            Self::WrongHost { .. } => FailureKind::WrongHost,
            Self::WrongPeer { .. } => FailureKind::WrongSpiffeId,
            Self::WrongUsage { .. } => FailureKind::WrongUsage,
            Self::IsAuthority => FailureKind::IsAuthority,
            Self::WeakKey(_) => FailureKind::WeakKey,
            Self::KeyMismatch => FailureKind::KeyMismatch,
            Self::NotTls => FailureKind::NotTls,
            Self::NoCommonVersion => FailureKind::NoCommonVersion,
            Self::NoCommonAlgorithm => FailureKind::NoCommonAlgorithm,
            Self::NotCountersign => FailureKind::NotCountersign,
            Self::Tls(_) => FailureKind::BrokenTls,
        }
    }

    /// What to do about it.
    pub fn remedy(&self) -> &'static str {
        self.kind().remedy(Side::Judging)
    }

    /// The same of a peer that was accepted before. It is told less than the log: not whom we trust.
    pub(crate) fn lapse(&self, role_of_peer: Role) -> Lapse {
        let role = name(role_of_peer);
        match self {
            Self::Revoked => Lapse::Revoked(role),
            Self::Expired(_) => Lapse::Expired(role),
            _ => Lapse::Distrusted(role),
        }
    }

    /// The refusal within an error of TLS that is ours and not the peer's alert.
    pub(crate) fn of(error: &Error, role_of_peer: &'static str) -> Self {
        match error {
            Error::NoCertificatesPresented => Self::NoCertificate,
            Error::NoApplicationProtocol => Self::NotCountersign,
            Error::InvalidCertificate(error) => Self::of_certificate(error, role_of_peer),
            Error::PeerIncompatible(lack) => match lack {
                PeerIncompatible::SupportedVersionsExtensionRequired
                | PeerIncompatible::ServerDoesNotSupportTls12Or13
                | PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig
                | PeerIncompatible::Tls12NotOffered
                | PeerIncompatible::Tls12NotOfferedOrEnabled => Self::NoCommonVersion,
                _ => Self::NoCommonAlgorithm,
            },
            Error::InvalidMessage(
                InvalidMessage::InvalidContentType
                | InvalidMessage::InvalidEmptyPayload
                | InvalidMessage::MessageTooLarge
                | InvalidMessage::UnknownProtocolVersion,
            ) => Self::NotTls,
            _ => Self::Tls(escaped(&error.to_string())),
        }
    }

    fn of_certificate(error: &CertificateError, role_of_peer: &'static str) -> Self {
        match error {
            CertificateError::Other(OtherError(ours)) => match ours.downcast_ref::<Self>() {
                Some(ours) => ours.clone(),
                None => Self::Malformed(escaped(&error.to_string())),
            },
            CertificateError::ExpiredContext { not_after, .. } => Self::Expired(timestamp(*not_after)),
            CertificateError::NotValidYetContext { not_before, .. } => {
                Self::NotYetValid(timestamp(*not_before))
            }
            CertificateError::Revoked => Self::Revoked,
            CertificateError::UnknownIssuer => Self::UnknownAuthority,
            CertificateError::NotValidForNameContext { expected, presented } => {
                Self::WrongHost { expected: expected.to_str().into_owned(), presented: hosts(presented) }
            }
            CertificateError::InvalidPurpose => Self::WrongUsage { role: role_of_peer },
            // That of a chain is an unknown authority by now: this is the handshake's own.
            CertificateError::BadSignature => Self::KeyMismatch,
            _ => Self::Malformed(escaped(&error.to_string())),
        }
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        Self::InvalidCertificate(CertificateError::Other(OtherError(Arc::new(refusal))))
    }
}

pub(super) fn timestamp(time: UnixTime) -> Timestamp {
    let seconds = i64::try_from(time.as_secs()).unwrap_or(i64::MAX);
    Timestamp::from_second(seconds).unwrap_or(Timestamp::MAX)
}

/// The hosts among the names of a certificate, which webpki writes as `DnsName("localhost")`.
fn hosts(presented: &[String]) -> Vec<String> {
    let host = |name: &String| {
        let inner = name.strip_prefix("DnsName(").or_else(|| name.strip_prefix("IpAddress("))?;
        Some(escaped(inner.trim_end_matches(')').trim_matches('"')))
    };
    presented.iter().filter_map(host).take(HOSTS_SHOWN).collect()
}

/// Hosts of a certificate worth reading in one sentence.
const HOSTS_SHOWN: usize = 8;

fn list(domains: &[TrustDomain]) -> String {
    domains.iter().map(TrustDomain::as_str).collect::<Vec<_>>().join(", ")
}

/// Hosts, or that there are none, as the end of a sentence.
pub(super) fn names(presented: &[String]) -> String {
    match presented {
        [] => "no host at all".to_owned(),
        names => names.join(", "),
    }
}
