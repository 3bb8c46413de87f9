//! What the user can ask for of loads, and what the window does about it.

use super::RunNumber;
use super::copies::{CopyAs, copied};
use super::record::Column;
use crate::exchange::Order;
use crate::model::Model;
use crate::model::connection::Failure;

/// A wish that concerns many calls that are made to measure them.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum LoadCommand {
    /// Make the call that is filled in so many times, one after the other.
    Repeat,
    /// How many times that is from now on.
    SetTimes(u64),
    /// Make the calls that are planned.
    Start,
    /// Make them although they may do something.
    StartAnyway,
    /// Do not make them after all.
    DoNotStart,
    /// Make no more of them.
    Stop,
    /// Show what came of a run, or how it goes.
    Look(RunNumber),
    /// Show it beside this one, or no longer.
    Compare(RunNumber),
    /// Show it alone again.
    CompareNothing,
    /// Let go of one.
    Forget(RunNumber),
    /// Sort the list by this column, or turn its order around.
    Sort(Column),
    /// Put the one that is shown on the clipboard.
    Copy(CopyAs),
}

impl LoadCommand {
    /// What it is called in the window.
    pub(crate) fn text(&self) -> &'static str {
        match self {
            Self::Repeat => "Call many times",
            Self::SetTimes(_) => "Call so many times",
            Self::Start => "Start load",
            Self::StartAnyway => "Start anyway",
            Self::DoNotStart => "Do not start",
            Self::Stop => "Stop load",
            Self::Look(_) => "Show run",
            Self::Compare(_) => "Compare",
            Self::CompareNothing => "Compare with no other run",
            Self::Forget(_) => "Forget run",
            Self::Sort(_) => "Sort runs",
            Self::Copy(CopyAs::Text) => "Copy load result as text",
            Self::Copy(CopyAs::Json) => "Copy load result as JSON",
            Self::Copy(CopyAs::Command) => "Copy load as command",
        }
    }
}

impl Model {
    /// Does what the user wished of loads.
    pub(in crate::model) fn obey_load(&mut self, command: LoadCommand) -> Option<Order> {
        if let LoadCommand::Copy(what) = command {
            let record = self.tab().load.shown_record()?;
            match copied(record, what) {
                Ok(text) => self.copied = Some(text),
                Err(reason) => self.trouble = Some(Failure::new("This run cannot be copied so.", reason)),
            }
            return None;
        }
        let date = self.clock.now();
        let tab = self.tab_mut();
        let id = tab.id;
        tab.obey_load(command, date).map(|order| Order::Tab(id, order))
    }
}
