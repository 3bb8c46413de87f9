//! Whether a peer keeps us busy with frames that move nothing forward.

use std::time::Instant;

use super::later;
use crate::limits::{FRUITLESS_FORGIVEN, FRUITLESS_INTERVAL};
use crate::violation::Violation;

/// Weighs fruitless frames (cancels, credit of nothing, first parts without bytes) against useful ones and time.
#[derive(Debug)]
pub(super) struct Progress {
    /// Each fruitless frame uses up an interval, and each useful one gives one back; this is how far they have
    /// come.
    fruitless_until: Instant,
}

impl Progress {
    pub(super) fn new(now: Instant) -> Self {
        Self { fruitless_until: now }
    }

    /// An item arrived, or a call ended with what its handler says.
    pub(super) fn useful(&mut self) {
        // What is in the past counts for nothing, so there is no use in hoarding.
        if let Some(earlier) = self.fruitless_until.checked_sub(FRUITLESS_INTERVAL) {
            self.fruitless_until = earlier;
        }
    }

    /// A frame arrived that moves nothing forward.
    pub(super) fn fruitless(&mut self, now: Instant) -> Result<(), Violation> {
        let ahead = self.fruitless_until.saturating_duration_since(now);
        self.fruitless_until = later(self.fruitless_until.max(now), FRUITLESS_INTERVAL);
        match ahead <= FRUITLESS_INTERVAL.saturating_mul(FRUITLESS_FORGIVEN) {
            true => Ok(()),
            false => Err(Violation::Fruitless),
        }
    }
}
