//! What a measurement came to, for people and for machines.

use std::time::Duration;

use serde::Serialize;

use super::load::Tally;
use crate::args::Bench;
use crate::columns::columns;
use crate::failure::Failure;
use crate::output::{self, BOLD};
use crate::time::latency;

/// One measurement, in the units that its names say.
#[derive(Debug, Serialize)]
struct Numbers {
    requests_per_s: f64,
    p50_us: Option<f64>,
    p90_us: Option<f64>,
    p99_us: Option<f64>,
    p999_us: Option<f64>,
    /// Calls that did not end with a result. They are in none of the other numbers.
    errors: u64,
}

/// Prints what came of it. Fails if no call was answered, since then nothing was measured.
pub(super) fn print(bench: &Bench, tally: &Tally, json: bool) -> Result<(), Failure> {
    if json {
        output::json(&Numbers::of(bench, tally))?;
    } else {
        output::say(&words(bench, tally))?;
    }
    if tally.latency.count() > 0 {
        return Ok(());
    }
    let what = format!("no call of {} was answered within {:?}", bench.procedure, bench.duration);
    Err(match tally.errors.is_empty() {
        true => Failure::new(what).or_try("a longer --duration"),
        false => Failure::new(format!("{what}: {}", errors(tally)))
            .or_try(bench.dial.command("call", &bench.procedure)),
    })
}

impl Numbers {
    fn of(bench: &Bench, tally: &Tally) -> Self {
        let us = |q| tally.latency.quantile(q).map(|at| tenths(at.as_nanos() as f64 / 1e3));
        Self {
            requests_per_s: tenths(per_second(bench, tally)),
            p50_us: us(0.5),
            p90_us: us(0.9),
            p99_us: us(0.99),
            p999_us: us(0.999),
            errors: tally.errors.values().sum(),
        }
    }
}

fn words(bench: &Bench, tally: &Tally) -> String {
    let Bench { dial, procedure, connections, in_flight, duration, .. } = bench;
    let shown = |quantile: Option<Duration>| quantile.map_or_else(|| "–".to_owned(), latency);
    let row = |name: &str, value: String| [name.to_owned(), value];
    let mut rows = vec![row("calls/s", grouped(per_second(bench, tally)))];
    for (name, q) in [("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("p99.9", 0.999)] {
        rows.push(row(name, shown(tally.latency.quantile(q))));
    }
    let errors = if tally.errors.is_empty() { "none".to_owned() } else { errors(tally) };
    rows.push(row("errors", errors));
    let plural = if *connections == 1 { "" } else { "s" };
    format!(
        "{BOLD}{procedure}{BOLD:#} at {}: {connections} connection{plural} × {in_flight} in flight, {duration:?}\n{}",
        dial.address,
        columns("  ", &rows)
    )
}

fn per_second(bench: &Bench, tally: &Tally) -> f64 {
    tally.latency.count() as f64 / bench.duration.as_secs_f64()
}

/// `3 UNAVAILABLE, 1 INTERNAL`.
fn errors(tally: &Tally) -> String {
    let each = tally.errors.iter().map(|(name, count)| format!("{count} {name}"));
    each.collect::<Vec<_>>().join(", ")
}

/// More digits would be noise.
fn tenths(number: f64) -> f64 {
    (number * 10.0).round() / 10.0
}

/// A number with its thousands apart: `812,345`.
fn grouped(number: f64) -> String {
    let digits = format!("{number:.0}");
    let groups: Vec<_> = digits.as_bytes().rchunks(3).rev().map(String::from_utf8_lossy).collect();
    groups.join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_apart() {
        for (number, text) in [(0.0, "0"), (999.4, "999"), (1_000.0, "1,000"), (812_345.6, "812,346")] {
            assert_eq!(grouped(number), text);
        }
    }
}
