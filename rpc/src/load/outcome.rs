//! What a run came to, and what is to be doubted about it.

use std::time::Duration;

use super::score::Tally;

/// What a run came to.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// How long was measured; nothing if it was stopped before.
    pub elapsed: Duration,
    /// What ended it.
    pub ending: Ending,
    /// What came of each target, in the order of the plan.
    pub parts: Vec<Part>,
    /// And of all together.
    pub total: Tally,
    /// How well the schedule was kept; only in an open loop.
    pub schedule: Option<Kept>,
    /// How many calls may have been open at once, on all connections together.
    pub open_max: u64,
}

/// What ended a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// The plan's duration was over.
    TimeUp,
    /// The plan's calls were made, and have ended.
    AllMade,
    /// Somebody stopped it, or a connection was lost.
    Stopped,
}

/// What came of one target.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    /// Its name.
    pub procedure: String,
    /// How often it was called among the others.
    pub weight: u32,
    /// What came of its calls.
    pub tally: Tally,
}

/// How well a schedule was kept.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Kept {
    /// Calls a second that were to be made.
    pub rate: f64,
    /// Calls that were due.
    pub due: u64,
    /// Those among them that had to wait since as many were open as may be,
    pub held_up: u64,
    /// those for which that went on until the end,
    pub not_started: u64,
    /// and those that were still open some time after it.
    pub unanswered: u64,
}

/// Why the numbers of a run do not say what they seem to. Whoever shows them has words for each.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Doubt {
    /// The server or this machine did not keep up: so many calls were due and have no latency in the percentiles.
    Missing {
        /// Calls that were not started or not answered.
        calls: u64,
        /// Of so many.
        due: u64,
    },
    /// Many calls had to wait since as many were open as may be, and that counts as latency.
    HeldUp {
        /// Which part of all, from 0 to 1.
        part: f64,
        /// How many may be open at once.
        open_max: u64,
    },
    /// This machine did not keep up: one call in a hundred began later than this after it was due, although others
    /// might have been open, and that counts as latency.
    Late(Duration),
}

/// Parts of the calls that may be late or missing before it is said that somebody did not keep up.
const TOLERATED: f64 = 0.01;

/// How late a machine is that is not overloaded, with what its timers and its scheduler take.
const LATE_MAX: Duration = Duration::from_millis(1);

impl Outcome {
    /// Calls of this tally a second that were answered with a result.
    pub fn per_second(&self, tally: &Tally) -> f64 {
        tally.latency.all.count() as f64 / self.elapsed.as_secs_f64()
    }

    /// What whoever reads the numbers should know.
    pub fn doubts(&self) -> Vec<Doubt> {
        let Some(kept) = self.schedule else { return Vec::new() };
        let mut doubts = Vec::new();
        let missing = kept.not_started + kept.unanswered;
        if kept.part(missing) > TOLERATED {
            doubts.push(Doubt::Missing { calls: missing, due: kept.due });
        }
        let lateness = self.total.lateness.quantile(0.99).filter(|late| *late > LATE_MAX);
        if kept.part(kept.held_up) > TOLERATED {
            doubts.push(Doubt::HeldUp { part: kept.part(kept.held_up), open_max: self.open_max });
        } else if let Some(late) = lateness {
            doubts.push(Doubt::Late(late));
        }
        doubts
    }
}

impl Kept {
    /// As a part of all that were due.
    fn part(&self, calls: u64) -> f64 {
        if self.due == 0 { 0.0 } else { calls as f64 / self.due as f64 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schedule_that_was_not_kept_is_doubted() {
        let kept = Kept { rate: 1e3, due: 1_000, held_up: 0, not_started: 0, unanswered: 0 };
        let doubts = |kept| {
            let (parts, total) = (Vec::new(), Tally::default());
            let elapsed = Duration::from_secs(1);
            Outcome { elapsed, ending: Ending::TimeUp, parts, total, schedule: Some(kept), open_max: 4 }
                .doubts()
        };
        assert_eq!(doubts(Kept { held_up: 10, not_started: 5, unanswered: 5, ..kept }), []);
        let behind = Kept { held_up: 500, not_started: 100, unanswered: 4, ..kept };
        let missing = Doubt::Missing { calls: 104, due: 1_000 };
        assert_eq!(doubts(behind), [missing, Doubt::HeldUp { part: 0.5, open_max: 4 }]);
    }
}
