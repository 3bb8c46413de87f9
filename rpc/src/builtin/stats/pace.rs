//! Whether a procedure's handlers are quick enough to run where their calls arrive.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// A handler should not keep its connection longer than this before it first waits or ends.
const QUICK: Duration = Duration::from_micros(200);

/// What a slow run adds, and each quick one takes away again.
const SLOW_RUN: u32 = 32;

/// Where a procedure counts as slow: after four slow runs in a row, or when more than one in about thirty is.
///
/// One slow run proves nothing: on a busy machine any handler may be interrupted in the middle.
const SLOW: u32 = 4 * SLOW_RUN;

/// How the first polls of a procedure's handlers went. Once it counts as slow it stays so.
#[derive(Debug, Default)]
pub(crate) struct Pace(AtomicU32);

impl Pace {
    /// So many handlers kept their connection for so long in all, of which at most one was slow. Says whether that made
    /// their procedure count as slow.
    pub(crate) fn note(&self, took: Duration, handlers: u32) -> bool {
        let marks = self.0.load(Ordering::Relaxed);
        if took <= QUICK {
            if 0 < marks && marks < SLOW {
                // Other connections may change it meanwhile; a mark lost or kept does not matter.
                self.0.store(marks.saturating_sub(handlers), Ordering::Relaxed);
            }
            return false;
        }
        let more = marks.saturating_add(SLOW_RUN).min(SLOW);
        self.0.store(more, Ordering::Relaxed);
        marks < SLOW && SLOW <= more
    }

    /// Whether its handlers start on tasks of their own.
    pub(crate) fn is_slow(&self) -> bool {
        SLOW <= self.0.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SLOW_TIME: Duration = Duration::from_millis(1);

    #[test]
    fn a_handler_that_is_always_slow_is_found_out_at_once() {
        let pace = Pace::default();
        let found: Vec<bool> = (0..6).map(|_| pace.note(SLOW_TIME, 1)).collect();
        assert_eq!(found, [false, false, false, true, false, false]);
        assert!(pace.is_slow());
    }

    #[test]
    fn a_handler_that_is_interrupted_now_and_then_is_not_slow() {
        let pace = Pace::default();
        for _ in 0..1_000 {
            pace.note(SLOW_TIME, 1);
            assert!((0..40).all(|_| !pace.note(QUICK, 1)));
        }
        assert!(!pace.is_slow());
    }

    #[test]
    fn a_handler_that_is_slow_one_time_in_ten_is_slow() {
        let pace = Pace::default();
        for _ in 0..10 {
            pace.note(SLOW_TIME, 1);
            assert!((0..9).all(|_| !pace.note(QUICK, 1)));
        }
        assert!(pace.is_slow());
    }
}
