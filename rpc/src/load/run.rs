//! The load itself: so many tasks, each of which makes a call as soon as its last one is answered, or else as soon as
//! one is due.
//!
//! What is to be measured is the server and the client, so nothing is done here for a call but to copy its
//! arguments, to read the clock once (twice if it was due at some time), and to count.

use std::future::poll_fn;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use tokio::task::JoinSet;
use tokio::time::sleep_until;

use super::outcome::{Ending, Kept, Outcome, Part};
use super::pace::{Counts, Schedule, Turns};
use super::plan::{Mix, Pace, Plan, PlanError, RATES};
use super::score::{Scores, Tally};
use super::timer;
use crate::{CallError, Client};

/// What the last calls may take after the end before their connections are closed.
const STRAGGLERS: Duration = Duration::from_secs(1);

/// A plan that is being carried out. It is read and stopped at any time; dropped, it gives up every call at once.
#[derive(Debug)]
pub struct Run {
    course: Arc<Course>,
    clients: Vec<Client>,
    /// Those who call, so many on each connection.
    slots: JoinSet<Result<(), CallError>>,
    closed: bool,
}

/// How a run goes, at one moment.
#[derive(Debug, Clone)]
pub struct Reading {
    /// That moment.
    pub at: Instant,
    /// What is being done.
    pub phase: Phase,
    /// When that began, or measuring did if it is over.
    pub began: Instant,
    /// When it ends at the latest, or measuring ended.
    pub ends: Instant,
    /// What came of the phase's calls so far, by target in the order of the plan. After the end it is what counts.
    pub tallies: Vec<Tally>,
    /// What became so far of the calls that were due and count; only in an open loop.
    pub schedule: Option<Counts>,
}

/// What a run does at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Calls that do not count.
    WarmingUp,
    /// Calls that do.
    Measuring,
    /// No more calls are made, and the last ones are waited for.
    Over,
}

impl Run {
    /// Begins at once, with as many calls on each connection as the plan says. To be called within a tokio runtime,
    /// which is where the calls are made.
    ///
    /// The connections should be the run's own, as they are [closed](Client::close) if the last calls take long, and
    /// [fail fast](crate::ClientBuilder::fail_fast), so that none waits for a server that is gone.
    pub fn start(plan: Plan, clients: Vec<Client>) -> Result<Self, PlanError> {
        if clients.is_empty() || plan.in_flight == 0 {
            return Err(PlanError::Nobody);
        }
        let in_flight = plan.in_flight;
        let open_max = clients.len() as u64 * u64::from(in_flight);
        let course = Arc::new(Course::new(plan, Instant::now(), open_max)?);
        let mut slots = JoinSet::new();
        let mut nth = 0;
        for _ in 0..in_flight {
            // In this order those who wait for a turn are of another connection each time.
            for client in &clients {
                slots.spawn(slot(client.clone(), course.clone(), nth));
                nth += 1;
            }
        }
        if let Way::Open(turns) = &course.way {
            timer::start(turns.clone());
        }
        Ok(Self { course, clients, slots, closed: false })
    }

    /// Waits until it is over and every call has ended, the last ones for no longer than a second. Fails if a
    /// connection does, and then it is over too.
    ///
    /// This may be dropped and begun again, to do something else in between.
    pub async fn ended(&mut self) -> Result<(), CallError> {
        loop {
            let overdue = sleep_until((self.course.end() + STRAGGLERS).into());
            tokio::select! {
                slot = self.slots.join_next() => match slot {
                    None => {
                        self.course.complete(Instant::now());
                        return Ok(());
                    }
                    Some(slot) => if let Err(error) = slot.expect("a slot neither panics nor is aborted") {
                        self.slots = JoinSet::new();
                        self.stop();
                        return Err(error);
                    }
                },
                // Nothing that a call could still bring would count.
                () = overdue, if !self.closed => {
                    self.closed = true;
                    self.clients.iter().for_each(Client::close);
                }
            }
        }
    }

    /// Makes no more calls from now on. Those that are open may still [end](Self::ended).
    pub fn stop(&self) {
        self.course.stop(Instant::now());
    }

    /// How it goes.
    pub fn reading(&self) -> Reading {
        self.course.reading(Instant::now())
    }

    /// What it came to, so far.
    pub fn outcome(&self) -> Outcome {
        self.course.outcome()
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        // Whoever makes calls ready would otherwise do so until the planned end.
        self.stop();
    }
}

/// What everybody who calls shares: what to call and when, and what came of it.
#[derive(Debug)]
struct Course {
    mix: Mix,
    pace: Pace,
    way: Way,
    /// How many calls are to be measured, if that was said.
    calls: Option<u64>,
    open_max: u64,
    /// Warming up begins here,
    start: Instant,
    /// measuring begins here,
    begin: Instant,
    /// and is to end here.
    planned_end: Instant,
    /// When it ended before that, and why.
    ended: OnceLock<(Instant, Ending)>,
    warming_up: Scores,
    measured: Scores,
}

/// How those who call know that it is time for the next one.
#[derive(Debug)]
enum Way {
    /// Calls count that end while it is measured.
    Closed,
    /// So many calls are left, and count that begin while it is measured.
    Counted(AtomicU64),
    /// The schedule. Calls count that are due while it is measured, and their latency from when they were due.
    Open(Arc<Turns>),
}

impl Course {
    fn new(plan: Plan, start: Instant, open_max: u64) -> Result<Self, PlanError> {
        let Plan { targets, pace, warm_up, duration, calls, in_flight: _ } = plan;
        let begin = start.checked_add(warm_up).ok_or(PlanError::Endless)?;
        let planned_end = begin.checked_add(duration).ok_or(PlanError::Endless)?;
        // Whoever waits for the end adds that.
        planned_end.checked_add(STRAGGLERS).ok_or(PlanError::Endless)?;
        let way = match (pace, calls) {
            (Pace::Closed, None) => Way::Closed,
            (Pace::Closed, Some(calls)) => Way::Counted(AtomicU64::new(calls)),
            (Pace::Open { rate, .. }, _) if !RATES.contains(&rate) => return Err(PlanError::Rate(rate)),
            (Pace::Open { rate, arrivals }, calls) => {
                // Another one for each run: several that load one server must not call in the same moments.
                let seed = RandomState::new().hash_one(());
                let schedule = Schedule::new(rate, arrivals, seed);
                Way::Open(Arc::new(Turns::new(schedule, [start, begin, planned_end], calls)))
            }
        };
        let mix = Mix::new(targets)?;
        let scores = || Scores::new(mix.targets.len());
        let (warming_up, measured) = (scores(), scores());
        let ended = OnceLock::new();
        Ok(Self { mix, pace, way, calls, open_max, start, begin, planned_end, ended, warming_up, measured })
    }

    /// When measuring ends, or ended.
    fn end(&self) -> Instant {
        self.ended.get().map_or(self.planned_end, |(at, _)| *at)
    }

    /// Ends it early.
    fn stop(&self, now: Instant) {
        // Once is enough.
        let _ = self.ended.set((now, Ending::Stopped));
        if let Way::Open(turns) = &self.way {
            turns.release(now);
            turns.close();
        }
    }

    /// The last call has ended.
    fn complete(&self, now: Instant) {
        let all_made = match &self.way {
            Way::Closed => false,
            Way::Counted(left) => left.load(Ordering::Relaxed) == 0,
            Way::Open(turns) => self.calls.is_some_and(|calls| turns.counts().made() == calls),
        };
        if all_made {
            // If it was stopped before, that ended it.
            let _ = self.ended.set((now, Ending::AllMade));
        }
    }

    /// Waits until a call is to be made, and says from when on it counts; `None` when there are no more.
    async fn turn(&self, now: Instant) -> Option<Instant> {
        match &self.way {
            Way::Closed => (now < self.end()).then_some(now),
            Way::Counted(left) => (now < self.end() && (now < self.begin || take(left))).then_some(now),
            Way::Open(turns) => poll_fn(|cx| turns.poll_next(cx)).await,
        }
    }

    /// Where a call counts that was due and has ended at these moments, if it does.
    fn scores(&self, due: Instant, ended: Instant) -> Option<&Scores> {
        let (deciding, has_end) = match self.way {
            Way::Closed => (ended, true),
            // It began in time, so it counts whenever it ends.
            Way::Counted(_) | Way::Open(_) => (due, false),
        };
        match deciding {
            early if early < self.begin => Some(&self.warming_up),
            late if has_end && late >= self.end() => None,
            _ => Some(&self.measured),
        }
    }

    fn counts(&self) -> Option<Counts> {
        match &self.way {
            Way::Closed | Way::Counted(_) => None,
            Way::Open(turns) => Some(turns.counts()),
        }
    }

    fn reading(&self, now: Instant) -> Reading {
        let (phase, began, ends, scores) = match now {
            early if early < self.begin && self.ended.get().is_none() => {
                (Phase::WarmingUp, self.start, self.begin, &self.warming_up)
            }
            now if now < self.end() => (Phase::Measuring, self.begin, self.end(), &self.measured),
            _ => (Phase::Over, self.begin, self.end(), &self.measured),
        };
        Reading { at: now, phase, began, ends, tallies: scores.tallies(), schedule: self.counts() }
    }

    fn outcome(&self) -> Outcome {
        let parts = self.mix.targets.iter().zip(self.measured.tallies()).map(|(target, tally)| Part {
            procedure: target.procedure.clone(),
            weight: target.weight,
            tally,
        });
        let parts: Vec<_> = parts.collect();
        let total = Tally::sum(parts.iter().map(|part| part.tally.clone()));
        let schedule = match (self.pace, self.counts()) {
            (Pace::Open { rate, .. }, Some(counts)) => {
                let Counts { due, held_up, not_started } = counts;
                let unanswered = counts.made().saturating_sub(total.ended());
                Some(Kept { rate, due, held_up, not_started, unanswered })
            }
            _ => None,
        };
        Outcome {
            elapsed: self.end().saturating_duration_since(self.begin),
            ending: self.ended.get().map_or(Ending::TimeUp, |(_, ending)| *ending),
            parts,
            total,
            schedule,
            open_max: self.open_max,
        }
    }
}

/// Takes one of what is left, if there is any.
fn take(left: &AtomicU64) -> bool {
    left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok()
}

async fn slot(client: Client, course: Arc<Course>, nth: usize) -> Result<(), CallError> {
    let mut turn = course.mix.first_turn(nth);
    let mut now = Instant::now();
    while let Some(due) = course.turn(now).await {
        let (index, target) = course.mix.next(&mut turn);
        if let Way::Open(_) = course.way
            && due >= course.begin
        {
            course.measured.begun(index, due.elapsed());
        }
        let outcome = target.call(&client).await;
        now = Instant::now();
        match outcome {
            Ok(_) => {
                if let Some(scores) = course.scores(due, now) {
                    scores.answered(index, now.saturating_duration_since(due));
                }
            }
            Err(gone @ (CallError::Lost(_) | CallError::NotConnected(_))) => {
                return if now < course.end() { Err(gone) } else { Ok(()) };
            }
            Err(error) => {
                if let Some(scores) = course.scores(due, now) {
                    scores.failed(index, &error);
                }
                // What fails on this side fails at once, and would never let anything else run.
                tokio::task::yield_now().await;
            }
        }
    }
    Ok(())
}
