//! An identity straight from SPIFFE's agent: renewed in memory, never in a file.
//!
//! The crate `spiffe` speaks to the agent and keeps the latest identity; this looks at it as at files. No type of
//! that crate is public here: it changes often.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use rustls_pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use spiffe::{WorkloadApiClient, X509Context, X509Source};

use crate::credentials::Credentials;
use crate::identity::{Identity, IdentityError};
use crate::name::TrustDomain;
use crate::text::shown;
use crate::trust::{Trust, TrustError};
use crate::watched::{Source, Watched};

/// How long the agent may take to give the first identity.
const PATIENCE: Duration = Duration::from_secs(10);

impl Credentials {
    /// Asks SPIFFE's agent for an identity and for whom to trust, and follows both from then on.
    ///
    /// `endpoint` is the agent's socket, such as `unix:///run/spire/agent.sock`; with none it is what
    /// `SPIFFE_ENDPOINT_SOCKET` says. Of several identities the agent's first one counts. The roots are those
    /// of its trust domain and of all with which it is federated; the agent has no revocation lists.
    ///
    /// Needs a tokio runtime, which has to live as long as the credentials are used. While the agent is away, or
    /// gives nothing that can be used, the old ones stay in force until they expire; see [`Watched::report`].
    pub async fn from_workload_api(endpoint: Option<&str>) -> Result<Watched<Credentials>, WorkloadApiError> {
        ask_once(endpoint).await?;
        let mut builder = X509Source::builder().initial_sync_timeout(PATIENCE);
        if let Some(endpoint) = endpoint {
            builder = builder.endpoint(endpoint);
        }
        let source = builder.build().await.map_err(|error| unavailable(&error))?;
        Watched::watch(Agent(source))
    }
}

/// Why the agent's answer is no identity.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WorkloadApiError {
    /// The agent cannot be reached, or has nothing for us.
    #[error(
        "SPIFFE's agent gives no identity: {reason}; see that it runs, that SPIFFE_ENDPOINT_SOCKET names its \
         socket, and that there is a registration entry for this program"
    )]
    Unavailable {
        /// What came of asking.
        reason: String,
    },
    /// What it gave cannot be an identity.
    #[error("the identity from SPIFFE's agent cannot be used: {0}")]
    Identity(#[from] IdentityError),
    /// What it gave cannot be a domain's roots.
    #[error("the roots of {domain} from SPIFFE's agent cannot be used: {problem}")]
    Trust {
        /// Whose roots.
        domain: String,
        /// What is wrong with them.
        problem: TrustError,
    },
}

/// Asks without patience: a source tries again whatever the agent says, and in the end knows only that it waited.
async fn ask_once(endpoint: Option<&str>) -> Result<(), WorkloadApiError> {
    let asking = async {
        let client = match endpoint {
            Some(endpoint) => WorkloadApiClient::connect_to(endpoint).await?,
            None => WorkloadApiClient::connect_env().await?,
        };
        client.fetch_x509_context().await
    };
    match tokio::time::timeout(PATIENCE, asking).await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(error)) => Err(unavailable(&error)),
        Err(_) => Err(WorkloadApiError::Unavailable { reason: format!("no answer within {PATIENCE:?}") }),
    }
}

fn unavailable(error: &dyn Error) -> WorkloadApiError {
    // The causes say more than the error itself, and may quote the agent.
    let mut reason = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let words = error.to_string();
        if !reason.contains(&words) {
            reason = format!("{reason}: {words}");
        }
        cause = error.source();
    }
    WorkloadApiError::Unavailable { reason: shown(&reason, REASON_LIMIT) }
}

/// How much of the agent's words is worth reading.
const REASON_LIMIT: usize = 300;

/// The agent, as a place where credentials are found.
struct Agent(X509Source);

impl Source for Agent {
    type Contents = Arc<X509Context>;
    type Value = Credentials;
    type Error = WorkloadApiError;

    fn name(&self) -> String {
        "the credentials from SPIFFE's agent".to_owned()
    }

    fn read(&self) -> Result<Arc<X509Context>, WorkloadApiError> {
        self.0.x509_context().map_err(|error| unavailable(&error))
    }

    fn parse(&self, context: &Arc<X509Context>) -> Result<Credentials, WorkloadApiError> {
        let svid = context.default_svid().ok_or_else(|| WorkloadApiError::Unavailable {
            reason: "it has none for this program".to_owned(),
        })?;
        let chain =
            svid.cert_chain().iter().map(|der| CertificateDer::from(der.as_bytes().to_vec())).collect();
        let key = PrivatePkcs8KeyDer::from(svid.private_key().as_bytes().to_vec());
        let identity = Identity::new(chain, PrivateKeyDer::Pkcs8(key))?;
        Ok(Credentials::new(identity, trust(context)?))
    }
}

/// The roots of every domain of which the agent knows some.
fn trust(context: &X509Context) -> Result<Trust, WorkloadApiError> {
    let mut trust = Trust::default();
    for (domain, bundle) in context.bundle_set().iter() {
        let roots: Vec<_> = bundle.authorities().iter().map(|der| der.as_bytes().to_vec().into()).collect();
        if roots.is_empty() {
            continue;
        }
        // One that we do not accept as a name has no peers that we would accept.
        let Ok(named) = domain.to_string().parse::<TrustDomain>() else { continue };
        let wrong = |problem| WorkloadApiError::Trust { domain: domain.to_string(), problem };
        trust = trust.and(named, roots).map_err(wrong)?;
    }
    Ok(trust)
}
