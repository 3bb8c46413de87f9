//! What a run came to, and what is to be doubted about it.

use std::time::Duration;

use super::load::Run;
use super::mix::Target;
use super::score::Tally;
use super::words::grouped;
use crate::args::Bench;
use crate::time::shown;

/// What a run came to.
#[derive(Debug)]
pub(super) struct Outcome {
    /// How long was measured; nothing if it was cut short before.
    pub(super) elapsed: Duration,
    pub(super) cut_short: bool,
    pub(super) procedures: Vec<Part>,
    pub(super) total: Tally,
    /// How it went with the schedule, if there was one.
    pub(super) schedule: Option<Kept>,
}

/// What came of one `--procedure`.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) name: String,
    pub(super) weight: u32,
    pub(super) tally: Tally,
}

/// How well a schedule was kept.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Kept {
    /// Calls a second that were to be made.
    pub(super) rate: f64,
    /// Calls that were due.
    pub(super) due: u64,
    /// Those among them that had to wait since as many were open as may be,
    pub(super) held_up: u64,
    /// those for which that went on until the end,
    pub(super) not_started: u64,
    /// and those that were still open some time after it.
    pub(super) unanswered: u64,
}

/// Parts of the calls that may be late or missing before it is said that somebody did not keep up.
const TOLERATED: f64 = 0.01;

/// How late a machine is that is not overloaded, with what its timers and its scheduler take.
const LATE_MAX: Duration = Duration::from_millis(1);

impl Outcome {
    pub(super) fn of(bench: &Bench, run: &Run) -> Self {
        let part = |(target, tally): (&Target, Tally)| Part {
            name: target.procedure.clone(),
            weight: target.weight,
            tally,
        };
        let procedures: Vec<_> = run.mix.targets.iter().zip(run.measured()).map(part).collect();
        let total = Tally::sum(procedures.iter().map(|part| part.tally.clone()));
        let schedule = bench.rate.zip(run.counts()).map(|(rate, counts)| {
            let ended = total.latency.all.count() + total.failed();
            let (due, not_started) = (counts.due, counts.not_started);
            let unanswered = due.saturating_sub(not_started).saturating_sub(ended);
            Kept { rate, due, held_up: counts.held_up, not_started, unanswered }
        });
        Self {
            elapsed: run.end().saturating_duration_since(run.begin),
            cut_short: run.was_cut(),
            procedures,
            total,
            schedule,
        }
    }

    /// Calls of this tally a second that were answered with a result.
    pub(super) fn per_second(&self, tally: &Tally) -> f64 {
        tally.latency.all.count() as f64 / self.elapsed.as_secs_f64()
    }

    /// `demo.Echo/record and demo.Echo/blob`.
    pub(super) fn names(&self) -> String {
        let names: Vec<_> = self.procedures.iter().map(|part| part.name.as_str()).collect();
        names.join(" and ")
    }

    /// What whoever reads the numbers should know.
    pub(super) fn doubts(&self, bench: &Bench) -> Vec<String> {
        let Some(kept) = self.schedule else { return Vec::new() };
        let mut doubts = Vec::new();
        let missing = kept.not_started + kept.unanswered;
        if kept.part(missing) > TOLERATED {
            doubts.push(format!(
                "the server, or this machine, did not keep up: {} of {} calls have no answer, and no latency \
                 in these percentiles",
                grouped(missing as f64),
                grouped(kept.due as f64)
            ));
        }
        let lateness = self.total.lateness.quantile(0.99);
        if kept.part(kept.held_up) > TOLERATED {
            let open = u64::from(bench.connections) * u64::from(bench.in_flight);
            doubts.push(format!(
                "{:.0} % of the calls had to wait since {} were open, which is the most that may be, and it counts as \
                 latency; try: a lower --rate, or more --in-flight",
                100.0 * kept.part(kept.held_up),
                grouped(open as f64)
            ));
        } else if lateness.is_some_and(|late| late > LATE_MAX) {
            doubts.push(format!(
                "this machine did not keep up: one call in a hundred began more than {} after it was due although \
                 others might have been open, and it counts as latency",
                shown(lateness)
            ));
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
