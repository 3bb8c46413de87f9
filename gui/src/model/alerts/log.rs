//! The alerts: those that go on, and those that are over.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::rule::Rule;
use crate::model::tab::TabId;

/// The most alerts that are over and still listed: a day of one every seven minutes.
pub(crate) const PAST_MAX: usize = 200;

/// Which alert: counted up, and never used again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub(crate) struct AlertId(pub(crate) u64);

/// Something that happened and that a rule says is to be told.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Alert {
    /// Which one.
    pub(crate) id: AlertId,
    /// Why it is one.
    pub(crate) rule: Rule,
    /// Where.
    pub(crate) tab: TabId,
    /// What that server is called.
    pub(crate) server: String,
    /// When it began, by both clocks.
    pub(crate) began: Instant,
    pub(crate) date: Timestamp,
    /// The worst that was seen, as the condition counts it.
    pub(crate) worst: f64,
    /// When it was over, if it is.
    pub(crate) ended: Option<Instant>,
    /// Whether somebody has said that they know.
    pub(crate) is_known: bool,
}

impl Alert {
    /// How long it has gone on, or went on.
    pub(crate) fn lasted(&self, now: Instant) -> Duration {
        self.ended.unwrap_or(now).saturating_duration_since(self.began)
    }

    /// The worst that was seen, in words; empty where how long it went on says it all.
    pub(crate) fn worst_words(&self) -> String {
        self.rule.condition.worst_words(self.worst)
    }
}

/// All of them, the latest first.
#[derive(Debug, Default)]
pub(crate) struct Log {
    /// Those that go on: one at most for each rule at each server.
    pub(crate) active: VecDeque<Alert>,
    /// Those that are over.
    pub(crate) past: VecDeque<Alert>,
    numbered: u64,
}

impl Log {
    /// Lists a new one, whose number it gets here.
    pub(super) fn raise(&mut self, alert: Alert) -> &Alert {
        self.numbered += 1;
        self.active.push_front(Alert { id: AlertId(self.numbered), ..alert });
        &self.active[0]
    }

    /// The one that goes on of a rule at a server.
    pub(super) fn active_mut(&mut self, tab: TabId, rule: &Rule) -> Option<&mut Alert> {
        self.active.iter_mut().find(|alert| alert.tab == tab && alert.rule == *rule)
    }

    /// Lists those among the past that are over now.
    pub(super) fn end(&mut self, ended: Instant, is_over: impl Fn(&Alert) -> bool) {
        let mut at = self.active.len();
        while at > 0 {
            at -= 1;
            if is_over(&self.active[at])
                && let Some(alert) = self.active.remove(at)
            {
                self.past.push_front(Alert { ended: Some(ended), ..alert });
            }
        }
        self.past.truncate(PAST_MAX);
    }

    /// Those that go on, and then those that are over.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Alert> {
        self.active.iter().chain(&self.past)
    }

    /// The one of this number, if it is still listed.
    pub(crate) fn find(&self, id: AlertId) -> Option<&Alert> {
        self.all().find(|alert| alert.id == id)
    }
}
