//! Whether new credentials, sound in themselves, may take the place of those in force.

use jiff::Timestamp;

use super::Credentials;
use crate::certificate::Validity;
use crate::crl::Crl;
use crate::name::TrustDomain;
use crate::trust::Trust;

/// Why credentials, sound in themselves, do not take the place of those in force.
///
/// All of these can be meant, and are far more often a mistake, such as a file from an old copy: a restart
/// takes what is there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SuccessionError {
    /// The new certificate is outside its dates, and the one in force is not.
    #[error("its certificate {}, and the one in force is valid; put a valid one here", stands(.0))]
    NotValid(Validity),
    /// The new certificate is not a server's, and the one in force is.
    #[error(
        "its certificate may not be used as a server's, and the one in force may; \
         issue it with `--host`, or restart to use this one"
    )]
    NoServer,
    /// The new revocation list is older than the one in force: it would pardon whom that revokes.
    #[error(
        "its list of {issuer} is older than the one in force ({found} after {in_force}); \
         put the latest one here, or restart to use this one"
    )]
    CrlOlder {
        /// Whose list it is.
        issuer: String,
        /// The number of the list in force, or when it was made.
        in_force: String,
        /// That of the new one.
        found: String,
    },
    /// All revocation lists are gone: nobody would be checked any more.
    #[error(
        "the revocation list of {0} is gone, and the one in force stays; put the latest one here, or restart"
    )]
    CrlGone(TrustDomain),
}

/// Which of the files is to blame.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Blame {
    Certificate,
    CrlOf(TrustDomain),
}

pub(super) fn check(
    current: &Credentials,
    next: &Credentials,
    now: Timestamp,
) -> Result<(), (Blame, SuccessionError)> {
    let (identity, successor) = (current.identity(), next.identity());
    let refuse = |problem| Err((Blame::Certificate, problem));
    match successor.validity_at(now) {
        Validity::Valid => {}
        // Neither is better than the other.
        _ if identity.validity_at(now) != Validity::Valid => {}
        validity => return refuse(SuccessionError::NotValid(validity)),
    }
    if identity.certificate().has_server_auth() && !successor.certificate().has_server_auth() {
        return refuse(SuccessionError::NoServer);
    }
    // A domain that is no longer trusted takes its lists with it.
    for domain in next.trust().domains() {
        check_crls(domain, current.trust(), next.trust())
            .map_err(|problem| (Blame::CrlOf(domain.clone()), problem))?;
    }
    Ok(())
}

fn check_crls(domain: &TrustDomain, trust: &Trust, next: &Trust) -> Result<(), SuccessionError> {
    let (in_force, crls) = (trust.revocation(domain).crls(), next.revocation(domain).crls());
    if !in_force.is_empty() && crls.is_empty() {
        return Err(SuccessionError::CrlGone(domain.clone()));
    }
    // One that is gone while others are there is no reason to refuse those: its peers are refused from now on, and
    // none is pardoned. So it is at the end of a rollover, until the roots follow.
    for crl in crls {
        let older =
            in_force.iter().find(|in_force| crl.is_in_line_with(in_force) && crl.is_older_than(in_force));
        if let Some(in_force) = older {
            return Err(SuccessionError::CrlOlder {
                issuer: crl.issuer().to_owned(),
                in_force: issue(in_force),
                found: issue(crl),
            });
        }
    }
    Ok(())
}

fn issue(crl: &Crl) -> String {
    match crl.number() {
        Some(number) => format!("number {number}"),
        None => format!("made at {}", crl.this_update()),
    }
}

fn stands(validity: &Validity) -> &'static str {
    match validity {
        Validity::NotYet => "is not valid yet",
        Validity::Valid => "is valid",
        Validity::Expired => "has expired",
    }
}
