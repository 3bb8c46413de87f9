//! What happened within a stretch of time, and how two stretches become one.

use std::time::{Duration, Instant};

use super::meter::{Tick, Ticks};
use crate::model::catalogue::is_builtin;

/// What happened between two moments.
#[derive(Debug, Clone)]
pub(super) struct Cell {
    /// Which one of its tier.
    pub(super) slot: u64,
    pub(super) from: Instant,
    pub(super) to: Instant,
    /// How long by the server's clock.
    pub(super) seconds: f64,
    /// Only those of which there is anything to tell.
    pub(super) procedures: Ticks,
    /// All procedures but the built-in ones.
    pub(super) total: Tick,
}

impl Cell {
    /// What happened in so much time that ends now.
    pub(super) fn of(procedures: Ticks, at: Instant, elapsed: Duration) -> Self {
        let mut total = Tick::default();
        for (name, tick) in &procedures {
            if !is_builtin(name) {
                total.add(tick);
                total.in_flight = total.in_flight.saturating_add(tick.in_flight);
            }
        }
        let from = at.checked_sub(elapsed).unwrap_or(at);
        Self { slot: 0, from, to: at, seconds: elapsed.as_secs_f64(), procedures, total }
    }

    /// Adds what happened right after.
    pub(super) fn extend(&mut self, next: &Self) {
        self.to = next.to;
        self.seconds += next.seconds;
        self.total.follow(&next.total);
        for (name, tick) in &next.procedures {
            self.procedures.entry(name.clone()).or_default().follow(tick);
        }
    }

    /// About how much memory this takes, in units of a bucket.
    pub(super) fn weight(&self) -> usize {
        self.total.weight() + self.procedures.values().map(Tick::weight).sum::<usize>()
    }

    pub(super) fn tick(&self, procedure: Option<&str>) -> Option<&Tick> {
        match procedure {
            Some(name) => self.procedures.get(name),
            None => Some(&self.total),
        }
    }
}
