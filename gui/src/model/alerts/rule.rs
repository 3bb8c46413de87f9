//! What is worth an alert: a rule, as a plain value that says in words what it means.

use std::fmt::Write as _;
use std::time::Duration;

use countersign::Code;
use serde::{Deserialize, Serialize};

use crate::model::catalogue::NAME_SHOWN;
use crate::model::connection::Target;
use crate::model::history::Percentile;
use crate::text;

/// The longest that something has to go on before it is an alert: what takes longer is read from a graph.
pub(crate) const LASTS_MAX: Duration = Duration::from_secs(15 * 60);
/// Latencies from a microsecond to an hour can be told from one another.
pub(crate) const ABOVE_MAX: Duration = Duration::from_secs(60 * 60);
/// A certificate that ends later than in two years is none to be alerted of.
pub(crate) const WITHIN_MAX: Duration = Duration::from_secs(2 * 365 * 24 * 60 * 60);
/// So many calls end in a quarter of an hour at the busiest server that the dashboard was tried with.
pub(crate) const CALLS_MAX: u64 = 1_000_000_000;

/// Something that is to be told when it happens.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Rule {
    /// At which server; without one, at every server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) server: Option<Target>,
    /// What is to be told.
    #[serde(flatten)]
    pub(crate) condition: Condition,
    /// Whether it is in force.
    #[serde(default = "yes", skip_serializing_if = "Clone::clone")]
    pub(crate) is_on: bool,
}

fn yes() -> bool {
    true
}

/// What a rule is about.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "alert_of", rename_all = "snake_case")]
pub(crate) enum Condition {
    /// Calls take long.
    Latency(Latency),
    /// Calls fail.
    Errors(Errors),
    /// A certificate ends soon.
    Expiry(Expiry),
    /// The connection is lost, and does not come back.
    Lost(Lost),
}

/// A percentile lies above a time in every second of a while in which calls ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Latency {
    /// The procedure; without one, all but the built-in ones together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) procedure: Option<String>,
    /// Which one.
    #[serde(default)]
    pub(crate) percentile: Percentile,
    /// Above which time.
    pub(crate) above_us: u64,
    /// For how long.
    pub(crate) lasts_s: u64,
    /// And so many calls have to have ended in it.
    #[serde(default)]
    pub(crate) calls: u64,
}

/// Of the calls that ended within a while, more than a share failed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Errors {
    /// The procedure; without one, all but the built-in ones together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) procedure: Option<String>,
    /// With this code; without one, with any.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "code")]
    pub(crate) code: Option<Code>,
    /// More than so many in a hundred.
    pub(crate) percent: f64,
    /// Over how long.
    pub(crate) lasts_s: u64,
    /// And so many calls have to have ended in it: one of one is no alarm.
    #[serde(default)]
    pub(crate) calls: u64,
}

/// A certificate ends within a while.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Expiry {
    /// Whose.
    #[serde(default)]
    pub(crate) whose: Whose,
    /// Within how long.
    pub(crate) within_s: u64,
    /// And less than so many hundredths of its life are left: one that lives for a day always ends within a
    /// week.
    #[serde(default = "all")]
    pub(crate) percent_left: f64,
}

fn all() -> f64 {
    100.0
}

/// Whose certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Whose {
    /// The server's or one's own, whichever ends first.
    #[default]
    Either,
    /// The server's.
    Server,
    /// One's own.
    Own,
}

/// The connection is lost, and has not come back for a while.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Lost {
    /// For how long.
    pub(crate) lasts_s: u64,
}

impl Rule {
    /// A rule that is in force.
    pub(crate) fn new(server: Option<Target>, condition: Condition) -> Self {
        Self { server, condition, is_on: true }
    }

    /// What is on from the beginning. None of it happens while all is well, the demo's failures included.
    pub(crate) fn usual() -> Vec<Self> {
        let conditions = [
            // A server that is started anew, and a client that comes back to it, take less.
            Condition::Lost(Lost { lasts_s: 10 }),
            // A renewal is due at 30 % of a life, nine days before the usual thirty end: by then it was missed.
            Condition::Expiry(Expiry {
                whose: Whose::Either,
                within_s: 7 * 24 * 60 * 60,
                percent_left: 25.0,
            }),
            // How many failures are usual differs from server to server; that most calls fail is nowhere.
            Condition::Errors(Errors { procedure: None, code: None, percent: 50.0, lasts_s: 30, calls: 20 }),
        ];
        conditions.map(|condition| Self::new(None, condition)).to_vec()
    }

    /// Whether it is about this server.
    pub(crate) fn is_for(&self, server: &Target) -> bool {
        self.server.as_ref().is_none_or(|own| own == server)
    }

    /// Whether its numbers can be meant: a file may say anything.
    pub(super) fn is_sound(&self) -> bool {
        let lasts = |seconds: u64| (1..=LASTS_MAX.as_secs()).contains(&seconds);
        let share = |percent: f64| (0.0..=100.0).contains(&percent);
        let name = |procedure: &Option<String>| {
            procedure.as_ref().is_none_or(|path| !path.is_empty() && path.chars().count() <= NAME_SHOWN)
        };
        match &self.condition {
            Condition::Latency(it) => {
                (1..=ABOVE_MAX.as_micros()).contains(&u128::from(it.above_us))
                    && lasts(it.lasts_s)
                    && it.calls <= CALLS_MAX
                    && name(&it.procedure)
            }
            Condition::Errors(it) => {
                share(it.percent) && lasts(it.lasts_s) && it.calls <= CALLS_MAX && name(&it.procedure)
            }
            Condition::Expiry(it) => {
                (1..=WITHIN_MAX.as_secs()).contains(&it.within_s) && share(it.percent_left)
            }
            Condition::Lost(it) => lasts(it.lasts_s),
        }
    }
}

impl Condition {
    /// The procedure that it is about, if it is about one.
    pub(crate) fn procedure(&self) -> Option<&str> {
        match self {
            Self::Latency(Latency { procedure, .. }) | Self::Errors(Errors { procedure, .. }) => {
                procedure.as_deref()
            }
            Self::Expiry(_) | Self::Lost(_) => None,
        }
    }

    /// For how long it has to hold before it is an alert.
    pub(super) fn patience(&self) -> Duration {
        match self {
            Self::Latency(Latency { lasts_s, .. }) | Self::Lost(Lost { lasts_s }) => {
                Duration::from_secs(*lasts_s)
            }
            // What is counted over a while has lasted.
            Self::Errors(_) | Self::Expiry(_) => Duration::ZERO,
        }
    }

    /// For how long it has to be otherwise before the alert is over. What is counted swings.
    pub(super) fn calm(&self) -> Duration {
        match self {
            Self::Latency(_) => self.patience().max(CALM),
            Self::Errors(_) => CALM,
            Self::Expiry(_) | Self::Lost(_) => Duration::ZERO,
        }
    }

    /// What it means, as a sentence without its full stop.
    pub(crate) fn words(&self) -> String {
        match self {
            Self::Latency(it) => {
                let above = text::typed(Duration::from_micros(it.above_us));
                let percentile = it.percentile.text();
                let mut words = format!("{percentile} of {} above {above}", calls_of(&it.procedure));
                let _ = write!(words, " for {}", length(it.lasts_s));
                words + &at_least(it.calls)
            }
            Self::Errors(it) => {
                let of = it
                    .procedure
                    .as_ref()
                    .map_or_else(|| "all".to_owned(), |path| text::line(path, NAME_SHOWN));
                let code = it.code.map(|code| format!(" with {code}")).unwrap_or_default();
                let share = percent(it.percent);
                format!("More than {share} of {of} calls fail{code} over {}", length(it.lasts_s))
                    + &at_least(it.calls)
            }
            Self::Expiry(it) => {
                let whose = match it.whose {
                    Whose::Either => "A certificate ends",
                    Whose::Server => "The server's certificate ends",
                    Whose::Own => "My certificate ends",
                };
                let left = match it.percent_left {
                    100.0 => String::new(),
                    share => format!(", in the last {} of its life", percent(share)),
                };
                format!("{whose} within {}{left}", length(it.within_s))
            }
            Self::Lost(it) => format!("Connection lost for {}", length(it.lasts_s)),
        }
    }

    /// The worst that was seen, in words; empty where how long it went on says it all.
    pub(crate) fn worst_words(&self, worst: f64) -> String {
        match self {
            Self::Latency(it) => format!("{} {}", it.percentile.text(), text::latency(worst)),
            Self::Errors(_) => format!("{} failed", percent(worst)),
            // Counted as seconds that are missing, so that the worst is the greatest.
            Self::Expiry(_) if worst < 0.0 => format!("{} left", text::span(-worst as i64)),
            Self::Expiry(_) => "expired".to_owned(),
            Self::Lost(_) => String::new(),
        }
    }
}

/// An alert is over once all has been well for so long: a moment without a failure is not enough.
const CALM: Duration = Duration::from_secs(10);

/// A number of seconds as one says it who means just that: `10 s`, `1 min`, `7 d`.
pub(crate) fn length(seconds: u64) -> String {
    let units = [(86_400, "d"), (3600, "h"), (60, "min")];
    match units.into_iter().find(|(unit, _)| seconds > 0 && seconds.is_multiple_of(*unit)) {
        Some((unit, name)) => format!("{} {name}", seconds / unit),
        None => format!("{seconds} s"),
    }
}

/// `5 %`, with a decimal where there is one.
pub(crate) fn percent(share: f64) -> String {
    let rounded = (share * 10.0).round() / 10.0;
    format!("{rounded} %")
}

fn calls_of(procedure: &Option<String>) -> String {
    procedure.as_deref().map_or_else(|| "all calls".to_owned(), |path| text::line(path, NAME_SHOWN))
}

fn at_least(calls: u64) -> String {
    match calls {
        0 | 1 => String::new(),
        calls => format!(", of at least {}", text::counted(calls, ["call", "calls"])),
    }
}

/// A code by its name. One that is not known makes a rule that is not known.
mod code {
    use countersign::Code;
    use serde::de::Error as _;
    use serde::{Deserialize as _, Deserializer, Serialize as _, Serializer};

    pub(super) fn serialize<S: Serializer>(code: &Option<Code>, to: S) -> Result<S::Ok, S::Error> {
        code.map(Code::name).serialize(to)
    }

    pub(super) fn deserialize<'d, D: Deserializer<'d>>(from: D) -> Result<Option<Code>, D::Error> {
        let Some(name) = Option::<String>::deserialize(from)? else { return Ok(None) };
        Code::from_name(&name).map(Some).ok_or_else(|| D::Error::custom("no such code"))
    }
}
