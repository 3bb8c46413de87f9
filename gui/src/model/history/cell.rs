//! What happened within a stretch of time, and how two stretches become one.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use countersign::Code;
use countersign::builtin::stats::{Histogram, ProcedureStats, Snapshot};

use super::MOST_PROCEDURES;
use crate::model::catalogue::{NAME_SHOWN, is_builtin};
use crate::text;

/// What was counted since the server's start.
#[derive(Debug)]
pub(super) struct Cumulative {
    pub(super) start_id: u64,
    pub(super) monotonic_ns: u64,
    procedures: BTreeMap<Arc<str>, Counters>,
}

/// What was counted of one procedure since the server's start.
#[derive(Debug)]
struct Counters {
    calls: u64,
    in_flight: u64,
    errors: BTreeMap<Code, u64>,
    bytes_in: u64,
    bytes_out: u64,
    latency: Histogram,
}

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
    pub(super) procedures: BTreeMap<Arc<str>, Tick>,
    /// All procedures but the built-in ones.
    pub(super) total: Tick,
}

/// What happened to one procedure between two moments.
#[derive(Debug, Clone, Default)]
pub(super) struct Tick {
    pub(super) calls: u64,
    /// The most that there were.
    pub(super) in_flight: u64,
    pub(super) errors: BTreeMap<Code, u64>,
    pub(super) bytes_in: u64,
    pub(super) bytes_out: u64,
    pub(super) latency: Histogram,
}

impl Cumulative {
    pub(super) fn new(snapshot: Snapshot, before: Option<&Self>) -> Self {
        let named = |stats: ProcedureStats| {
            let name = text::line(&stats.procedure, NAME_SHOWN);
            let known = before.and_then(|before| before.procedures.get_key_value(name.as_str()));
            // One name for a day of cells.
            let name = known.map_or_else(|| Arc::from(name.as_str()), |(name, _)| name.clone());
            (name, Counters::from(stats))
        };
        Self {
            start_id: snapshot.start_id,
            monotonic_ns: snapshot.monotonic_ns,
            procedures: snapshot.procedures.into_iter().take(MOST_PROCEDURES).map(named).collect(),
        }
    }
}

impl From<ProcedureStats> for Counters {
    fn from(stats: ProcedureStats) -> Self {
        let ProcedureStats { calls, in_flight, errors, bytes_in, bytes_out, latency, .. } = stats;
        Self { calls, in_flight, errors: by_code(errors), bytes_in, bytes_out, latency }
    }
}

/// Errors by codes that exist. A code that we do not know is `UNKNOWN`, as everywhere.
fn by_code(errors: BTreeMap<String, u64>) -> BTreeMap<Code, u64> {
    let mut known = BTreeMap::new();
    for (name, count) in errors {
        let sum: &mut u64 = known.entry(Code::from_name(&name).unwrap_or(Code::Unknown)).or_default();
        *sum = sum.saturating_add(count);
    }
    known
}

impl Cell {
    /// What happened between two snapshots, of which the later one was taken now.
    pub(super) fn between(before: &Cumulative, now: &Cumulative, at: Instant, elapsed: Duration) -> Self {
        let ticks = now
            .procedures
            .iter()
            .map(|(name, stats)| (name.clone(), Tick::between(before.procedures.get(name), stats)));
        let procedures: BTreeMap<_, _> = ticks.filter(|(_, tick)| !tick.is_empty()).collect();
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
        let of_tick = |tick: &Tick| 16 + tick.errors.len() + tick.latency.buckets().len();
        of_tick(&self.total) + self.procedures.values().map(of_tick).sum::<usize>()
    }

    pub(super) fn tick(&self, procedure: Option<&str>) -> Option<&Tick> {
        match procedure {
            Some(name) => self.procedures.get(name),
            None => Some(&self.total),
        }
    }
}

impl Tick {
    fn between(before: Option<&Counters>, now: &Counters) -> Self {
        let Some(before) = before else {
            let &Counters { calls, in_flight, bytes_in, bytes_out, .. } = now;
            let (errors, latency) = (now.errors.clone(), now.latency.clone());
            return Self { calls, in_flight, errors, bytes_in, bytes_out, latency };
        };
        // A server that counts backwards is not to be believed, and not to be crashed by.
        let new_errors = now.errors.iter().map(|(code, count)| {
            (*code, count.saturating_sub(before.errors.get(code).copied().unwrap_or(0)))
        });
        Self {
            calls: now.calls.saturating_sub(before.calls),
            in_flight: now.in_flight,
            errors: new_errors.filter(|(_, count)| *count > 0).collect(),
            bytes_in: now.bytes_in.saturating_sub(before.bytes_in),
            bytes_out: now.bytes_out.saturating_sub(before.bytes_out),
            latency: now.latency.since(&before.latency),
        }
    }

    fn is_empty(&self) -> bool {
        [self.calls, self.in_flight, self.bytes_in, self.bytes_out] == [0; 4]
            && self.errors.is_empty()
            && self.latency.buckets().is_empty()
    }

    /// Adds what happened right after.
    pub(super) fn follow(&mut self, next: &Self) {
        self.add(next);
        self.in_flight = self.in_flight.max(next.in_flight);
    }

    /// Adds what was counted; how many are in flight is for the caller to combine.
    fn add(&mut self, other: &Self) {
        self.calls = self.calls.saturating_add(other.calls);
        for (code, count) in &other.errors {
            let sum = self.errors.entry(*code).or_default();
            *sum = sum.saturating_add(*count);
        }
        self.bytes_in = self.bytes_in.saturating_add(other.bytes_in);
        self.bytes_out = self.bytes_out.saturating_add(other.bytes_out);
        self.latency.merge(&other.latency);
    }
}
