//! Latencies as a curve over the share of calls that they are not exceeded by.

use std::time::Duration;

use countersign::builtin::stats::Histogram;

/// How deep a curve goes: beyond 99.99 % hardly any run has calls enough.
pub(crate) const DEPTH: f64 = 4.0;

/// Which percentiles are told, and where they are in a curve.
pub(crate) const PERCENTILES: [(&str, f64); 6] =
    [("p50", 0.5), ("p90", 0.9), ("p95", 0.95), ("p99", 0.99), ("p99.9", 0.999), ("p99.99", 0.9999)];

/// How deep in a curve a share is: each further nine is as far from the one before.
pub(crate) fn depth(share: f64) -> f64 {
    if share < 1.0 { (-(1.0 - share).log10()).clamp(0.0, DEPTH) } else { DEPTH }
}

/// The share that is so deep.
pub(crate) fn share(depth: f64) -> f64 {
    1.0 - 10_f64.powf(-depth)
}

/// Points of the curve, by depth, and the seconds there. It ends with the slowest call, which stands for its share
/// and for no more: of a thousand calls it is one in a thousand. What is deeper than [`DEPTH`] is not in it, and
/// nothing is longer than the longest, where that is known exactly.
pub(crate) fn curve(latency: &Histogram, longest: Option<Duration>) -> Vec<(f64, f64)> {
    let all = latency.count() as f64;
    let longest = longest.map_or(f64::INFINITY, |longest| longest.as_secs_f64());
    let mut points = Vec::new();
    let mut below = 0_u64;
    for &(bucket, calls) in latency.buckets().iter().filter(|(_, calls)| 0 < *calls) {
        // The middle, as percentiles are told.
        let bounds = Histogram::bounds(bucket);
        let middle = (bounds.start() + (bounds.end() - bounds.start()) / 2) as f64 / 1e9;
        let seconds = middle.min(longest);
        if points.is_empty() {
            points.push((0.0, seconds));
        }
        below = below.saturating_add(calls);
        // The slowest call of n is the (n - 1/2)th part of the way.
        let share = (below as f64).min(all - 0.5) / all;
        points.push((depth(share), seconds));
        if DEPTH <= depth(share) {
            break;
        }
    }
    points
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_curve_rises_from_the_fastest_call_to_the_slowest() {
        let mut latency = Histogram::default();
        for us in 1..=1000 {
            latency.record(Duration::from_micros(us));
        }
        let curve = curve(&latency, None);
        assert!(curve.windows(2).all(|pair| pair[0].0 <= pair[1].0 && pair[0].1 <= pair[1].1));
        for (_, q) in PERCENTILES.into_iter().take(4) {
            let at = curve.iter().find(|point| depth(q) <= point.0 + 1e-9).unwrap().1;
            let told = latency.quantile(q).unwrap().as_secs_f64();
            assert!((at / told - 1.0).abs() < 0.07, "{q}: {at} {told}");
        }
        assert_eq!(super::curve(&Histogram::default(), None), []);
    }

    #[test]
    fn a_curve_ends_with_the_longest_call_where_that_is_known() {
        let mut latency = Histogram::default();
        // At the lower end of a bucket, whose middle is a sixtieth more.
        let longest = Duration::from_nanos(1 << 20);
        latency.record(longest);
        let ends = |curve: Vec<(f64, f64)>| curve.last().map(|(_, seconds)| *seconds);
        assert_eq!(ends(curve(&latency, Some(longest))), Some(longest.as_secs_f64()));
        assert!(ends(curve(&latency, None)) > Some(longest.as_secs_f64()));
    }

    #[test]
    fn each_nine_is_as_far_from_the_one_before() {
        assert!([(0.9, 1.0), (0.99, 2.0), (0.999, 3.0)].iter().all(|(q, at)| (depth(*q) - at).abs() < 1e-9));
        assert!((share(depth(0.95)) - 0.95).abs() < 1e-9);
        assert_eq!((depth(0.0), depth(1.0)), (0.0, DEPTH));
    }
}
