//! What a graph shows of a stretch of time.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::time::{Duration, Instant};

use countersign::Code;
use countersign::builtin::stats::Histogram;
use serde::{Deserialize, Serialize};

use super::cell::Cell;
use super::meter::Tick;

/// Buckets of the server's histograms in a row of the heatmap: a row is a quarter of a power of two.
const BUCKETS_A_ROW: u32 = 8;

/// One point of every graph.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Point {
    /// Which one of its scale.
    pub(crate) number: u64,
    /// When what it tells of began.
    pub(crate) from: Instant,
    /// And when it ended.
    pub(crate) to: Instant,
    /// Calls that ended.
    pub(crate) calls: u64,
    /// The same, per second.
    pub(crate) rate: f64,
    /// The most calls that were in flight.
    pub(crate) in_flight: u64,
    /// Failed calls per second, by code.
    pub(crate) errors: BTreeMap<Code, f64>,
    /// Bytes of arguments and items per second.
    pub(crate) bytes_in: f64,
    /// Bytes of results, faults and items per second.
    pub(crate) bytes_out: f64,
    /// The latencies, if any call ended.
    pub(crate) latency: Option<Percentiles>,
    /// How many calls took how long, fastest first.
    pub(crate) heat: Vec<Heat>,
}

/// Percentiles of a latency, in seconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Percentiles {
    /// Half of the calls were faster.
    pub(crate) p50: f64,
    /// Nine in ten were faster.
    pub(crate) p90: f64,
    /// Ninety-nine in a hundred were faster.
    pub(crate) p99: f64,
    /// All but one in a thousand were faster.
    pub(crate) p999: f64,
}

/// One of those percentiles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Percentile {
    /// The median.
    P50,
    /// Nine in ten.
    P90,
    /// Ninety-nine in a hundred.
    #[default]
    P99,
    /// All but one in a thousand.
    P999,
}

/// The calls in one cell of the heatmap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Heat {
    /// Which row; the rows are the same in every heatmap.
    pub(crate) row: u32,
    /// How many calls.
    pub(crate) calls: u64,
}

impl Point {
    /// What happened in these cells, of which there is at least one.
    pub(super) fn of(cells: &[&Cell], number: u64, procedure: Option<&str>) -> Self {
        let (mut sum, mut seconds) = (Tick::default(), 0.0);
        for cell in cells {
            seconds += cell.seconds;
            if let Some(tick) = cell.tick(procedure) {
                sum.follow(tick);
            }
        }
        let per_second = |count: u64| count as f64 / seconds;
        Self {
            number,
            from: cells[0].from,
            to: cells[cells.len() - 1].to,
            calls: sum.calls,
            rate: per_second(sum.calls),
            in_flight: sum.in_flight,
            bytes_in: per_second(sum.bytes_in),
            bytes_out: per_second(sum.bytes_out),
            latency: Percentiles::of(&sum.latency),
            heat: Heat::of(&sum.latency),
            errors: sum.errors.into_iter().map(|(code, count)| (code, per_second(count))).collect(),
        }
    }

    /// Failed calls per second, whatever their code.
    pub(crate) fn failed(&self) -> f64 {
        // An empty sum would be a zero that is written with a minus.
        self.errors.values().fold(0.0, |sum, rate| sum + rate)
    }

    /// Where a line passes: halfway through what the point tells of.
    pub(crate) fn middle(&self) -> Instant {
        self.from + (self.to.saturating_duration_since(self.from)) / 2
    }
}

impl Percentiles {
    pub(super) fn of(latency: &Histogram) -> Option<Self> {
        let quantile = |q| latency.quantile(q).map(|latency| latency.as_secs_f64());
        Some(Self { p50: quantile(0.5)?, p90: quantile(0.9)?, p99: quantile(0.99)?, p999: quantile(0.999)? })
    }
}

impl Percentile {
    /// All of them, lowest first.
    pub(crate) const ALL: [Self; 4] = [Self::P50, Self::P90, Self::P99, Self::P999];

    /// What it is called.
    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::P50 => "p50",
            Self::P90 => "p90",
            Self::P99 => "p99",
            Self::P999 => "p99.9",
        }
    }

    /// In seconds, if any call ended.
    pub(crate) fn of_histogram(self, latency: &Histogram) -> Option<f64> {
        let quantile = match self {
            Self::P50 => 0.5,
            Self::P90 => 0.9,
            Self::P99 => 0.99,
            Self::P999 => 0.999,
        };
        latency.quantile(quantile).map(|latency| latency.as_secs_f64())
    }

    /// In seconds.
    pub(crate) fn of(self, latency: Percentiles) -> f64 {
        match self {
            Self::P50 => latency.p50,
            Self::P90 => latency.p90,
            Self::P99 => latency.p99,
            Self::P999 => latency.p999,
        }
    }
}

impl Heat {
    /// The cells that are not empty. Rows are groups of buckets, so that no call is counted in part.
    fn of(latency: &Histogram) -> Vec<Self> {
        let row = |bucket: &(u32, u64)| bucket.0 / BUCKETS_A_ROW;
        let in_row = |buckets: &[(u32, u64)]| Self {
            row: row(&buckets[0]),
            calls: buckets.iter().fold(0_u64, |sum, (_, calls)| sum.saturating_add(*calls)),
        };
        latency.buckets().chunk_by(|a, b| row(a) == row(b)).map(in_row).collect()
    }

    /// The least and the greatest duration that this cell counts.
    pub(crate) fn bounds(self) -> RangeInclusive<Duration> {
        let first = self.row.saturating_mul(BUCKETS_A_ROW);
        let last = Histogram::bounds(first.saturating_add(BUCKETS_A_ROW - 1));
        Duration::from_nanos(*Histogram::bounds(first).start())..=Duration::from_nanos(*last.end())
    }
}
