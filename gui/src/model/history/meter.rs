//! What a server's counters say of the time since they were last told.

use std::collections::BTreeMap;
use std::sync::Arc;

use countersign::Code;
use countersign::builtin::stats::{Histogram, ProcedureStats, Snapshot};

use super::MOST_PROCEDURES;
use crate::model::catalogue::NAME_SHOWN;
use crate::text;

/// Turns counters since a server's start into what happened from one snapshot to the next.
#[derive(Debug, Clone, Default)]
pub(crate) struct Meter {
    last: Option<Arc<Cumulative>>,
}

/// What a snapshot tells, beside those before it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Step {
    /// Where counting begins, by the server's clock.
    Began { monotonic_ns: u64 },
    /// The server was started anew, and where its clock stands.
    Restarted { monotonic_ns: u64 },
    /// So much time has passed on the server, in which this happened.
    Passed { elapsed_ns: u64, ticks: Ticks },
}

/// What happened to each procedure of which there is anything to tell.
pub(crate) type Ticks = BTreeMap<Arc<str>, Tick>;

/// What happened to one procedure between two moments.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Tick {
    /// Calls that ended.
    pub(crate) calls: u64,
    /// The most that there were.
    pub(crate) in_flight: u64,
    /// Those that failed.
    pub(crate) errors: BTreeMap<Code, u64>,
    /// Bytes of arguments and items.
    pub(crate) bytes_in: u64,
    /// Bytes of results, faults and items.
    pub(crate) bytes_out: u64,
    /// How long they took.
    pub(crate) latency: Histogram,
}

/// What was counted since the server's start.
#[derive(Debug)]
struct Cumulative {
    start_id: u64,
    monotonic_ns: u64,
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

impl Meter {
    /// Takes in a snapshot. A clock that does not go on says nothing.
    pub(crate) fn step(&mut self, snapshot: Snapshot) -> Option<Step> {
        let now = Arc::new(Cumulative::new(snapshot, self.last.as_deref()));
        let monotonic_ns = now.monotonic_ns;
        let Some(before) = self.last.replace(now.clone()) else {
            return Some(Step::Began { monotonic_ns });
        };
        if before.start_id != now.start_id {
            return Some(Step::Restarted { monotonic_ns });
        }
        let elapsed_ns = monotonic_ns.checked_sub(before.monotonic_ns).filter(|&ns| ns > 0)?;
        Some(Step::Passed { elapsed_ns, ticks: now.since(&before) })
    }
}

impl Cumulative {
    fn new(snapshot: Snapshot, before: Option<&Self>) -> Self {
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

    fn since(&self, before: &Self) -> Ticks {
        let ticks = self
            .procedures
            .iter()
            .map(|(name, stats)| (name.clone(), Tick::between(before.procedures.get(name), stats)));
        ticks.filter(|(_, tick)| !tick.is_empty()).collect()
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

    /// About how much memory this takes, in units of a bucket.
    pub(super) fn weight(&self) -> usize {
        16 + self.errors.len() + self.latency.buckets().len()
    }

    /// Calls that failed, whatever with.
    pub(crate) fn failed(&self) -> u64 {
        self.errors.values().fold(0, |sum, count| sum.saturating_add(*count))
    }

    /// Adds what happened right after.
    pub(super) fn follow(&mut self, next: &Self) {
        self.add(next);
        self.in_flight = self.in_flight.max(next.in_flight);
    }

    /// Adds what was counted; how many are in flight is for the caller to combine.
    pub(super) fn add(&mut self, other: &Self) {
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
