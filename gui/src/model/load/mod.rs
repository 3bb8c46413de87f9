//! Many calls of one procedure, made to see what the server bears: what was planned, how it goes, what it came to.
//!
//! Runs that are over are kept as long as their tab is open, and no longer: what is to stay is copied.

pub(crate) mod asked;
pub(crate) mod compared;
pub(crate) mod copies;
pub(crate) mod curve;
pub(crate) mod news;
pub(crate) mod plan;
pub(crate) mod record;
pub(crate) mod run;
pub(crate) mod timeline;
pub(crate) mod typed;

use std::sync::Arc;

use self::news::{LoadNews, Outcome};
use self::plan::Plan;
use self::record::{Record, Records};
use self::run::{Run, Stage};
use self::typed::Typed;
use crate::exchange::LoadOrder;
use crate::model::connection::Failure;

/// Which run, counted from 1 in the order in which they were started in a tab.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct RunNumber(pub(crate) u64);

/// How many times a call is made that is made many times, to choose from.
pub(crate) const TIMES: [u64; 4] = [10, 100, 1000, 10_000];

/// The runs of one tab, and the plan for the next.
#[derive(Debug)]
pub(crate) struct Load {
    /// What is typed into the plan.
    pub(crate) typed: Typed,
    /// How many times a call is made that is made many times.
    pub(crate) times: u64,
    /// Why the last one was not started, if what was typed is why.
    pub(crate) refused: Option<Failure>,
    /// One that may do something, and is started once that is confirmed.
    pub(crate) asked: Option<Box<LoadOrder>>,
    /// The one that is under way.
    pub(crate) running: Option<Run>,
    /// Those that are over.
    pub(crate) records: Records,
    /// The one that is shown.
    pub(crate) shown: Option<RunNumber>,
    /// The one that it is compared with, as soon as it is over.
    pub(crate) beside: Option<RunNumber>,
    last: u64,
}

impl Default for Load {
    fn default() -> Self {
        Self {
            typed: Typed::default(),
            times: TIMES[1],
            refused: None,
            asked: None,
            running: None,
            records: Records::default(),
            shown: None,
            beside: None,
            last: 0,
        }
    }
}

impl Load {
    /// The number of the next run.
    pub(crate) fn next_number(&mut self) -> RunNumber {
        self.last += 1;
        RunNumber(self.last)
    }

    /// What is typed as a plan, if it is one.
    pub(crate) fn plan(&self) -> Option<Plan> {
        self.typed.plan()
    }

    /// Takes in what the worker told of a run.
    pub(crate) fn learn(&mut self, number: RunNumber, news: LoadNews) {
        let Some(run) = self.running.as_mut().filter(|run| run.number == number) else { return };
        match news {
            LoadNews::Connecting { done, wanted } => run.stage = Stage::Connecting(done, wanted),
            LoadNews::Progress(progress) => run.go_on(*progress),
            LoadNews::Done(outcome) => self.end(Ok(*outcome)),
            LoadNews::Failed(failure) => self.end(Err(failure)),
        }
    }

    /// The run that is shown, while it is under way.
    pub(crate) fn shown_run(&self) -> Option<&Run> {
        self.running.as_ref().filter(|run| Some(run.number) == self.shown)
    }

    /// The run that is shown, once it is over.
    pub(crate) fn shown_record(&self) -> Option<&Arc<Record>> {
        self.records.get(self.shown?)
    }

    /// What the run that is shown came to, and another: if both came to something.
    pub(crate) fn compared(&self) -> Option<[(&Record, &Outcome); 2]> {
        let beside = self.beside.filter(|beside| Some(*beside) != self.shown)?;
        let [one, other] = [self.shown_record()?, self.records.get(beside)?];
        Some([(one, one.outcome.as_ref().ok()?), (other, other.outcome.as_ref().ok()?)])
    }

    fn end(&mut self, outcome: Result<Outcome, Failure>) {
        let Some(run) = self.running.take() else { return };
        self.records.keep(Record::new(run, outcome));
    }
}
