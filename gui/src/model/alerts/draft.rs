//! A rule that is being written: what was typed, and what is wrong with it.

use std::time::Duration;

use countersign::Code;

use super::rule::{
    ABOVE_MAX, CALLS_MAX, Condition, Errors, Expiry, LASTS_MAX, Latency, Lost, Rule, WITHIN_MAX, Whose,
    length,
};
use crate::model::catalogue::NAME_SHOWN;
use crate::model::connection::Target;
use crate::model::history::Percentile;
use crate::text;

/// What a rule is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Kind {
    /// Calls take long.
    #[default]
    Latency,
    /// Calls fail.
    Errors,
    /// A certificate ends soon.
    Expiry,
    /// The connection is lost.
    Lost,
}

/// What can be typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Field {
    /// The procedure.
    Procedure,
    /// The time above which a percentile is too long.
    Above,
    /// The share above which too many fail.
    Percent,
    /// How long it has to go on.
    Lasts,
    /// How many calls there have to be.
    Calls,
    /// How long before its end a certificate is told of.
    Within,
    /// How much of its life is left then.
    Left,
    /// All of it: there is such a rule.
    Rule,
}

/// A rule that is being written. Text boxes edit it in place; what another kind asks for is kept.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Draft {
    /// Which of the rules it takes the place of.
    pub(crate) replaces: Option<usize>,
    /// What it is about.
    pub(crate) kind: Kind,
    /// At which server; without one, at every server.
    pub(crate) server: Option<Target>,
    /// Which procedure; empty for all.
    pub(crate) procedure: String,
    /// Which percentile.
    pub(crate) percentile: Percentile,
    /// Which code; without one, any.
    pub(crate) code: Option<Code>,
    /// Whose certificate.
    pub(crate) whose: Whose,
    /// Times, shares and numbers, as typed.
    pub(crate) above: String,
    pub(crate) percent: String,
    pub(crate) lasts: String,
    pub(crate) calls: String,
    pub(crate) within: String,
    pub(crate) left: String,
    /// Whether it is in force: that is switched elsewhere.
    pub(super) is_on: bool,
}

impl Default for Draft {
    fn default() -> Self {
        Self {
            replaces: None,
            kind: Kind::default(),
            server: None,
            procedure: String::new(),
            percentile: Percentile::default(),
            code: None,
            whose: Whose::default(),
            above: "500 ms".to_owned(),
            percent: "5".to_owned(),
            lasts: "10 s".to_owned(),
            calls: "10".to_owned(),
            within: "7 d".to_owned(),
            left: "25".to_owned(),
            is_on: true,
        }
    }
}

impl Draft {
    /// One that is to take the place of a rule.
    pub(crate) fn of(rule: &Rule, at: usize) -> Self {
        let mut draft = Self {
            replaces: Some(at),
            server: rule.server.clone(),
            procedure: rule.condition.procedure().unwrap_or_default().to_owned(),
            is_on: rule.is_on,
            ..Self::default()
        };
        match &rule.condition {
            Condition::Latency(it) => {
                draft.kind = Kind::Latency;
                draft.percentile = it.percentile;
                draft.above = text::typed(Duration::from_micros(it.above_us));
                (draft.lasts, draft.calls) = (length(it.lasts_s), it.calls.to_string());
            }
            Condition::Errors(it) => {
                (draft.kind, draft.code) = (Kind::Errors, it.code);
                draft.percent = it.percent.to_string();
                (draft.lasts, draft.calls) = (length(it.lasts_s), it.calls.to_string());
            }
            Condition::Expiry(it) => {
                (draft.kind, draft.whose) = (Kind::Expiry, it.whose);
                (draft.within, draft.left) = (length(it.within_s), it.percent_left.to_string());
            }
            Condition::Lost(it) => (draft.kind, draft.lasts) = (Kind::Lost, length(it.lasts_s)),
        }
        draft
    }

    /// One about a procedure, or all of them, at a server: twice the latency that is seen now, and twice the share
    /// of failures, as far as there are any.
    pub(crate) fn about(
        server: Option<Target>,
        procedure: Option<&str>,
        percentile: Percentile,
        seconds: Option<f64>,
        failed: f64,
    ) -> Self {
        let mut draft = Self { server, percentile, ..Self::default() };
        draft.procedure = procedure.unwrap_or_default().to_owned();
        if let Some(seconds) = seconds {
            let twice = Duration::try_from_secs_f64(2.0 * seconds).unwrap_or(ABOVE_MAX).min(ABOVE_MAX);
            draft.above = text::typed(rounded(twice));
        }
        if failed > 0.0 {
            draft.percent = (200.0 * failed).ceil().min(100.0).to_string();
        }
        draft
    }

    /// The rule, or what is wrong and where.
    pub(crate) fn rule(&self, others: &[Rule]) -> Result<Rule, Vec<(Field, String)>> {
        let mut wrong = Vec::new();
        let condition = match self.kind {
            Kind::Latency => Condition::Latency(Latency {
                procedure: self.procedure(&mut wrong),
                percentile: self.percentile,
                above_us: time(&mut wrong, Field::Above, &self.above, "500 ms", ABOVE_MAX).as_micros() as u64,
                lasts_s: self.lasts_s(&mut wrong),
                calls: self.calls(&mut wrong),
            }),
            Kind::Errors => Condition::Errors(Errors {
                procedure: self.procedure(&mut wrong),
                code: self.code,
                percent: share(&mut wrong, Field::Percent, &self.percent, 0.0),
                lasts_s: self.lasts_s(&mut wrong),
                calls: self.calls(&mut wrong),
            }),
            Kind::Expiry => Condition::Expiry(Expiry {
                whose: self.whose,
                within_s: time(&mut wrong, Field::Within, &self.within, "7 d", WITHIN_MAX).as_secs().max(1),
                percent_left: share(&mut wrong, Field::Left, &self.left, 1.0),
            }),
            Kind::Lost => Condition::Lost(Lost { lasts_s: self.lasts_s(&mut wrong) }),
        };
        let rule = Rule { server: self.server.clone(), condition, is_on: self.is_on };
        let is_same = |other: &Rule| other.condition == rule.condition && other.server == rule.server;
        let mut others = (0..).zip(others).filter(|(at, _)| self.replaces != Some(*at));
        if wrong.is_empty() && others.any(|(_, other)| is_same(other)) {
            wrong.push((Field::Rule, "There is such a rule already".to_owned()));
        }
        if wrong.is_empty() { Ok(rule) } else { Err(wrong) }
    }

    fn procedure(&self, wrong: &mut Vec<(Field, String)>) -> Option<String> {
        let path = self.procedure.trim();
        if path.is_empty() {
            return None;
        }
        let is_path =
            path.split_once('/').is_some_and(|(service, name)| !service.is_empty() && !name.is_empty());
        if !is_path || path.chars().count() > NAME_SHOWN {
            let words = "A procedure looks like acme.Ledger/balance; leave it empty for all of them";
            wrong.push((Field::Procedure, words.to_owned()));
        }
        Some(path.to_owned())
    }

    fn lasts_s(&self, wrong: &mut Vec<(Field, String)>) -> u64 {
        let lasts = time(wrong, Field::Lasts, &self.lasts, "10 s", LASTS_MAX);
        if lasts < Duration::from_secs(1) && wrong.iter().all(|(field, _)| *field != Field::Lasts) {
            wrong.push((
                Field::Lasts,
                "A server tells its counters every second: write at least 1 s".to_owned(),
            ));
        }
        lasts.as_secs()
    }

    fn calls(&self, wrong: &mut Vec<(Field, String)>) -> u64 {
        match self.calls.trim() {
            "" => 0,
            typed => typed.parse().ok().filter(|calls| *calls <= CALLS_MAX).unwrap_or_else(|| {
                wrong.push((Field::Calls, "Write a number, such as 10".to_owned()));
                0
            }),
        }
    }
}

impl Kind {
    /// All of them, in the order in which they are offered.
    pub(crate) const ALL: [Self; 4] = [Self::Latency, Self::Errors, Self::Expiry, Self::Lost];

    /// As it is written in the window.
    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::Latency => "Latency",
            Self::Errors => "Errors",
            Self::Expiry => "Certificate",
            Self::Lost => "Connection",
        }
    }
}

impl Whose {
    /// All of them, in the order in which they are offered.
    pub(crate) const ALL: [Self; 3] = [Self::Either, Self::Server, Self::Own];

    /// As it is written in the window.
    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::Either => "Either side's",
            Self::Server => "The server's",
            Self::Own => "My own",
        }
    }
}

fn time(
    wrong: &mut Vec<(Field, String)>,
    field: Field,
    typed: &str,
    example: &str,
    longest: Duration,
) -> Duration {
    let limit = length(longest.as_secs());
    match text::duration(typed.trim()) {
        Some(time) if time <= longest => return time,
        Some(_) => wrong.push((field, format!("Not longer than {limit}"))),
        None => wrong.push((field, format!("Write a time with its unit, such as {example}"))),
    }
    Duration::ZERO
}

fn share(wrong: &mut Vec<(Field, String)>, field: Field, typed: &str, least: f64) -> f64 {
    let number = typed.trim().trim_end_matches('%').trim_end();
    let share = number.parse::<f64>().ok().filter(|share| (least..=100.0).contains(share));
    share.unwrap_or_else(|| {
        wrong.push((field, format!("Write a share from {least} to 100 %")));
        0.0
    })
}

/// A time to two digits, and not below a microsecond.
fn rounded(time: Duration) -> Duration {
    let us = u64::try_from(time.as_micros()).unwrap_or(u64::MAX).max(1);
    let unit = 10_u64.pow(us.ilog10().saturating_sub(1));
    Duration::from_micros(us.div_ceil(unit).saturating_mul(unit))
}
