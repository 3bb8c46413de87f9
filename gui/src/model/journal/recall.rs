//! How the calls that were made are looked at in a tab.

use std::sync::Arc;

use countersign::cbor::{self, Diagnostic};
use jiff::Timestamp;

use super::entry::{Entry, EntryId, Kept};
use super::{Noted, Pages};
use crate::model::preferences::Times;
use crate::text;

/// How much of a value is shown, in characters: the rest can be copied.
const SHOWN: usize = 8000;

/// Among which calls is searched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Reach {
    /// Those of the selected procedure on this server.
    #[default]
    Procedure,
    /// Those on this server.
    Server,
    /// All.
    Everywhere,
}

/// What is typed and chosen where the calls are listed.
#[derive(Debug, Default)]
pub(crate) struct Recall {
    /// Whether they are shown in the place of the request.
    pub(crate) is_open: bool,
    /// The words that are searched.
    pub(crate) query: String,
    /// Among which calls.
    pub(crate) reach: Reach,
    /// The call whose request and reply are shown.
    pub(crate) chosen: Option<Chosen>,
    /// Whether all is to go is being asked.
    pub(crate) asks_to_clear: bool,
    /// What the server's profile says of keeping calls on disk, if it has one.
    pub(crate) keeps: Option<bool>,
    /// Whether the last call of the selected procedure can be copied.
    pub(crate) is_noted: bool,
    /// The present moment.
    pub(crate) now: Timestamp,
    /// Whose clock times are told by.
    pub(crate) times: Times,
    /// Every call that is known.
    pub(crate) pages: Arc<Pages>,
    /// Those that were found, pinned ones first.
    pub(crate) found: Vec<Arc<Noted>>,
    found_for: Option<Search>,
}

/// A call that is shown, with its values as they are read.
#[derive(Debug)]
pub(crate) struct Chosen {
    /// Which one.
    pub(crate) id: EntryId,
    /// The arguments, indented.
    pub(crate) arguments: String,
    /// The result or the fault, indented; empty if there was none.
    pub(crate) reply: String,
}

/// What was looked for, and where.
#[derive(Debug)]
struct Search {
    pages: Arc<Pages>,
    query: String,
    place: Place,
}

/// Whose calls are meant.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Place {
    /// The server's address; any if there is none.
    pub(crate) address: Option<String>,
    /// The procedure; any if there is none.
    pub(crate) procedure: Option<String>,
}

impl Reach {
    /// Every reach, the narrowest first.
    pub(crate) const ALL: [Self; 3] = [Self::Procedure, Self::Server, Self::Everywhere];

    /// What it is called.
    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::Procedure => "This procedure",
            Self::Server => "This server",
            Self::Everywhere => "All servers",
        }
    }
}

impl Recall {
    /// Looks for what is asked, unless it is what was asked before.
    pub(crate) fn refresh(&mut self, place: Place) {
        let is_known = self.found_for.as_ref().is_some_and(|known| {
            Arc::ptr_eq(&known.pages, &self.pages) && known.query == self.query && known.place == place
        });
        if is_known {
            return;
        }
        let words: Vec<String> = self.query.to_lowercase().split_whitespace().map(str::to_owned).collect();
        let is_found = |noted: &&Arc<Noted>| place.has(&noted.entry) && noted.has(&words);
        self.found = self.pages.calls.iter().filter(is_found).cloned().collect();
        // A stable sort: among both the newest stay first.
        self.found.sort_by_key(|noted| !noted.entry.pinned);
        self.found_for = Some(Search { pages: self.pages.clone(), query: self.query.clone(), place });
    }

    /// Shows what was in a call.
    pub(crate) fn choose(&mut self, id: &EntryId) {
        self.chosen = self.pages.call(id).map(|noted| {
            let reply = noted.entry.end.verdict.value().map(shown).unwrap_or_default();
            Chosen { id: id.clone(), arguments: shown(&noted.entry.request.arguments), reply }
        });
    }

    /// The call that is shown, if it is still known.
    pub(crate) fn shown(&self) -> Option<(&Chosen, &Arc<Noted>)> {
        let chosen = self.chosen.as_ref()?;
        Some((chosen, self.pages.call(&chosen.id)?))
    }
}

impl Place {
    fn has(&self, entry: &Entry) -> bool {
        let is = |wanted: &Option<String>, found: &str| wanted.as_ref().is_none_or(|wanted| wanted == found);
        is(&self.address, &entry.server.address) && is(&self.procedure, &entry.request.procedure)
    }
}

/// A value over several lines, clipped.
fn shown(value: &Kept) -> String {
    match value {
        Kept::Whole(notation) => {
            let indented = cbor::from_diagnostic(notation)
                .map_or_else(|_| notation.clone(), |value| Diagnostic::new(&value).indented().to_string());
            text::paragraph(&indented, SHOWN)
        }
        Kept::TooLong(bytes) => format!("{}: too long to be kept", text::size(*bytes)),
    }
}
