//! How the user wants to see things.

use std::time::Duration;

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
}

impl TimeRange {
    /// Every range, shortest first.
    pub(crate) const ALL: [Self; 3] = [Self::OneMinute, Self::FiveMinutes, Self::FifteenMinutes];

    /// The longest range: how much is kept.
    pub(crate) const LONGEST: Duration = Duration::from_secs(15 * 60);

    /// How far back.
    pub(crate) fn duration(self) -> Duration {
        match self {
            Self::OneMinute => Duration::from_secs(60),
            Self::FiveMinutes => Duration::from_secs(5 * 60),
            Self::FifteenMinutes => Self::LONGEST,
        }
    }

    /// How many seconds one point of a graph stands for, so that a graph has a few hundred points at most.
    pub(crate) fn seconds_per_point(self) -> usize {
        match self {
            Self::OneMinute => 1,
            Self::FiveMinutes => 2,
            Self::FifteenMinutes => 5,
        }
    }

    /// As it is written in the window.
    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::OneMinute => "1 min",
            Self::FiveMinutes => "5 min",
            Self::FifteenMinutes => "15 min",
        }
    }
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
}

/// What the window is turned to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(crate) enum Page {
    /// Procedures, calls and graphs.
    #[default]
    Calls,
    /// Who we are, whom we trust, and who is at the other end.
    Certificates,
    /// An authority: a form to make identities, and those that were made.
    NewIdentity,
}
