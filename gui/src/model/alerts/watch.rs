//! One rule, watched at one server: when what it is about begins, how bad it gets, and when it is over. Time
//! comes from outside.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::rule::{Condition, Errors, Expiry, Latency, Rule, Whose};
use crate::model::history::{History, Tick};
use crate::model::life::Life;

/// What fails goes on until its share is so much less than it takes to begin: it would flap at the edge.
const EASED: f64 = 0.8;
/// The most samples that a share is taken of: one a second for a quarter of an hour.
const SAMPLES_MAX: usize = 900;
/// What lies further ahead is looked at again after so long.
const LOOK_AGAIN: Duration = Duration::from_secs(60 * 60);

/// What rules ask of a server, at a moment.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Facts<'t> {
    /// The moment.
    pub(crate) now: Instant,
    /// Whether there was a connection, and is none.
    pub(crate) is_lost: bool,
    /// How the certificates of both sides stand, as far as they are known.
    pub(crate) own: Option<Life>,
    pub(crate) server: Option<Life>,
    /// What the server counted, if that is news.
    pub(crate) counted: Option<&'t History>,
}

/// A rule, and what became of it.
#[derive(Debug)]
pub(super) struct Watch {
    pub(super) rule: Rule,
    bout: Option<Bout>,
    window: Window,
    /// When it is to be looked at again, though there may be no news.
    pub(super) due: Option<Instant>,
}

/// What the rule is about, while it goes on.
#[derive(Debug, Clone, Copy)]
struct Bout {
    since: Instant,
    last: Instant,
    calls: u64,
    worst: f64,
    is_raised: bool,
}

/// What happened to an alert.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Turn {
    /// It is one, of what began then.
    Raised { since: Instant, worst: f64 },
    /// It is worse than ever.
    Worse(f64),
    /// It is over, and was so from then on.
    Over { last: Instant },
}

/// What a look shows.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Seen {
    /// Nothing that would say anything.
    Nothing,
    /// It is not as the rule says.
    Fine,
    /// It is so bad, in so many calls.
    Bad { value: f64, calls: u64 },
}

impl Watch {
    pub(super) fn new(rule: Rule) -> Self {
        Self { rule, bout: None, window: Window::default(), due: None }
    }

    /// Looks at the server again, and says what that means for the alert.
    pub(super) fn look(&mut self, facts: &Facts<'_>) -> Option<Turn> {
        let turn = self.turn(facts);
        self.due = self.due(facts);
        turn
    }

    fn turn(&mut self, facts: &Facts<'_>) -> Option<Turn> {
        let (now, calm) = (facts.now, self.rule.condition.calm());
        let seen = self.see(facts);
        if let Seen::Bad { value, calls } = seen {
            let first = Bout { since: now, last: now, calls: 0, worst: value, is_raised: false };
            let bout = self.bout.get_or_insert(first);
            let is_worse = value > bout.worst;
            bout.last = now;
            bout.worst = bout.worst.max(value);
            bout.calls = bout.calls.saturating_add(calls);
            if bout.is_raised {
                return is_worse.then_some(Turn::Worse(value));
            }
            let has_lasted = now.saturating_duration_since(bout.since) >= self.rule.condition.patience();
            bout.is_raised = has_lasted && bout.calls >= self.rule.condition.calls();
            return bout.is_raised.then_some(Turn::Raised { since: bout.since, worst: bout.worst });
        }
        let bout = self.bout?;
        let is_over = match seen {
            // What is known of a certificate while there is no connection is nothing new.
            Seen::Nothing if calm.is_zero() => false,
            Seen::Fine if !bout.is_raised => true,
            _ => now.saturating_duration_since(bout.last) >= calm,
        };
        if is_over {
            self.bout = None;
        }
        (is_over && bout.is_raised)
            .then_some(Turn::Over { last: if calm.is_zero() { now } else { bout.last } })
    }

    fn see(&mut self, facts: &Facts<'_>) -> Seen {
        match &self.rule.condition {
            Condition::Latency(rule) => see_latency(rule, facts),
            Condition::Errors(rule) => {
                let is_raised = self.bout.is_some_and(|bout| bout.is_raised);
                see_errors(rule, facts, &mut self.window, is_raised)
            }
            Condition::Expiry(rule) => see_expiry(rule, facts),
            Condition::Lost(_) if facts.is_lost => Seen::Bad { value: 0.0, calls: 0 },
            Condition::Lost(_) => Seen::Fine,
        }
    }

    /// When it may turn without any news.
    fn due(&self, facts: &Facts<'_>) -> Option<Instant> {
        let condition = &self.rule.condition;
        match (condition, self.bout) {
            (Condition::Lost(_), Some(bout)) if !bout.is_raised => Some(bout.since + condition.patience()),
            (Condition::Expiry(rule), None) => {
                let left = lives(rule, facts).map(|life| seconds_until(rule, life)).min()?;
                let ahead = Duration::from_secs(u64::try_from(left).unwrap_or(0).max(1));
                Some(facts.now + ahead.min(LOOK_AGAIN))
            }
            (Condition::Latency(_) | Condition::Errors(_), Some(bout)) if bout.is_raised => {
                Some(bout.last + condition.calm())
            }
            _ => None,
        }
    }
}

impl Condition {
    /// How many calls have to have ended while it held.
    fn calls(&self) -> u64 {
        match self {
            Self::Latency(rule) => rule.calls,
            // They are counted where the share is.
            Self::Errors(_) | Self::Expiry(_) | Self::Lost(_) => 0,
        }
    }
}

/// The last second, as the graph shows it.
fn see_latency(rule: &Latency, facts: &Facts<'_>) -> Seen {
    let latest = facts.counted.and_then(|history| history.latest(rule.procedure.as_deref()));
    let Some((latest, seconds)) =
        latest.and_then(|latest| Some((latest, rule.percentile.of_histogram(&latest.latency)?)))
    else {
        return Seen::Nothing;
    };
    match seconds * 1e6 > rule.above_us as f64 {
        true => Seen::Bad { value: seconds, calls: latest.calls },
        false => Seen::Fine,
    }
}

fn see_errors(rule: &Errors, facts: &Facts<'_>, window: &mut Window, is_raised: bool) -> Seen {
    let Some(history) = facts.counted else { return Seen::Nothing };
    let failed = |latest: &Tick| match rule.code {
        Some(code) => latest.errors.get(&code).copied().unwrap_or(0),
        None => latest.failed(),
    };
    let latest = history.latest(rule.procedure.as_deref());
    let sample = Sample {
        at: facts.now,
        calls: latest.map_or(0, |latest| latest.calls),
        failed: latest.map_or(0, failed),
    };
    let sum = window.add(sample, Duration::from_secs(rule.lasts_s));
    if sum.calls < rule.calls.max(1) {
        return Seen::Fine;
    }
    let share = 100.0 * (sum.failed as f64 / sum.calls as f64).min(1.0);
    let limit = if is_raised { rule.percent * EASED } else { rule.percent };
    if share > limit { Seen::Bad { value: share, calls: sum.calls } } else { Seen::Fine }
}

fn see_expiry(rule: &Expiry, facts: &Facts<'_>) -> Seen {
    // A connection that is away says nothing of the server's certificate, and ours says little of its.
    let is_half_known = rule.whose == Whose::Either && (facts.own.is_none() || facts.server.is_none());
    let ending = lives(rule, facts).filter(|life| seconds_until(rule, *life) <= 0);
    match ending.map(Life::left).min() {
        Some(left) => Seen::Bad { value: -left as f64, calls: 0 },
        None if is_half_known || lives(rule, facts).next().is_none() => Seen::Nothing,
        None => Seen::Fine,
    }
}

/// The certificates that a rule is about, as far as they are known.
fn lives(rule: &Expiry, facts: &Facts<'_>) -> impl Iterator<Item = Life> {
    let (own, server) = match rule.whose {
        Whose::Either => (facts.own, facts.server),
        Whose::Own => (facts.own, None),
        Whose::Server => (None, facts.server),
    };
    own.into_iter().chain(server)
}

/// How many seconds are left until the rule is about this certificate.
fn seconds_until(rule: &Expiry, life: Life) -> i64 {
    let share = (life.whole() as f64 * rule.percent_left / 100.0) as i64;
    let within = i64::try_from(rule.within_s).unwrap_or(i64::MAX);
    life.left().saturating_sub(within.min(share))
}

/// What was counted over the last while.
#[derive(Debug, Default)]
struct Window {
    samples: VecDeque<Sample>,
}

#[derive(Debug, Clone, Copy)]
struct Sample {
    at: Instant,
    calls: u64,
    failed: u64,
}

impl Window {
    /// Adds what was counted last, and says what that makes over so long.
    fn add(&mut self, sample: Sample, length: Duration) -> Sample {
        self.samples.push_back(sample);
        let is_past = |old: &Sample| sample.at.saturating_duration_since(old.at) >= length;
        while self.samples.len() > SAMPLES_MAX || self.samples.front().is_some_and(is_past) {
            self.samples.pop_front();
        }
        let nothing = Sample { at: sample.at, calls: 0, failed: 0 };
        self.samples.iter().fold(nothing, |sum, sample| Sample {
            calls: sum.calls.saturating_add(sample.calls),
            failed: sum.failed.saturating_add(sample.failed),
            ..sum
        })
    }
}
