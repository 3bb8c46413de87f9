//! What the user can ask for of the calls that were made, and what the window does about it.

use std::sync::Arc;
use std::time::Instant;

use super::entry::{Entry, EntryId};
use super::recall::{Reach, Recall};
use super::{Noted, rust, shell};
use crate::exchange::Order;
use crate::model::Model;
use crate::model::connection::Failure;

/// A wish that concerns the calls that were made.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum JournalCommand {
    /// Show them in the place of the request, or the request again.
    Toggle,
    /// Search among these.
    SetReach(Reach),
    /// Show what was in one.
    Choose(EntryId),
    /// Make one again, as it was.
    Repeat(EntryId),
    /// Put one into the form, to be changed first.
    Edit(EntryId),
    /// Let one stay however many come after it, or no longer.
    Pin(EntryId, bool),
    /// Let go of one.
    Forget(EntryId),
    /// Ask whether all that are not pinned are to go.
    AskToClear,
    /// Let them stay after all.
    KeepAll,
    /// Let go of them.
    Clear,
    /// Put one on the clipboard, or the last one of the selected procedure.
    Copy(Option<EntryId>, CopyAs),
    /// Write down the calls of this server's profile from now on, or do not.
    KeepCalls(bool),
}

/// What is asked of the worker, for the calls that are kept.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum JournalOrder {
    /// Look what other dashboards have added.
    Read,
    /// Keep a call that was made, on disk or only as long as the window is open.
    Add {
        /// The call.
        entry: Box<Entry>,
        /// Whether it may be written down.
        on_disk: bool,
    },
    /// Let it stay however many come after it, or no longer.
    Pin(EntryId, bool),
    /// Let go of one.
    Forget(EntryId),
    /// Let go of all that are not pinned: those of one server, or of all.
    Clear(Option<String>),
}

/// As what a call is copied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CopyAs {
    /// A command for a shell.
    Command,
    /// A program.
    Rust,
}

impl CopyAs {
    /// Both.
    pub(crate) const ALL: [Self; 2] = [Self::Command, Self::Rust];
}

impl JournalCommand {
    /// What it is called in the window.
    pub(crate) fn text(&self) -> &'static str {
        match self {
            Self::Toggle => "History",
            Self::SetReach(reach) => reach.text(),
            Self::Choose(_) => "Show call",
            Self::Repeat(_) => "Repeat",
            Self::Edit(_) => "Edit and repeat",
            Self::Pin(_, true) => "Pin",
            Self::Pin(_, false) => "Unpin",
            Self::Forget(_) => "Forget",
            Self::AskToClear => "Clear…",
            Self::KeepAll => "Keep",
            Self::Clear => "Clear",
            Self::Copy(_, CopyAs::Command) => "Copy as command",
            Self::Copy(_, CopyAs::Rust) => "Copy as Rust",
            Self::KeepCalls(_) => "Keep this server's calls on disk",
        }
    }
}

impl Model {
    /// Does what the user wished of the calls that were made.
    pub(in crate::model) fn obey_journal(&mut self, command: JournalCommand, now: Instant) -> Option<Order> {
        let order = match command {
            JournalCommand::Pin(id, pinned) => JournalOrder::Pin(id, pinned),
            JournalCommand::Forget(id) => JournalOrder::Forget(id),
            JournalCommand::Clear => {
                let recall = &mut self.tab_mut().recall;
                recall.asks_to_clear = false;
                let is_everywhere = recall.reach == Reach::Everywhere;
                let here = self.tab().connection.target().map(|target| target.address.clone());
                JournalOrder::Clear(here.filter(|_| !is_everywhere))
            }
            JournalCommand::Toggle => {
                let tab = self.tab_mut();
                (tab.shelf.is_open, tab.shows_reply) = (false, false);
                let recall = &mut tab.recall;
                recall.is_open = !recall.is_open;
                // Another dashboard may have added some.
                return recall.is_open.then_some(Order::Journal(JournalOrder::Read));
            }
            JournalCommand::Copy(id, what) => {
                self.copy(id, what);
                return None;
            }
            JournalCommand::KeepCalls(keep) => return self.keep_calls(keep),
            JournalCommand::Repeat(id) => return self.repeat(&id, now),
            JournalCommand::Edit(id) => {
                let filled = self.tab_mut().fill_from(&id);
                self.trouble = filled.err();
                return None;
            }
            of_tab => {
                self.tab_mut().recall.obey(of_tab);
                return None;
            }
        };
        Some(Order::Journal(order))
    }

    /// The last call of the selected procedure, once it has ended and was noted.
    pub(in crate::model) fn last_noted(&self) -> Option<&Arc<Noted>> {
        let tab = self.tab();
        let call = tab.calls.last(tab.selected.as_deref()?)?;
        self.journal.pages.call(&self.journal.id(tab.id, call.number))
    }

    /// Tells the tab what the page of the calls shows of the rest of the window. Call it once before drawing.
    pub(crate) fn refresh_recall(&mut self) {
        let profile = self.tab().connection.target().and_then(|target| self.settings.profile_of(target));
        let keeps = profile.map(|profile| profile.keep_calls);
        let is_noted = self.last_noted().is_some();
        let (now, times) = (self.clock.now(), self.settings.preferences.times);
        let recall = &mut self.tab_mut().recall;
        (recall.keeps, recall.now, recall.is_noted) = (keeps, now, is_noted);
        recall.times = times;
    }

    fn repeat(&mut self, id: &EntryId, now: Instant) -> Option<Order> {
        let tab = self.tab_mut();
        match tab.repeat(id, now) {
            Ok(order) => {
                let id = tab.id;
                order.map(|order| Order::Tab(id, self.noted(id, order)))
            }
            Err(failure) => {
                self.trouble = Some(failure);
                None
            }
        }
    }

    fn copy(&mut self, id: Option<EntryId>, what: CopyAs) {
        let noted = match &id {
            Some(id) => self.journal.pages.call(id),
            None => self.last_noted(),
        };
        let Some(noted) = noted else { return };
        let copied = match what {
            CopyAs::Command => shell::command(&noted.entry),
            CopyAs::Rust => rust::program(&noted.entry),
        };
        match copied {
            Ok(text) => self.copied = Some(text),
            Err(reason) => self.trouble = Some(Failure::new("This call cannot be copied.", reason)),
        }
    }

    fn keep_calls(&mut self, keep: bool) -> Option<Order> {
        let target = self.tabs[self.shown].connection.target()?;
        let profile = self.settings.profiles.iter_mut().find(|profile| profile.leads_to(target))?;
        profile.keep_calls = keep;
        self.save()
    }
}

impl Recall {
    fn obey(&mut self, command: JournalCommand) {
        match command {
            JournalCommand::SetReach(reach) => (self.reach, self.asks_to_clear) = (reach, false),
            JournalCommand::Choose(id) => self.choose(&id),
            JournalCommand::AskToClear => self.asks_to_clear = true,
            JournalCommand::KeepAll => self.asks_to_clear = false,
            // The rest is for the window.
            _ => {}
        }
    }
}
