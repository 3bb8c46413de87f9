//! Whether what a peer sends leads anywhere, or only keeps us busy.
//!
//! Floods are made of frames that are allowed one by one: calls that are opened and cancelled at once, parts of
//! nothing, credit of nothing. What they have in common is that nothing comes of them. So each such frame costs a
//! point, and a point is paid back by each frame of which something came, and by each millisecond:
//!
//! ```text
//! points = max(0, points − useful − milliseconds) + fruitless
//! ```
//!
//! Above [`FRUITLESS_FORGIVEN`] points, or twice `calls_open` where that is more, the connection ends. That takes a
//! flood: who does something useful for each fruitless frame never gets there, nor who sends a thousand of them a
//! second, nor who gives up all calls at once.
//!
//! Fruitless is
//! - a cancel within [`HASTY`] of its open, whose handler was started for nothing;
//! - a first part that is empty, and a part of less than [`PART_LEN_MIN`] that is not the last;
//! - credit of less than any message costs, and credit for a call that has all of its window and waits for none;
//! - a pong, a going-away after the first, and a frame of an even type that we do not know;
//! - a frame for a call that has ended, beyond those that can have been on their way when we ended it.
//!
//! Useful is a call that was answered, and an item. Whatever else a peer sends uses up something that is bounded, or
//! has an answer, which it must read before we read on.

use std::time::{Duration, Instant};

use super::later;
use crate::limits::{FRUITLESS_FORGIVEN, FRUITLESS_INTERVAL, Limits, MESSAGE_COST};
use crate::violation::Violation;

#[cfg(doc)]
use crate::limits::{HASTY, PART_LEN_MIN};

/// Weighs fruitless frames against useful ones and time.
#[derive(Debug)]
pub(super) struct Progress {
    /// Each fruitless frame uses up an interval, and each useful one gives one back; this is how far they have
    /// come.
    fruitless_until: Instant,
    /// How far ahead of now that may be.
    ahead_max: Duration,
    /// What came since that was reckoned.
    useful: u32,
    fruitless: u32,
    /// Frames for calls that we ended which may be on their way.
    late: u64,
}

impl Progress {
    pub(super) fn new(limits: &Limits, now: Instant) -> Self {
        let forgiven = FRUITLESS_FORGIVEN.max(limits.calls_open.saturating_mul(2));
        Self {
            fruitless_until: now,
            ahead_max: FRUITLESS_INTERVAL.saturating_mul(forgiven),
            useful: 0,
            fruitless: 0,
            late: 0,
        }
    }

    /// An item arrived, or a call ended with what its handler says.
    pub(super) fn useful(&mut self) {
        self.useful = self.useful.saturating_add(1);
    }

    /// A frame arrived that moves nothing forward.
    pub(super) fn fruitless(&mut self) {
        self.fruitless = self.fruitless.saturating_add(1);
    }

    /// We ended a call for which the peer has so much credit, and it has not heard of it. As many frames can be on
    /// their way as that buys messages, a grant for as many of ours, and what comes once.
    pub(super) fn ended_here(&mut self, credit: u64) {
        const ONCE_IN_A_CALL: u64 = 4;
        self.late = self.late.saturating_add(2 * (credit / u64::from(MESSAGE_COST)) + ONCE_IN_A_CALL);
    }

    /// A frame arrived for a call that has ended.
    pub(super) fn late(&mut self) {
        match self.late {
            0 => self.fruitless(),
            _ => self.late -= 1,
        }
    }

    /// To be asked after each frame: an error once the peer has gone too far.
    pub(super) fn settle(&mut self, now: Instant) -> Result<(), Violation> {
        if self.fruitless == 0 {
            return Ok(());
        }
        // What is in the past counts for nothing, so there is no use in hoarding.
        let paid = FRUITLESS_INTERVAL.saturating_mul(std::mem::take(&mut self.useful));
        let until = self.fruitless_until.checked_sub(paid).map_or(now, |until| until.max(now));
        let added = FRUITLESS_INTERVAL.saturating_mul(std::mem::take(&mut self.fruitless));
        self.fruitless_until = later(until, added);
        match self.fruitless_until.saturating_duration_since(now) <= self.ahead_max {
            true => Ok(()),
            false => Err(Violation::Fruitless),
        }
    }
}
