//! Who was refused, and on request who called what: one event each under the target `countersign::audit`, for
//! whatever subscriber of `tracing` the program installs.
//!
//! What a peer sent is escaped and clipped. A refusal costs its maker next to nothing, and so there is a
//! bound to what is told: a burst at once and then one a second, with the number of those in between. Nobody
//! can fill a disk with them. Strangers, peers with a certificate and calls have a bound each, and each
//! connection has a narrower one, so that one peer that floods does not hide what others try.

mod bound;

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::Code;
use crate::peer::Peer;
use crate::server::{Explanation, RefusedPeer};
use crate::text::escaped;
use crate::tls::Refusal;

pub(crate) use bound::Bound;

/// Refusals of a server that are told at once, and how often one more is: in a day that is some 30 MB.
const BURST: u32 = 100;
const PAUSE: Duration = Duration::from_secs(1);

/// The same for the calls of one connection. Ten tell what somebody is after.
const CONNECTION_BURST: u32 = 10;
const CONNECTION_PAUSE: Duration = Duration::from_secs(10);

/// The audit of one server.
#[derive(Debug)]
pub(crate) struct Audit {
    every_call: bool,
    /// Those without a certificate, of whom anybody can send a flood.
    strangers: Mutex<Bound>,
    peers: Mutex<Bound>,
    calls: Mutex<Bound>,
}

impl Audit {
    /// It tells of refusals, and of every call if it is asked to.
    pub(crate) fn new(every_call: bool) -> Self {
        let bound = || Mutex::new(Bound::new(BURST, PAUSE, Instant::now()));
        Self { every_call, strangers: bound(), peers: bound(), calls: bound() }
    }

    /// What bounds the refused calls of one connection.
    pub(crate) fn bound_of_connection() -> Bound {
        Bound::new(CONNECTION_BURST, CONNECTION_PAUSE, Instant::now())
    }

    /// Whether every call is to be told of.
    pub(crate) fn wants_calls(&self) -> bool {
        self.every_call
    }

    /// A peer was refused in its handshake.
    pub(crate) fn peer_refused(&self, refused: &RefusedPeer) {
        let bound = if refused.fingerprint.is_some() { &self.peers } else { &self.strangers };
        let Some(withheld) = lock(bound).pass(Instant::now()) else { return };
        let (reason, kind) = (escaped(&refused.reason.to_string()), refused.reason.kind());
        tracing::warn!(
            target: "countersign::audit",
            address = refused.address.map(display), fingerprint = refused.fingerprint.as_deref(), reason, %kind,
            withheld = some(withheld), "peer refused"
        );
    }

    /// A peer that was connected is not accepted any more: its certificate was revoked, or the like.
    pub(crate) fn peer_cut(&self, peer: &Peer, refusal: &Refusal) {
        let Some(withheld) = lock(&self.peers).pass(Instant::now()) else { return };
        let (reason, kind) = (escaped(&refusal.to_string()), refusal.kind());
        tracing::warn!(
            target: "countersign::audit",
            peer = peer.id().as_str(), address = peer.address().map(display), fingerprint = peer.fingerprint(),
            reason, %kind, withheld = some(withheld), "peer cut off"
        );
    }

    /// The policy does not allow a call, for the reason that `explain` gives. `bound` is that of the
    /// connection.
    pub(crate) fn call_refused(
        &self,
        bound: &mut Bound,
        peer: &Peer,
        procedure: &str,
        explain: impl FnOnce() -> Explanation,
    ) {
        let now = Instant::now();
        let Some(of_connection) = bound.pass(now) else { return };
        let Some(of_others) = lock(&self.calls).pass(now) else { return bound.withhold(of_connection + 1) };
        let (procedure, reason) = (escaped(procedure), explain().to_string());
        tracing::warn!(
            target: "countersign::audit",
            peer = peer.id().as_str(), address = peer.address().map(display), procedure,
            status = Code::PermissionDenied.name(), reason, withheld = some(of_connection + of_others),
            "call refused"
        );
    }

    /// A connection has ended. What it withheld is told with the next refused call of whomever.
    pub(crate) fn take_over(&self, bound: &Bound) {
        if bound.withheld() != 0 {
            lock(&self.calls).withhold(bound.withheld());
        }
    }
}

/// A call has ended. To be told of only where the audit wants calls.
#[cold]
pub(crate) fn call(peer: &Peer, procedure: &str, code: Code, took: Duration) {
    let duration_us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
    tracing::info!(
        target: "countersign::audit",
        peer = peer.id().as_str(), address = peer.address().map(display), procedure = escaped(procedure),
        status = code.name(), duration_us, "call"
    );
}

/// A peer used its permission to close the connections of others.
pub(crate) fn connection_closed(by: &Peer, number: u64, of: &Peer) {
    tracing::warn!(
        target: "countersign::audit",
        peer = by.id().as_str(), address = by.address().map(display), number, closed = of.id().as_str(),
        "connection closed"
    );
}

impl Drop for Audit {
    /// What was withheld and not told since.
    fn drop(&mut self) {
        let bounds = [(&self.strangers, "strangers"), (&self.peers, "peers"), (&self.calls, "calls")];
        for (bound, what) in bounds {
            let withheld = lock(bound).withheld();
            if withheld != 0 {
                tracing::warn!(target: "countersign::audit", withheld, "more {what} were refused");
            }
        }
    }
}

/// A number that is worth a field.
fn some(number: u64) -> Option<u64> {
    (number != 0).then_some(number)
}

fn lock(bound: &Mutex<Bound>) -> MutexGuard<'_, Bound> {
    bound.lock().unwrap_or_else(PoisonError::into_inner)
}
