//! Who was refused, and on request who called what: one event each under the target `countersign::audit`, in the
//! log of whoever installs a subscriber of `tracing`.
//!
//! What a peer sent is escaped and clipped. Refusals cost their makers nothing, and so there is a bound to how many
//! of them are told: a burst at once and then one a second, with the number of those in between. Nobody can fill
//! a disk with them, nor hide for long behind them, since strangers, peers with a certificate and calls have a bound
//! each.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::Code;
use crate::peer::Peer;
use crate::server::{Explanation, RefusedPeer};
use crate::text::escaped;
use crate::tls::Refusal;

/// Refusals that are told at once.
const BURST: u32 = 100;

/// After a burst, how often one more is told: in a day some 30 MB.
const PAUSE: Duration = Duration::from_secs(1);

/// The audit of one server.
#[derive(Debug)]
pub(crate) struct Audit {
    every_call: bool,
    /// Those without a certificate, of whom anybody can send a flood.
    strangers: Mutex<Bound>,
    peers: Mutex<Bound>,
    calls: Mutex<Bound>,
}

/// Lets so many events pass, and counts the others.
#[derive(Debug)]
struct Bound {
    left: u32,
    since: Instant,
    withheld: u64,
}

impl Audit {
    /// It tells of refusals, and of every call if it is asked to.
    pub(crate) fn new(every_call: bool) -> Self {
        let bound = || Mutex::new(Bound::new(Instant::now()));
        Self { every_call, strangers: bound(), peers: bound(), calls: bound() }
    }

    /// Whether every call is to be told of.
    pub(crate) fn wants_calls(&self) -> bool {
        self.every_call
    }

    /// A peer was refused in its handshake.
    pub(crate) fn peer_refused(&self, refused: &RefusedPeer) {
        let bound = if refused.fingerprint.is_some() { &self.peers } else { &self.strangers };
        let Some(withheld) = pass(bound) else { return };
        let address = refused.address.map(|address| address.to_string()).unwrap_or_default();
        let (reason, kind) = (escaped(&refused.reason.to_string()), refused.reason.kind());
        let fingerprint = refused.fingerprint.as_deref();
        tracing::warn!(
            target: "countersign::audit",
            address, fingerprint, reason, %kind, withheld, "peer refused"
        );
    }

    /// A peer that was connected is not accepted any more: its certificate was revoked, or the like.
    pub(crate) fn peer_cut(&self, peer: &Peer, refusal: &Refusal) {
        let Some(withheld) = pass(&self.peers) else { return };
        let address = peer.address().map(|address| address.to_string()).unwrap_or_default();
        let (id, reason, kind) = (peer.id().as_str(), escaped(&refusal.to_string()), refusal.kind());
        tracing::warn!(
            target: "countersign::audit",
            peer = id, address, fingerprint = peer.fingerprint(), reason, %kind, withheld, "peer cut off"
        );
    }

    /// The policy does not allow a call, for the reason that `explain` gives.
    pub(crate) fn call_refused(&self, peer: &Peer, procedure: &str, explain: impl FnOnce() -> Explanation) {
        let Some(withheld) = pass(&self.calls) else { return };
        let (id, procedure, reason) = (peer.id().as_str(), escaped(procedure), explain().to_string());
        let address = peer.address().map(|address| address.to_string()).unwrap_or_default();
        tracing::warn!(
            target: "countersign::audit",
            peer = id, address, procedure, status = Code::PermissionDenied.name(), reason, withheld, "call refused"
        );
    }
}

/// A call has ended. To be told of only where the audit wants calls.
#[cold]
pub(crate) fn call(peer: &Peer, procedure: &str, code: Code, took: Duration) {
    let (id, procedure, status) = (peer.id().as_str(), escaped(procedure), code.name());
    let address = peer.address().map(|address| address.to_string()).unwrap_or_default();
    let duration_us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
    tracing::info!(target: "countersign::audit", peer = id, address, procedure, status, duration_us, "call");
}

/// A peer used its permission to close the connections of others.
pub(crate) fn connection_closed(by: &Peer, number: u64, of: &Peer) {
    let (peer, closed) = (by.id().as_str(), of.id().as_str());
    tracing::warn!(target: "countersign::audit", peer, number, closed, "connection closed");
}

/// Whether one more may be told of now, and how many were not since the last that was.
fn pass(bound: &Mutex<Bound>) -> Option<u64> {
    bound.lock().unwrap_or_else(PoisonError::into_inner).pass(Instant::now())
}

impl Bound {
    fn new(now: Instant) -> Self {
        Self { left: BURST, since: now, withheld: 0 }
    }

    fn pass(&mut self, now: Instant) -> Option<u64> {
        let pauses = now.saturating_duration_since(self.since).as_secs() / PAUSE.as_secs();
        if 0 < pauses {
            self.left = BURST.min(self.left.saturating_add(u32::try_from(pauses).unwrap_or(BURST)));
            self.since += PAUSE * u32::try_from(pauses).unwrap_or(u32::MAX);
        }
        match self.left.checked_sub(1) {
            Some(left) => {
                self.left = left;
                Some(std::mem::take(&mut self.withheld))
            }
            None => {
                self.withheld += 1;
                None
            }
        }
    }
}

impl Drop for Audit {
    /// What was withheld and not told since.
    fn drop(&mut self) {
        for (bound, what) in
            [(&mut self.strangers, "strangers"), (&mut self.peers, "peers"), (&mut self.calls, "calls")]
        {
            let withheld = bound.get_mut().unwrap_or_else(PoisonError::into_inner).withheld;
            if withheld != 0 {
                tracing::warn!(target: "countersign::audit", withheld, "more {what} were refused");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_of_refusals_is_counted_rather_than_told() {
        let start = Instant::now();
        let mut bound = Bound::new(start);
        let told = (0..10_000).filter(|_| bound.pass(start).is_some()).count();
        assert_eq!(told, BURST as usize);
        assert_eq!(bound.pass(start + PAUSE), Some(9_900));
        assert_eq!(bound.pass(start + PAUSE), None);
        assert_eq!(bound.pass(start + 2 * PAUSE), Some(1));
    }

    #[test]
    fn after_a_rest_there_is_room_for_a_burst_again() {
        let start = Instant::now();
        let mut bound = Bound::new(start);
        (0..BURST).for_each(|_| assert_eq!(bound.pass(start), Some(0)));
        let later = start + Duration::from_secs(86_400 * 365);
        (0..BURST).for_each(|_| assert_eq!(bound.pass(later), Some(0)));
        assert_eq!(bound.pass(later), None);
    }
}
