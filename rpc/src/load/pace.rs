//! When calls are due that do not wait for each other, and who makes them. Knows no clock: time is told to it.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

/// How calls are spread over time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arrivals {
    /// At fixed intervals.
    Even,
    /// Each independent of all others, as those of many users are: a Poisson process.
    Random,
}

/// When one call after the other is due, counted from a beginning. Those with the same seed are the same.
#[derive(Debug, Clone)]
pub(super) struct Schedule {
    rate: f64,
    arrivals: Arrivals,
    /// Calls so far where they are even, and seconds so far where they are random.
    passed: f64,
    random: u64,
}

impl Schedule {
    /// So many calls a second.
    pub(super) fn new(rate: f64, arrivals: Arrivals, seed: u64) -> Self {
        Self { rate, arrivals, passed: 0.0, random: seed }
    }

    /// A number from 0, which it is not, to 1, by SplitMix64.
    fn random(&mut self) -> f64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.random ^ (self.random >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (((mixed ^ (mixed >> 31)) >> 11) + 1) as f64 / (1_u64 << 53) as f64
    }

    fn next(&mut self) -> Duration {
        let seconds = match self.arrivals {
            // Counted and not added up, so that nothing drifts.
            Arrivals::Even => {
                self.passed += 1.0;
                (self.passed - 1.0) / self.rate
            }
            Arrivals::Random => {
                self.passed -= self.random().ln() / self.rate;
                self.passed
            }
        };
        Duration::from_secs_f64(seconds)
    }
}

/// Calls that are due and not made yet, and those who are free to make one.
///
/// [`release`](Self::release) is to be called again and again: it makes ready what has become due. Warming up and
/// measuring are two schedules: what was due in the first and is not made when it ends is forgotten.
#[derive(Debug)]
pub(super) struct Turns(Mutex<State>);

#[derive(Debug)]
struct State {
    schedule: Schedule,
    begin: Instant,
    end: Instant,
    /// How many are to be measured.
    calls: u64,
    measuring: bool,
    /// When the present schedule began.
    origin: Instant,
    /// The next call to become ready,
    next: Instant,
    /// what comes after it,
    coming: Schedule,
    /// and the schedule of those that are ready, from the first that nobody has taken.
    ready: Schedule,
    waiting: VecDeque<Waker>,
    closed: bool,
    counts: Counts,
}

/// What became of the calls of a schedule so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Calls that were due.
    pub due: u64,
    /// Those among them that nobody was free to make when they were, as too many were open.
    pub held_up: u64,
    /// Those that were not made yet.
    pub not_started: u64,
}

impl Turns {
    /// Calls from `start` on, of which those count that are due from `begin` on and before `end`, and of these the
    /// first `calls` if that is said. When they were made there are no more.
    pub(super) fn new(schedule: Schedule, [start, begin, end]: [Instant; 3], calls: Option<u64>) -> Self {
        let mut state = State {
            ready: schedule.clone(),
            coming: schedule.clone(),
            schedule,
            begin,
            end,
            calls: calls.unwrap_or(u64::MAX),
            measuring: false,
            origin: start,
            next: start,
            waiting: VecDeque::new(),
            closed: false,
            counts: Counts::default(),
        };
        state.restart(start);
        Self(Mutex::new(state))
    }

    /// Makes ready what has become due, and returns when the next call is; `None` if there will be none.
    pub(super) fn release(&self, now: Instant) -> Option<Instant> {
        let mut state = self.state();
        if !state.measuring && now >= state.begin {
            let begin = state.begin;
            state.restart(begin);
            state.measuring = true;
        }
        let (until, most) = if state.measuring { (state.end, state.calls) } else { (state.begin, u64::MAX) };
        let free = state.waiting.len() as u64;
        let before = state.counts.due;
        while !state.closed && state.next <= now && state.next < until && state.counts.due < most {
            state.counts.due += 1;
            state.next = state.origin + state.coming.next();
        }
        let released = state.counts.due - before;
        state.counts.not_started += released;
        state.counts.held_up += released.saturating_sub(free);
        let woken = free.min(released) as usize;
        let woken: Vec<_> = state.waiting.drain(..woken).collect();
        let next = if state.counts.due < most { state.next.min(until) } else { until };
        let over = state.closed || now >= state.end;
        drop(state);
        woken.into_iter().for_each(Waker::wake);
        (!over).then_some(next)
    }

    /// When the next call was due that nobody has made, to be made at once; `None` when there are no more.
    pub(super) fn poll_next(&self, cx: &Context<'_>) -> Poll<Option<Instant>> {
        let mut state = self.state();
        if state.closed {
            return Poll::Ready(None);
        }
        if state.counts.not_started == 0 {
            state.waiting.push_back(cx.waker().clone());
            return Poll::Pending;
        }
        state.counts.not_started -= 1;
        let due = state.origin + state.ready.next();
        if state.measuring && state.counts.made() == state.calls {
            drop(state);
            self.close();
        }
        Poll::Ready(Some(due))
    }

    /// From here on no call is made.
    pub(super) fn close(&self) {
        let mut state = self.state();
        state.closed = true;
        let waiting = std::mem::take(&mut state.waiting);
        drop(state);
        waiting.into_iter().for_each(Waker::wake);
    }

    /// What became of the calls that count, or nothing if none did yet.
    pub(super) fn counts(&self) -> Counts {
        let state = self.state();
        if state.measuring { state.counts } else { Counts::default() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Counts {
    /// Calls that were due and made.
    pub fn made(&self) -> u64 {
        self.due.saturating_sub(self.not_started)
    }
}

impl State {
    fn restart(&mut self, origin: Instant) {
        self.origin = origin;
        self.ready = self.schedule.clone();
        self.coming = self.schedule.clone();
        self.next = origin + self.coming.next();
        self.counts = Counts::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    /// A thousand calls a second, of which those count that are due from 10 ms on and before 20 ms.
    fn turns() -> (Turns, Instant) {
        turns_of(None)
    }

    /// The same, and no more calls than these.
    fn turns_of(calls: Option<u64>) -> (Turns, Instant) {
        let start = Instant::now();
        let schedule = Schedule::new(1_000.0, Arrivals::Even, 0);
        (Turns::new(schedule, [start, start + ms(10), start + ms(20)], calls), start)
    }

    fn take(turns: &Turns) -> Poll<Option<Instant>> {
        turns.poll_next(&Context::from_waker(Waker::noop()))
    }

    #[test]
    fn even_calls_are_due_at_fixed_intervals_and_do_not_drift() {
        let mut schedule = Schedule::new(3.0, Arrivals::Even, 0);
        let due: Vec<_> = (0..3_000_001).map(|_| schedule.next()).collect();
        assert_eq!((due[0], due[3], due[3_000_000]), (ms(0), ms(1_000), Duration::from_secs(1_000_000)));
    }

    #[test]
    fn random_calls_come_at_their_rate_and_are_scattered_as_independent_ones_are() {
        let mut schedule = Schedule::new(1_000.0, Arrivals::Random, 7);
        let mut in_millisecond = vec![0_u32; 100_000];
        loop {
            let due = schedule.next();
            let Some(calls) = in_millisecond.get_mut(due.as_millis() as usize) else { break };
            *calls += 1;
        }
        let mean = f64::from(in_millisecond.iter().sum::<u32>()) / 100_000.0;
        let variance: f64 =
            in_millisecond.iter().map(|calls| (f64::from(*calls) - mean).powi(2)).sum::<f64>() / 100_000.0;
        assert!((mean - 1.0).abs() < 0.02 && (variance - 1.0).abs() < 0.03, "{mean} {variance}");
    }

    #[test]
    fn a_call_is_ready_when_it_is_due_and_not_before() {
        let (turns, start) = turns();
        assert_eq!(turns.release(start), Some(start + ms(1)));
        assert_eq!((take(&turns), take(&turns)), (Poll::Ready(Some(start)), Poll::Pending));
        assert_eq!(turns.release(start + ms(1) - Duration::from_nanos(1)), Some(start + ms(1)));
        assert_eq!(take(&turns), Poll::Pending);
    }

    #[test]
    fn calls_that_are_made_late_are_counted_from_when_they_were_due() {
        let (turns, start) = turns();
        turns.release(start + ms(10));
        turns.release(start + ms(13));
        for due in 10..=13 {
            assert_eq!(take(&turns), Poll::Ready(Some(start + ms(due))));
        }
        assert_eq!(take(&turns), Poll::Pending);
    }

    #[test]
    fn what_warming_up_left_behind_is_not_measured() {
        let (turns, start) = turns();
        turns.release(start + ms(9));
        assert_eq!(turns.counts(), Counts::default());
        turns.release(start + ms(11));
        assert_eq!(take(&turns), Poll::Ready(Some(start + ms(10))));
        assert_eq!(turns.counts(), Counts { due: 2, held_up: 2, not_started: 1 });
    }

    #[test]
    fn every_call_that_was_due_is_counted_also_when_nobody_made_it() {
        let (turns, start) = turns();
        assert_eq!(turns.release(start + ms(500)), None);
        assert_eq!(turns.counts(), Counts { due: 10, held_up: 10, not_started: 10 });
        turns.close();
        assert_eq!(take(&turns), Poll::Ready(None));
        assert_eq!(turns.counts().not_started, 10);
    }

    #[test]
    fn only_calls_that_nobody_was_free_for_were_held_up() {
        let (turns, start) = turns();
        turns.release(start + ms(10));
        assert!(take(&turns).is_ready());
        assert!(take(&turns).is_pending() && take(&turns).is_pending());
        turns.release(start + ms(13));
        assert_eq!(turns.counts(), Counts { due: 4, held_up: 2, not_started: 3 });
    }

    #[test]
    fn a_run_that_is_ended_early_knows_what_was_due_until_then() {
        let (turns, start) = turns();
        turns.release(start + ms(14));
        turns.close();
        assert_eq!(turns.release(start + ms(19)), None);
        assert_eq!(turns.counts().due, 5);
    }

    #[test]
    fn so_many_calls_are_made_and_no_more_however_late_they_are_begun() {
        let (turns, start) = turns_of(Some(3));
        assert_eq!(turns.release(start + ms(9)), Some(start + ms(10)));
        assert_eq!(turns.release(start + ms(11)), Some(start + ms(12)));
        assert_eq!(turns.release(start + ms(15)), Some(start + ms(20)));
        assert_eq!(turns.counts(), Counts { due: 3, held_up: 3, not_started: 3 });
        for due in 10..13 {
            assert_eq!(take(&turns), Poll::Ready(Some(start + ms(due))));
        }
        assert_eq!((take(&turns), turns.release(start + ms(16))), (Poll::Ready(None), None));
    }
}
