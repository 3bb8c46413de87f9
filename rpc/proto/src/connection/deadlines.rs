//! When the next call is over time.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Instant;

use super::CallId;
use super::calls::Calls;

/// The deadlines of a connection, earliest first. Calls that end leave theirs behind; so that these do not
/// pile up under long deadlines and short calls, the heap is built anew when most of it is stale.
#[derive(Debug, Default)]
pub(super) struct Deadlines(BinaryHeap<Reverse<(Instant, CallId)>>);

/// Below this, stale entries cost less than a look at them.
const SWEEP_MIN: usize = 64;

impl Deadlines {
    pub(super) fn add<T>(&mut self, deadline: Instant, id: CallId, calls: &Calls<T>) {
        if SWEEP_MIN.max(2 * calls.len()) <= self.0.len() {
            self.0 = calls.deadlines().map(Reverse).collect();
        } else {
            self.0.push(Reverse((deadline, id)));
        }
    }

    /// The earliest, which may be that of a call that has ended.
    pub(super) fn next(&self) -> Option<Instant> {
        self.0.peek().map(|Reverse((deadline, _))| *deadline)
    }

    /// Takes a call whose deadline has passed.
    pub(super) fn pop<T>(&mut self, now: Instant, calls: &Calls<T>) -> Option<CallId> {
        while let Some(Reverse((deadline, id))) = self.0.peek().copied() {
            if now < deadline {
                return None;
            }
            self.0.pop();
            if calls.deadline(id) == Some(deadline) {
                return Some(id);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::calls::Call;
    use super::*;

    #[test]
    fn deadlines_of_ended_calls_do_not_pile_up() {
        let (mut deadlines, mut calls) = (Deadlines::default(), Calls::<()>::default());
        let deadline = Instant::now() + Duration::from_secs(60);
        for id in (1..20_000).step_by(2) {
            calls.insert(id, Call::new(Some(deadline)));
            deadlines.add(deadline, id, &calls);
            calls.remove(id);
        }
        assert!(deadlines.0.len() <= SWEEP_MIN);
    }
}
