//! Two sides of a run, or two runs, number by number.

use std::time::Duration;

use countersign::builtin::stats::Histogram;

use super::curve::PERCENTILES;
use super::news::Outcome;
use crate::text;

/// What is said where there is no number.
const NOTHING: &str = "–";

/// Numbers of one name, and what is between them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row {
    /// What they are.
    pub(crate) name: &'static str,
    /// Each in words.
    pub(crate) values: [String; 2],
    /// What is between them.
    pub(crate) difference: String,
    /// Whether that is better or worse, if it is either.
    pub(crate) change: Change,
}

/// What a difference means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    /// Nothing to speak of.
    None,
    /// It got better.
    Better,
    /// It got worse.
    Worse,
}

/// How much a number may differ from run to run without anything having changed.
const NOISE: f64 = 0.02;

/// What was waited for here, and what the server took of that: the difference was spent on the way and in queues.
pub(crate) fn sides(outcome: &Outcome) -> Vec<Row> {
    let row = |(name, q): (&'static str, f64)| {
        let (here, there) = (here(outcome, q), there(outcome, q));
        let difference = here.zip(there).map(|(here, there)| signed(here - there));
        let difference = difference.unwrap_or_else(|| NOTHING.to_owned());
        Row {
            name,
            values: [here, there].map(|took| said(took, text::latency)),
            difference,
            change: Change::None,
        }
    };
    let calls = |count: Option<u64>| count.map_or_else(|| NOTHING.to_owned(), text::count);
    let counts = [Some(outcome.client.all.count()), outcome.server.as_ref().ok().map(Histogram::count)];
    let max = Row {
        name: "max",
        values: [said(outcome.client.max().map(seconds), text::latency), NOTHING.to_owned()],
        difference: NOTHING.to_owned(),
        change: Change::None,
    };
    let counted =
        Row { name: "calls", values: counts.map(calls), difference: String::new(), change: Change::None };
    PERCENTILES.into_iter().map(row).chain([max, counted]).collect()
}

/// A run beside another, and by how many percent it differs from that.
pub(crate) fn runs(run: &Outcome, other: &Outcome) -> Vec<Row> {
    let both = [run, other];
    let rates = both.map(|outcome| Some(outcome.rate()));
    let mut rate = Row::of("calls/s", rates, text::rate, true);
    // A schedule's rate is neither good nor bad.
    if both.iter().any(|outcome| outcome.offered.is_some()) {
        rate.change = Change::None;
    }
    let mut rows = vec![rate];
    for (name, q) in PERCENTILES {
        rows.push(Row::of(name, both.map(|outcome| here(outcome, q)), text::latency, false));
    }
    rows.push(Row::of("max", both.map(|outcome| outcome.client.max().map(seconds)), text::latency, false));
    let server = |q| both.map(|outcome| there(outcome, q));
    rows.push(Row::of("server p50", server(0.5), text::latency, false));
    rows.push(Row::of("server p99", server(0.99), text::latency, false));
    rows.push(Row::of("failed", both.map(|outcome| Some(failed_share(outcome))), percent, false));
    rows
}

/// A percentile of what was waited for here. It is never more than the longest, which is known exactly.
fn here(outcome: &Outcome, q: f64) -> Option<f64> {
    let client = &outcome.client;
    client.quantile(q).filter(|_| has_enough(&client.all, q)).map(seconds)
}

/// A percentile of what the server took.
fn there(outcome: &Outcome, q: f64) -> Option<f64> {
    let server = outcome.server.as_ref().ok()?;
    server.quantile(q).filter(|_| has_enough(server, q)).map(seconds)
}

/// Whether there are calls enough for a percentile: one in a thousand of a hundred calls says nothing.
fn has_enough(latency: &Histogram, q: f64) -> bool {
    1.0 <= latency.count() as f64 * (1.0 - q) + 1e-6
}

fn seconds(took: Duration) -> f64 {
    took.as_secs_f64()
}

impl Row {
    fn of(
        name: &'static str,
        [run, other]: [Option<f64>; 2],
        text: fn(f64) -> String,
        more_is_better: bool,
    ) -> Self {
        let part = run.zip(other).filter(|(_, other)| 0.0 < *other).map(|(run, other)| run / other - 1.0);
        let change = match part {
            Some(part) if NOISE < part.abs() && (0.0 < part) == more_is_better => Change::Better,
            Some(part) if NOISE < part.abs() => Change::Worse,
            _ => Change::None,
        };
        let difference = match (part, run == other) {
            (Some(part), _) => percent_more(part),
            (None, true) if run.is_some() => "same".to_owned(),
            _ => NOTHING.to_owned(),
        };
        Self { name, values: [run, other].map(|value| said(value, text)), difference, change }
    }
}

/// Which part of the calls failed.
pub(crate) fn failed_share(outcome: &Outcome) -> f64 {
    let failed = outcome.failed();
    let all = failed.saturating_add(outcome.client.all.count());
    if all == 0 { 0.0 } else { failed as f64 / all as f64 }
}

/// A part in percent: `0 %`, `0.03 %`, `12 %`.
pub(crate) fn percent(part: f64) -> String {
    match part * 100.0 {
        0.0 => "0 %".to_owned(),
        p if p < 0.01 => "< 0.01 %".to_owned(),
        p if p < 1.0 => format!("{p:.2} %"),
        p if p < 10.0 => format!("{p:.1} %"),
        p => format!("{p:.0} %"),
    }
}

fn percent_more(part: f64) -> String {
    let percent = part * 100.0;
    match percent.abs() {
        p if p < 0.05 => "same".to_owned(),
        p if p < 10.0 => format!("{percent:+.1} %"),
        p if p < 1000.0 => format!("{percent:+.0} %"),
        _ => format!("× {:.0}", part + 1.0),
    }
}

fn signed(seconds: f64) -> String {
    let sign = if seconds < 0.0 { "−" } else { "+" };
    format!("{sign}{}", text::latency(seconds.abs()))
}

fn said(value: Option<f64>, text: fn(f64) -> String) -> String {
    value.map_or_else(|| NOTHING.to_owned(), text)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use countersign::load::Latencies;

    use super::*;
    use crate::model::journal::entry::Kept;

    /// A hundred thousand calls that took this long each.
    fn outcome(took: Duration) -> Outcome {
        let mut client = Latencies { longest: took, ..Latencies::default() };
        (0..100_000).for_each(|_| client.all.record(took));
        Outcome {
            elapsed: Duration::from_secs(1),
            stopped: false,
            client,
            server: Err(String::new()),
            errors: BTreeMap::new(),
            offered: None,
            doubts: Vec::new(),
            arguments: Kept::TooLong(0),
        }
    }

    #[test]
    fn no_percentile_is_longer_than_the_longest_call() {
        // At the lower end of a bucket, whose middle is a sixtieth more.
        let outcome = outcome(Duration::from_nanos(1 << 20));
        for rows in [sides(&outcome), runs(&outcome, &outcome)] {
            for (name, _) in PERCENTILES.into_iter().chain([("max", 1.0)]) {
                let row = rows.iter().find(|row| row.name == name).unwrap();
                assert_eq!(row.values[0], "1.0 ms", "{name}");
            }
        }
    }
}
