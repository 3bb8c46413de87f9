//! Why the peer may have refused us. TLS tells the refused side only an alert, so that side looks at its own
//! certificate and, on a client, at whom the server trusts, and says what it sees.

use std::fmt;

use countersign_certs::{CertificateInfo, Identity, SpiffeId, Validity};
use countersign_proto::Role;
use jiff::Timestamp;
use rustls::AlertDescription;
use x509_parser::prelude::FromDer;
use x509_parser::x509::X509Name;

use super::leaf::named_peer;
use super::life::name;
use super::refusal::names;
use super::{Refusal, TrustedByServer};
use crate::failure::{FailureKind, Side};

/// The peer refused us: its alert, and what may be behind it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{alert}; {cause}")]
pub struct RefusedByPeer {
    /// The alert by its name in RFC 8446, section 6, such as `unknown_ca`.
    pub alert: String,
    /// What we make of it.
    pub cause: ProbableCause,
}

/// What our own certificate, or else the alert alone, says about a refusal.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProbableCause {
    /// Our certificate has expired.
    Expired(Timestamp),
    /// Our certificate is not valid yet.
    NotYetValid(Timestamp),
    /// By our clock, our certificate is valid from the first to the second of these.
    ClocksDiffer(Timestamp, Timestamp),
    /// Our certificate does not name exactly one SPIFFE ID.
    SpiffeId(String),
    /// Our certificate may not be used as a client's, or a server's.
    WrongUsage(&'static str),
    /// Our certificate is made in a way that nobody should accept.
    Malformed(String),
    /// Our key is too short to be relied on.
    WeakKey(String),
    /// Our certificate's issuer is none of those that the peer trusts.
    UnknownAuthority {
        /// Who issued ours.
        issuer: String,
        /// Whom the peer trusts; only servers say.
        trusted: Option<Vec<String>>,
    },
    /// The peer trusts an authority with the name of ours, which is not the same, or not for our domain.
    OtherAuthority(String),
    /// Our certificate was revoked.
    Revoked,
    /// The peer's revocation list is out of date.
    StaleCrl,
    /// The peer, a client, dialled a host that our certificate does not name; it names these.
    WrongHost(Vec<String>),
    /// The peer, a client, expected someone else, or nobody of our trust domain.
    WrongPeer(SpiffeId),
    /// No certificate of ours reached the peer.
    NoCertificate,
    /// The peer did not find that we hold the key of our certificate.
    KeyMismatch,
    /// The peer does not speak TLS 1.3.
    NoCommonVersion,
    /// The peer accepts none of our algorithms.
    NoCommonAlgorithm,
    /// What answers there is not a Countersign peer, or not of this version.
    NotCountersign,
    /// Our certificate looks sound from here.
    Unknown,
}

impl fmt::Display for ProbableCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Expired(when) => write!(f, "probably because our certificate expired on {when}"),
            Self::NotYetValid(when) => {
                write!(f, "probably because our certificate is not valid before {when}")
            }
            Self::ClocksDiffer(from, to) => {
                write!(
                    f,
                    "probably because its clock is another: by ours, our certificate is valid from {from} to {to}"
                )
            }
            Self::SpiffeId(why) => {
                write!(f, "probably because our certificate does not name one peer: {why}")
            }
            Self::WrongUsage(role) => {
                write!(f, "probably because our certificate may not be used as a {role}'s")
            }
            Self::Malformed(why) => write!(f, "probably because of how our certificate is made: {why}"),
            Self::WeakKey(key) => write!(f, "probably because our key is too weak: {key}"),
            Self::UnknownAuthority { issuer, trusted: None } => {
                write!(f, "probably because it does not trust {issuer}, which issued our certificate")
            }
            Self::UnknownAuthority { issuer, trusted: Some(trusted) } => write!(
                f,
                "probably because our certificate was issued by {issuer}, and it trusts {}",
                if trusted.is_empty() { "nobody that it names".to_owned() } else { trusted.join(", ") }
            ),
            Self::OtherAuthority(issuer) => write!(
                f,
                "probably because its {issuer} is another authority than the one of the same name that issued our \
                 certificate"
            ),
            Self::Revoked => f.write_str("our certificate was revoked"),
            Self::StaleCrl => f.write_str(
                "probably because its revocation list is out of date, or does not tell of our issuer",
            ),
            Self::WrongHost(hosts) => {
                write!(f, "probably because it dialled another host than {}", names(hosts))
            }
            Self::WrongPeer(id) => {
                write!(
                    f,
                    "probably because it expected another peer than {id}, or trusts none of that domain"
                )
            }
            Self::NoCertificate => f.write_str("no certificate of ours reached it"),
            Self::KeyMismatch => f.write_str("it did not find that we hold the key of our certificate"),
            Self::NoCommonVersion => f.write_str("it does not speak TLS 1.3"),
            Self::NoCommonAlgorithm => {
                f.write_str("it accepts none of our key exchanges, ciphers or signatures")
            }
            Self::NotCountersign => f.write_str("it does not speak countersign/1"),
            Self::Unknown => f.write_str("our certificate looks sound from here, so its log has to say why"),
        }
    }
}

impl ProbableCause {
    /// Which row of the table of failures it is.
    pub fn kind(&self) -> FailureKind {
        match self {
            Self::Expired(_) => FailureKind::Expired,
            Self::NotYetValid(_) => FailureKind::NotYetValid,
            Self::ClocksDiffer(..) => FailureKind::ClocksDiffer,
            Self::SpiffeId(_) => FailureKind::NotOneSpiffeId,
            Self::WrongUsage(_) => FailureKind::WrongUsage,
            Self::Malformed(_) => FailureKind::MalformedCertificate,
            Self::WeakKey(_) => FailureKind::WeakKey,
            Self::UnknownAuthority { .. } | Self::OtherAuthority(_) => FailureKind::UnknownAuthority,
            Self::Revoked => FailureKind::Revoked,
            Self::StaleCrl => FailureKind::StaleCrl,
            Self::WrongHost(_) => FailureKind::WrongHost,
            Self::WrongPeer(_) => FailureKind::WrongSpiffeId,
            Self::NoCertificate => FailureKind::NoCertificate,
            Self::KeyMismatch => FailureKind::KeyMismatch,
            Self::NoCommonVersion => FailureKind::NoCommonVersion,
            Self::NoCommonAlgorithm => FailureKind::NoCommonAlgorithm,
            Self::NotCountersign => FailureKind::NotCountersign,
            Self::Unknown => FailureKind::Unexplained,
        }
    }

    /// What to do about it.
    pub fn remedy(&self) -> &'static str {
        self.kind().remedy(Side::Refused)
    }
}

/// What a client makes of a server's alert.
pub(crate) fn refused_by_server(
    alert: AlertDescription,
    identity: &Identity,
    trusted: &TrustedByServer,
) -> RefusedByPeer {
    refused(alert, Own { identity, trusted: Some(&trusted.names()), now: Timestamp::now() })
}

/// What a server makes of a client's alert.
pub(crate) fn refused_by_client(alert: AlertDescription, identity: &Identity) -> RefusedByPeer {
    refused(alert, Own { identity, trusted: None, now: Timestamp::now() })
}

fn refused(alert: AlertDescription, own: Own<'_>) -> RefusedByPeer {
    let cause = match alert {
        AlertDescription::NoApplicationProtocol => ProbableCause::NotCountersign,
        AlertDescription::ProtocolVersion => ProbableCause::NoCommonVersion,
        AlertDescription::HandshakeFailure
        | AlertDescription::InsufficientSecurity
        | AlertDescription::MissingExtension => ProbableCause::NoCommonAlgorithm,
        AlertDescription::CertificateRevoked => ProbableCause::Revoked,
        AlertDescription::CertificateRequired => ProbableCause::NoCertificate,
        AlertDescription::DecryptError => ProbableCause::KeyMismatch,
        AlertDescription::CertificateExpired
        | AlertDescription::CertificateUnknown
        | AlertDescription::UnknownCA
        | AlertDescription::BadCertificate
        | AlertDescription::UnsupportedCertificate
        | AlertDescription::AccessDenied => own.cause(alert),
        _ => ProbableCause::Unknown,
    };
    RefusedByPeer { alert: alert_name(alert), cause }
}

/// What this side knows of itself.
struct Own<'a> {
    identity: &'a Identity,
    /// Whom the peer trusts, in DER. A client does not say, so `None` on a server.
    trusted: Option<&'a [Vec<u8>]>,
    now: Timestamp,
}

impl Own<'_> {
    /// The first thing about our own certificate that explains a refusal.
    fn cause(&self, alert: AlertDescription) -> ProbableCause {
        for der in self.identity.chain() {
            let Ok(certificate) = CertificateInfo::from_der(der) else { continue };
            match certificate.validity_at(self.now) {
                Validity::Expired => return ProbableCause::Expired(certificate.not_after()),
                Validity::NotYet => return ProbableCause::NotYetValid(certificate.not_before()),
                Validity::Valid => {}
            }
        }
        if alert == AlertDescription::CertificateExpired {
            let own = self.identity.certificate();
            return ProbableCause::ClocksDiffer(own.not_before(), own.not_after());
        }
        if let Some(cause) = self.unfit() {
            return cause;
        }
        match self.trusted {
            Some(trusted) => self.as_client(alert, trusted),
            None => self.as_server(alert),
        }
    }

    /// What is wrong with our certificate in itself, by the rules that every peer goes by.
    fn unfit(&self) -> Option<ProbableCause> {
        let own = if self.trusted.is_some() { Role::Client } else { Role::Server };
        let (leaf, intermediates) = self.identity.chain().split_first()?;
        let error = named_peer(own, leaf, intermediates).err()?;
        Some(match Refusal::of(&error, name(own)) {
            Refusal::SpiffeId(why) => ProbableCause::SpiffeId(why),
            Refusal::WrongUsage { role } => ProbableCause::WrongUsage(role),
            Refusal::WeakKey(key) => ProbableCause::WeakKey(key),
            Refusal::Malformed(why) => ProbableCause::Malformed(why),
            other => ProbableCause::Malformed(other.to_string()),
        })
    }

    fn as_client(&self, alert: AlertDescription, trusted: &[Vec<u8>]) -> ProbableCause {
        let issuer = self.identity.certificate().issuer().to_owned();
        let issuers: Vec<Vec<u8>> = self.identity.chain().iter().filter_map(|der| issuer_of(der)).collect();
        match trusted.iter().any(|name| issuers.contains(name)) {
            false => {
                let trusted = trusted.iter().take(NAMES_MAX).map(|name| words(name)).collect();
                ProbableCause::UnknownAuthority { issuer, trusted: Some(trusted) }
            }
            true if alert == AlertDescription::UnknownCA => ProbableCause::OtherAuthority(issuer),
            true if alert == AlertDescription::CertificateUnknown => ProbableCause::StaleCrl,
            true => ProbableCause::Unknown,
        }
    }

    fn as_server(&self, alert: AlertDescription) -> ProbableCause {
        let certificate = self.identity.certificate();
        match alert {
            AlertDescription::UnknownCA => {
                ProbableCause::UnknownAuthority { issuer: certificate.issuer().to_owned(), trusted: None }
            }
            AlertDescription::BadCertificate => ProbableCause::WrongHost(certificate.hosts()),
            AlertDescription::CertificateUnknown => ProbableCause::WrongPeer(self.identity.id().clone()),
            _ => ProbableCause::Unknown,
        }
    }
}

/// Names of authorities worth reading in one sentence.
const NAMES_MAX: usize = 4;

fn issuer_of(certificate: &[u8]) -> Option<Vec<u8>> {
    CertificateInfo::from_der(certificate).ok().map(|certificate| certificate.issuer_der().to_vec())
}

fn words(name: &[u8]) -> String {
    match X509Name::from_der(name) {
        Ok((_, name)) => crate::text::escaped(&name.to_string()),
        Err(_) => "a name that cannot be read".to_owned(),
    }
}

/// The name of an alert in RFC 8446, section 6: `unknown_ca` for `UnknownCA`.
pub(crate) fn alert_name(alert: AlertDescription) -> String {
    let camel = format!("{alert:?}");
    let mut name = String::with_capacity(camel.len() + 4);
    let mut previous_is_lower = false;
    for character in camel.chars() {
        if character.is_ascii_uppercase() && previous_is_lower {
            name.push('_');
        }
        previous_is_lower = character.is_ascii_lowercase();
        name.push(character.to_ascii_lowercase());
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alerts_have_their_names_from_the_rfc() {
        assert_eq!(alert_name(AlertDescription::UnknownCA), "unknown_ca");
        assert_eq!(alert_name(AlertDescription::CertificateExpired), "certificate_expired");
        assert_eq!(alert_name(AlertDescription::NoApplicationProtocol), "no_application_protocol");
    }
}
