//! The load itself: so many tasks, each of which makes a call as soon as its last one is answered, or else as soon as
//! one is due.
//!
//! What is to be measured is the server and the client, so nothing is done here for a call but to copy its
//! arguments, to read the clock once (twice if it was due at some time), and to count.

use std::future::poll_fn;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use countersign::{CallError, Client};
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, sleep_until};

use super::live::Live;
use super::mix::Mix;
use super::pace::{Counts, Turns};
use super::score::{Scores, Tally};
use super::timer;
use crate::signals::Stops;

/// What the last calls may take after the end before their connections are closed.
const STRAGGLERS: Duration = Duration::from_secs(1);

/// One run: what to call and when, and what came of it.
#[derive(Debug)]
pub(super) struct Run {
    pub(super) mix: Mix,
    pub(super) pace: Pace,
    /// Warming up begins here,
    pub(super) start: Instant,
    /// measuring begins here,
    pub(super) begin: Instant,
    /// and was to end here.
    planned_end: Instant,
    /// When it was ended before that.
    cut: OnceLock<Instant>,
    warming_up: Scores,
    measured: Scores,
}

/// What makes it time for the next call.
#[derive(Debug)]
pub(super) enum Pace {
    /// That another one has ended. Calls count that end while it is measured.
    Closed,
    /// The schedule. Calls count that are due while it is measured, and their latency from when they were due.
    Open(Arc<Turns>),
}

impl Run {
    /// Warms up from `start` on, and measures from `begin` to `end`.
    pub(super) fn new(mix: Mix, pace: Pace, [start, begin, end]: [Instant; 3]) -> Self {
        let scores = || Scores::new(mix.targets.len());
        let (warming_up, measured) = (scores(), scores());
        Self { mix, pace, start, begin, planned_end: end, cut: OnceLock::new(), warming_up, measured }
    }

    /// When measuring ends, or was ended.
    pub(super) fn end(&self) -> Instant {
        self.cut.get().copied().unwrap_or(self.planned_end)
    }

    /// Whether somebody ended it early.
    pub(super) fn was_cut(&self) -> bool {
        self.cut.get().is_some()
    }

    /// What came so far of the calls that count, by target.
    pub(super) fn measured(&self) -> Vec<Tally> {
        self.measured.tallies()
    }

    /// What came so far of all calls together, in the phase of this moment.
    pub(super) fn so_far(&self, now: Instant) -> Tally {
        let scores = if now < self.begin { &self.warming_up } else { &self.measured };
        Tally::sum(scores.tallies())
    }

    /// What became of the schedule, if there is one.
    pub(super) fn counts(&self) -> Option<Counts> {
        match &self.pace {
            Pace::Closed => None,
            Pace::Open(turns) => Some(turns.counts()),
        }
    }

    /// Ends it early.
    fn cut(&self, now: Instant) {
        // Once is enough.
        let _ = self.cut.set(now);
        if let Pace::Open(turns) = &self.pace {
            turns.release(now);
            turns.close();
        }
    }

    /// Waits until a call is to be made, and says from when on it counts; `None` when there are no more.
    async fn turn(&self, now: Instant) -> Option<Instant> {
        match &self.pace {
            Pace::Closed => (now < self.end()).then_some(now),
            Pace::Open(turns) => poll_fn(|cx| turns.poll_next(cx)).await,
        }
    }

    /// Where a call counts that was due and has ended at these moments, if it does.
    fn scores(&self, due: Instant, ended: Instant) -> Option<&Scores> {
        let (deciding, has_end) = match self.pace {
            Pace::Closed => (ended, true),
            // It was due in time, so it counts whenever it ends.
            Pace::Open(_) => (due, false),
        };
        match deciding {
            early if early < self.begin => Some(&self.warming_up),
            late if has_end && late >= self.end() => None,
            _ => Some(&self.measured),
        }
    }
}

/// Calls on these connections, with so many open at once on each, until the end of the run or until it is
/// interrupted. Fails if a connection does.
pub(super) async fn put(
    clients: Vec<Client>,
    in_flight: u32,
    run: &Arc<Run>,
    stops: &mut Stops,
    live: &mut Live,
) -> Result<(), CallError> {
    let mut overdue = std::pin::pin!(sleep_until((run.end() + STRAGGLERS).into()));
    let mut ticks = interval(live.every());
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut slots = JoinSet::new();
    let mut nth = 0;
    for _ in 0..in_flight {
        // In this order those who wait for a turn are of another connection each time.
        for client in &clients {
            slots.spawn(slot(client.clone(), run.clone(), nth));
            nth += 1;
        }
    }
    if let Pace::Open(turns) = &run.pace {
        timer::start(turns.clone());
    }
    let mut closed = false;
    loop {
        tokio::select! {
            slot = slots.join_next() => match slot {
                None => return Ok(()),
                Some(slot) => slot.expect("a slot neither panics nor is aborted")?,
            },
            () = stops.next(), if !run.was_cut() => {
                let now = Instant::now();
                run.cut(now);
                overdue.as_mut().reset((now + STRAGGLERS).into());
            }
            // Nothing that a call could still bring would count.
            () = &mut overdue, if !closed => {
                closed = true;
                clients.iter().for_each(Client::close);
            }
            _ = ticks.tick() => live.tell(run, Instant::now()),
        }
    }
}

async fn slot(client: Client, run: Arc<Run>, nth: usize) -> Result<(), CallError> {
    let mut turn = run.mix.first_turn(nth);
    let mut now = Instant::now();
    while let Some(due) = run.turn(now).await {
        let (index, target) = run.mix.next(&mut turn);
        if let Pace::Open(_) = run.pace
            && due >= run.begin
        {
            run.measured.begun(index, due.elapsed());
        }
        let outcome = client.call_raw(&target.procedure, target.arguments.clone()).await;
        now = Instant::now();
        match outcome {
            Ok(_) => {
                if let Some(scores) = run.scores(due, now) {
                    scores.answered(index, now.saturating_duration_since(due));
                }
            }
            Err(lost @ CallError::Lost(_)) => return if now < run.end() { Err(lost) } else { Ok(()) },
            Err(error) => {
                if let Some(scores) = run.scores(due, now) {
                    scores.failed(index, &error);
                }
                // What fails on this side fails at once, and would never let anything else run.
                tokio::task::yield_now().await;
            }
        }
    }
    Ok(())
}
