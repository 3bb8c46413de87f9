//! Latencies as bars on a scale of logarithms.

use std::time::Duration;

use countersign::builtin::stats::Histogram;

use crate::time::latency;

/// Columns for the longest bar: with all that stands beside it 80.
const WIDTH: usize = 54;

/// More rows would not say more.
const ROWS_MAX: u32 = 16;

/// The share at each end that has one bin together with what is next to it, however far away it is.
const END: f64 = 0.001;

/// Calls that took about as long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Bin {
    /// The least duration that belongs in it, and that which is too long.
    pub(super) from: Duration,
    pub(super) to: Duration,
    pub(super) calls: u64,
}

/// One bar a line, each with its least duration and its share.
pub(super) fn of(latencies: &Histogram) -> String {
    let bins = bins(latencies, ROWS_MAX);
    let most = bins.iter().map(|bin| bin.calls).max().unwrap_or(0);
    let all = latencies.count() as f64;
    let line = |bin: &Bin| {
        let bar = bar(bin.calls as f64 / most as f64);
        let label = latency(bin.from);
        format!("  {label:>8}  {bar:<WIDTH$}  {:>6.2} %\n", 100.0 * bin.calls as f64 / all)
    };
    bins.iter().map(line).collect()
}

/// The calls in at most so many bins that are about as wide on a scale of logarithms, but for the first and the last one.
pub(super) fn bins(latencies: &Histogram, at_most: u32) -> Vec<Bin> {
    let buckets = latencies.buckets();
    let (Some(first), Some(last)) = (bucket_of(latencies, END), bucket_of(latencies, 1.0 - END)) else {
        return Vec::new();
    };
    // There are 32 buckets for each power of two, so that such widths meet at its ends.
    let mut width = 1;
    while last / width - first / width >= at_most {
        width *= 2;
    }
    let bin = |at: u32| {
        let buckets = at * width..(at + 1) * width;
        let (from, to) = (*Histogram::bounds(buckets.start).start(), *Histogram::bounds(buckets.end).start());
        Bin { from: Duration::from_nanos(from), to: Duration::from_nanos(to), calls: 0 }
    };
    let mut bins: Vec<_> = (first / width..=last / width).map(bin).collect();
    for &(index, calls) in buckets {
        let at = (index / width).clamp(first / width, last / width) - first / width;
        bins[at as usize].calls += calls;
    }
    // What is farther away than the ends is in them.
    if let (Some((least, _)), Some((most, _))) = (buckets.first(), buckets.last()) {
        let (least, most) = (*Histogram::bounds(*least).start(), *Histogram::bounds(*most).end());
        bins[0].from = bins[0].from.min(Duration::from_nanos(least));
        let last = bins.len() - 1;
        bins[last].to = bins[last].to.max(Duration::from_nanos(most));
    }
    bins
}

/// The bucket of the call that this share of all did not exceed.
fn bucket_of(latencies: &Histogram, q: f64) -> Option<u32> {
    let middle = latencies.quantile(q)?.as_nanos();
    let mut indices = latencies.buckets().iter().map(|(index, _)| *index);
    indices.find(|index| middle <= u128::from(*Histogram::bounds(*index).end()))
}

/// A bar of this part of the full width, in eighths of a column. What is there is seen.
fn bar(part: f64) -> String {
    let eighths = (part * (WIDTH * 8) as f64).round().max(f64::from(u8::from(part > 0.0))) as usize;
    let rest = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"][eighths % 8];
    "█".repeat(eighths / 8) + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_us(times: &[(u64, u64)]) -> Histogram {
        let mut histogram = Histogram::default();
        for &(us, calls) in times {
            (0..calls).for_each(|_| histogram.record(Duration::from_micros(us)));
        }
        histogram
    }

    #[test]
    fn no_call_is_in_no_bin_and_every_other_in_one() {
        assert_eq!(bins(&Histogram::default(), 16), []);
        for times in [
            &[(1, 1)][..],
            &[(0, 1), (u64::MAX / 2_000, 1)],
            &[(70, 5_000), (80, 3_000), (200, 10), (50_000, 1)],
        ] {
            let bins = bins(&of_us(times), 16);
            let calls: u64 = bins.iter().map(|bin| bin.calls).sum();
            assert_eq!(calls, of_us(times).count(), "{times:?}");
            assert!(bins.len() <= 16, "{times:?}");
            assert!(bins.windows(2).all(|two| two[0].to == two[1].from), "{times:?}");
        }
    }

    #[test]
    fn one_call_that_is_far_away_does_not_squeeze_all_others_into_a_bin() {
        let bins = bins(&of_us(&[(70, 5_000), (80, 5_000), (90, 5_000), (60_000_000, 1)]), 16);
        assert_eq!(bins.iter().filter(|bin| bin.calls > 0).count(), 3, "{bins:?}");
        assert!(bins.last().is_some_and(|last| last.calls == 5_001 && last.to >= Duration::from_secs(60)));
    }

    #[test]
    fn bars_fit_into_eighty_columns() {
        let text = of(&of_us(&[(70, 5_000), (80, 3_000), (150, 1), (999_999, 9)]));
        assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
        assert!(text.contains(&"█".repeat(WIDTH)) && text.contains('▏'), "{text}");
        assert_eq!((bar(0.0), bar(1e-9), bar(0.5)), (String::new(), "▏".to_owned(), "█".repeat(WIDTH / 2)));
    }
}
