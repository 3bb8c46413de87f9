//! What is sent over a streaming call: items one by one, and files of them.

use std::path::Path;

use super::Stream;
use crate::model::reply::Problem;
use crate::text;

/// How many items may wait for the server to have room for them.
const WAITING_MAX: u64 = 100;
/// The longest name of a file that is shown.
const NAME_SHOWN: usize = 60;

/// What was sent over a call.
#[derive(Debug, Default)]
pub(crate) struct Sending {
    /// How many items the server had room for.
    pub(crate) sent: u64,
    /// How many wait for room.
    pub(crate) waiting: u64,
    /// Whether the server was told that no more follow.
    pub(crate) done: bool,
    /// What was wrong with the last one that could not be made of what was typed.
    pub(crate) refused: Option<Problem>,
    /// The file that is being sent, or was last.
    pub(crate) file: Option<FileProgress>,
}

/// How far a file of items was sent.
#[derive(Debug, Clone)]
pub(crate) struct FileProgress {
    /// Its name, fit to show.
    pub(crate) name: String,
    /// How many of its items the server had room for.
    pub(crate) sent: u64,
    /// How many of its bytes they were.
    pub(crate) read: u64,
    /// How many bytes it has.
    pub(crate) size: u64,
    /// Whether that is all.
    pub(crate) state: FileState,
}

/// Whether a file is still being sent.
#[derive(Debug, Clone)]
pub(crate) enum FileState {
    /// It is.
    Going,
    /// All of it was.
    Done,
    /// It was stopped here.
    Stopped,
    /// It could not be read, or a line of it is no item.
    Failed(Mistake),
}

/// What is wrong with a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mistake {
    /// In which line; nothing where it cannot be read at all.
    pub(crate) line: Option<u64>,
    /// One sentence, fit to show.
    pub(crate) message: String,
}

impl FileProgress {
    /// A file of which nothing was sent yet.
    pub(crate) fn begun(path: &Path) -> Self {
        let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
        Self { name: text::line(&name, NAME_SHOWN), sent: 0, read: 0, size: 0, state: FileState::Going }
    }

    /// Whether more of it is to be sent.
    pub(crate) fn is_going(&self) -> bool {
        matches!(self.state, FileState::Going)
    }
}

impl Sending {
    /// Whether a file is on its way.
    pub(crate) fn is_feeding(&self) -> bool {
        self.file.as_ref().is_some_and(FileProgress::is_going)
    }
}

impl Stream {
    /// Whether another item may be sent.
    pub(crate) fn takes_items(&self) -> bool {
        self.sending.as_ref().is_some_and(|sending| !sending.done && sending.waiting < WAITING_MAX)
    }

    /// Whether a file may be sent.
    pub(crate) fn takes_a_file(&self) -> bool {
        self.takes_items() && !self.is_feeding()
    }

    /// Whether a file is on its way.
    pub(crate) fn is_feeding(&self) -> bool {
        self.sending.as_ref().is_some_and(Sending::is_feeding)
    }

    /// Whether the server may still be told that no items follow.
    pub(crate) fn can_half_close(&self) -> bool {
        self.sending.as_ref().is_some_and(|sending| !sending.done)
    }

    /// An item was sent, or could not be.
    pub(crate) fn sent(&mut self, sent: Result<(), Problem>) {
        let Some(sending) = &mut self.sending else { return };
        sending.waiting = sending.waiting.saturating_sub(1);
        match sent {
            Ok(()) => (sending.sent, sending.refused) = (sending.sent + 1, None),
            Err(problem) => sending.refused = Some(problem),
        }
    }

    /// More of a file was sent.
    pub(crate) fn fed(&mut self, progress: FileProgress) {
        let Some(sending) = &mut self.sending else { return };
        let before = sending.file.as_ref().map_or(0, |file| file.sent);
        sending.sent += progress.sent.saturating_sub(before);
        sending.file = Some(progress);
    }
}
