//! Calls with what is worked out once of each, and all of them as the worker hands them to the window.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use super::entry::{Entry, EntryId, Kept, Said, Verdict};
use crate::model::table::Record;
use crate::text;

/// How much of its arguments the row of a call shows.
const SUMMARY_SHOWN: usize = 200;
/// The longest name of a procedure, and the longest word for how a call ended.
const NAME_SHOWN: usize = 400;
const WORD_SHOWN: usize = 40;
/// How much of each value is searched: more would be slow to go through with every key that is pressed.
const SEARCHED: usize = 4 << 10;

/// A call, with what its row shows and what it is found by.
#[derive(Debug, PartialEq)]
pub(crate) struct Noted {
    /// The call.
    pub(crate) entry: Entry,
    /// What was called, fit to show: somebody else may have written the file.
    pub(crate) procedure: String,
    /// The word for how it ended, fit to show.
    pub(crate) word: String,
    /// Its arguments on one line, clipped.
    pub(crate) summary: String,
    words: String,
}

/// All calls that are known.
#[derive(Debug, Clone, Default)]
pub(crate) struct Pages {
    /// The newest first.
    pub(crate) calls: Vec<Arc<Noted>>,
    /// Where among them each is.
    places: HashMap<EntryId, usize>,
    /// What is to be said of the file.
    pub(crate) remarks: Vec<Remark>,
    /// Where the file is, if there is any.
    pub(crate) file: Option<PathBuf>,
}

/// What is to be said of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Remark {
    /// So many lines are of a newer version: they stay, and are not shown.
    Newer(usize),
    /// So many lines were not understood.
    Broken(usize),
    /// Why the last thing that was asked for could not be done.
    Trouble(String),
}

impl Pages {
    /// These calls, the newest first, with what is to be said of the file that they are in.
    pub(crate) fn new(calls: Vec<Arc<Noted>>, remarks: Vec<Remark>, file: Option<PathBuf>) -> Self {
        let mut places = HashMap::with_capacity(calls.len());
        for (place, noted) in calls.iter().enumerate() {
            places.entry(noted.entry.id.clone()).or_insert(place);
        }
        Self { calls, places, remarks, file }
    }

    /// The call of this name, if it has ended and is still known.
    pub(crate) fn call(&self, id: &EntryId) -> Option<&Arc<Noted>> {
        self.calls.get(*self.places.get(id)?)
    }
}

impl Noted {
    /// Works out what a call is found by.
    pub(crate) fn new(entry: Entry) -> Self {
        let summary = match &entry.request.arguments {
            Kept::Whole(notation) => text::line(notation, SUMMARY_SHOWN),
            Kept::TooLong(bytes) => text::size(*bytes),
        };
        let procedure = text::line(&entry.request.procedure, NAME_SHOWN);
        let word = text::line(entry.end.verdict.word(), WORD_SHOWN);
        Self { procedure, word, summary, words: words(&entry), entry }
    }

    /// Whether every one of these words, in lower case, is somewhere in it.
    pub(crate) fn has(&self, wanted: &[String]) -> bool {
        wanted.iter().all(|word| self.words.contains(word))
    }

    /// What is copied of its row.
    pub(crate) fn record(&self) -> Record {
        let Entry { server, request, end, at, .. } = &self.entry;
        let kept = |value: Option<&Kept>| value.and_then(Kept::text).unwrap_or_default().to_owned();
        let message = match &end.verdict {
            Verdict::Failed { message, .. } => message.clone(),
            Verdict::Answered(_) => String::new(),
        };
        vec![
            ("procedure", request.procedure.clone()),
            ("server", server.address.clone()),
            ("identity", server.identity.clone()),
            ("time", at.to_string()),
            ("took in µs", end.took_us.to_string()),
            ("status", end.verdict.word().to_owned()),
            ("message", message),
            ("arguments", kept(Some(&request.arguments))),
            ("reply", kept(end.verdict.value())),
        ]
    }
}

/// Everything that a call is found by, in lower case.
fn words(entry: &Entry) -> String {
    let Entry { server, request, end, .. } = entry;
    let mut words = vec![request.procedure.as_str(), &server.address, &server.identity, end.verdict.word()];
    words.extend(server.expected.as_deref());
    words.push(clipped(&request.arguments));
    words.extend(request.items.first.iter().map(String::as_str).scan(0, |bytes, item| {
        *bytes += item.len();
        (*bytes <= SEARCHED).then_some(item)
    }));
    for (key, said) in &request.metadata {
        words.push(key);
        if let Said::Text(text) = said {
            words.push(text);
        }
    }
    match &end.verdict {
        Verdict::Answered(result) => words.push(clipped(result)),
        Verdict::Failed { message, fault, .. } => {
            words.push(message);
            words.extend(fault.as_ref().map(clipped));
        }
    }
    words.join("\n").to_lowercase()
}

fn clipped(value: &Kept) -> &str {
    let text = value.text().unwrap_or_default();
    &text[..text.floor_char_boundary(SEARCHED)]
}

impl Remark {
    /// In words, as a sentence.
    pub(crate) fn text(&self) -> String {
        match self {
            Self::Newer(1) => "One call was kept by a newer version, and is left as it is.".to_owned(),
            Self::Newer(count) => {
                format!("{count} calls were kept by a newer version, and are left as they are.")
            }
            Self::Broken(1) => "One line of the file cannot be read, and is skipped.".to_owned(),
            Self::Broken(count) => format!("{count} lines of the file cannot be read, and are skipped."),
            Self::Trouble(words) => words.clone(),
        }
    }
}
