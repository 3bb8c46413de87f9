//! The services that every server has: reflection, identity, health, statistics, connections, traces. Each is an
//! ordinary service made with our own macro, under policy like any other.

pub mod connections;
pub mod health;
pub mod identity;
pub mod reflection;
pub mod stats;
pub mod trace;

use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use countersign_certs::{Credentials, Watched};
use sha2::{Digest, Sha256};

use crate::audit::Audit;
use crate::peer::Peer;
use crate::server::{BindError, Connections, Policy, Router};
use crate::service::{ProcedureDescription, Service, ServiceDescription};

/// The answer to those who ask for a service that is not there, or not for them.
const NO_SUCH_SERVICE: &str = "this server has no such service for you";

/// The package of the built-in services, which no other service may take: a client trusts their names.
const RESERVED_PACKAGE: &str = "countersign";

/// Every procedure of theirs.
pub(crate) const NAMES: [&str; 11] = [
    "countersign.Connections/close",
    "countersign.Connections/list",
    "countersign.Health/get",
    "countersign.Health/watch",
    "countersign.Identity/get",
    "countersign.Reflection/describe",
    "countersign.Reflection/names",
    "countersign.Reflection/services",
    "countersign.Stats/get",
    "countersign.Stats/watch",
    "countersign.Trace/list",
];

/// What a server has once the built-in services stand beside its own.
pub(crate) struct Complete {
    pub(crate) router: Arc<Router>,
    /// Changes with what the services can do: a cache key for reflection.
    pub(crate) revision: Bytes,
}

/// Puts the built-in services beside those of a server. Without credentials, as in some tests, the one that tells
/// of them is not there.
pub(crate) fn with(
    services: &[Arc<dyn Service>],
    credentials: Option<&Watched<Credentials>>,
    policy: &Watched<Policy>,
    connections: &Arc<Connections>,
    audit: Audit,
) -> Result<Complete, BindError> {
    let known = Known { services: Arc::default(), policy: policy.clone() };
    let (registry, recorder) = (Arc::new(stats::Registry::new()), Arc::new(trace::Recorder::new()));
    let mut own: Vec<Arc<dyn Service>> = vec![
        Arc::new(reflection::ReflectionServer::new(reflection::Reflected::new(known.clone()))),
        Arc::new(health::HealthServer::new(health::Healthy::new(known.clone(), connections.clone()))),
        Arc::new(stats::StatsServer::new(stats::Counted::new(registry.clone(), connections.clone()))),
        Arc::new(connections::ConnectionsServer::new(connections::Listed::new(connections.clone()))),
        Arc::new(trace::TraceServer::new(trace::Recorded::new(recorder.clone()))),
    ];
    if let Some(credentials) = credentials {
        let in_force = identity::InForce::new(credentials.clone(), policy.clone());
        own.push(Arc::new(identity::IdentityServer::new(in_force)));
    }
    let mut described = described(services)?;
    if let Some((_, taken)) = described.iter().find(|(_, service)| is_reserved(&service.name)) {
        return Err(BindError::Reserved(taken.name.clone()));
    }
    described.extend(self::described(&own)?);
    let router =
        Arc::new(Router::new(&described, policy.clone(), credentials.cloned(), &registry, recorder, audit)?);
    let descriptions: Vec<ServiceDescription> =
        described.into_iter().map(|(_, described)| described).collect();
    let revision = revision_of(&descriptions);
    known.services.set(descriptions).expect("it is set here alone");
    Ok(Complete { router, revision })
}

/// A service and what it says of itself.
type Described = (Arc<dyn Service>, ServiceDescription);

fn described(services: &[Arc<dyn Service>]) -> Result<Vec<Described>, BindError> {
    services.iter().map(|service| Ok((service.clone(), service.description()?))).collect()
}

/// Whether a name is of the package of the built-in services.
pub(crate) fn is_reserved(service: &str) -> bool {
    service.split('.').next() == Some(RESERVED_PACKAGE)
}

/// The services of one server, and who may know of them.
#[derive(Clone)]
pub(crate) struct Known {
    /// Set once the built-in services, which hold this, are described themselves.
    services: Arc<OnceLock<Vec<ServiceDescription>>>,
    policy: Watched<Policy>,
}

impl Known {
    /// Each service with the procedures that this peer may call, if there are any.
    fn visible_to(&self, peer: &Peer) -> impl Iterator<Item = ServiceDescription> {
        let policy = self.policy.current();
        self.services.get().into_iter().flatten().filter_map(move |service| {
            let mut visible = service.clone();
            visible.procedures.retain(|procedure| policy.allows(peer.id(), &full_name(service, procedure)));
            (!visible.procedures.is_empty()).then_some(visible)
        })
    }

    /// The name of every procedure, and whether this peer may call it.
    fn names(&self, peer: &Peer) -> impl Iterator<Item = (String, bool)> {
        let policy = self.policy.current();
        let services = self.services.get().into_iter().flatten();
        let names = services.flat_map(|service| {
            service.procedures.iter().map(move |procedure| full_name(service, procedure))
        });
        names.map(move |name| {
            let allowed = policy.allows(peer.id(), &name);
            (name, allowed)
        })
    }
}

fn full_name(service: &ServiceDescription, procedure: &ProcedureDescription) -> String {
    format!("{}/{}", service.name, procedure.name)
}

fn revision_of(descriptions: &[ServiceDescription]) -> Bytes {
    let mut hash = Sha256::new();
    for description in descriptions {
        hash.update(description.name.as_bytes());
        hash.update(description.sha256.as_bytes());
        // Documentation is not part of a service's hash, and yet what reflection gives.
        hash.update(description.documentation.as_bytes());
        for procedure in &description.procedures {
            hash.update(procedure.documentation.as_bytes());
        }
    }
    Bytes::copy_from_slice(&hash.finalize()[..16])
}

#[cfg(test)]
#[cfg(feature = "testing")]
mod tests;
