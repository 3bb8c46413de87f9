//! Why the server may have refused us. TLS tells the refused side only an alert, so the client looks at its
//! own certificate and at whom the server trusts, and says what it sees.

use std::fmt;

use countersign_certs::{CertificateInfo, Identity, Validity};
use jiff::Timestamp;
use rustls::AlertDescription;
use x509_parser::prelude::FromDer;
use x509_parser::x509::X509Name;

use super::TrustedByServer;

/// The server refused us: its alert, and what may be behind it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the server refused: {alert}; {cause}")]
pub struct RefusedByServer {
    /// The alert by its name in RFC 8446, section 6, such as `unknown_ca`.
    pub alert: String,
    /// What we make of it.
    pub cause: ProbableCause,
}

/// What this client's own certificate, or else the alert alone, says about a refusal.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProbableCause {
    /// Our certificate has expired.
    Expired(Timestamp),
    /// Our certificate is not valid yet.
    NotYetValid(Timestamp),
    /// Our certificate does not name exactly one SPIFFE ID.
    SpiffeId(String),
    /// Our certificate may not be used as a client's.
    WrongUsage,
    /// Our certificate's issuer is none of those that the server trusts.
    UnknownAuthority {
        /// Who issued ours.
        issuer: String,
        /// Whom the server trusts.
        trusted: Vec<String>,
    },
    /// The server trusts an authority with the name of ours, which is not the same, or not for our domain.
    OtherAuthority(String),
    /// Our certificate was revoked.
    Revoked,
    /// No certificate of ours reached the server.
    NoCertificate,
    /// What answers there is not a Countersign server, or not of this version.
    NotCountersign,
    /// Our certificate looks sound from here.
    Unknown,
}

impl fmt::Display for ProbableCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Expired(when) => write!(f, "probably because this client's certificate expired on {when}"),
            Self::NotYetValid(when) => {
                write!(f, "probably because this client's certificate is not valid before {when}")
            }
            Self::SpiffeId(why) => {
                write!(f, "probably because this client's certificate does not name one peer: {why}")
            }
            Self::WrongUsage => {
                f.write_str("probably because this client's certificate may not be used as a client's")
            }
            Self::UnknownAuthority { issuer, trusted } => write!(
                f,
                "probably because this client's certificate was issued by {issuer}, and the server trusts {}",
                if trusted.is_empty() { "nobody that it names".to_owned() } else { trusted.join(", ") }
            ),
            Self::OtherAuthority(issuer) => write!(
                f,
                "probably because the server's {issuer} is another authority than the one of the same name that \
                 issued this client's certificate"
            ),
            Self::Revoked => f.write_str("this client's certificate was revoked"),
            Self::NoCertificate => f.write_str("no certificate of this client reached it"),
            Self::NotCountersign => f.write_str("it does not speak countersign/1"),
            Self::Unknown => {
                f.write_str("this client's certificate looks sound from here, so its log has to say why")
            }
        }
    }
}

impl ProbableCause {
    /// What to do about it.
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::Expired(_) => "renew the identity",
            Self::NotYetValid(_) => "check the clock of this machine",
            Self::SpiffeId(_) | Self::WrongUsage | Self::NoCertificate => {
                "use an identity made with `countersign certs issue`"
            }
            Self::UnknownAuthority { .. } | Self::OtherAuthority(_) => {
                "use an identity issued by an authority that the server trusts"
            }
            Self::Revoked => "ask for a new identity",
            Self::NotCountersign => "check the address: another service answers there",
            Self::Unknown => "ask the server's operator why it refused",
        }
    }
}

/// What we make of an alert.
pub(crate) fn refused(
    alert: AlertDescription,
    identity: &Identity,
    trusted: &TrustedByServer,
    now: Timestamp,
) -> RefusedByServer {
    let cause = match alert {
        AlertDescription::NoApplicationProtocol => ProbableCause::NotCountersign,
        AlertDescription::CertificateRevoked => ProbableCause::Revoked,
        AlertDescription::CertificateRequired => ProbableCause::NoCertificate,
        _ => own_certificate(alert, identity, &trusted.names(), now),
    };
    RefusedByServer { alert: alert_name(alert), cause }
}

/// The first thing about our own certificate that explains a refusal.
fn own_certificate(
    alert: AlertDescription,
    identity: &Identity,
    trusted: &[Vec<u8>],
    now: Timestamp,
) -> ProbableCause {
    let certificate = identity.certificate();
    match certificate.validity_at(now) {
        Validity::Expired => return ProbableCause::Expired(certificate.not_after()),
        Validity::NotYet => return ProbableCause::NotYetValid(certificate.not_before()),
        Validity::Valid => {}
    }
    if let Err(error) = certificate.spiffe_id() {
        return ProbableCause::SpiffeId(error.to_string());
    }
    if !certificate.has_client_auth() {
        return ProbableCause::WrongUsage;
    }
    let issuer = certificate.issuer().to_owned();
    let issuers: Vec<Vec<u8>> = identity.chain().iter().filter_map(|der| issuer_of(der)).collect();
    match trusted.iter().any(|name| issuers.contains(name)) {
        false => ProbableCause::UnknownAuthority {
            issuer,
            trusted: trusted.iter().take(NAMES_MAX).map(|name| words(name)).collect(),
        },
        true if alert == AlertDescription::UnknownCA => ProbableCause::OtherAuthority(issuer),
        true => ProbableCause::Unknown,
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
