//! From the name of a procedure to what answers it.

use std::collections::HashMap;
use std::convert::Infallible;
use std::fmt;
use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use countersign_certs::{Credentials, Watched};

use super::{BindError, Connections, Gate, Policy};
use crate::audit::Audit;
use crate::builtin::stats::{Counters, Registry};
use crate::builtin::trace::{Recorder, Traces};
use crate::context::Context;
use crate::peer::Peer;
use crate::service::{CallKind, Handling, Service, ServiceDescription};

/// Every procedure of a server, by its name.
pub(crate) struct Router {
    routes: HashMap<Arc<str>, Arc<Route>, foldhash::fast::RandomState>,
    policy: Watched<Policy>,
    /// Whom the server trusts, where that is known.
    credentials: Option<Watched<Credentials>>,
    recorder: Arc<Recorder>,
    audit: Audit,
}

/// One procedure.
pub(crate) struct Route {
    /// Counted from 0, so that a connection can keep something with each.
    number: usize,
    name: Arc<str>,
    kind: CallKind,
    service: Arc<dyn Service>,
    method: usize,
    counters: Arc<Counters>,
    traces: Arc<Traces>,
}

impl Router {
    /// Describes all services, counts the calls of each procedure in `registry`, and keeps those worth a look in
    /// `recorder`.
    pub(crate) fn new(
        services: &[(Arc<dyn Service>, ServiceDescription)],
        policy: Watched<Policy>,
        credentials: Option<Watched<Credentials>>,
        registry: &Registry,
        recorder: Arc<Recorder>,
        audit: Audit,
    ) -> Result<Self, BindError> {
        let mut routes: HashMap<_, _, _> = HashMap::default();
        for (service, description) in services {
            for (method, procedure) in description.procedures.iter().enumerate() {
                let name: Arc<str> = format!("{}/{}", description.name, procedure.name).into();
                let route = Route {
                    number: routes.len(),
                    counters: registry.counters(&name),
                    traces: recorder.traces(&name),
                    name: name.clone(),
                    kind: procedure.kind,
                    service: service.clone(),
                    method,
                };
                if routes.insert(name, Arc::new(route)).is_some() {
                    return Err(BindError::SameName(description.name.clone()));
                }
            }
        }
        Ok(Self { routes, policy, credentials, recorder, audit })
    }

    /// Tells of each policy that takes the place of another, and lets the connections know.
    pub(super) async fn follow_policy(&self, connections: &Connections) -> Infallible {
        let mut changes = self.policy.changes();
        while changes.next().await.is_some() {
            self.announce();
            connections.wake();
        }
        // Nobody can replace it any more.
        pending().await
    }

    /// Says in the log what is in force, and what in it can match nothing here.
    pub(super) fn announce(&self) {
        let policy = self.policy.current();
        tracing::info!(target: "countersign::audit", "policy in force: {policy}");
        for warning in policy.warnings() {
            tracing::warn!("{warning}");
        }
        let idle = policy.idle(self.names());
        if !idle.is_empty() {
            tracing::warn!(
                "this server has no procedure for {}; if that is a slip, mend the policy",
                idle.join(", ")
            );
        }
        let Some(credentials) = &self.credentials else { return };
        let credentials = credentials.current();
        let unknown = policy.unknown_domains(credentials.trust().domains());
        if !unknown.is_empty() {
            tracing::warn!(
                "the policy has rules for {}, whose peers are not trusted here; add trust/DOMAIN.pem to the identity, \
                 or mend the policy",
                unknown.join(", ")
            );
        }
    }

    /// What answers calls of this name, whoever may make them.
    pub(super) fn find(&self, procedure: &str) -> Option<&Arc<Route>> {
        self.routes.get(procedure)
    }

    /// What the calls of one peer come through.
    pub(crate) fn gate(self: &Arc<Self>, peer: Arc<Peer>) -> Gate {
        Gate::new(self.clone(), peer, &self.policy)
    }

    /// The names of all procedures.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> + Clone {
        self.routes.keys().map(|name| &**name)
    }

    /// How many procedures there are.
    pub(super) fn len(&self) -> usize {
        self.routes.len()
    }

    /// What tells of refusals.
    pub(crate) fn audit(&self) -> &Audit {
        &self.audit
    }

    /// What keeps the calls that are worth a look.
    pub(crate) fn recorder(&self) -> &Recorder {
        &self.recorder
    }
}

impl Route {
    pub(super) fn number(&self) -> usize {
        self.number
    }

    pub(crate) fn name(&self) -> &Arc<str> {
        &self.name
    }

    /// Which sides send items.
    pub(crate) fn kind(&self) -> CallKind {
        self.kind
    }

    pub(crate) fn counters(&self) -> &Counters {
        &self.counters
    }

    pub(crate) fn traces(&self) -> &Traces {
        &self.traces
    }

    pub(crate) fn dispatch(&self, cx: Context, arguments: &[u8]) -> Handling {
        self.service.dispatch(self.method, cx, arguments)
    }

    /// Whether its handler is polled first where its call arrives. One with a stream is there to wait.
    pub(crate) fn is_inline(&self) -> bool {
        self.kind() == CallKind::Unary && !self.counters.pace().is_slow()
    }

    /// So many of its handlers kept their connection for so long, in all, before each first waited or ended.
    pub(crate) fn note_first_polls(&self, took: Duration, handlers: u32) {
        if self.counters.pace().note(took, handlers) {
            tracing::info!(procedure = %self.name, "handlers keep their connections; they get tasks of their own");
        }
    }
}

impl fmt::Debug for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Route").field(&self.name).finish()
    }
}
