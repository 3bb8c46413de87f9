//! What the worker tells of a run while it goes on, and what it came to.

use std::collections::BTreeMap;
use std::time::Duration;

use countersign::Code;
use countersign::builtin::stats::Histogram;
use countersign::load::Latencies;

use crate::model::connection::Failure;
use crate::model::journal::entry::Kept;

/// How often the worker tells how a run goes: what moves more often is not read.
pub(crate) const PROGRESS_EVERY: Duration = Duration::from_millis(200);

/// What the worker tells of a run. After any number of the first two comes exactly one of the others, also when the
/// run is stopped, and also when its tab leaves the server, which stops it.
#[derive(Debug)]
pub(crate) enum LoadNews {
    /// The run's own connections are being opened.
    Connecting {
        /// So many are,
        done: u32,
        /// of so many.
        wanted: u32,
    },
    /// How it goes: every [`PROGRESS_EVERY`], and when another phase begins.
    Progress(Box<Progress>),
    /// It is over, as planned or because it was stopped.
    Done(Box<Outcome>),
    /// It came to nothing: no connection could be opened, or one broke, or the arguments cannot be sent, or it was
    /// stopped before anything was measured.
    Failed(Failure),
}

/// What part of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Phase {
    /// Calls are made that do not count.
    WarmingUp,
    /// Calls count.
    Measuring,
}

/// What came of a run so far. All of it is counted from the beginning of its phase, so that one that is missed
/// loses nothing.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Progress {
    /// Which part of the run this is about.
    pub(crate) phase: Phase,
    /// For how long that has gone on; at the end a little longer than planned, for the last answers.
    pub(crate) elapsed: Duration,
    /// How long those calls took that were answered with a result.
    pub(crate) latency: Histogram,
    /// How many ended otherwise, by code; what has none is `UNKNOWN`.
    pub(crate) errors: BTreeMap<Code, u64>,
    /// Calls that were due and are not started, where there is a schedule.
    pub(crate) behind: Option<u64>,
}

/// What a run came to. Warming up is not in it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Outcome {
    /// For how long was measured.
    pub(crate) elapsed: Duration,
    /// Whether somebody stopped it before it was over.
    pub(crate) stopped: bool,
    /// How long those calls took, as they were waited for here, that were answered with a result: with a schedule
    /// from when they were due.
    pub(crate) client: Latencies,
    /// How long the calls of this procedure took that ended in this time, as the server counts, whoever made them:
    /// its own counters afterwards less those before. Or why they are not known.
    pub(crate) server: Result<Histogram, String>,
    /// How many ended otherwise, by code; what has none is `UNKNOWN`.
    pub(crate) errors: BTreeMap<Code, u64>,
    /// How the schedule was kept, if there was one.
    pub(crate) offered: Option<Offered>,
    /// What whoever reads the numbers should know: that somebody did not keep up.
    pub(crate) doubts: Vec<String>,
    /// The arguments of each call, to be copied.
    pub(crate) arguments: Kept,
}

/// How a schedule was kept.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Offered {
    /// Calls that were due.
    pub(crate) due: u64,
    /// Those among them that had to wait since as many were open as may be,
    pub(crate) held_up: u64,
    /// those that were never started,
    pub(crate) not_started: u64,
    /// and those that were started and still open some time after the end.
    pub(crate) unanswered: u64,
    /// How long after they were due calls were begun.
    pub(crate) lateness: Latencies,
}

impl Progress {
    /// Calls that have ended.
    pub(crate) fn ended(&self) -> u64 {
        self.latency.count().saturating_add(self.failed())
    }

    /// Calls that were not answered with a result.
    pub(crate) fn failed(&self) -> u64 {
        sum(&self.errors)
    }
}

impl Outcome {
    /// The last that is to be told of how it goes.
    pub(crate) fn as_progress(&self) -> Progress {
        let Self { elapsed, client, errors, .. } = self;
        let (latency, errors) = (client.all.clone(), errors.clone());
        Progress { phase: Phase::Measuring, elapsed: *elapsed, latency, errors, behind: None }
    }

    /// Calls a second that were answered with a result.
    pub(crate) fn rate(&self) -> f64 {
        let seconds = self.elapsed.as_secs_f64();
        if seconds <= 0.0 { 0.0 } else { self.client.all.count() as f64 / seconds }
    }

    /// Calls that were not.
    pub(crate) fn failed(&self) -> u64 {
        sum(&self.errors)
    }
}

fn sum(errors: &BTreeMap<Code, u64>) -> u64 {
    errors.values().fold(0, |sum, count| sum.saturating_add(*count))
}
