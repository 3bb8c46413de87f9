//! What a measurement came to, for people: at most 80 columns wide, unless a name is longer.

use std::cmp::Reverse;

use countersign::load::{Ending, Kept, Outcome, Tally};
use countersign::text::escaped;

use super::bars;
use crate::args::{Arrivals, Bench};
use crate::columns::{columns, headed};
use crate::output::BOLD;
use crate::time::shown;

/// The percentiles that are told.
pub(super) const PERCENTILES: [(&str, f64); 6] =
    [("p50", 0.5), ("p90", 0.9), ("p95", 0.95), ("p99", 0.99), ("p99.9", 0.999), ("p99.99", 0.9999)];

pub(super) fn of(bench: &Bench, outcome: &Outcome) -> String {
    let table = if outcome.parts.len() > 1 { parts(outcome) + "\n" } else { String::new() };
    let sums = columns("  ", &sums(bench, outcome));
    let bars = bars::of(&outcome.total.latency.all);
    let gap = if bars.is_empty() { "" } else { "\n" };
    let (what, how) = (what(outcome), how(bench, outcome));
    format!("{BOLD}{what}{BOLD:#} {how}\n{table}{sums}{gap}{bars}")
}

/// What was measured: `demo.Echo/record`, or how many procedures.
pub(super) fn what(outcome: &Outcome) -> String {
    match outcome.parts.as_slice() {
        [only] => escaped(&only.procedure),
        several => format!("{} procedures", several.len()),
    }
}

/// And how: `at localhost:7443: 1 connection × 64 in flight, 5s`.
pub(super) fn how(bench: &Bench, outcome: &Outcome) -> String {
    let Bench { dial, connections, in_flight, rate, arrivals, duration, calls, .. } = bench;
    let plural = if *connections == 1 { "" } else { "s" };
    let pace = match (rate, arrivals) {
        (None, _) => String::new(),
        (Some(rate), Arrivals::Even) => format!(", {} calls/s", grouped(*rate)),
        (Some(rate), Arrivals::Random) => format!(", {} calls/s at random", grouped(*rate)),
    };
    let took = match (outcome.ending, calls) {
        (Ending::Stopped, _) => part_done(bench, outcome),
        (_, Some(calls)) => format!("{} in {:.1?}", counted(*calls), outcome.elapsed),
        (_, None) => format!("{duration:?}"),
    };
    let address = escaped(&dial.address);
    format!("at {address}: {connections} connection{plural} × {in_flight} in flight{pace}, {took}")
}

/// How far a run came that was ended early: `1.2s of 5s`, or `12 of 1,000 calls`.
pub(super) fn part_done(bench: &Bench, outcome: &Outcome) -> String {
    match bench.calls {
        Some(calls) => format!("{} of {}", grouped(outcome.total.ended() as f64), counted(calls)),
        None => format!("{:.1?} of {:?}", outcome.elapsed, bench.duration),
    }
}

/// `1 call`, `1,000 calls`.
pub(super) fn counted(calls: u64) -> String {
    format!("{} call{}", grouped(calls as f64), if calls == 1 { "" } else { "s" })
}

/// Everything together.
fn sums(bench: &Bench, outcome: &Outcome) -> Vec<[String; 2]> {
    let row = |name: &str, value: String| [name.to_owned(), value];
    let total = &outcome.total;
    let mut rows = Vec::new();
    if !bench.warmup.is_zero() {
        rows.push(row("warm-up", format!("{:?}, not counted", bench.warmup)));
    }
    rows.push(row("calls/s", grouped(outcome.per_second(total))));
    if let Some(kept) = outcome.schedule {
        rows.push(row("offered", offered(kept)));
        let [p50, p99] = [0.5, 0.99].map(|q| shown(total.lateness.quantile(q)));
        let max = shown(total.lateness.max());
        rows.push(row("begun", format!("p50 {p50}, p99 {p99}, max {max} after they were due")));
    }
    rows.extend(PERCENTILES.map(|(name, q)| row(name, shown(total.latency.quantile(q)))));
    rows.push(row("max", shown(total.latency.max())));
    rows.push(row("mean", shown(total.latency.all.mean())));
    rows.push(row("errors", errors(total)));
    rows
}

/// `20,000: of 100,000 calls 12 were held up, 3 were not started`.
fn offered(kept: Kept) -> String {
    let (rate, due) = (grouped(kept.rate), grouped(kept.due as f64));
    let fates =
        [(kept.held_up, "held up"), (kept.not_started, "not started"), (kept.unanswered, "not answered")];
    let fates = fates.into_iter().filter(|(calls, _)| *calls > 0);
    let fates: Vec<_> = fates.map(|(calls, fate)| format!("{} were {fate}", grouped(calls as f64))).collect();
    match fates.is_empty() {
        true => format!("{rate}: {due} calls"),
        false => format!("{rate}: of {due} calls {}", fates.join(", ")),
    }
}

/// Each procedure in a line, and all of them in the last one.
fn parts(outcome: &Outcome) -> String {
    let head = ["procedure", "calls/s", "p50", "p90", "p99", "p99.9", "failed"];
    let row = |name: String, tally: &Tally| {
        let [p50, p90, p99, p999] = [0.5, 0.9, 0.99, 0.999].map(|q| shown(tally.latency.quantile(q)));
        let failed = grouped(tally.failed() as f64);
        [name, grouped(outcome.per_second(tally)), p50, p90, p99, p999, failed]
    };
    let each = outcome.parts.iter().map(|part| {
        let weight = if part.weight == 1 { String::new() } else { format!("={}", part.weight) };
        row(format!("{}{weight}", escaped(&part.procedure)), &part.tally)
    });
    headed("  ", head, each.chain([row("together".to_owned(), &outcome.total)]))
}

/// `demo.Echo/record and demo.Echo/blob`.
pub(super) fn names(outcome: &Outcome) -> String {
    let names: Vec<_> = outcome.parts.iter().map(|part| part.procedure.as_str()).collect();
    names.join(" and ")
}

/// `3 UNAVAILABLE, 1 INTERNAL`, the most frequent first; `none`.
pub(super) fn errors(tally: &Tally) -> String {
    if tally.errors.is_empty() {
        return "none".to_owned();
    }
    let mut errors: Vec<_> =
        tally.errors.iter().map(|(code, count)| (Reverse(*count), code.name())).collect();
    errors.sort_unstable();
    let each = errors.into_iter().map(|(Reverse(count), name)| format!("{count} {name}"));
    each.collect::<Vec<_>>().join(", ")
}

/// A number with its thousands apart: `812,345`. Below ten it has two digits more, for rates that are so low.
pub(super) fn grouped(number: f64) -> String {
    if number < 10.0 && number.fract() != 0.0 {
        return format!("{number:.2}");
    }
    let digits = format!("{number:.0}");
    let groups: Vec<_> = digits.as_bytes().rchunks(3).rev().map(String::from_utf8_lossy).collect();
    groups.join(",")
}

#[cfg(test)]
mod tests {
    use countersign::Code;

    use super::*;

    #[test]
    fn thousands_are_apart() {
        for (number, text) in
            [(0.0, "0"), (0.5, "0.50"), (999.4, "999"), (1_000.0, "1,000"), (812_345.6, "812,346")]
        {
            assert_eq!(grouped(number), text);
        }
    }

    #[test]
    fn the_most_frequent_error_comes_first() {
        let errors = [(Code::Internal, 1), (Code::Unavailable, 3), (Code::Aborted, 1)];
        let tally = Tally { errors: errors.into(), ..Tally::default() };
        assert_eq!(super::errors(&tally), "3 UNAVAILABLE, 1 ABORTED, 1 INTERNAL");
        assert_eq!(super::errors(&Tally::default()), "none");
    }

    #[test]
    fn it_is_told_what_became_of_a_schedule() {
        let kept = Kept { rate: 1e3, due: 5_000, held_up: 0, not_started: 0, unanswered: 0 };
        assert_eq!(offered(kept), "1,000: 5,000 calls");
        let behind = Kept { held_up: 4_000, not_started: 3_000, unanswered: 64, ..kept };
        let fates = "4,000 were held up, 3,000 were not started, 64 were not answered";
        assert_eq!(offered(behind), format!("1,000: of 5,000 calls {fates}"));
    }
}
