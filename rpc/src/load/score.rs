//! What came of the calls so far, counted by many threads at once and read while they go on.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use countersign_proto::Code;

use crate::CallError;
use crate::builtin::stats::{AtomicHistogram, Histogram};

/// Threads count apart, so that none waits for another's cache lines. More threads than these share.
const SHARDS: usize = 16;

static THREADS: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    /// Which part this thread counts in.
    static SHARD: usize = THREADS.fetch_add(1, Ordering::Relaxed) % SHARDS;
}

/// What came of the calls of each target.
#[derive(Debug)]
pub(super) struct Scores(Vec<Vec<Score>>);

#[derive(Debug, Default)]
struct Score {
    latency: Latency,
    /// How long after they were due calls were begun.
    lateness: Latency,
    errors: Mutex<BTreeMap<Code, u64>>,
}

#[derive(Debug, Default)]
struct Latency {
    all: AtomicHistogram,
    longest_ns: AtomicU64,
}

/// What came of calls, at one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    /// How long those took that were answered with a result; in an open loop since they were due.
    pub latency: Latencies,
    /// How long after they were due they were begun; only in an open loop.
    pub lateness: Latencies,
    /// How many were not answered with a result, by what they ended with instead.
    pub errors: BTreeMap<Code, u64>,
}

/// Durations, and exactly how long the longest was.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Latencies {
    /// All of them.
    pub all: Histogram,
    /// The longest; nothing if there is none.
    pub longest: Duration,
}

impl Scores {
    pub(super) fn new(targets: usize) -> Self {
        let shard = || (0..targets).map(|_| Score::default()).collect();
        Self((0..SHARDS).map(|_| shard()).collect())
    }

    /// A call of this target was answered with a result.
    pub(super) fn answered(&self, target: usize, took: Duration) {
        self.score(target).latency.record(took);
    }

    /// One was begun so long after it was due.
    pub(super) fn begun(&self, target: usize, late: Duration) {
        self.score(target).lateness.record(late);
    }

    /// One ended in another way.
    pub(super) fn failed(&self, target: usize, error: &CallError) {
        // Only a declared fault has a code that is not known here, and those are of typed calls.
        let code = error.code().unwrap_or(Code::Unknown);
        let mut errors = self.score(target).errors.lock().unwrap_or_else(PoisonError::into_inner);
        *errors.entry(code).or_default() += 1;
    }

    /// What came of each target's calls so far.
    pub(super) fn tallies(&self) -> Vec<Tally> {
        let targets = self.0.first().map_or(0, Vec::len);
        (0..targets).map(|target| Tally::sum(self.0.iter().map(|shard| shard[target].tally()))).collect()
    }

    fn score(&self, target: usize) -> &Score {
        &self.0[SHARD.with(|shard| *shard)][target]
    }
}

impl Score {
    fn tally(&self) -> Tally {
        Tally {
            latency: self.latency.snapshot(),
            lateness: self.lateness.snapshot(),
            errors: self.errors.lock().unwrap_or_else(PoisonError::into_inner).clone(),
        }
    }
}

impl Latency {
    fn record(&self, took: Duration) {
        self.all.record(took);
        let ns = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
        // A look is cheaper than a change, which is rare.
        if ns > self.longest_ns.load(Ordering::Relaxed) {
            self.longest_ns.fetch_max(ns, Ordering::Relaxed);
        }
    }

    fn snapshot(&self) -> Latencies {
        let longest = Duration::from_nanos(self.longest_ns.load(Ordering::Relaxed));
        Latencies { all: self.all.snapshot(), longest }
    }
}

impl Tally {
    /// All of them together.
    pub fn sum(tallies: impl IntoIterator<Item = Self>) -> Self {
        tallies.into_iter().fold(Self::default(), |mut sum, tally| {
            sum.latency.merge(&tally.latency);
            sum.lateness.merge(&tally.lateness);
            for (code, count) in tally.errors {
                *sum.errors.entry(code).or_default() += count;
            }
            sum
        })
    }

    /// Calls that were not answered with a result.
    pub fn failed(&self) -> u64 {
        self.errors.values().sum()
    }

    /// Calls that have ended, one way or the other.
    pub fn ended(&self) -> u64 {
        self.latency.all.count().saturating_add(self.failed())
    }
}

impl Latencies {
    /// The duration that this share of all did not exceed; never more than the longest, which is exact.
    pub fn quantile(&self, q: f64) -> Option<Duration> {
        self.all.quantile(q).map(|took| took.min(self.longest))
    }

    /// The longest of all, unless there is none.
    pub fn max(&self) -> Option<Duration> {
        (self.all.count() > 0).then_some(self.longest)
    }

    fn merge(&mut self, other: &Self) {
        self.all.merge(&other.all);
        self.longest = self.longest.max(other.longest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Status;

    #[test]
    fn threads_that_count_apart_add_up() {
        let scores = Scores::new(2);
        std::thread::scope(|scope| {
            for _ in 0..SHARDS + 2 {
                scope.spawn(|| {
                    scores.answered(0, Duration::from_micros(70));
                    scores.answered(1, Duration::from_micros(50));
                    scores.failed(1, &CallError::Status(Status::new(Code::NotFound, "")));
                });
            }
        });
        let count = SHARDS as u64 + 2;
        let tallies = scores.tallies();
        assert_eq!((tallies[0].latency.all.count(), tallies[0].failed()), (count, 0));
        assert_eq!((tallies[1].latency.all.count(), tallies[1].failed()), (count, count));
        let sum = Tally::sum(tallies);
        assert_eq!((sum.latency.all.count(), sum.latency.longest), (2 * count, Duration::from_micros(70)));
        assert_eq!(sum.errors, BTreeMap::from([(Code::NotFound, count)]));
    }

    #[test]
    fn no_quantile_exceeds_the_longest() {
        let scores = Scores::new(1);
        scores.answered(0, Duration::from_micros(70));
        let latency = Tally::sum(scores.tallies()).latency;
        assert_eq!(latency.quantile(0.999).max(latency.max()), Some(Duration::from_micros(70)));
        assert_eq!((Latencies::default().quantile(0.5), Latencies::default().max()), (None, None));
    }
}
