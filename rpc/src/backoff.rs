//! How long to wait before the next attempt, of a connection or of a call.

use std::hash::{BuildHasher as _, RandomState};
use std::time::Duration;

/// Waits that double from attempt to attempt, of which chance takes up to half.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Backoff {
    pub(crate) first: Duration,
    pub(crate) longest: Duration,
}

impl Backoff {
    /// The wait before another attempt after `failed` ones. `jitter` is a number from 0 to 1: all clients of
    /// a server lose it in the same moment, and must not come back in the same moment.
    pub(crate) fn wait(self, failed: u32, jitter: f64) -> Duration {
        let doubled = self.first.saturating_mul(1 << failed.saturating_sub(1).min(16));
        doubled.min(self.longest).mul_f64(0.5 + 0.5 * jitter)
    }
}

/// A number from 0 to 1 that differs from process to process and from call to call. Good enough to scatter a
/// crowd, and for nothing else.
pub(crate) fn jitter() -> f64 {
    f64::from(RandomState::new().hash_one(()) as u32) / f64::from(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const WAITS: Backoff = Backoff { first: Duration::from_millis(100), longest: Duration::from_secs(10) };

    #[test]
    fn waits_double_up_to_the_longest() {
        assert_eq!(WAITS.wait(1, 1.0), WAITS.first);
        assert_eq!(WAITS.wait(2, 1.0), WAITS.first * 2);
        assert_eq!(WAITS.wait(5, 1.0), WAITS.first * 16);
        assert_eq!(WAITS.wait(u32::MAX, 1.0), WAITS.longest);
    }

    #[test]
    fn chance_takes_up_to_half_of_a_wait() {
        assert_eq!(WAITS.wait(40, 0.0), WAITS.longest / 2);
        assert_eq!(WAITS.wait(1, 0.5), WAITS.first.mul_f64(0.75));
        assert!((0.0..=1.0).contains(&jitter()));
    }
}
