//! What the user likes: colours, sizes, clocks, and what a call does that says nothing else.

use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::view::Theme;

/// What is chosen on the page of settings, and holds in every tab. One that a file does not name is the usual one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Preferences {
    /// The colours.
    pub(crate) theme: Theme,
    /// How large everything is.
    #[serde(skip_serializing_if = "is_usual")]
    pub(crate) scale: Scale,
    /// Whose clock times are told by.
    #[serde(skip_serializing_if = "is_usual")]
    pub(crate) times: Times,
    /// The deadline of a call that has none of its own, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) deadline_ms: Option<u64>,
    /// Whether nothing moves that need not.
    #[serde(skip_serializing_if = "is_usual")]
    pub(crate) still: bool,
}

fn is_usual<T: Default + PartialEq>(choice: &T) -> bool {
    *choice == T::default()
}

impl Preferences {
    /// The deadlines that are offered.
    pub(crate) const DEADLINES: [Option<Duration>; 7] = [
        None,
        Some(Duration::from_secs(1)),
        Some(Duration::from_secs(5)),
        Some(Duration::from_secs(10)),
        Some(Duration::from_secs(30)),
        Some(Duration::from_secs(60)),
        Some(Duration::from_secs(300)),
    ];

    /// The deadline of a call with one reply for which neither the user nor its author says any.
    pub(crate) fn deadline(&self) -> Option<Duration> {
        self.deadline_ms.map(Duration::from_millis)
    }

    /// The same with another deadline.
    pub(crate) fn with_deadline(self, deadline: Option<Duration>) -> Self {
        let millis = |deadline: Duration| u64::try_from(deadline.as_millis()).unwrap_or(u64::MAX);
        Self { deadline_ms: deadline.map(millis), ..self }
    }
}

/// How large everything is, in percent of what the desktop says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Scale(u16);

impl Default for Scale {
    fn default() -> Self {
        Self(100)
    }
}

impl Scale {
    /// Those that are offered, the smallest first.
    pub(crate) const ALL: [Self; 8] =
        [Self(80), Self(90), Self(100), Self(110), Self(125), Self(150), Self(175), Self(200)];

    /// In percent. A file may say anything: what would leave no room for the window's content is not heeded.
    pub(crate) fn percent(self) -> u16 {
        self.0.clamp(Self::ALL[0].0, Self::ALL[Self::ALL.len() - 1].0)
    }

    /// By how much lengths are multiplied.
    pub(crate) fn factor(self) -> f32 {
        f32::from(self.percent()) / 100.0
    }

    /// The next one that is offered, if any is larger.
    pub(crate) fn larger(self) -> Self {
        Self::ALL.into_iter().find(|scale| *scale > self).unwrap_or(Self(self.percent()))
    }

    /// The next one that is offered, if any is smaller.
    pub(crate) fn smaller(self) -> Self {
        Self::ALL.into_iter().rev().find(|scale| *scale < self).unwrap_or(Self(self.percent()))
    }
}

/// Whose clock times are told by. The dates of certificates are always told in UTC, in which they are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Times {
    /// That on the wall.
    #[default]
    Local,
    /// The one that servers log by.
    Utc,
}

impl Times {
    /// Both.
    pub(crate) const ALL: [Self; 2] = [Self::Local, Self::Utc];

    /// The time zone that this means here.
    pub(crate) fn zone(self) -> TimeZone {
        match self {
            Self::Local => TimeZone::system(),
            Self::Utc => TimeZone::UTC,
        }
    }

    /// The time of the day; on another day than this one's, what `other_day` says of it.
    pub(crate) fn clock(self, at: Timestamp, now: Timestamp, other_day: &str) -> String {
        let [at, now] = [at, now].map(|time| time.to_zoned(self.zone()));
        let pattern = if at.date() == now.date() { "%H:%M:%S" } else { other_day };
        at.strftime(pattern).to_string()
    }

    /// As it is written in the window.
    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::Local => "Local time",
            Self::Utc => "UTC",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scales_go_from_step_to_step_and_stop_at_the_ends() {
        let usual = Scale::default();
        assert_eq!((usual.larger().percent(), usual.smaller().percent()), (110, 90));
        assert_eq!((Scale(200).larger(), Scale(80).smaller()), (Scale(200), Scale(80)));
        assert_eq!((Scale(130).larger(), Scale(130).smaller()), (Scale(150), Scale(125)));
    }

    #[test]
    fn a_scale_that_would_leave_no_room_is_not_heeded() {
        assert_eq!((Scale(0).percent(), Scale(9000).percent()), (80, 200));
    }
}
