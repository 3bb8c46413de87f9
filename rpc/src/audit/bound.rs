//! How much may be told. Knows nothing of what it is, nor what time it is.

use std::time::{Duration, Instant};

/// Lets a burst of events pass and then one at a time, and counts the others.
#[derive(Debug)]
pub(crate) struct Bound {
    burst: u32,
    pause: Duration,
    left: u32,
    since: Instant,
    withheld: u64,
}

impl Bound {
    pub(super) fn new(burst: u32, pause: Duration, now: Instant) -> Self {
        Self { burst, pause, left: burst, since: now, withheld: 0 }
    }

    /// Whether one more event may be told, and if so, how many were not since the last that was.
    pub(super) fn pass(&mut self, now: Instant) -> Option<u64> {
        let pauses = now.saturating_duration_since(self.since).as_nanos() / self.pause.as_nanos();
        if 0 < pauses {
            let more = u32::try_from(pauses).unwrap_or(u32::MAX);
            self.left = self.left.saturating_add(more).min(self.burst);
            self.since += self.pause * more;
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

    /// So many events are withheld for another reason.
    pub(super) fn withhold(&mut self, events: u64) {
        self.withheld += events;
    }

    /// How many were withheld since the last that was told.
    pub(super) fn withheld(&self) -> u64 {
        self.withheld
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAUSE: Duration = Duration::from_secs(1);

    #[test]
    fn a_flood_is_counted_rather_than_told() {
        let start = Instant::now();
        let mut bound = Bound::new(100, PAUSE, start);
        let told = (0..10_000).filter(|_| bound.pass(start).is_some()).count();
        assert_eq!((told, bound.withheld()), (100, 9_900));
        assert_eq!(bound.pass(start + PAUSE), Some(9_900));
        assert_eq!(bound.pass(start + PAUSE), None);
        bound.withhold(5);
        assert_eq!(bound.pass(start + 2 * PAUSE), Some(6));
    }

    #[test]
    fn after_a_rest_there_is_room_for_a_burst_again() {
        let start = Instant::now();
        let mut bound = Bound::new(3, PAUSE, start);
        (0..3).for_each(|_| assert_eq!(bound.pass(start), Some(0)));
        let later = start + Duration::from_secs(86_400 * 365);
        (0..3).for_each(|_| assert_eq!(bound.pass(later), Some(0)));
        assert_eq!(bound.pass(later), None);
    }

    #[test]
    fn half_a_pause_and_another_half_are_one() {
        let start = Instant::now();
        let mut bound = Bound::new(1, PAUSE, start);
        assert_eq!(bound.pass(start), Some(0));
        assert_eq!(bound.pass(start + PAUSE / 2), None);
        assert_eq!(bound.pass(start + PAUSE), Some(1));
        assert_eq!(bound.pass(start + PAUSE * 3 / 2), None);
    }
}
