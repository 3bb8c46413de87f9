//! Until `countersign::builtin::stats` is there.
#![allow(missing_docs, clippy::allow_attributes, clippy::allow_attributes_without_reason)]
use std::{collections::BTreeMap, time::Duration};

#[derive(Debug, Clone, Default)]
pub(crate) struct Snapshot {
    pub start_id: u64,
    pub monotonic_ns: u64,
    pub procedures: Vec<ProcedureStats>,
}
#[derive(Debug, Clone, Default)]
pub(crate) struct ProcedureStats {
    pub procedure: String,
    pub calls: u64,
    pub in_flight: u64,
    pub errors: BTreeMap<String, u64>,
    pub latency: Histogram,
}
#[derive(Debug, Clone, Default)]
pub(crate) struct Histogram {
    pub buckets: Vec<(u32, u64)>,
    pub sum_ns: u64,
}
impl Histogram {
    pub(crate) fn merge(&mut self, other: &Self) {
        let mut all: BTreeMap<u32, u64> = self.buckets.iter().copied().collect();
        for &(i, n) in &other.buckets {
            *all.entry(i).or_default() += n;
        }
        self.buckets = all.into_iter().collect();
        self.sum_ns += other.sum_ns;
    }
    pub(crate) fn since(&self, earlier: &Self) -> Self {
        let before: BTreeMap<u32, u64> = earlier.buckets.iter().copied().collect();
        Self {
            buckets: self
                .buckets
                .iter()
                .map(|&(i, n)| (i, n.saturating_sub(before.get(&i).copied().unwrap_or(0))))
                .filter(|b| b.1 > 0)
                .collect(),
            sum_ns: self.sum_ns.saturating_sub(earlier.sum_ns),
        }
    }
    pub(crate) fn quantile(&self, q: f64) -> Option<Duration> {
        let total: u64 = self.buckets.iter().map(|b| b.1).sum();
        let mut left = (total as f64 * q).ceil() as u64;
        for &(i, n) in &self.buckets {
            if n >= left {
                return Some(Duration::from_nanos(1u64 << (i / 32)));
            }
            left -= n;
        }
        None
    }
    pub(crate) fn record(&mut self, took: Duration) {
        let ns = took.as_nanos() as u64;
        let i = 32 * (63 - ns.leading_zeros());
        self.merge(&Self { buckets: vec![(i, 1)], sum_ns: ns });
    }
}
