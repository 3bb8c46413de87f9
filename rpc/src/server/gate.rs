//! What the peer of one connection may call: decided once for each procedure, and anew under another policy.

use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use bytes::Bytes;
use countersign_certs::{Changes, Watched};
use countersign_proto::{Code, HandlerRan, Status};
use sha2::{Digest, Sha256};

use super::{Policy, Route, Router};
use crate::audit::{self, Audit, Bound};
use crate::builtin::trace::{Outcome, Spans};
use crate::peer::Peer;
use crate::text::escaped;

/// Stands between the calls of one connection and the procedures.
///
/// A call that is allowed costs what it takes to find its procedure: one look-up, without a lock or an
/// allocation.
pub(crate) struct Gate {
    router: Arc<Router>,
    peer: Arc<Peer>,
    policy: Arc<Policy>,
    changes: Changes<Policy>,
    /// The procedures that the peer may call, by their numbers. A refusal is not remembered, so that it takes
    /// the same time whether or not there is a procedure of the name.
    allowed: Vec<bool>,
    /// The policy is another one than when this was last asked for.
    has_changed: bool,
    /// What the audit is told of refused calls.
    told: Bound,
}

impl Gate {
    pub(crate) fn new(router: Arc<Router>, peer: Arc<Peer>, policy: &Watched<Policy>) -> Self {
        let (changes, policy) = (policy.changes(), policy.current());
        Self {
            allowed: vec![false; router.len()],
            router,
            peer,
            policy,
            changes,
            has_changed: false,
            told: Audit::bound_of_connection(),
        }
    }

    /// What answers this call. The policy comes first: whether a procedure exists is told only to those who
    /// may call it.
    pub(crate) fn admit(&mut self, procedure: &str) -> Result<Arc<Route>, Status> {
        self.follow();
        let route = self.router.find(procedure).cloned();
        let is_known = route.as_ref().is_some_and(|route| self.allowed[route.number()]);
        if !is_known && !self.policy.allows(self.peer.id(), procedure) {
            return Err(self.denied(procedure));
        }
        let route = route.ok_or_else(|| self.unknown(procedure))?;
        if !is_known {
            self.allowed[route.number()] = true;
        }
        Ok(route)
    }

    /// A key for a cache of what reflection shows this peer, made of the one for all that there is.
    pub(crate) fn revision(&self, of_services: &[u8]) -> Bytes {
        let mut hash = Sha256::new_with_prefix(of_services);
        for pattern in self.policy.given_to(self.peer.id()) {
            // No pattern has a blank in it.
            hash.update(pattern + " ");
        }
        Bytes::copy_from_slice(&hash.finalize()[..16])
    }

    pub(crate) fn peer(&self) -> &Arc<Peer> {
        &self.peer
    }

    /// Whose calls these are, if the audit is told of each.
    pub(crate) fn audited(&self) -> Option<Arc<Peer>> {
        self.router.audit().wants_calls().then(|| self.peer.clone())
    }

    pub(crate) fn router(&self) -> &Router {
        &self.router
    }

    /// Whether the policy is another one than when this was last asked. What was admitted may not be any
    /// more.
    pub(crate) fn has_changed(&mut self) -> bool {
        self.follow();
        std::mem::take(&mut self.has_changed)
    }

    /// Takes on the policy that is in force.
    fn follow(&mut self) {
        if let Some(policy) = self.changes.newest() {
            self.policy = policy;
            self.allowed.fill(false);
            self.has_changed = true;
        }
    }

    #[cold]
    fn denied(&mut self, procedure: &str) -> Status {
        let peer = self.peer.id();
        let explain = || self.policy.explain(peer, procedure);
        self.router.audit().call_refused(&mut self.told, &self.peer, procedure, explain);
        let shown = escaped(procedure);
        let why =
            format!("{peer} may not call {shown}; ask whoever runs this server for a rule in its policy");
        self.refused(procedure, Code::PermissionDenied, why)
    }

    #[cold]
    fn unknown(&self, procedure: &str) -> Status {
        if self.router.audit().wants_calls() {
            audit::call(&self.peer, procedure, Code::Unimplemented, Duration::ZERO);
        }
        let why = format!("this server has no procedure {}", escaped(procedure));
        self.refused(procedure, Code::Unimplemented, why)
    }

    fn refused(&self, procedure: &str, code: Code, why: String) -> Status {
        self.router.recorder().keep_refused(Outcome {
            procedure: escaped(procedure).into(),
            peer: self.peer.id().clone(),
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
}

impl Drop for Gate {
    fn drop(&mut self) {
        self.router.audit().take_over(&self.told);
    }
}

impl fmt::Debug for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gate").field("peer", &self.peer).field("policy", &self.policy).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
