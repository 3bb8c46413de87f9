//! Runs that are over, kept to be looked at and compared.

use std::cmp::Ordering;
use std::sync::Arc;
use std::time::Duration;

use super::RunNumber;
use super::curve::curve;
use super::news::Outcome;
use super::run::{Run, What};
use super::timeline::Timeline;
use crate::model::connection::Failure;
use crate::model::sorted::{Sorted, arranged};

/// The most runs that a tab keeps; the oldest goes first. Each takes some ten KiB, and nobody compares more.
pub(crate) const RECORDS_MAX: usize = 100;

/// A run that is over.
#[derive(Debug)]
pub(crate) struct Record {
    /// Which one.
    pub(crate) number: RunNumber,
    /// What was done.
    pub(crate) what: What,
    /// What it came to.
    pub(crate) outcome: Result<Outcome, Failure>,
    /// How it went.
    pub(crate) timeline: Timeline,
    /// The latencies as curves: what was measured here, and by the server.
    pub(crate) curves: [Vec<(f64, f64)>; 2],
}

/// What the list of them is sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Column {
    #[default]
    Time,
    Procedure,
    Plan,
    Rate,
    P50,
    P99,
    Failed,
}

/// All that are kept, and how they are listed.
#[derive(Debug, Default)]
pub(crate) struct Records {
    /// In the order in which they ended.
    kept: Vec<Arc<Record>>,
    /// Their order in the list.
    pub(crate) sorted: Sorted<Column>,
    /// The places of those, in that order.
    listed: Vec<usize>,
}

impl Record {
    /// What is left of a run.
    pub(crate) fn new(run: Run, outcome: Result<Outcome, Failure>) -> Self {
        let Run { number, mut what, mut timeline, .. } = run;
        let mut curves = [Vec::new(), Vec::new()];
        timeline.end(outcome.as_ref().ok().map(Outcome::as_progress).as_ref());
        if let Ok(outcome) = &outcome {
            what.request.arguments = outcome.arguments.clone();
            curves[0] = curve(&outcome.client.all, outcome.client.max());
            curves[1] = outcome.server.as_ref().map(|server| curve(server, None)).unwrap_or_default();
        }
        Self { number, what, outcome, timeline, curves }
    }

    /// How it ended, in a word.
    pub(crate) fn verdict(&self) -> &'static str {
        match &self.outcome {
            Ok(outcome) if outcome.stopped => "stopped",
            Ok(_) => "done",
            Err(_) => "failed",
        }
    }

    fn quantile(&self, q: f64) -> Option<Duration> {
        self.outcome.as_ref().ok()?.client.quantile(q)
    }

    fn rate(&self) -> f64 {
        self.outcome.as_ref().map_or(-1.0, Outcome::rate)
    }

    fn compare(&self, other: &Self, by: Column) -> Ordering {
        match by {
            Column::Time => self.number.cmp(&other.number),
            Column::Procedure => self.what.request.procedure.cmp(&other.what.request.procedure),
            Column::Plan => self.what.plan.words().cmp(&other.what.plan.words()),
            Column::Rate => self.rate().total_cmp(&other.rate()),
            Column::P50 => self.quantile(0.5).cmp(&other.quantile(0.5)),
            Column::P99 => self.quantile(0.99).cmp(&other.quantile(0.99)),
            Column::Failed => {
                let [one, two] =
                    [self, other].map(|record| record.outcome.as_ref().map_or(0, Outcome::failed));
                one.cmp(&two)
            }
        }
    }
}

impl Records {
    /// One more is over.
    pub(crate) fn keep(&mut self, record: Record) {
        if self.kept.len() == RECORDS_MAX {
            self.kept.remove(0);
        }
        self.kept.push(Arc::new(record));
        self.arrange();
    }

    /// One is wanted no more.
    pub(crate) fn forget(&mut self, number: RunNumber) {
        self.kept.retain(|record| record.number != number);
        self.arrange();
    }

    /// Sorts the list by a column, or turns it around.
    pub(crate) fn sort_by(&mut self, column: Column) {
        let is_text = matches!(column, Column::Procedure | Column::Plan);
        self.sorted.choose(column, !is_text);
        self.arrange();
    }

    /// The one of this number, if it is kept.
    pub(crate) fn get(&self, number: RunNumber) -> Option<&Arc<Record>> {
        self.kept.iter().find(|record| record.number == number)
    }

    /// How many are kept.
    pub(crate) fn len(&self) -> usize {
        self.kept.len()
    }

    /// All of them, as they are listed.
    pub(crate) fn listed(&self) -> impl Iterator<Item = &Arc<Record>> {
        self.listed.iter().filter_map(|place| self.kept.get(*place))
    }

    fn arrange(&mut self) {
        let sorted = self.sorted;
        self.listed =
            arranged(&self.kept, |_| true, |one, other| sorted.apply(one.compare(other, sorted.by)));
    }
}
