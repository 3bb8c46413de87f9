//! What a measurement came to, for machines. The first six names are fixed; everything else may be added to.

use std::collections::BTreeMap;

use countersign::builtin::stats::Histogram;
use countersign::load::{Ending, Kept, Latencies, Outcome, Part, Tally};
use serde::Serialize;

use super::doubts;
use crate::args::{Arrivals, Bench};
use crate::time::us;

/// One measurement, in the units that its names say.
#[derive(Debug, Serialize)]
pub(super) struct Measurement {
    /// All calls together.
    #[serde(flatten)]
    total: Numbers,
    warm_up_s: f64,
    measured_s: f64,
    /// Somebody ended it early.
    cut_short: bool,
    procedures: Vec<OfProcedure>,
    /// Only with `--rate`.
    #[serde(skip_serializing_if = "Option::is_none")]
    open_loop: Option<OpenLoop>,
    /// From, to, and how many calls took that long.
    histogram_us: Vec<(f64, f64, u64)>,
}

#[derive(Debug, Serialize)]
struct Numbers {
    requests_per_s: f64,
    p50_us: Option<f64>,
    p90_us: Option<f64>,
    p99_us: Option<f64>,
    p999_us: Option<f64>,
    /// Calls that did not end with a result. They are in none of the other numbers.
    errors: u64,
    /// Calls that did.
    calls: u64,
    p95_us: Option<f64>,
    p9999_us: Option<f64>,
    max_us: Option<f64>,
    mean_us: Option<f64>,
    errors_by_code: BTreeMap<String, u64>,
}

#[derive(Debug, Serialize)]
struct OfProcedure {
    procedure: String,
    weight: u32,
    #[serde(flatten)]
    numbers: Numbers,
}

/// How well the schedule was kept. Those that are no times are numbers of calls.
#[derive(Debug, Serialize)]
struct OpenLoop {
    offered_per_s: f64,
    arrivals: Arrivals,
    due: u64,
    held_up: u64,
    not_started: u64,
    unanswered: u64,
    late_p50_us: Option<f64>,
    late_p99_us: Option<f64>,
    late_max_us: Option<f64>,
    doubts: Vec<String>,
}

pub(super) fn of(bench: &Bench, outcome: &Outcome) -> Measurement {
    let buckets = outcome.total.latency.all.buckets().iter();
    let part = |part: &Part| OfProcedure {
        procedure: part.procedure.clone(),
        weight: part.weight,
        numbers: Numbers::of(outcome, &part.tally),
    };
    Measurement {
        total: Numbers::of(outcome, &outcome.total),
        warm_up_s: bench.warmup.as_secs_f64(),
        measured_s: outcome.elapsed.as_secs_f64(),
        cut_short: outcome.ending == Ending::Stopped,
        procedures: outcome.parts.iter().map(part).collect(),
        open_loop: outcome.schedule.map(|kept| OpenLoop::of(bench, outcome, kept)),
        histogram_us: buckets.map(|&(index, calls)| bucket(index, calls)).collect(),
    }
}

fn bucket(index: u32, calls: u64) -> (f64, f64, u64) {
    let bounds = Histogram::bounds(index);
    (*bounds.start() as f64 / 1e3, (*bounds.end() as f64 + 1.0) / 1e3, calls)
}

impl Numbers {
    fn of(outcome: &Outcome, tally: &Tally) -> Self {
        let quantile = |q| tally.latency.quantile(q).map(us);
        Self {
            requests_per_s: tenths(outcome.per_second(tally)),
            p50_us: quantile(0.5),
            p90_us: quantile(0.9),
            p99_us: quantile(0.99),
            p999_us: quantile(0.999),
            errors: tally.failed(),
            calls: tally.latency.all.count(),
            p95_us: quantile(0.95),
            p9999_us: quantile(0.9999),
            max_us: tally.latency.max().map(us),
            mean_us: tally.latency.all.mean().map(us),
            errors_by_code: tally
                .errors
                .iter()
                .map(|(code, count)| (code.name().to_owned(), *count))
                .collect(),
        }
    }
}

impl OpenLoop {
    fn of(bench: &Bench, outcome: &Outcome, kept: Kept) -> Self {
        let Kept { rate, due, held_up, not_started, unanswered } = kept;
        let late: &Latencies = &outcome.total.lateness;
        Self {
            offered_per_s: rate,
            arrivals: bench.arrivals,
            due,
            held_up,
            not_started,
            unanswered,
            late_p50_us: late.quantile(0.5).map(us),
            late_p99_us: late.quantile(0.99).map(us),
            late_max_us: late.max().map(us),
            doubts: doubts::of(outcome),
        }
    }
}

/// More digits would be noise.
fn tenths(number: f64) -> f64 {
    (number * 10.0).round() / 10.0
}
