//! How many calls may be made again whose handlers may have run already.
//!
//! When a server is in trouble, every retry adds to its trouble. A client therefore pays for such retries out
//! of what its ordinary calls have saved, so that they are never much more than a tenth of what it asks for.

/// Calls that pay for one retry: retries add a tenth to a server's load at most.
const CALLS_PER_RETRY: u64 = 10;

/// Retries that can be saved up: what a busy connection may have in flight when it is cut, and no more than a
/// server survives at once.
const SAVED_MAX: u64 = 1_000;

/// Retries that a new client may make before it has saved any.
const SAVED_AT_START: u64 = 100;

/// A token bucket that is filled by counting calls only when a token is wanted, so that a call that goes well
/// pays nothing at all.
#[derive(Debug)]
pub(crate) struct Budget {
    /// What there is, in calls.
    saved: u64,
    /// Calls that the client had made at the last look.
    calls_seen: u64,
}

impl Default for Budget {
    fn default() -> Self {
        Self { saved: SAVED_AT_START * CALLS_PER_RETRY, calls_seen: 0 }
    }
}

impl Budget {
    /// Whether one more retry is within the budget of a client that has made `calls` calls; it is spent then.
    pub(crate) fn spend(&mut self, calls: u64) -> bool {
        let earned = calls.saturating_sub(self.calls_seen);
        self.calls_seen = self.calls_seen.max(calls);
        self.saved = self.saved.saturating_add(earned).min(SAVED_MAX * CALLS_PER_RETRY);
        match self.saved.checked_sub(CALLS_PER_RETRY) {
            Some(left) => {
                self.saved = left;
                true
            }
            None => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A client whose server fails every call, and which makes each again while it may.
    fn retries(budget: &mut Budget, calls: std::ops::Range<u64>) -> u64 {
        calls.filter(|made| budget.spend(*made)).count() as u64
    }

    #[test]
    fn retries_come_to_a_tenth_of_the_calls() {
        let mut budget = Budget::default();
        assert_eq!(retries(&mut budget, 0..100), SAVED_AT_START);
        let later = retries(&mut budget, 1_000..11_000);
        assert!((1_000..=1_100).contains(&later), "{later}");
    }

    #[test]
    fn a_quiet_night_saves_no_more_than_the_maximum() {
        let mut budget = Budget::default();
        assert!(budget.spend(1 << 40));
        let at_once = 1 + (0..2 * SAVED_MAX).filter(|_| budget.spend(1 << 40)).count() as u64;
        assert_eq!(at_once, SAVED_MAX);
    }

    #[test]
    fn a_count_that_falls_gives_nothing() {
        let mut budget = Budget { saved: 0, calls_seen: 100 };
        assert!(!budget.spend(50));
        assert!(!budget.spend(109));
        assert!(budget.spend(110));
    }
}
