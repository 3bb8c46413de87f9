//! How a run went from moment to moment, bounded however long it goes on.

use std::time::Duration;

use countersign::builtin::stats::Histogram;

use super::news::{Phase, Progress};

/// The most moments that are kept of a run: more are not seen in a graph. When there are more, two become one, and
/// so do those that come after.
const SAMPLES_MAX: usize = 240;

/// What is shorter, in seconds, says little of the calls in it: most of them have not ended.
const SHORTEST: f64 = 0.05;

/// What happened from one piece of news to the next, or over several of them.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Sample {
    /// From when to when, in seconds since the first call was made.
    pub(crate) from: f64,
    pub(crate) to: f64,
    /// Calls a second that were answered with a result.
    pub(crate) rate: f64,
    /// Calls a second that were not.
    pub(crate) failures: f64,
    /// The median latency and the 99th percentile in seconds, if any call was answered.
    pub(crate) latency: Option<[f64; 2]>,
    all: Histogram,
    failed: u64,
}

/// The moments of a run, oldest first.
#[derive(Debug, Clone, Default)]
pub(crate) struct Timeline {
    samples: Vec<Sample>,
    /// When measuring began, if it has.
    measured_from: Option<f64>,
    /// When it is to begin.
    warm_up: f64,
    /// Pieces of news in a full sample, and in the last one, which may not be full.
    each: u32,
    in_last: u32,
    last: Option<Progress>,
}

impl Timeline {
    /// One of a run that warms up so long.
    pub(crate) fn new(warm_up: Duration) -> Self {
        Self { warm_up: warm_up.as_secs_f64(), ..Self::default() }
    }

    /// The run is over, and this is what happened last, if that is known. No two moments become one any more, and so
    /// the calls of each are let go of: they are nearly all that a timeline takes.
    pub(crate) fn end(&mut self, last: Option<&Progress>) {
        if let Some(last) = last {
            self.learn_from(last, 0.0);
        }
        self.last = None;
        self.samples.iter_mut().for_each(|sample| sample.all = Histogram::default());
    }

    /// The worker told how it goes.
    pub(crate) fn learn(&mut self, progress: &Progress) {
        self.learn_from(progress, SHORTEST);
    }

    fn learn_from(&mut self, progress: &Progress, shortest: f64) {
        let before = self.last.replace(progress.clone()).filter(|last| last.phase == progress.phase);
        let mut end = self.length();
        if progress.phase == Phase::Measuring {
            end = end.max(self.warm_up);
            if self.measured_from.is_none() {
                self.measured_from = Some(end);
                self.in_last = self.each;
            }
        }
        let elapsed = progress.elapsed.as_secs_f64();
        let (elapsed, all, failed) = match &before {
            Some(last) => (
                elapsed - last.elapsed.as_secs_f64(),
                progress.latency.since(&last.latency),
                progress.failed().saturating_sub(last.failed()),
            ),
            None => (elapsed, progress.latency.clone(), progress.failed()),
        };
        // What cannot be told apart from the moment before is left to the next piece of news.
        if elapsed <= shortest {
            self.last = before;
            return;
        }
        self.push(Sample::new(end, end + elapsed, all, failed));
    }

    /// The moments, oldest first.
    pub(crate) fn samples(&self) -> &[Sample] {
        &self.samples
    }

    /// When measuring began, in seconds since the first call was made, if it has.
    pub(crate) fn measured_from(&self) -> Option<f64> {
        self.measured_from
    }

    /// How long it has gone on, in seconds.
    pub(crate) fn length(&self) -> f64 {
        self.samples.last().map_or(0.0, |sample| sample.to)
    }

    fn push(&mut self, sample: Sample) {
        self.each = self.each.max(1);
        match self.samples.last_mut().filter(|_| self.in_last < self.each) {
            Some(last) => {
                *last = last.followed_by(&sample);
                self.in_last += 1;
            }
            None => {
                self.samples.push(sample);
                self.in_last = 1;
            }
        }
        if SAMPLES_MAX < self.samples.len() {
            let pairs = self.samples.chunks(2);
            self.samples = pairs
                .map(|pair| match pair {
                    [one, other] => one.followed_by(other),
                    alone => alone[0].clone(),
                })
                .collect();
            self.each *= 2;
        }
    }
}

impl Sample {
    fn new(from: f64, to: f64, all: Histogram, failed: u64) -> Self {
        let quantile = |q| all.quantile(q).map(|took| took.as_secs_f64());
        let (rate, failures) = (all.count() as f64 / (to - from), failed as f64 / (to - from));
        let latency = quantile(0.5).zip(quantile(0.99)).map(<[f64; 2]>::from);
        Self { from, to, rate, failures, latency, all, failed }
    }

    fn followed_by(&self, next: &Self) -> Self {
        let mut all = self.all.clone();
        all.merge(&next.all);
        Self::new(self.from, next.to, all, self.failed.saturating_add(next.failed))
    }
}

#[cfg(test)]
mod tests {
    use countersign::Code;

    use super::*;

    fn progress(phase: Phase, ms: u64, calls: u64) -> Progress {
        let mut latency = Histogram::default();
        (0..calls).for_each(|_| latency.record(Duration::from_millis(2)));
        Progress {
            phase,
            elapsed: Duration::from_millis(ms),
            latency,
            errors: [(Code::NotFound, calls / 10)].into(),
            behind: None,
        }
    }

    #[test]
    fn each_moment_tells_what_happened_in_it() {
        let mut timeline = Timeline::default();
        timeline.learn(&progress(Phase::WarmingUp, 500, 50));
        timeline.learn(&progress(Phase::WarmingUp, 1000, 150));
        timeline.learn(&progress(Phase::Measuring, 0, 0));
        timeline.learn(&progress(Phase::Measuring, 500, 200));
        let rates: Vec<_> =
            timeline.samples().iter().map(|sample| (sample.from, sample.rate, sample.failures)).collect();
        assert_eq!(rates, [(0.0, 100.0, 10.0), (0.5, 200.0, 20.0), (1.0, 400.0, 40.0)]);
        assert_eq!((timeline.measured_from(), timeline.length()), (Some(1.0), 1.5));
        assert!(timeline.samples()[2].latency.unwrap()[0] > 0.0019);
    }

    #[test]
    fn of_a_run_that_is_over_no_histograms_are_kept() {
        let mut timeline = Timeline::default();
        timeline.learn(&progress(Phase::Measuring, 200, 10));
        timeline.end(Some(&progress(Phase::Measuring, 210, 30)));
        let [first, last] = timeline.samples() else { panic!("{:?}", timeline.samples()) };
        assert!(first.latency.is_some() && last.rate > 1999.0);
        assert!(timeline.last.is_none() && timeline.samples().iter().all(|sample| sample.all.count() == 0));
    }

    #[test]
    fn a_long_run_takes_no_more_room_and_loses_no_call() {
        let mut timeline = Timeline::default();
        for tick in 1..=2000 {
            timeline.learn(&progress(Phase::Measuring, tick * 200, tick * 3));
        }
        let samples = timeline.samples();
        assert!((SAMPLES_MAX / 2..=SAMPLES_MAX).contains(&samples.len()), "{}", samples.len());
        assert_eq!(samples.iter().map(|sample| sample.all.count()).sum::<u64>(), 6000);
        assert!(samples.windows(2).all(|pair| pair[0].to == pair[1].from));
        assert!((timeline.length() - 400.0).abs() < 1e-6);
    }
}
