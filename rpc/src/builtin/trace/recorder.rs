//! What is kept of calls that were slow or failed. Those that were neither cost one comparison.
//!
//! Each procedure has rings of its own, so that no procedure pushes out what was kept of another, nor its
//! failures the slow calls.

use std::cmp::Reverse;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use countersign_certs::SpiffeId;

use crate::Code;

/// Failed calls that are kept of each procedure: enough to see a pattern, and at most some 20 KiB.
const FAILED_MAX: usize = 32;

/// Slow calls that are kept of each procedure: those of eight minutes under load.
const SLOW_MAX: usize = 32;

/// The slow calls among those of a procedure in one minute are so many. A threshold would have to be known for
/// every procedure; this needs no choice, and is rarely passed however many calls there are.
const SLOWEST: usize = 4;

/// A quicker call is never slow: nobody would look into it, and most calls are told apart by this alone.
const SLOW_FROM: Duration = Duration::from_millis(1);

const MINUTE: Duration = Duration::from_secs(60);

/// How one call went.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) procedure: Arc<str>,
    pub(crate) peer: SpiffeId,
    pub(crate) code: Code,
    /// What its status says, fit to be shown.
    pub(crate) message: Option<String>,
    /// When its request was complete.
    pub(crate) arrived: Instant,
    pub(crate) spans: Spans,
    /// How long the reply then took to be written, once it is.
    pub(crate) write: OnceLock<Duration>,
    pub(crate) bytes_in: u64,
    pub(crate) bytes_out: u64,
}

/// Where the time of a call went. What is left of the total is the handler's.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Spans {
    pub(crate) total: Duration,
    pub(crate) queue: Duration,
    /// `None` where it was not measured.
    pub(crate) decode: Option<Duration>,
    /// `None` where it was not measured.
    pub(crate) encode: Option<Duration>,
}

/// The slow and failed calls of all procedures of a server.
#[derive(Debug)]
pub(crate) struct Recorder {
    started: Instant,
    /// The minute since then for which the procedures look for their slowest calls.
    minute: AtomicU64,
    /// Not touched by calls, which hold what is theirs.
    procedures: Mutex<Vec<(Arc<str>, Arc<Traces>)>>,
    /// Calls that reached no procedure: refused by the policy, or of a name that the server does not have.
    refused: Traces,
}

/// The slow and failed calls of one procedure.
#[derive(Debug)]
pub(crate) struct Traces {
    /// What a call must exceed to be one of the slowest of this minute, in nanoseconds.
    slow_above_ns: AtomicU64,
    /// From when on minutes are counted.
    started: Instant,
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    failed: VecDeque<Arc<Outcome>>,
    slow: VecDeque<Arc<Outcome>>,
    /// The minute of the last of the slow calls, and how many there are of it.
    minute: u64,
    of_minute: usize,
}

impl Recorder {
    pub(crate) fn new() -> Self {
        let started = Instant::now();
        let (minute, procedures, refused) = (AtomicU64::new(0), Mutex::default(), Traces::new(started));
        Self { started, minute, procedures, refused }
    }

    /// Adds a procedure, `package.Service/method`.
    pub(crate) fn traces(&self, procedure: &Arc<str>) -> Arc<Traces> {
        let traces = Arc::new(Traces::new(self.started));
        self.procedures().push((procedure.clone(), traces.clone()));
        traces
    }

    /// Keeps a call that reached no procedure.
    pub(crate) fn keep_refused(&self, outcome: Outcome) {
        self.refused.keep(Arc::new(outcome));
    }

    /// Lets every procedure look for its slowest calls anew if a minute is over. To be called now and then; says
    /// when it is worth to be called again.
    pub(crate) fn tick(&self, now: Instant) -> Instant {
        let minute = minutes(self.started, now);
        if self.minute.fetch_max(minute, Ordering::Relaxed) < minute {
            self.procedures().iter().for_each(|(_, traces)| traces.look_for_slow_above(SLOW_FROM));
        }
        // It fits, since a minute more does.
        self.started + MINUTE * u32::try_from(minute + 1).unwrap_or(u32::MAX)
    }

    /// What is kept of one procedure, or of all, latest first.
    pub(crate) fn latest(&self, procedure: Option<&str>) -> Vec<Arc<Outcome>> {
        let wanted = |name: &str| procedure.is_none_or(|procedure| procedure == name);
        let mut calls = self.refused.all();
        calls.retain(|call| wanted(&call.procedure));
        for (_, traces) in self.procedures().iter().filter(|(name, _)| wanted(name)) {
            calls.append(&mut traces.all());
        }
        calls.sort_by_key(|call| Reverse(call.arrived));
        calls
    }

    fn procedures(&self) -> MutexGuard<'_, Vec<(Arc<str>, Arc<Traces>)>> {
        self.procedures.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Traces {
    fn new(started: Instant) -> Self {
        Self { slow_above_ns: AtomicU64::new(nanoseconds(SLOW_FROM)), started, kept: Mutex::default() }
    }

    /// Whether a call that took so long is one of the slowest.
    pub(crate) fn is_slow(&self, took: Duration) -> bool {
        self.slow_above_ns.load(Ordering::Relaxed) < nanoseconds(took)
    }

    /// Keeps a call that failed or is slow.
    #[cold]
    pub(crate) fn keep(&self, outcome: Arc<Outcome>) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if outcome.code != Code::Ok {
            push(&mut kept.failed, FAILED_MAX, outcome);
            return;
        }
        let minute = minutes(self.started, outcome.arrived + outcome.spans.total);
        let slow_above = kept.add_slow(minute, outcome);
        self.look_for_slow_above(slow_above);
    }

    fn look_for_slow_above(&self, duration: Duration) {
        self.slow_above_ns.store(nanoseconds(duration), Ordering::Relaxed);
    }

    fn all(&self) -> Vec<Arc<Outcome>> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.failed.iter().chain(&kept.slow).cloned().collect()
    }
}

impl Kept {
    /// Says how long the next slow call of the minute has to take.
    fn add_slow(&mut self, minute: u64, outcome: Arc<Outcome>) -> Duration {
        if self.minute < minute {
            (self.minute, self.of_minute) = (minute, 0);
        }
        if self.of_minute == SLOWEST {
            let (at, least) = self.least_of_minute();
            // Another call may have raised the bar since this one passed it.
            if outcome.spans.total <= least {
                return least;
            }
            self.slow.remove(at);
            self.of_minute -= 1;
        }
        push(&mut self.slow, SLOW_MAX, outcome);
        self.of_minute += 1;
        if self.of_minute == SLOWEST { self.least_of_minute().1 } else { SLOW_FROM }
    }

    /// The quickest of the slow calls of this minute, which are the last.
    fn least_of_minute(&self) -> (usize, Duration) {
        let of_minute = self.slow.iter().enumerate().rev().take(self.of_minute);
        let least = of_minute.map(|(at, call)| (at, call.spans.total)).min_by_key(|(_, took)| *took);
        least.unwrap_or((0, SLOW_FROM))
    }
}

fn push(ring: &mut VecDeque<Arc<Outcome>>, max: usize, outcome: Arc<Outcome>) {
    if ring.len() == max {
        ring.pop_front();
    }
    ring.push_back(outcome);
}

fn minutes(from: Instant, to: Instant) -> u64 {
    to.saturating_duration_since(from).as_secs() / MINUTE.as_secs()
}

/// 64 bits hold 584 years.
fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);
    const CALL: &str = "acme.Ledger/balance";

    struct Desk {
        recorder: Recorder,
        traces: Arc<Traces>,
        now: Instant,
    }

    impl Desk {
        fn new() -> Self {
            let recorder = Recorder::new();
            let traces = recorder.traces(&CALL.into());
            Self { now: recorder.started, recorder, traces }
        }

        /// A call that ends as things go: kept if it is worth it.
        fn ends(&mut self, code: Code, took: Duration) {
            self.now += Duration::from_micros(1);
            if code != Code::Ok || self.traces.is_slow(took) {
                self.traces.keep(Arc::new(outcome(CALL, code, self.now, took)));
            }
        }

        fn kept(&self, procedure: Option<&str>) -> Vec<(Code, u128)> {
            let calls = self.recorder.latest(procedure);
            calls.iter().map(|call| (call.code, call.spans.total.as_millis())).collect()
        }
    }

    fn outcome(procedure: &str, code: Code, arrived: Instant, total: Duration) -> Outcome {
        Outcome {
            procedure: procedure.into(),
            peer: "spiffe://test.internal/client".parse().unwrap(),
            code,
            message: None,
            arrived,
            spans: Spans { total, ..Spans::default() },
            write: OnceLock::new(),
            bytes_in: 0,
            bytes_out: 0,
        }
    }

    #[test]
    fn the_slowest_of_a_minute_are_kept_latest_first() {
        let mut desk = Desk::new();
        for ms in [5, 3, 9, 2, 7, 1, 4, 8] {
            desk.ends(Code::Ok, ms * MS);
        }
        assert_eq!(desk.kept(None), [8, 7, 9, 5].map(|ms| (Code::Ok, ms)));
        assert!(!desk.traces.is_slow(5 * MS) && desk.traces.is_slow(6 * MS));
    }

    #[test]
    fn every_minute_has_its_own_slowest() {
        let mut desk = Desk::new();
        (0..9).for_each(|_| desk.ends(Code::Ok, 90 * MS));
        desk.now += MINUTE;
        desk.ends(Code::Ok, 2 * MS);
        assert_eq!(desk.kept(None).len(), SLOWEST, "nobody said that a minute is over");
        assert_eq!(desk.recorder.tick(desk.now), desk.recorder.started + 2 * MINUTE);
        desk.ends(Code::Ok, 2 * MS);
        assert_eq!((desk.kept(None).len(), desk.kept(None)[0]), (SLOWEST + 1, (Code::Ok, 2)));
    }

    #[test]
    fn a_quick_call_is_never_slow() {
        let mut desk = Desk::new();
        desk.ends(Code::Ok, MS);
        assert!(desk.kept(None).is_empty());
    }

    #[test]
    fn failures_and_slow_calls_do_not_push_each_other_out() {
        let mut desk = Desk::new();
        desk.ends(Code::Ok, 50 * MS);
        (0..100).for_each(|_| desk.ends(Code::NotFound, MS / 2));
        let kept = desk.kept(Some(CALL));
        assert_eq!((kept.len(), kept.last()), (FAILED_MAX + 1, Some(&(Code::Ok, 50))));
        for _ in 0..20 {
            desk.now += MINUTE;
            desk.recorder.tick(desk.now);
            (0..9).for_each(|_| desk.ends(Code::Ok, 3 * MS));
        }
        assert_eq!(desk.kept(None).len(), FAILED_MAX + SLOW_MAX);
    }

    #[test]
    fn what_reached_no_procedure_is_found_under_its_name() {
        let desk = Desk::new();
        desk.recorder.keep_refused(outcome("acme.Ledger/rob", Code::PermissionDenied, desk.now, MS));
        assert_eq!(desk.kept(Some("acme.Ledger/rob")), [(Code::PermissionDenied, 1)]);
        assert_eq!((desk.kept(Some(CALL)).len(), desk.kept(None).len()), (0, 1));
    }
}
