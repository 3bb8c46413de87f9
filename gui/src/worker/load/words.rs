//! What came of a run, as it is shown.

use countersign::builtin::stats::Histogram;
use countersign::load::{self, Doubt, Ending, Tally};

use crate::model::journal::entry::Kept;
use crate::model::load::news::{Offered, Outcome, Phase, Progress};
use crate::model::load::plan::{Pace, Plan};
use crate::text;

/// How a run goes.
pub(super) fn progress(reading: load::Reading) -> Progress {
    let load::Reading { at, phase, began, ends: _, tallies, schedule } = reading;
    let tally = Tally::sum(tallies);
    Progress {
        phase: match phase {
            load::Phase::WarmingUp => Phase::WarmingUp,
            load::Phase::Measuring | load::Phase::Over => Phase::Measuring,
        },
        elapsed: at.saturating_duration_since(began),
        errors: tally.errors,
        latency: tally.latency.all,
        behind: schedule.map(|counts| counts.not_started),
    }
}

/// What it came to.
pub(super) fn outcome(
    outcome: load::Outcome,
    plan: &Plan,
    server: Result<Histogram, String>,
    arguments: Kept,
) -> Outcome {
    let mut doubts: Vec<_> = outcome.doubts().into_iter().map(doubt).collect();
    let load::Outcome { elapsed, ending, parts: _, total, schedule, open_max: _ } = outcome;
    if let (Pace::Times(calls), Ending::TimeUp) = (plan.pace, ending) {
        let within = text::span_of(elapsed);
        doubts.push(format!("not all of the {} calls could be made within {within}", text::count(calls)));
    }
    let offered = schedule.map(|kept| Offered {
        due: kept.due,
        held_up: kept.held_up,
        not_started: kept.not_started,
        unanswered: kept.unanswered,
        lateness: total.lateness,
    });
    Outcome {
        elapsed,
        stopped: ending == Ending::Stopped,
        errors: total.errors,
        client: total.latency,
        server,
        offered,
        doubts,
        arguments,
    }
}

/// In words that become a sentence.
fn doubt(doubt: Doubt) -> String {
    match doubt {
        Doubt::Missing { calls, due } => format!(
            "the server or this machine did not keep up: {} of {} calls have no answer, and no latency here",
            text::count(calls),
            text::count(due)
        ),
        Doubt::HeldUp { part, open_max } => format!(
            "{:.0} % of the calls had to wait since {} were open, which is the most that may be, and it counts as \
             latency; try a lower rate, or more in flight",
            100.0 * part,
            text::count(open_max)
        ),
        Doubt::Late(late) => format!(
            "this machine did not keep up: one call in a hundred began more than {} after it was due, and it counts \
             as latency; try a lower rate",
            text::latency(late.as_secs_f64())
        ),
    }
}
