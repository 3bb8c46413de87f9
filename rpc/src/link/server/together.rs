//! Calls that are counted together.

use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use countersign_proto::{CallId, Code};

use crate::builtin::trace::{Outcome, Spans};
use crate::peer::Peer;
use crate::server::Route;

/// Calls that share a look at the clock at most.
const CALLS_MAX: u32 = 16;

/// Calls that took no longer than this together are brief, and more of them may share the next look.
const BRIEF: Duration = Duration::from_micros(25);

/// Calls of one procedure that were polled one right after the other, and of them those that ended well and of which
/// nobody wants to know more.
///
/// To read the clock and to count would take a good part of the time of a brief call, so that brief ones share both.
/// Each of them counts as answered when the last one was, which is before any of their replies is written. How many may
/// share grows while they are brief, and begins anew at one when they are not, so that slow ones are told apart.
#[derive(Debug, Default)]
pub(super) struct Together {
    route: Option<Arc<Route>>,
    polled: u32,
    polled_max: u32,
    ended: u32,
    bytes_in: u64,
    bytes_out: u64,
    /// The one that ended last.
    latest: CallId,
}

impl Together {
    pub(super) fn is_empty(&self) -> bool {
        self.polled == 0
    }

    /// Whether a call of this procedure may be the next.
    pub(super) fn may_have(&self, route: &Arc<Route>) -> bool {
        self.route.as_ref().is_none_or(|known| Arc::ptr_eq(known, route))
    }

    /// The handler of a call was polled. It is of the procedure of the others.
    pub(super) fn polled(&mut self, route: &Arc<Route>) {
        self.polled += 1;
        if self.route.is_none() {
            self.route = Some(route.clone());
        }
    }

    /// It ended well. Says whether it is time to settle.
    pub(super) fn ended(&mut self, call: CallId, bytes_in: usize, bytes_out: usize) -> bool {
        self.ended += 1;
        self.bytes_in += bytes_in as u64;
        self.bytes_out += bytes_out as u64;
        self.latest = call;
        self.polled_max <= self.polled
    }

    /// Counts them: they arrived then, and were polled and ended between the two other instants. Returns one of them
    /// as it is traced if they were slow.
    pub(super) fn settle(
        &mut self,
        peer: &Peer,
        arrived: Instant,
        from: Instant,
        to: Instant,
    ) -> Option<(CallId, Arc<Outcome>)> {
        let polls = to.saturating_duration_since(from);
        let polled_max = if polls <= BRIEF { CALLS_MAX.min(2 * self.polled) } else { 1 };
        let settled = std::mem::replace(self, Self { polled_max, ..Self::default() });
        let route = settled.route?;
        route.note_first_polls(polls, settled.polled);
        if settled.ended == 0 {
            return None;
        }
        // Those at the head of a burst were polled when they arrived.
        let queue = if arrived == from { Duration::ZERO } else { from.saturating_duration_since(arrived) };
        let (calls, took) = (settled.ended.into(), queue + polls);
        route.counters().ended_well(calls, took, settled.bytes_in, settled.bytes_out);
        route.traces().is_slow(took).then(|| {
            let outcome = Arc::new(Outcome {
                procedure: route.name().clone(),
                peer: peer.id().clone(),
                code: Code::Ok,
                message: None,
                arrived,
                spans: Spans { total: took, queue, ..Spans::default() },
                write: OnceLock::new(),
                bytes_in: settled.bytes_in / calls,
                bytes_out: settled.bytes_out / calls,
            });
            route.traces().keep(outcome.clone());
            (settled.latest, outcome)
        })
    }
}
