//! What is watched, as a person reads it.

use countersign::text::escaped;

use super::rates::{Rate, Rates};
use crate::columns::headed;
use crate::output::{BOLD, DIM};
use crate::time::shown;

/// Procedures in a table: it has to fit on a terminal.
const ROWS_MAX: usize = 18;

/// The busiest procedures, one a line.
pub(super) fn table(address: &str, rates: &Rates) -> String {
    let head = ["procedure", "calls/s", "p50", "p99", "errors", "in flight", "items/s"];
    let rows = rates.procedures.iter().take(ROWS_MAX).map(|rate| row(rates.seconds, rate));
    let table = headed("", head, rows);
    let rest = match rates.procedures.len().checked_sub(ROWS_MAX) {
        None | Some(0) => String::new(),
        Some(rest) => format!("{DIM}and {rest} more{DIM:#}\n"),
    };
    let Rates { seconds, total, .. } = rates;
    let sum = format!(
        "{} calls/s, {} failed in the last {seconds:.0} s",
        rate(total.calls, *seconds),
        total.failed()
    );
    format!("{BOLD}{address}{BOLD:#}  {sum}\n{table}{rest}")
}

fn row(seconds: f64, of: &Rate) -> [String; 7] {
    let items = if of.items > 0 { rate(of.items, seconds) } else { String::new() };
    let errors = if of.errors.is_empty() { String::new() } else { of.failed().to_string() };
    [
        escaped(&of.procedure),
        rate(of.calls, seconds),
        shown(of.latency.quantile(0.5)),
        shown(of.latency.quantile(0.99)),
        errors,
        of.in_flight.to_string(),
        items,
    ]
}

/// Everything in one line, for a log.
pub(super) fn line(rates: &Rates) -> String {
    let Rates { seconds, total, .. } = rates;
    let [p50, p99] = [0.5, 0.99].map(|q| shown(total.latency.quantile(q)));
    format!(
        "{}  {} calls/s  p50 {p50}  p99 {p99}  {} failed  {} in flight\n",
        jiff::Timestamp::now().strftime("%FT%TZ"),
        rate(total.calls, *seconds),
        total.failed(),
        total.in_flight,
    )
}

fn rate(count: u64, seconds: f64) -> String {
    let rate = count as f64 / seconds;
    let digits = usize::from(rate < 100.0);
    format!("{rate:.digits$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_shows_the_busiest_and_says_how_many_more_there_are() {
        let named = |calls: u64| Rate { procedure: format!("a.B/c{calls}"), calls, ..Rate::default() };
        let mut rates = Rates { seconds: 2.0, procedures: vec![named(3), named(2)], ..Rates::default() };
        let table = table("localhost:7443", &rates);
        assert!(table.contains("a.B/c3     1.5      –") && !table.contains("more"), "{table}");
        rates.procedures.resize_with(ROWS_MAX + 5, || named(1));
        let table = super::table("localhost:7443", &rates);
        assert_eq!(table.matches("a.B/c").count(), ROWS_MAX);
        assert!(table.contains("and 5 more"), "{table}");
    }

    #[test]
    fn a_line_tells_everything_in_the_same_order_also_when_nothing_happened() {
        let line = line(&Rates { seconds: 1.0, ..Rates::default() });
        assert!(line.ends_with("Z  0.0 calls/s  p50 –  p99 –  0 failed  0 in flight\n"), "{line}");
    }
}
