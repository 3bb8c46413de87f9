//! What the server's counters said, for up to a day.
//!
//! The server sends counters since its start; what is kept are the differences from one snapshot to the
//! next: the last quarter of an hour by the second, and what lies further back in wider cells. Latencies are
//! kept as buckets and merged as buckets: a percentile of an average is not a percentile.

mod cell;
mod meter;
mod packed;
mod point;
#[cfg(test)]
mod tests;
mod tier;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant};

use countersign::builtin::stats::{Histogram, Snapshot};

use self::cell::Cell;
pub(crate) use self::meter::{Meter, Step, Tick, Ticks};
pub(crate) use self::packed::Packed;
pub(crate) use self::point::{Heat, Percentile, Percentiles, Point};
use self::tier::Tier;
pub(crate) use self::tier::{Scale, Width};
use super::view::{Stretch, TimeRange};

/// The widths of cells: a second for a quarter of an hour, ten for two hours, a minute for a day, and some cells
/// to spare, since a point at the edge may need those of just before.
const WIDTHS: [Width; 3] = [
    Width { seconds: 1, kept: 15 * 60 + 30 },
    Width { seconds: 10, kept: 2 * 360 + 30 },
    Width { seconds: 60, kept: 24 * 60 + 30 },
];
/// How much a tier keeps at most, in [`Cell::weight`]s: some fifty MiB, of which a decent server needs few.
const HEAVIEST: usize = 3_000_000;
/// How much of the last minute trends are made of, in the same units: all of it, but for a server that calls five hundred
/// procedures each second. They are made in a frame, each second.
const HEAVIEST_MINUTE: usize = 1_000_000;
/// Procedures beyond these are not followed.
pub(crate) const MOST_PROCEDURES: usize = 2000;
/// Restarts beyond these, the latest, are not marked.
const MOST_RESTARTS: usize = 100;

const SECOND_NS: u64 = 1_000_000_000;
/// After a restart the clock of the history goes on in the next hour: no point reaches across.
const HOUR_NS: u64 = 3600 * SECOND_NS;
/// Where the clock of the history stops, whatever a server claims.
const LATEST_NS: u64 = u64::MAX / 2;

/// The cells of every width. Cloning it is cheap: that is how pause freezes a view.
#[derive(Debug, Clone)]
pub(crate) struct History {
    tiers: Vec<Tier>,
    meter: Meter,
    /// What the latest snapshot added to the one before it.
    latest: Option<Arc<Cell>>,
    restarts: Vec<Instant>,
    recorded: u64,
    /// The server's clock but for whole hours: whoever begins to count later has points that begin at the same moments.
    clock_ns: u64,
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

impl Default for History {
    fn default() -> Self {
        Self::with_widths(&WIDTHS)
    }
}

impl History {
    /// A history with cells of these widths, the finest first, of which there is at least one.
    pub(crate) fn with_widths(widths: &[Width]) -> Self {
        let tiers = widths.iter().map(|width| Tier::new(*width)).collect();
        Self { tiers, meter: Meter::default(), latest: None, restarts: Vec::new(), recorded: 0, clock_ns: 0 }
    }

    /// A history that keeps no single seconds: they come back with what is told once more of the last ones.
    pub(crate) fn without_seconds() -> Self {
        Self::with_widths(&WIDTHS[1..])
    }

    /// The same as this one, which keeps no seconds, with those that come from now on.
    pub(crate) fn with_seconds(&self) -> Self {
        let mut history = self.clone();
        history.tiers.insert(0, Tier::new(WIDTHS[0]));
        history
    }

    /// For how long before a moment it must be told once more.
    pub(crate) const SECONDS_REACH: Duration = WIDTHS[0].reach();

    /// Takes in a snapshot. The first one, and the first one of a restarted server, only say where
    /// counting begins.
    pub(crate) fn record(&mut self, snapshot: Snapshot, at: Instant) {
        if let Some(step) = self.meter.step(snapshot) {
            self.go_on(step, at);
        }
    }

    /// Takes in what a snapshot told.
    pub(crate) fn go_on(&mut self, step: Step, at: Instant) {
        match step {
            Step::Began { monotonic_ns } => self.clock_ns = monotonic_ns % HOUR_NS,
            Step::Restarted { monotonic_ns } => {
                self.restarts.push(at);
                let hour = self.clock_ns.next_multiple_of(HOUR_NS);
                self.clock_ns = (hour + monotonic_ns % HOUR_NS).min(LATEST_NS);
            }
            Step::Passed { elapsed_ns, ticks } => {
                self.recorded += 1;
                let sample = Cell::of(ticks, at, Duration::from_nanos(elapsed_ns));
                // A snapshot is never taken quite on the second: its middle is far from where cells meet.
                let middle_ns = self.clock_ns.saturating_add(elapsed_ns / 2);
                self.clock_ns = self.clock_ns.saturating_add(elapsed_ns).min(LATEST_NS);
                for tier in &mut self.tiers {
                    tier.add(&sample, middle_ns, HEAVIEST);
                }
                self.latest = Some(Arc::new(sample));
            }
        }
        self.restarts.retain(|restart| at.saturating_duration_since(*restart) <= TimeRange::LONGEST);
        self.restarts.drain(..self.restarts.len().saturating_sub(MOST_RESTARTS));
    }

    /// Rises with every sample: what was drawn of an older history is out of date.
    pub(crate) fn version(&self) -> u64 {
        self.recorded
    }

    /// What the last snapshot added: of one procedure, if there is anything to tell, or of all but the built-in ones.
    pub(crate) fn latest(&self, procedure: Option<&str>) -> Option<&Tick> {
        self.latest.as_ref()?.tick(procedure)
    }

    /// Whether there is anything to draw.
    pub(crate) fn is_empty(&self) -> bool {
        self.tiers[0].cells.is_empty()
    }

    /// How many cells there are of the finest width.
    pub(crate) fn len(&self) -> usize {
        self.tiers[0].cells.len()
    }

    /// When the server was seen to have started anew.
    pub(crate) fn restarts(&self) -> &[Instant] {
        &self.restarts
    }

    /// How wide points are that show this much, as seen now.
    pub(crate) fn scale(&self, stretch: Stretch, now: Instant) -> Scale {
        let widths: Vec<Width> = self.tiers.iter().map(|tier| tier.width).collect();
        Scale::of(&widths, now.saturating_duration_since(stretch.to) + stretch.length, stretch.length)
    }

    /// The points of a graph, oldest first: of one procedure, or of all but the built-in ones. Those of lower
    /// numbers are left out, and those for which there is no room, of which that is left which they do not take: in
    /// units of a bucket that is looked at.
    pub(crate) fn points(
        &self,
        procedure: Option<&str>,
        scale: Scale,
        stretch: Stretch,
        first: u64,
        room: &mut usize,
    ) -> Vec<Point> {
        let cells = &self.tiers[scale.tier].cells;
        let start = cells.partition_point(|cell| scale.number(cell) < first);
        let shown = cells.range(start..).map(Arc::as_ref);
        let mut shown = shown.filter(|cell| stretch.meets(cell.from, cell.to)).peekable();
        let (mut points, mut group) = (Vec::new(), Vec::new());
        while *room > 0
            && let Some(cell) = shown.next()
        {
            // Points begin at fixed numbers, so that they do not regroup with each new sample.
            let number = scale.number(cell);
            group.clear();
            group.push(cell);
            group.extend(std::iter::from_fn(|| shown.next_if(|cell| scale.number(cell) == number)));
            let weights = group.iter().map(|cell| cell.tick(procedure).map_or(1, Tick::weight));
            *room = room.saturating_sub(weights.sum());
            points.push(Point::of(&group, number, procedure));
        }
        points
    }

    /// The latencies of calls of one procedure, or of all, over so long, as far as seconds are kept.
    pub(crate) fn latency(&self, procedure: Option<&str>, over: Duration, now: Instant) -> Histogram {
        let is_within = |cell: &&Arc<Cell>| now.saturating_duration_since(cell.to) <= over;
        let cells = self.tiers[0].cells.iter().filter(is_within);
        let mut latency = Histogram::default();
        cells.filter_map(|cell| cell.tick(procedure)).for_each(|tick| latency.merge(&tick.latency));
        latency
    }

    /// The last minute of every procedure, the built-in ones included, or as much of it as there is time for.
    pub(crate) fn trends(&self, now: Instant) -> BTreeMap<String, Trend> {
        let (minute, mut weight) = (Duration::from_secs(60), 0);
        let cells = self.tiers[0].cells.iter().rev().map(Arc::as_ref);
        let mut cells: Vec<&Cell> = cells
            .take_while(|cell| now.saturating_duration_since(cell.to) <= minute)
            .take_while(|cell| {
                weight += cell.weight();
                weight <= HEAVIEST_MINUTE
            })
            .collect();
        cells.reverse();
        let seconds = cells.iter().map(|cell| cell.seconds).sum();
        // Cell by cell, and not name by name: of two thousand procedures that would be felt each second.
        let mut sums: HashMap<&str, MinuteSum> = HashMap::new();
        for pair in cells.chunk_by(|a, b| a.slot / 2 == b.slot / 2) {
            for (name, tick) in pair.iter().flat_map(|cell| &cell.procedures) {
                sums.entry(name).or_default().add(tick);
            }
            sums.values_mut().for_each(MinuteSum::end_pair);
        }
        sums.into_iter().map(|(name, sum)| (name.to_owned(), sum.trend(seconds))).collect()
    }
}

/// What of a trend is known so far.
#[derive(Default)]
struct MinuteSum {
    trend: Trend,
    /// Of the two seconds that make a median.
    both: Histogram,
    minute: Histogram,
}

impl MinuteSum {
    fn add(&mut self, tick: &Tick) {
        let Trend { calls, failed, .. } = &mut self.trend;
        *calls = calls.saturating_add(tick.calls);
        *failed = failed.saturating_add(tick.failed());
        self.both.merge(&tick.latency);
    }

    fn end_pair(&mut self) {
        self.trend.medians.extend(self.both.quantile(0.5).map(|median| median.as_secs_f64()));
        self.minute.merge(&std::mem::take(&mut self.both));
    }

    fn trend(self, seconds: f64) -> Trend {
        Trend { latency: Percentiles::of(&self.minute), seconds, ..self.trend }
    }
}
