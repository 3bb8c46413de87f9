//! A run that is under way.

use std::time::Duration;

use jiff::Timestamp;

use super::RunNumber;
use super::news::{Phase, Progress};
use super::plan::{Pace, Plan};
use super::timeline::Timeline;
use crate::exchange::LoadOrder;
use crate::model::journal::entry::{Items, Kept, Request, Said, Server};
use countersign::service::CallKind;

/// A run that is under way.
#[derive(Debug)]
pub(crate) struct Run {
    /// Which one.
    pub(crate) number: RunNumber,
    /// What was started, to be kept with what comes of it.
    pub(crate) what: What,
    /// How far it is.
    pub(crate) stage: Stage,
    /// How it went so far.
    pub(crate) timeline: Timeline,
    /// Whether it was asked to stop.
    pub(crate) is_stopping: bool,
}

/// What a run is: everything that it takes to make it again.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct What {
    /// When it was started.
    pub(crate) at: Timestamp,
    /// Whom it is asked of.
    pub(crate) server: Server,
    /// What each call asks. Its arguments are known once it is over.
    pub(crate) request: Request,
    /// How many, when, and over how many connections.
    pub(crate) plan: Plan,
}

/// How far a run is.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Stage {
    /// So many connections are open, of so many.
    Connecting(u32, u32),
    /// Calls are made.
    Going(Progress),
}

impl Run {
    /// A run that was just ordered.
    pub(crate) fn new(order: &LoadOrder, server: Server, at: Timestamp) -> Self {
        let metadata = order.metadata.iter().map(|(key, value)| (key.clone(), Said::of(key, value)));
        let request = Request {
            procedure: order.procedure.clone(),
            kind: CallKind::Unary,
            arguments: Kept::TooLong(0),
            items: Items::default(),
            deadline_us: order.deadline.map(|time| u64::try_from(time.as_micros()).unwrap_or(u64::MAX)),
            metadata: metadata.collect(),
        };
        let what = What { at, server, request, plan: order.plan };
        let stage = Stage::Connecting(0, order.plan.connections);
        let warm_up = what.plan.span().map_or(Duration::ZERO, |span| span.warm_up);
        Self { number: order.run, what, stage, timeline: Timeline::new(warm_up), is_stopping: false }
    }

    /// The worker told how it goes.
    pub(crate) fn go_on(&mut self, progress: Progress) {
        self.timeline.learn(&progress);
        self.stage = Stage::Going(progress);
    }

    /// How much of it is done, from 0 to 1.
    pub(crate) fn share(&self) -> f64 {
        let Stage::Going(progress) = &self.stage else { return 0.0 };
        let share = match self.what.plan.pace {
            Pace::Times(calls) => progress.ended() as f64 / calls.max(1) as f64,
            Pace::Closed(span) | Pace::Open(_, span) => {
                let before = if progress.phase == Phase::Measuring { span.warm_up } else { Duration::ZERO };
                (before + progress.elapsed).as_secs_f64() / (span.warm_up + span.duration).as_secs_f64()
            }
        };
        share.clamp(0.0, 1.0)
    }

    /// How long it will still take, if that can be told.
    pub(crate) fn left(&self) -> Option<Duration> {
        let Stage::Going(progress) = &self.stage else { return None };
        match self.what.plan.pace {
            // As fast as until now.
            Pace::Times(_) => {
                let share = self.share();
                let left = progress.elapsed.as_secs_f64() * (1.0 - share) / share;
                Duration::try_from_secs_f64(left).ok()
            }
            Pace::Closed(span) | Pace::Open(_, span) => {
                let ahead = match progress.phase {
                    Phase::WarmingUp => span.warm_up + span.duration,
                    Phase::Measuring => span.duration,
                };
                Some(ahead.saturating_sub(progress.elapsed))
            }
        }
    }

    /// What is going on, in a few words.
    pub(crate) fn words(&self) -> String {
        match &self.stage {
            _ if self.is_stopping => "stopping".to_owned(),
            Stage::Connecting(done, wanted) => format!("connecting, {done} of {wanted}"),
            Stage::Going(progress) if progress.phase == Phase::WarmingUp => "warming up".to_owned(),
            Stage::Going(_) => "measuring".to_owned(),
        }
    }
}
