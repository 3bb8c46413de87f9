//! How the user wants to see things.

use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

/// How far back the graphs go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum TimeRange {
    /// One minute: what was counted before the dashboard came is not known.
    #[default]
    OneMinute,
    /// Five minutes.
    FiveMinutes,
    /// A quarter of an hour.
    FifteenMinutes,
    /// An hour.
    OneHour,
    /// Six hours.
    SixHours,
    /// A day.
    OneDay,
}

impl TimeRange {
    /// Every range, shortest first.
    pub(crate) const ALL: [Self; 6] = [
        Self::OneMinute,
        Self::FiveMinutes,
        Self::FifteenMinutes,
        Self::OneHour,
        Self::SixHours,
        Self::OneDay,
    ];

    /// The longest range: for how long anything is kept.
    pub(crate) const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

    /// How far back.
    pub(crate) fn duration(self) -> Duration {
        match self {
            Self::OneMinute => Duration::from_secs(60),
            Self::FiveMinutes => Duration::from_secs(5 * 60),
            Self::FifteenMinutes => Duration::from_secs(15 * 60),
            Self::OneHour => Duration::from_secs(60 * 60),
            Self::SixHours => Duration::from_secs(6 * 60 * 60),
            Self::OneDay => Self::LONGEST,
        }
    }

    /// As it is written in the window.
    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::OneMinute => "1 min",
            Self::FiveMinutes => "5 min",
            Self::FifteenMinutes => "15 min",
            Self::OneHour => "1 h",
            Self::SixHours => "6 h",
            Self::OneDay => "24 h",
        }
    }
}

/// A stretch of time, as a graph shows one. It knows no beginning: a machine may not have run for so long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stretch {
    /// Its right edge.
    pub(crate) to: Instant,
    /// How far it goes back from there.
    pub(crate) length: Duration,
}

impl Stretch {
    /// Whether something that lasted from one moment to another is at least partly within.
    pub(crate) fn meets(self, from: Instant, to: Instant) -> bool {
        from <= self.to && self.to.saturating_duration_since(to) <= self.length
    }
}

/// Something that happened within a stretch of time, to be looked into.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Moment {
    /// The procedure, unless it is all of them.
    pub(crate) procedure: Option<String>,
    /// When.
    pub(crate) stretch: Stretch,
}

/// Light, dark, or as the desktop says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Theme {
    /// As the desktop says; dark if it says nothing.
    #[default]
    System,
    /// Dark on light.
    Light,
    /// Light on dark.
    Dark,
}

/// Whose numbers the graphs show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Scope {
    /// The selected procedure's.
    #[default]
    Selected,
    /// Those of all procedures but the built-in ones.
    All,
}

/// How a reply is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Lens {
    /// As rows to unfold.
    #[default]
    Tree,
    /// In CBOR diagnostic notation.
    Diagnostic,
    /// As bytes.
    Hex,
    /// As what is different from the reply before.
    Changes,
}

impl Lens {
    /// Every lens, in the order in which they are offered.
    pub(crate) const ALL: [Self; 4] = [Self::Tree, Self::Diagnostic, Self::Hex, Self::Changes];

    /// As it is written in the window.
    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::Tree => "Tree",
            Self::Diagnostic => "Diagnostic",
            Self::Hex => "Hex",
            Self::Changes => "Changes",
        }
    }
}

/// What the window is turned to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(crate) enum Page {
    /// Procedures, calls and graphs.
    #[default]
    Calls,
    /// Graphs alone, as large as they get.
    Graphs,
    /// Who is connected to the server.
    Connections,
    /// Calls that were slow or failed, and where their time went.
    Traces,
    /// Many calls of a procedure, made to measure them.
    Load,
    /// Who we are, whom we trust, and who is at the other end.
    Certificates,
    /// What was worth an alert, and what is.
    Alerts,
    /// An authority: a form to make identities, and those that were made.
    NewIdentity,
    /// What the user likes.
    Settings,
}

impl Page {
    /// Whether it is there without a server, too.
    pub(crate) fn is_of_window(self) -> bool {
        self.is_of_identity() || self == Self::Settings
    }

    /// Whether it is about identities, and not about the server.
    pub(crate) fn is_of_identity(self) -> bool {
        matches!(self, Self::Certificates | Self::NewIdentity)
    }
}
