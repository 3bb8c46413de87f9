//! What an operator should know of credentials that work: today, or for the days to come.

use std::fmt;
use std::path::PathBuf;

use jiff::{SignedDuration, Timestamp};

use super::Credentials;
use crate::certificate::Validity;
use crate::crl::Crl;
use crate::name::{SpiffeId, TrustDomain};
use crate::trust::{NEXT_CRL_BELOW_PERCENT, Revocation, StaleCrl};

/// A certificate should have been renewed when less than this part of its life is left.
pub(crate) const RENEW_BELOW_PERCENT: i32 = 30;

/// Something about credentials that does not prevent the work, or not yet.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Warning {
    /// More people than the owner can reach the key.
    KeyOpenToGroup {
        /// The key file.
        path: PathBuf,
        /// Its Unix mode bits.
        mode: u32,
    },
    /// The certificate, or one behind it, is not valid yet: every peer will refuse it.
    NotYetValid {
        /// Whose it is.
        id: SpiffeId,
        /// When it will be.
        from: Timestamp,
    },
    /// The certificate, or one behind it, has expired: every peer will refuse it.
    Expired {
        /// Whose it is.
        id: SpiffeId,
        /// When it did.
        since: Timestamp,
    },
    /// Less than 30 % of the certificate's life is left.
    ExpiresSoon {
        /// Whose it is.
        id: SpiffeId,
        /// When it ends.
        at: Timestamp,
        /// How long that is from the moment that was asked about.
        left: SignedDuration,
    },
    /// The peers of this domain are not checked for revocation.
    NoCrl {
        /// Whose peers.
        domain: TrustDomain,
        /// Whether that is the own domain.
        own: bool,
    },
    /// A revocation list is overdue.
    CrlStale {
        /// The domain whose list it is.
        domain: TrustDomain,
        /// The authority whose list it is.
        issuer: String,
        /// Since when.
        since: Timestamp,
        /// Whether new peers are refused for it.
        stale: StaleCrl,
    },
    /// Less than 20 % of a revocation list's life is left.
    CrlStaleSoon {
        /// The domain whose list it is.
        domain: TrustDomain,
        /// The authority whose list it is.
        issuer: String,
        /// When the next one is due.
        at: Timestamp,
        /// How long that is from the moment that was asked about.
        left: SignedDuration,
    },
}

impl Warning {
    /// Whether something will fail, or does already, unless somebody acts. The others are worth knowing, and
    /// may be as they were meant to be.
    pub fn is_urgent(&self) -> bool {
        !matches!(self, Warning::NoCrl { .. } | Warning::KeyOpenToGroup { .. })
    }

    /// Whether `other` is about the same thing, seen at another moment.
    pub fn repeats(&self, other: &Warning) -> bool {
        self.without_time_left() == other.without_time_left()
    }

    fn without_time_left(&self) -> Warning {
        let mut warning = self.clone();
        if let Warning::ExpiresSoon { left, .. } | Warning::CrlStaleSoon { left, .. } = &mut warning {
            *left = SignedDuration::ZERO;
        }
        warning
    }

    pub(super) fn of(credentials: &Credentials, now: Timestamp) -> Vec<Warning> {
        let own = credentials.identity.id().trust_domain();
        let mut warnings = credentials.warnings.to_vec();
        warnings.extend(of_certificate(credentials, now));
        for domain in credentials.trust.domains() {
            match credentials.trust.revocation(domain) {
                Revocation::Unchecked => {
                    warnings.push(Warning::NoCrl { domain: domain.clone(), own: domain == own });
                }
                Revocation::Checked { crls, stale } => {
                    warnings.extend(crls.iter().filter_map(|crl| of_crl(domain, crl, *stale, now)));
                }
            }
        }
        warnings
    }
}

fn of_certificate(credentials: &Credentials, now: Timestamp) -> Option<Warning> {
    let id = credentials.identity.id().clone();
    let (from, until) = (credentials.identity.certificate().not_before(), credentials.identity.not_after());
    match credentials.identity.validity_at(now) {
        Validity::NotYet => Some(Warning::NotYetValid { id, from }),
        Validity::Expired => Some(Warning::Expired { id, since: until }),
        Validity::Valid => {
            let left = soon(from, until, RENEW_BELOW_PERCENT, now)?;
            Some(Warning::ExpiresSoon { id, at: until, left })
        }
    }
}

fn of_crl(domain: &TrustDomain, crl: &Crl, stale: StaleCrl, now: Timestamp) -> Option<Warning> {
    let (domain, issuer, due) = (domain.clone(), crl.issuer().to_owned(), crl.next_update());
    if crl.is_stale_at(now) {
        return Some(Warning::CrlStale { domain, issuer, since: due, stale });
    }
    let left = soon(crl.this_update(), due, NEXT_CRL_BELOW_PERCENT, now)?;
    Some(Warning::CrlStaleSoon { domain, issuer, at: due, left })
}

/// How much is left of a life, if that is less than so many percent of it.
pub(crate) fn soon(
    from: Timestamp,
    until: Timestamp,
    percent: i32,
    now: Timestamp,
) -> Option<SignedDuration> {
    let left = until.duration_since(now);
    (left < until.duration_since(from) / 100 * percent).then_some(left)
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Warning::KeyOpenToGroup { path, mode } => {
                let path = path.display();
                write!(f, "{path}: its group can reach this key (mode {mode:04o}); run `chmod 600 {path}`")
            }
            Warning::NotYetValid { id, from } => {
                write!(
                    f,
                    "the certificate of {id} is not valid before {from}; check the clock of this machine"
                )
            }
            Warning::Expired { id, since } => {
                write!(
                    f,
                    "the certificate of {id} has expired at {since}; renew it with `countersign certs renew`"
                )
            }
            Warning::ExpiresSoon { id, at, left } => write!(
                f,
                "the certificate of {id} expires in {}, at {at}; renew it with `countersign certs renew`",
                Span(*left)
            ),
            Warning::NoCrl { domain, own } => {
                let place = if *own {
                    "crl.pem, beside the certificate".to_owned()
                } else {
                    format!("trust/{domain}.crl.pem")
                };
                write!(
                    f,
                    "peers of {domain} are not checked for revocation; to have them checked, \
                     place their authority's revocation list in {place}"
                )
            }
            Warning::CrlStale { domain, issuer, since, stale } => {
                let effect = match stale {
                    StaleCrl::Refuse => "new peers are refused until there is a newer one",
                    StaleCrl::Accept => "what was revoked since then is not known",
                };
                write!(
                    f,
                    "the revocation list of {domain} ({issuer}) is stale since {since}; {effect}; \
                     make it with `countersign certs crl`"
                )
            }
            Warning::CrlStaleSoon { domain, issuer, at, left } => write!(
                f,
                "the revocation list of {domain} ({issuer}) is stale in {}, at {at}; \
                 make the next one with `countersign certs crl`",
                Span(*left)
            ),
        }
    }
}

/// A time that is left, in its largest unit: `3 d`, `7 h`, `12 min`, `40 s`.
struct Span(SignedDuration);

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.as_secs() {
            seconds @ ..120 => write!(f, "{seconds} s"),
            seconds @ ..7_200 => write!(f, "{} min", seconds / 60),
            seconds @ ..172_800 => write!(f, "{} h", seconds / 3_600),
            seconds => write!(f, "{} d", seconds / 86_400),
        }
    }
}
