//! What a new authority is to be.

use std::time::Duration;

use super::Passphrase;
use crate::name::TrustDomain;

/// What a new authority is to be: its trust domain, and how it guards its keys.
///
/// ```
/// use std::time::Duration;
///
/// use countersign_certs::TrustDomain;
/// use countersign_certs::authority::{Authority, Plan};
///
/// let plan = Plan::new(TrustDomain::default()).with_intermediate().valid_for(Duration::from_hours(24));
/// let authority = Authority::in_memory(plan)?;
/// let alice = authority.issue(&countersign_certs::authority::Request::client("alice".parse()?))?;
/// assert_eq!(alice.credentials().identity().chain().len(), 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Plan {
    pub(super) domain: TrustDomain,
    pub(super) valid: Duration,
    pub(super) intermediate: bool,
    pub(super) passphrase: Option<Passphrase>,
}

impl Plan {
    /// An authority of `domain` with one root, which signs identities itself, for ten years.
    pub fn new(domain: TrustDomain) -> Plan {
        Plan { domain, valid: ROOT_VALID, intermediate: false, passphrase: None }
    }

    /// The root signs an intermediate authority, and that one signs the identities.
    ///
    /// The root's key is then needed once a year, to renew the intermediate, and can be kept offline until then.
    #[must_use]
    pub fn with_intermediate(self) -> Plan {
        Plan { intermediate: true, ..self }
    }

    /// The keys are written encrypted, and the authority opens with this passphrase alone.
    #[must_use]
    pub fn encrypted(self, passphrase: Passphrase) -> Plan {
        Plan { passphrase: Some(passphrase), ..self }
    }

    /// For how long the root is valid.
    #[must_use]
    pub fn valid_for(self, valid: Duration) -> Plan {
        Plan { valid, ..self }
    }
}

impl From<&TrustDomain> for Plan {
    fn from(domain: &TrustDomain) -> Plan {
        Plan::new(domain.clone())
    }
}

/// How long a root lives. Its leaves live for days, so it is rolled over long before.
const ROOT_VALID: Duration = Duration::from_hours(10 * 365 * 24);
