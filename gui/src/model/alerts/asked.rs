//! What can be asked for about alerts.

use super::log::AlertId;
use super::rule::Rule;

/// A wish that concerns alerts.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum AlertCommand {
    /// Write a rule about what the graphs show, which begins with twice what it is now.
    About,
    /// Write a new rule.
    Write,
    /// Change the rule at this place.
    Edit(usize),
    /// Keep what was written.
    Save,
    /// Forget what was written.
    Discard,
    /// Let the rule at this place be in force, or no longer.
    Switch(usize),
    /// Delete the rule at this place.
    Delete(usize),
    /// Hear nothing of a rule for an hour.
    Mute(Box<Rule>),
    /// Hear of it again.
    Unmute(Box<Rule>),
    /// Say that one knows.
    Acknowledge(AlertId),
    /// Say so of all.
    AcknowledgeAll,
    /// Show what the server did at the time.
    LookInto(AlertId),
    /// Show one no longer over everything else.
    PutAway(AlertId),
    /// List those no longer that are over.
    ClearPast,
    /// Tell alerts as notifications of the desktop, too, or no longer.
    ToggleDesktop,
}

impl AlertCommand {
    /// What it is called in the window.
    pub(crate) fn text(&self) -> &'static str {
        match self {
            Self::About => "Alert me…",
            Self::Write => "New alert rule…",
            Self::Edit(_) => "Edit…",
            Self::Save => "Save rule",
            Self::Discard => "Cancel",
            Self::Switch(_) => "Switch rule on or off",
            Self::Delete(_) => "Delete",
            Self::Mute(_) => "Mute for 1 h",
            Self::Unmute(_) => "Unmute",
            Self::Acknowledge(_) => "Acknowledge",
            Self::AcknowledgeAll => "Acknowledge all alerts",
            Self::LookInto(_) => "Show what happened",
            Self::PutAway(_) => "Put away",
            Self::ClearPast => "Clear past alerts",
            Self::ToggleDesktop => "Switch desktop notifications on or off",
        }
    }
}
