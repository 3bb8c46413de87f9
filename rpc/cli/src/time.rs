//! Durations as people write them: always with a unit, so that nobody has to guess.

use std::time::Duration;

use jiff::SignedDuration;

/// Reads `5s`, `500ms` or `1m30s`.
pub(crate) fn with_unit(text: &str) -> Result<Duration, String> {
    let read = text.parse::<SignedDuration>().ok().and_then(|duration| Duration::try_from(duration).ok());
    read.ok_or_else(|| "expected a number with its unit, such as 500ms or 5s".to_owned())
}

/// A latency with three digits and its unit: `850 ns`, `12.3 µs`, `3.14 ms`.
pub(crate) fn latency(duration: Duration) -> String {
    let ns = duration.as_nanos() as f64;
    let (number, unit) = match ns {
        ..1e3 => return format!("{ns} ns"),
        ..1e6 => (ns / 1e3, "µs"),
        ..1e9 => (ns / 1e6, "ms"),
        _ => (ns / 1e9, "s"),
    };
    let digits = if number < 10.0 { 2 } else { usize::from(number < 100.0) };
    format!("{number:.digits$} {unit}")
}

/// A latency, or that there is none.
pub(crate) fn shown(took: Option<Duration>) -> String {
    took.map_or_else(|| "–".to_owned(), latency)
}

/// A latency in microseconds, for machines. More digits than one would be noise.
pub(crate) fn us(took: Duration) -> f64 {
    (took.as_nanos() as f64 / 100.0).round() / 10.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_has_a_unit() {
        for (text, ms) in [("500ms", 500), ("5s", 5_000), ("1m30s", 90_000), ("1.5s", 1_500), ("0s", 0)] {
            assert_eq!(with_unit(text), Ok(Duration::from_millis(ms)), "{text}");
        }
        for text in ["", "5", "-5s", "5 parsecs", "s"] {
            assert!(with_unit(text).unwrap_err().contains("500ms"), "{text}");
        }
    }

    #[test]
    fn a_latency_has_three_digits() {
        for (ns, text) in [
            (850, "850 ns"),
            (1_500, "1.50 µs"),
            (12_345, "12.3 µs"),
            (850_000, "850 µs"),
            (3_141_592, "3.14 ms"),
            (2_000_000_000, "2.00 s"),
        ] {
            assert_eq!(latency(Duration::from_nanos(ns)), text);
        }
    }
}
