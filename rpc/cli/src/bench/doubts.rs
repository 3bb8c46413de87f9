//! What is to be doubted about a run, in words.

use countersign::load::{Doubt, Outcome};

use super::words::grouped;
use crate::time::latency;

/// What whoever reads the numbers should know.
pub(super) fn of(outcome: &Outcome) -> Vec<String> {
    outcome.doubts().into_iter().map(in_words).collect()
}

fn in_words(doubt: Doubt) -> String {
    match doubt {
        Doubt::Missing { calls, due } => format!(
            "the server, or this machine, did not keep up: {} of {} calls have no answer, and no latency \
             in these percentiles",
            grouped(calls as f64),
            grouped(due as f64)
        ),
        Doubt::HeldUp { part, open_max } => format!(
            "{:.0} % of the calls had to wait since {} were open, which is the most that may be, and it counts as \
             latency; try: a lower --rate, or more --in-flight",
            100.0 * part,
            grouped(open_max as f64)
        ),
        Doubt::Late(late) => format!(
            "this machine did not keep up: one call in a hundred began more than {} after it was due although \
             others might have been open, and it counts as latency",
            latency(late)
        ),
    }
}
