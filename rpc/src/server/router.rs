//! From the name of a procedure to what answers it.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use countersign_proto::{Code, HandlerRan, Status};

use super::{BindError, Policy};
use crate::audit::Audit;
use crate::builtin::stats::{Counters, Registry};
use crate::builtin::trace::{Outcome, Recorder, Spans, Traces};
use crate::context::Context;
use crate::peer::Peer;
use crate::service::{CallKind, Handling, Service, ServiceDescription};
use crate::text;

/// Every procedure of a server, by its name.
pub(crate) struct Router {
    routes: HashMap<Arc<str>, Arc<Route>, foldhash::fast::RandomState>,
    policy: Policy,
    recorder: Arc<Recorder>,
    audit: Audit,
}

/// One procedure.
pub(crate) struct Route {
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
        policy: Policy,
        registry: &Registry,
        recorder: Arc<Recorder>,
    ) -> Result<Self, BindError> {
        let mut routes = HashMap::default();
        for (service, description) in services {
            for (method, procedure) in description.procedures.iter().enumerate() {
                let name: Arc<str> = format!("{}/{}", description.name, procedure.name).into();
                let route = Route {
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
        Ok(Self { routes, policy, recorder, audit: Audit::new() })
    }

    /// What answers this call. The policy comes first: whether a procedure exists is told only to those who
    /// may call it.
    pub(crate) fn find(&self, peer: &Peer, procedure: &str) -> Result<&Arc<Route>, Status> {
        let found = match self.policy.allows(peer.id(), procedure) {
            true => self.routes.get(procedure).ok_or(Code::Unimplemented),
            false => Err(Code::PermissionDenied),
        };
        found.map_err(|code| self.refused(peer, procedure, code))
    }

    #[cold]
    fn refused(&self, peer: &Peer, procedure: &str, code: Code) -> Status {
        if code == Code::PermissionDenied {
            self.audit.call_refused(peer, procedure, || self.policy.explain(peer.id(), procedure));
        }
        let procedure = text::escaped(procedure);
        let why = match code {
            Code::PermissionDenied => format!(
                "{} may not call {procedure}; ask whoever runs this server for a rule in its policy",
                peer.id()
            ),
            _ => format!("this server has no procedure {procedure}"),
        };
        self.recorder.keep_refused(Outcome {
            procedure: procedure.into(),
            peer: peer.id().clone(),
            code,
            message: Some(why.clone()),
            arrived: Instant::now(),
            spans: Spans::default(),
            write: OnceLock::new(),
            bytes_in: 0,
            bytes_out: 0,
        });
        Status::new(code, why).with_handler_ran(HandlerRan::No)
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

    /// Its handler kept the connection for so long before it first waited or ended.
    pub(crate) fn note_first_poll(&self, took: Duration) {
        if self.counters.pace().note(took) {
            tracing::info!(procedure = %self.name, "handlers keep their connections; they get tasks of their own");
        }
    }
}

impl fmt::Debug for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Route").field(&self.name).finish()
    }
}
