//! How long a connection may go on: without calls, and at all, or until it is told to make room for the next one.

use std::time::{Duration, Instant};

use super::{CallId, later};
use crate::limits::Limits;

/// Ages differ by up to this part of `age_max` in either direction, so that connections which began together, after
/// a restart, do not all end together.
const SCATTER: f64 = 0.1;

#[derive(Debug)]
pub(super) struct Age {
    born: Instant,
    age_max: Option<Duration>,
    idle_limit: Option<Duration>,
    due: Option<Instant>,
    /// The last look at the calls: when it was, the latest of them, and whether any was open.
    looked: Instant,
    last: CallId,
    busy: bool,
}

/// Why a connection should not go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Over {
    Idle(Duration),
    Old,
    Due,
}

impl Age {
    pub(super) fn new(limits: &Limits, now: Instant) -> Self {
        let Limits { idle_limit, age_max, .. } = *limits;
        Self { born: now, age_max, idle_limit, due: None, looked: now, last: 0, busy: false }
    }

    /// Moves the end by chance, of which `jitter` from 0 to 1 is the measure.
    pub(super) fn scatter(&mut self, jitter: f64) {
        let part = 1.0 + SCATTER * (2.0 * jitter.clamp(0.0, 1.0) - 1.0);
        // An age that no clock can hold is as good as itself.
        self.age_max =
            self.age_max.map(|age| Duration::try_from_secs_f64(age.as_secs_f64() * part).unwrap_or(age));
    }

    pub(super) fn retire_at(&mut self, at: Instant) {
        self.due = Some(self.due.map_or(at, |earlier| earlier.min(at)));
    }

    /// When to look again.
    pub(super) fn next(&self) -> Option<Instant> {
        let idle = self.idle_limit.map(|limit| later(self.looked, limit));
        let old = self.age_max.map(|age| later(self.born, age));
        [idle, old, self.due].into_iter().flatten().min()
    }

    /// Whether it is over, with `last` as the latest call so far and any open if `busy`.
    ///
    /// Nobody says when a call ends, so rest counts from the first look that finds all as it was at the look before:
    /// it is never less than the limit, and less than twice as much.
    pub(super) fn over(&mut self, now: Instant, last: CallId, busy: bool) -> Option<Over> {
        if let Some(age) = self.age_max
            && later(self.born, age) <= now
        {
            return Some(Over::Old);
        }
        if self.due.is_some_and(|due| due <= now) {
            return Some(Over::Due);
        }
        let limit = self.idle_limit?;
        if later(self.looked, limit) <= now {
            if !busy && !self.busy && self.last == last {
                return Some(Over::Idle(limit));
            }
            (self.looked, self.last, self.busy) = (now, last, busy);
        }
        None
    }
}
