//! The points in view as a table for other programs.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::time::Instant;

use countersign::Code;
use jiff::Timestamp;

use super::Sheet;
use crate::model::history::{Percentile, Point};

/// One line for each point of each series, under a header that says the units. `now` is a moment and its date.
pub(crate) fn csv(sheet: &Sheet, now: (Instant, Timestamp)) -> String {
    let points = || sheet.series.iter().flat_map(|series| &series.points);
    let codes: BTreeSet<Code> = points().flat_map(|point| point.errors.keys().copied()).collect();
    let mut table = String::from("from [UTC],to [UTC],series,calls,rate [1/s],in flight at most");
    for percentile in Percentile::ALL {
        let _ = write!(table, ",{} [s]", percentile.text());
    }
    table.push_str(",bytes in [1/s],bytes out [1/s]");
    for code in &codes {
        let _ = write!(table, ",{} [1/s]", code.name());
    }
    table.push('\n');
    for series in &sheet.series {
        let name = field(&series.name);
        for point in &series.points {
            let [from, to] = [point.from, point.to].map(|moment| date(moment, now));
            let Point { calls, rate, in_flight, bytes_in, bytes_out, latency, .. } = point;
            // Writing to a `String` cannot fail.
            let _ = write!(table, "{from},{to},{name},{calls},{rate},{in_flight}");
            for percentile in Percentile::ALL {
                let shown = latency.map_or_else(String::new, |latency| percentile.of(latency).to_string());
                let _ = write!(table, ",{shown}");
            }
            let _ = write!(table, ",{bytes_in},{bytes_out}");
            for code in &codes {
                let _ = write!(table, ",{}", point.errors.get(code).copied().unwrap_or(0.0));
            }
            table.push('\n');
        }
    }
    table
}

/// When a moment was, to the millisecond.
pub(crate) fn date(moment: Instant, (now, date): (Instant, Timestamp)) -> String {
    let ago = now.saturating_duration_since(moment);
    let ahead = moment.saturating_duration_since(now);
    let then = date.checked_sub(ago).and_then(|then| then.checked_add(ahead)).unwrap_or(date);
    then.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

/// A name that a server chose, as text that no spreadsheet takes for a formula.
fn field(name: &str) -> String {
    let guard = if name.starts_with(['=', '+', '-', '@']) { "'" } else { "" };
    let plain = !name.contains([',', '"', '\n', '\r']);
    if plain { format!("{guard}{name}") } else { format!("\"{guard}{}\"", name.replace('"', "\"\"")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_stays_one_field_and_no_formula() {
        let names = ["acme.Ledger/balance", "=1+1", "a,b", "say \"hi\""].map(field);
        assert_eq!(names, ["acme.Ledger/balance", "'=1+1", "\"a,b\"", "\"say \"\"hi\"\"\""]);
    }
}
