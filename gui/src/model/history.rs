//! What the server's counters said, second by second.
//!
//! The server sends counters since its start; what is kept are the differences from one snapshot to the
//! next. Latencies are kept as buckets and merged as buckets: a percentile of an average is not a
//! percentile.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::catalogue::{NAME_SHOWN, is_builtin};
use super::view::TimeRange;
use crate::text;
use countersign::Code;
use countersign::builtin::stats::{Histogram, ProcedureStats, Snapshot};

/// How many samples are kept: one a second for the longest range, and some to spare.
const KEPT: usize = TimeRange::LONGEST.as_secs() as usize + 30;
/// How much is kept at most, in [`Sample::weight`]s: some hundred MiB, of which a decent server needs few.
const HEAVIEST: usize = 4_000_000;
/// Procedures beyond these are not followed.
const MOST_PROCEDURES: usize = 2000;

/// A ring of samples. Cloning it is cheap: that is how pause freezes a view.
#[derive(Debug, Clone, Default)]
pub(crate) struct History {
    samples: VecDeque<Arc<Sample>>,
    weight: usize,
    last: Option<Arc<Cumulative>>,
    restarts: Vec<Instant>,
    recorded: u64,
}

#[derive(Debug)]
struct Cumulative {
    start_id: u64,
    monotonic_ns: u64,
    procedures: BTreeMap<String, Counters>,
}

/// What was counted of one procedure since the server's start.
#[derive(Debug)]
struct Counters {
    calls: u64,
    in_flight: u64,
    errors: BTreeMap<Code, u64>,
    latency: Histogram,
}

/// What happened between two snapshots.
#[derive(Debug)]
struct Sample {
    number: u64,
    at: Instant,
    seconds: f64,
    procedures: BTreeMap<String, Tick>,
    total: Tick,
}

/// What happened to one procedure between two snapshots.
#[derive(Debug, Clone, Default)]
struct Tick {
    calls: u64,
    in_flight: u64,
    errors: BTreeMap<Code, u64>,
    latency: Histogram,
}

/// One point of every graph.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Point {
    /// When the last snapshot of this point was taken.
    pub(crate) at: Instant,
    /// Calls that ended, per second.
    pub(crate) rate: f64,
    /// The most calls that were in flight.
    pub(crate) in_flight: u64,
    /// Failed calls per second, by code.
    pub(crate) errors: BTreeMap<Code, f64>,
    /// The latencies, if any call ended.
    pub(crate) latency: Option<Percentiles>,
}

/// Three percentiles of a latency, in seconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Percentiles {
    /// Half of the calls were faster.
    pub(crate) p50: f64,
    /// Nine in ten were faster.
    pub(crate) p90: f64,
    /// Ninety-nine in a hundred were faster.
    pub(crate) p99: f64,
}

/// How one procedure did over the last minute, in small.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Trend {
    /// The median latency in seconds, every two seconds in which a call ended, oldest first.
    pub(crate) medians: Vec<f64>,
    /// The percentiles over the whole minute.
    pub(crate) latency: Option<Percentiles>,
    /// The calls that ended.
    pub(crate) calls: u64,
    /// Those that failed.
    pub(crate) failed: u64,
    /// How many seconds these numbers cover.
    pub(crate) seconds: f64,
}

impl History {
    /// Takes in a snapshot. The first one, and the first one of a restarted server, only say where
    /// counting begins.
    pub(crate) fn record(&mut self, snapshot: Snapshot, at: Instant) {
        let now = Arc::new(Cumulative::from(snapshot));
        let Some(before) = self.last.replace(now.clone()) else { return };
        if before.start_id != now.start_id {
            self.restarts.push(at);
        } else if let Some(elapsed_ns) =
            now.monotonic_ns.checked_sub(before.monotonic_ns).filter(|&ns| ns > 0)
        {
            self.recorded += 1;
            let elapsed = Duration::from_nanos(elapsed_ns);
            self.keep(Sample::between(&before, &now, self.recorded, at, elapsed));
        }
        self.restarts.retain(|restart| at.duration_since(*restart) <= TimeRange::LONGEST);
    }

    /// Rises with every sample: what was drawn of an older history is out of date.
    pub(crate) fn version(&self) -> u64 {
        self.recorded
    }

    /// Whether there is anything to draw.
    pub(crate) fn is_empty(&self) -> bool {
        self.samples.is_empty()
    }

    /// When the server was seen to have started anew.
    pub(crate) fn restarts(&self) -> &[Instant] {
        &self.restarts
    }

    /// The points of a graph, oldest first: of one procedure, or of all but the built-in ones.
    pub(crate) fn points(&self, procedure: Option<&str>, range: TimeRange, now: Instant) -> Vec<Point> {
        let per_point = range.seconds_per_point() as u64;
        let samples: Vec<&Sample> = self.latest(now, range.duration()).collect();
        // Points begin at fixed numbers, so that they do not regroup with each new sample.
        samples
            .chunk_by(|a, b| a.number / per_point == b.number / per_point)
            .map(|s| point(s, procedure))
            .collect()
    }

    /// The last minute of every procedure, the built-in ones included.
    pub(crate) fn trends(&self, now: Instant) -> BTreeMap<String, Trend> {
        let samples: Vec<&Sample> = self.latest(now, Duration::from_secs(60)).collect();
        let mut names: Vec<&str> =
            samples.iter().flat_map(|sample| sample.procedures.keys()).map(String::as_str).collect();
        names.sort_unstable();
        names.dedup();
        names.into_iter().map(|name| (name.to_owned(), trend(&samples, name))).collect()
    }

    fn keep(&mut self, sample: Sample) {
        self.weight += sample.weight();
        self.samples.push_back(Arc::new(sample));
        while self.samples.len() > KEPT || self.weight > HEAVIEST {
            let Some(oldest) = self.samples.pop_front() else { break };
            self.weight -= oldest.weight();
        }
    }

    fn latest(&self, now: Instant, range: Duration) -> impl Iterator<Item = &Sample> {
        let is_within = move |sample: &&Sample| now.saturating_duration_since(sample.at) <= range;
        self.samples.iter().map(Arc::as_ref).filter(is_within)
    }
}

impl From<Snapshot> for Cumulative {
    fn from(snapshot: Snapshot) -> Self {
        let named = |stats: ProcedureStats| {
            let ProcedureStats { procedure, calls, in_flight, errors, latency, .. } = stats;
            (
                text::line(&procedure, NAME_SHOWN),
                Counters { calls, in_flight, errors: by_code(errors), latency },
            )
        };
        Self {
            start_id: snapshot.start_id,
            monotonic_ns: snapshot.monotonic_ns,
            procedures: snapshot.procedures.into_iter().take(MOST_PROCEDURES).map(named).collect(),
        }
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

impl Sample {
    fn between(before: &Cumulative, now: &Cumulative, number: u64, at: Instant, elapsed: Duration) -> Self {
        let ticks = now
            .procedures
            .iter()
            .map(|(name, stats)| (name.clone(), Tick::between(before.procedures.get(name), stats)));
        let procedures: BTreeMap<String, Tick> = ticks.collect();
        let mut total = Tick::default();
        for (name, tick) in &procedures {
            if !is_builtin(name) {
                total.add(tick);
                total.in_flight += tick.in_flight;
            }
        }
        Self { number, at, seconds: elapsed.as_secs_f64(), procedures, total }
    }

    /// About how much memory this takes, in units of a bucket.
    fn weight(&self) -> usize {
        let of_tick = |tick: &Tick| 16 + tick.errors.len() + tick.latency.buckets().len();
        of_tick(&self.total) + self.procedures.values().map(of_tick).sum::<usize>()
    }

    fn tick(&self, procedure: Option<&str>) -> Option<&Tick> {
        match procedure {
            Some(name) => self.procedures.get(name),
            None => Some(&self.total),
        }
    }
}

impl Tick {
    fn between(before: Option<&Counters>, now: &Counters) -> Self {
        let Some(before) = before else {
            let (calls, in_flight) = (now.calls, now.in_flight);
            return Self { calls, in_flight, errors: now.errors.clone(), latency: now.latency.clone() };
        };
        // A server that counts backwards is not to be believed, and not to be crashed by.
        let new_errors = now.errors.iter().map(|(code, count)| {
            (*code, count.saturating_sub(before.errors.get(code).copied().unwrap_or(0)))
        });
        Self {
            calls: now.calls.saturating_sub(before.calls),
            in_flight: now.in_flight,
            errors: new_errors.filter(|(_, count)| *count > 0).collect(),
            latency: now.latency.since(&before.latency),
        }
    }

    /// Adds what was counted; how many are in flight is for the caller to combine.
    fn add(&mut self, other: &Self) {
        self.calls = self.calls.saturating_add(other.calls);
        for (code, count) in &other.errors {
            let sum = self.errors.entry(*code).or_default();
            *sum = sum.saturating_add(*count);
        }
        self.latency.merge(&other.latency);
    }
}

fn point(samples: &[&Sample], procedure: Option<&str>) -> Point {
    let (mut sum, mut seconds, mut in_flight) = (Tick::default(), 0.0, 0);
    for sample in samples {
        seconds += sample.seconds;
        if let Some(tick) = sample.tick(procedure) {
            sum.add(tick);
            in_flight = in_flight.max(tick.in_flight);
        }
    }
    let per_second = |count: u64| count as f64 / seconds;
    Point {
        at: samples[samples.len() - 1].at,
        rate: per_second(sum.calls),
        in_flight,
        errors: sum.errors.into_iter().map(|(code, count)| (code, per_second(count))).collect(),
        latency: Percentiles::of(&sum.latency),
    }
}

fn trend(samples: &[&Sample], name: &str) -> Trend {
    let mut trend = Trend::default();
    let mut minute = Histogram::default();
    for pair in samples.chunk_by(|a, b| a.number / 2 == b.number / 2) {
        let mut both = Histogram::default();
        for sample in pair {
            trend.seconds += sample.seconds;
            let Some(tick) = sample.tick(Some(name)) else { continue };
            trend.calls = trend.calls.saturating_add(tick.calls);
            trend.failed = tick.errors.values().fold(trend.failed, |sum, count| sum.saturating_add(*count));
            both.merge(&tick.latency);
        }
        trend.medians.extend(both.quantile(0.5).map(|median| median.as_secs_f64()));
        minute.merge(&both);
    }
    trend.latency = Percentiles::of(&minute);
    trend
}

impl Percentiles {
    fn of(latency: &Histogram) -> Option<Self> {
        let quantile = |q| latency.quantile(q).map(|latency| latency.as_secs_f64());
        Some(Self { p50: quantile(0.5)?, p90: quantile(0.9)?, p99: quantile(0.99)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A server whose counters the test turns.
    struct Server {
        start_id: u64,
        seconds: u64,
        stats: ProcedureStats,
    }

    impl Server {
        fn new(start_id: u64) -> Self {
            let stats = ProcedureStats { procedure: "acme.Ledger/balance".to_owned(), ..Default::default() };
            Self { start_id, seconds: 0, stats }
        }

        fn call(&mut self, count: u64, took: Duration) -> &mut Self {
            self.stats.calls += count;
            for _ in 0..count {
                self.stats.latency.record(took);
            }
            self
        }

        fn fail(&mut self, count: u64, code: &str) -> &mut Self {
            *self.stats.errors.entry(code.to_owned()).or_default() += count;
            self.call(count, Duration::from_millis(1))
        }

        /// A second passes, and the dashboard asks.
        fn tick(&mut self, history: &mut History, start: Instant) -> Instant {
            self.seconds += 1;
            let at = start + Duration::from_secs(self.seconds);
            let procedures = vec![self.stats.clone()];
            let monotonic_ns = self.seconds * 1_000_000_000;
            history.record(Snapshot { start_id: self.start_id, monotonic_ns, procedures }, at);
            at
        }
    }

    #[test]
    fn counters_since_the_start_become_calls_per_second() {
        let (mut history, start, mut server) = (History::default(), Instant::now(), Server::new(1));
        server.call(1000, Duration::from_millis(1)).tick(&mut history, start);
        server.call(7, Duration::from_millis(1)).tick(&mut history, start);
        let now = server.call(9, Duration::from_millis(1)).fail(3, "NOT_FOUND").tick(&mut history, start);
        let points = history.points(None, TimeRange::OneMinute, now);
        let rates: Vec<f64> = points.iter().map(|point| point.rate).collect();
        assert_eq!(rates, [7.0, 12.0], "what was counted before we came is no rate");
        assert_eq!(points[1].errors, BTreeMap::from([(Code::NotFound, 3.0)]));
        assert_eq!(history.points(Some("acme.Ledger/other"), TimeRange::OneMinute, now)[0].rate, 0.0);
    }

    #[test]
    fn a_percentile_is_that_of_the_calls_in_its_point() {
        let (mut history, start, mut server) = (History::default(), Instant::now(), Server::new(1));
        server.call(1000, Duration::from_secs(9)).tick(&mut history, start);
        let now = server
            .call(95, Duration::from_millis(1))
            .call(5, Duration::from_millis(100))
            .tick(&mut history, start);
        let latency = history.points(None, TimeRange::OneMinute, now)[0].latency.unwrap();
        assert!(latency.p50 < 0.0011 && latency.p90 < 0.0011, "{latency:?}");
        assert!((0.05..0.11).contains(&latency.p99), "{latency:?}");
    }

    #[test]
    fn a_restarted_server_begins_anew_and_never_counts_backwards() {
        let (mut history, start, mut server) = (History::default(), Instant::now(), Server::new(1));
        server.call(100, Duration::from_millis(1)).tick(&mut history, start);
        server.call(5, Duration::from_millis(1)).tick(&mut history, start);
        let mut again = Server::new(2);
        again.seconds = server.seconds;
        again.call(3, Duration::from_millis(1)).tick(&mut history, start);
        let now = again.call(4, Duration::from_millis(1)).tick(&mut history, start);
        let rates: Vec<f64> =
            history.points(None, TimeRange::OneMinute, now).iter().map(|point| point.rate).collect();
        assert_eq!(rates, [5.0, 4.0]);
        assert_eq!(history.restarts().len(), 1);
    }

    #[test]
    fn history_is_bounded_and_a_clone_stays_as_it_was() {
        let (mut history, start, mut server) = (History::default(), Instant::now(), Server::new(1));
        for _ in 0..10 {
            server.call(1, Duration::from_millis(1)).tick(&mut history, start);
        }
        let frozen = history.clone();
        for _ in 0..KEPT * 2 {
            server.tick(&mut history, start);
        }
        assert_eq!(history.samples.len(), KEPT);
        assert_eq!(frozen.samples.len(), 9);
    }

    #[test]
    fn built_in_procedures_are_outside_the_totals() {
        let (mut history, start, mut server) = (History::default(), Instant::now(), Server::new(1));
        server.stats.procedure = "countersign.Stats/get".to_owned();
        server.call(1, Duration::from_millis(1)).tick(&mut history, start);
        let now = server.call(1, Duration::from_millis(1)).tick(&mut history, start);
        assert_eq!(history.points(None, TimeRange::OneMinute, now)[0].rate, 0.0);
        assert_eq!(history.trends(now)["countersign.Stats/get"].calls, 1);
    }

    #[test]
    fn a_server_that_counts_everything_fills_no_memory() {
        let (mut history, start) = (History::default(), Instant::now());
        let named = |i: u64| ProcedureStats { procedure: format!("a.B/c{i}"), ..Default::default() };
        for second in 0..200 {
            let mut procedures: Vec<_> = (0..5000).map(named).collect();
            procedures[0].errors.insert("\u{202e}GNP".to_owned(), second);
            let at = start + Duration::from_secs(second);
            history.record(Snapshot { start_id: 1, monotonic_ns: second * 1_000_000_000, procedures }, at);
        }
        assert!(history.weight <= HEAVIEST && history.samples.len() < 150, "{}", history.samples.len());
        let newest = history.samples.back().unwrap();
        assert_eq!(newest.procedures.len(), MOST_PROCEDURES);
        assert_eq!(newest.total.errors, BTreeMap::from([(Code::Unknown, 1)]));
    }
}
