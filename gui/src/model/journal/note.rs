//! What the window knows of a call before it is made.

use std::path;
use std::process;

use jiff::Timestamp;

use super::Journal;
use super::entry::{EntryId, Server};
use crate::model::calls::CallNumber;
use crate::model::connection::Target;
use crate::model::tab::TabId;

/// Under which name a call is noted, and where.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Note {
    /// What it is pinned and forgotten by.
    pub(crate) id: EntryId,
    /// When it was made.
    pub(crate) at: Timestamp,
    /// Whom it is asked of.
    pub(crate) server: Server,
    /// Whether it may be written down.
    pub(crate) on_disk: bool,
}

/// One run of the dashboard, which no other one is mistaken for.
#[derive(Debug)]
pub(super) struct Run(String);

impl Default for Run {
    fn default() -> Self {
        Self(format!("{:x}-{:x}", Timestamp::now().as_microsecond(), process::id()))
    }
}

impl Journal {
    /// The name of a call that was made in this run.
    pub(crate) fn id(&self, tab: TabId, call: CallNumber) -> EntryId {
        EntryId(format!("{}-{}-{}", self.run.0, tab.0, call.0))
    }

    /// A call is about to be made there.
    pub(crate) fn note(&self, tab: TabId, call: CallNumber, target: &Target, on_disk: bool) -> Note {
        Note { id: self.id(tab, call), at: Timestamp::now(), server: Server::of(target), on_disk }
    }
}

impl Server {
    /// The one that this leads to.
    pub(crate) fn of(target: &Target) -> Self {
        let Target { address, identity, expect_peer } = target.clone();
        // Without a folder to be in, what was typed is the best that there is.
        let absolute = path::absolute(&identity).map(|path| path.to_string_lossy().into_owned());
        let expected = Some(expect_peer).filter(|id| !id.is_empty());
        Self { address, identity: absolute.unwrap_or(identity), expected }
    }
}
