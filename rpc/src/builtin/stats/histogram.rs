//! How long calls took, in buckets: cheap to record, exact to merge, never an average of percentiles.
//!
//! A bucket holds the durations from its least to its greatest nanosecond. There are 32 of them for each
//! power of two, so that a bucket is at most one 32nd as wide as its durations are long; below 64 ns each
//! nanosecond has its own. A duration of `n` nanoseconds belongs in the bucket of the index
//!
//! ```text
//! s = max(0, floor(log2(n)) - 5)        and 0 for n = 0
//! index = 32 * s + floor(n / 2^s)
//! ```
//!
//! and the bucket of an index holds the nanoseconds
//!
//! ```text
//! s = max(0, floor(index / 32) - 1)
//! from (index - 32 * s) * 2^s  to  (index - 32 * s + 1) * 2^s - 1
//! ```
//!
//! Indices go from 0 to 1919, where the last holds 2⁶⁴ − 1.

use std::ops::RangeInclusive;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use schemars::JsonSchema;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

/// Buckets for each power of two, as a power of two.
const PRECISION: u32 = 5;
const PER_POWER: u32 = 1 << PRECISION;
/// Buckets for all durations that 64 bits hold.
const BUCKETS: usize = 1920;

/// How long calls took: the number of calls in each bucket, and the sum of all durations.
///
/// Two of them add up exactly, and of two states of the same server the later one minus the earlier one is
/// what happened between.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Histogram {
    /// The index of each bucket that is not empty and the number of calls in it; indices ascend.
    #[serde(deserialize_with = "ascending")]
    buckets: Vec<(u32, u64)>,
    /// All durations together, in nanoseconds.
    sum_ns: u64,
}

impl Histogram {
    /// A histogram with these buckets: the index of each and the number of calls in it. `None` if the indices do not
    /// ascend, or there is no bucket of that index. For the mean, a call took as long as the middle of its bucket.
    pub fn from_buckets(buckets: Vec<(u32, u64)>) -> Option<Self> {
        let sum = |sum: u64, &(index, calls): &(u32, u64)| {
            sum.wrapping_add(Self::middle(index).wrapping_mul(calls))
        };
        let sum_ns = buckets.iter().fold(0, sum);
        check(&buckets).ok().map(|()| Self { buckets, sum_ns })
    }

    /// Counts one call that took this long.
    pub fn record(&mut self, took: Duration) {
        let ns = nanoseconds(took);
        // It fits: there are far fewer buckets.
        let index = index(ns) as u32;
        match self.buckets.binary_search_by_key(&index, |(index, _)| *index) {
            Ok(at) => self.buckets[at].1 = self.buckets[at].1.saturating_add(1),
            Err(at) => self.buckets.insert(at, (index, 1)),
        }
        self.sum_ns = self.sum_ns.wrapping_add(ns);
    }

    /// Adds the calls of another: another procedure's, or another server's.
    pub fn merge(&mut self, other: &Self) {
        if self.buckets.is_empty() {
            self.buckets.clone_from(&other.buckets);
        } else {
            let mut at = 0;
            for &(index, calls) in &other.buckets {
                at = place(&self.buckets, at, index);
                match self.buckets.get_mut(at).filter(|(known, _)| *known == index) {
                    Some((_, sum)) => *sum = sum.saturating_add(calls),
                    None => self.buckets.insert(at, (index, calls)),
                }
            }
        }
        self.sum_ns = self.sum_ns.wrapping_add(other.sum_ns);
    }

    /// The calls that `earlier`, a former state of the same histogram, did not have.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        let mut at = 0;
        let grown = self.buckets.iter().map(|&(index, calls)| {
            at = place(&earlier.buckets, at, index);
            let before = earlier.buckets.get(at).filter(|(known, _)| *known == index);
            (index, calls.saturating_sub(before.map_or(0, |(_, calls)| *calls)))
        });
        Self {
            buckets: grown.filter(|&(_, calls)| calls > 0).collect(),
            sum_ns: self.sum_ns.wrapping_sub(earlier.sum_ns),
        }
    }

    /// The duration that the share `q` of all calls, from 0 to 1, did not exceed; `None` without calls.
    ///
    /// It is the middle of the bucket in which that call is, so that the exact duration is at most half a
    /// bucket away: 1.6 %.
    pub fn quantile(&self, q: f64) -> Option<Duration> {
        let count = self.count();
        // The call of this rank, from 1; a share that is no number means the first.
        let rank = ((q.clamp(0.0, 1.0) * count as f64).ceil() as u64).clamp(1, count.max(1));
        let mut passed = 0_u64;
        self.buckets.iter().find_map(|&(index, calls)| {
            passed = passed.saturating_add(calls);
            (passed >= rank).then(|| Duration::from_nanos(Self::middle(index)))
        })
    }

    /// The mean duration; `None` without calls.
    pub fn mean(&self) -> Option<Duration> {
        self.sum_ns.checked_div(self.count()).map(Duration::from_nanos)
    }

    /// How many calls there are.
    pub fn count(&self) -> u64 {
        self.buckets.iter().fold(0, |sum, (_, calls)| sum.saturating_add(*calls))
    }

    /// The index of each bucket that is not empty and the number of calls in it; indices ascend.
    pub fn buckets(&self) -> &[(u32, u64)] {
        &self.buckets
    }

    /// The least and the greatest duration, in nanoseconds, that the bucket of this index holds.
    pub fn bounds(index: u32) -> RangeInclusive<u64> {
        let index = index.min(BUCKETS as u32 - 1);
        let shift = (index >> PRECISION).saturating_sub(1);
        let start = u64::from(index - PER_POWER * shift) << shift;
        start..=start + ((1 << shift) - 1)
    }

    fn middle(index: u32) -> u64 {
        let bounds = Self::bounds(index);
        bounds.start() + (bounds.end() - bounds.start()) / 2
    }
}

/// Where the bucket of an index is, or would be, at `from` or behind it: mostly one of the next two.
fn place(buckets: &[(u32, u64)], from: usize, index: u32) -> usize {
    match &buckets[from..] {
        [] => from,
        [(first, _), ..] if index <= *first => from,
        [_] => from + 1,
        [_, (second, _), ..] if index <= *second => from + 1,
        rest => from + rest.partition_point(|(known, _)| *known < index),
    }
}

/// The index of the bucket for a duration in nanoseconds.
fn index(ns: u64) -> usize {
    // A duration of zero has no logarithm; the bit that is set does not change the shift.
    let shift = ((ns | 1).ilog2()).saturating_sub(PRECISION);
    ((PER_POWER * shift) as usize) + (ns >> shift) as usize
}

/// 64 bits hold 584 years.
fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

/// Buckets as a server sends them: everything else here relies on their order.
fn ascending<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<(u32, u64)>, D::Error> {
    let buckets = Vec::<(u32, u64)>::deserialize(deserializer)?;
    check(&buckets).map_err(D::Error::custom)?;
    Ok(buckets)
}

fn check(buckets: &[(u32, u64)]) -> Result<(), String> {
    if buckets.last().is_some_and(|(index, _)| *index as usize >= BUCKETS) {
        return Err(format!("a bucket's index is at most {}", BUCKETS - 1));
    }
    if !buckets.is_sorted_by(|one, next| one.0 < next.0) {
        return Err("the indices of buckets ascend".to_owned());
    }
    Ok(())
}

/// A histogram that many threads record into at once.
///
/// Its 15 KiB are allocated when the first call ends: most procedures of most servers are never called.
#[derive(Debug, Default)]
pub struct AtomicHistogram {
    buckets: OnceLock<Box<[AtomicU64; BUCKETS]>>,
    sum_ns: AtomicU64,
}

impl AtomicHistogram {
    /// Counts one call that took this long: two additions.
    pub fn record(&self, took: Duration) {
        self.record_calls(took, 1);
    }

    /// Counts so many calls that took this long each.
    pub(crate) fn record_calls(&self, took: Duration, calls: u64) {
        let ns = nanoseconds(took);
        let buckets = self.buckets.get_or_init(|| Box::new([const { AtomicU64::new(0) }; BUCKETS]));
        buckets[index(ns)].fetch_add(calls, Ordering::Relaxed);
        self.sum_ns.fetch_add(ns.wrapping_mul(calls), Ordering::Relaxed);
    }

    /// The state at about this moment. A call that ends meanwhile may be in one number and not in another.
    pub fn snapshot(&self) -> Histogram {
        let counts = self.buckets.get().into_iter().flat_map(|buckets| buckets.iter());
        let counts = (0..).zip(counts.map(|calls| calls.load(Ordering::Relaxed)));
        let buckets = counts.filter(|&(_, calls)| calls > 0).collect();
        Histogram { buckets, sum_ns: self.sum_ns.load(Ordering::Relaxed) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;
    use crate::cbor::{from_slice, to_vec};

    fn of(durations: &[u64]) -> Histogram {
        let mut histogram = Histogram::default();
        durations.iter().for_each(|ns| histogram.record(Duration::from_nanos(*ns)));
        histogram
    }

    /// Durations as they are and as they might be: of every length.
    fn durations() -> impl Strategy<Value = Vec<u64>> {
        vec((any::<u64>(), 0..64_u32).prop_map(|(ns, shift)| ns >> shift), 1..200)
    }

    #[test]
    fn buckets_meet_and_cover_everything() {
        let mut expected = 0;
        for at in 0..BUCKETS {
            let bounds = Histogram::bounds(at as u32);
            assert_eq!(*bounds.start(), expected, "bucket {at}");
            assert_eq!((index(*bounds.start()), index(*bounds.end())), (at, at));
            expected = bounds.end().wrapping_add(1);
        }
        assert_eq!(expected, 0, "the last bucket ends with the last number");
        assert_eq!(index(u64::MAX), BUCKETS - 1);
    }

    #[test]
    fn the_formula_is_that_of_the_specification() {
        for (ns, at) in [
            (0, 0),
            (1, 1),
            (63, 63),
            (64, 64),
            (65, 64),
            (127, 95),
            (128, 96),
            (1_000, 190),
            (1_000_000, 509),
        ] {
            assert_eq!(index(ns), at, "{ns} ns");
        }
        assert_eq!(Histogram::bounds(509), 999_424..=1_015_807);
    }

    #[test]
    fn without_calls_there_is_no_quantile() {
        let empty = Histogram::default();
        assert_eq!((empty.quantile(0.5), empty.mean(), empty.count()), (None, None, 0));
    }

    #[test]
    fn quantiles_of_short_durations_are_exact() {
        let histogram = of(&[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
        let quantile = |q| histogram.quantile(q).unwrap().as_nanos();
        assert_eq!(
            (quantile(0.0), quantile(0.5), quantile(0.9), quantile(0.91), quantile(1.0)),
            (1, 5, 9, 10, 10)
        );
        assert_eq!((quantile(f64::NAN), quantile(-1.0), quantile(7.0)), (1, 1, 10));
        assert_eq!(histogram.mean(), Some(Duration::from_nanos(5)));
    }

    #[test]
    fn what_a_server_sends_out_of_order_is_refused() {
        let sent = |buckets: &[(u32, u64)]| {
            let histogram = Histogram { buckets: buckets.to_vec(), sum_ns: 0 };
            from_slice::<Histogram>(&to_vec(&histogram).unwrap())
        };
        assert!(sent(&[(1, 1), (1919, 1)]).is_ok());
        for wrong in [&[(2, 1), (1, 1)], &[(1, 1), (1, 1)], &[(1, 1), (1920, 1)]] {
            assert!(sent(wrong).is_err_and(|error| error.path() == "buckets"), "{wrong:?}");
        }
        assert_eq!(of(&[u64::MAX, u64::MAX]).count(), 2, "a sum beyond 64 bits is only a wrong mean");
    }

    #[test]
    fn a_histogram_of_buckets_has_the_quantiles_of_the_one_that_they_are_of() {
        let one = of(&[1_000, 1_000, 50_000, 3_000_000]);
        let other = Histogram::from_buckets(one.buckets().to_vec()).unwrap();
        assert_eq!((other.buckets(), other.quantile(0.9)), (one.buckets(), one.quantile(0.9)));
        let (exact, estimated) = (one.mean().unwrap(), other.mean().unwrap());
        assert!(exact.abs_diff(estimated) < exact / 60, "{estimated:?} for {exact:?}");
        assert_eq!(Histogram::from_buckets(vec![(2, 1), (1, 1)]), None);
        assert_eq!(Histogram::from_buckets(vec![(1920, 1)]), None);
        assert_eq!(Histogram::from_buckets(Vec::new()), Some(Histogram::default()));
    }

    proptest! {
        #[test]
        fn a_quantile_is_within_its_bucket(durations in durations(), q in 0.0..=1.0) {
            let estimated = of(&durations).quantile(q).unwrap().as_nanos() as u64;
            let mut sorted = durations;
            sorted.sort_unstable();
            let rank = ((q * sorted.len() as f64).ceil() as usize).max(1);
            let exact = sorted[rank - 1];
            let width = Histogram::bounds(index(exact) as u32);
            prop_assert!(width.contains(&estimated), "{estimated} for {exact}");
            prop_assert!(estimated.abs_diff(exact) <= exact / 32, "{estimated} for {exact}");
        }

        #[test]
        fn parts_add_up_and_come_apart(one in durations(), other in durations()) {
            let (first, second) = (of(&one), of(&other));
            let mut both = first.clone();
            both.merge(&second);
            prop_assert_eq!(&both, &of(&[one, other].concat()));
            prop_assert_eq!(&both.since(&first), &second);
            let mut none = Histogram::default();
            none.merge(&second);
            prop_assert_eq!(&none, &second);
        }

        #[test]
        fn recording_at_once_loses_nothing(durations in durations()) {
            let atomic = AtomicHistogram::default();
            std::thread::scope(|scope| {
                for half in durations.chunks(durations.len().div_ceil(2)) {
                    let atomic = &atomic;
                    scope.spawn(move || half.iter().for_each(|ns| atomic.record(Duration::from_nanos(*ns))));
                }
            });
            let snapshot = atomic.snapshot();
            prop_assert_eq!(&snapshot, &of(&durations));
            prop_assert_eq!(&from_slice::<Histogram>(&to_vec(&snapshot).unwrap()).unwrap(), &snapshot);
        }
    }
}
