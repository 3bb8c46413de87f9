//! Statistics that are written to a file, and those that were: looked at again, at any moment.

pub(crate) mod format;
pub(crate) mod replay;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use jiff::Timestamp;

use self::format::Head;
use self::replay::{Overview, Speed};
use super::calls::Mark;
use super::connection::Failure;
use super::history::History;
use crate::text;

/// How the names of recordings end.
const ENDING: &str = "csrec";

/// What the user wishes of recordings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum RecordingCommand {
    /// Ask where a recording is to be written, or ask no longer.
    Ask,
    /// Record from now on, to the file that was typed.
    Start,
    /// Record no more.
    Stop,
    /// What was said of the last recording was read.
    Dismiss,
    /// Choose a recording, and look at it.
    Browse,
    /// Look at this one.
    Open(PathBuf),
    /// Play the one that is looked at, or let it stand still.
    Play,
    /// Play it at this speed.
    SetSpeed(Speed),
    /// Go to a moment of it.
    GoTo(Duration),
}

/// What the worker is asked of them.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum RecordingOrder {
    /// Write what the server tells from now on to a new file.
    Record(PathBuf, Box<Head>),
    /// Write down a call that was made here.
    Note(Mark),
    /// Write no more.
    Stop,
    /// Read a recording.
    Open(PathBuf),
    /// Tell what had been counted by a moment of it.
    GoTo(Duration),
}

/// What the worker tells of them.
#[derive(Debug)]
pub(crate) enum RecordingNews {
    /// There is a file that grows.
    Started(PathBuf, Written),
    /// A recording is complete, or why there is no more of it or none at all.
    Ended(Result<Recorded, Failure>),
    /// So much of one was read, from 0 to 1.
    Opening(f32),
    /// This is in it.
    Opened(Box<Overview>),
    /// This had been counted by a moment of it.
    At(Duration, Box<History>),
    /// It cannot be read.
    Unreadable(Failure),
}

/// How many bytes of a recording there are; the worker counts on.
#[derive(Debug, Clone, Default)]
pub(crate) struct Written(Arc<AtomicU64>);

/// A recording that is complete.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Recorded {
    /// Where it is.
    pub(crate) path: PathBuf,
    /// How many bytes it has.
    pub(crate) bytes: u64,
    /// From its beginning to its end.
    pub(crate) length: Duration,
    /// Whether it ended because it has as many bytes as one may have.
    pub(crate) is_full: bool,
}

/// The recording of one server.
#[derive(Debug, Default)]
pub(crate) struct Recording {
    /// The file to write, while that is asked.
    pub(crate) asking: Option<String>,
    /// Whether the worker was asked for one that it has not begun.
    is_starting: bool,
    /// The one that is under way.
    pub(crate) running: Option<Running>,
    /// How the last one ended, until that was read.
    pub(crate) ended: Option<Result<Recorded, Failure>>,
}

/// A recording that is under way.
#[derive(Debug)]
pub(crate) struct Running {
    /// Where it is written.
    pub(crate) path: PathBuf,
    /// Since when.
    pub(crate) since: Instant,
    /// How much there is of it.
    pub(crate) written: Written,
}

impl RecordingCommand {
    /// What it is called in the window.
    pub(crate) fn text(&self) -> &'static str {
        match self {
            Self::Ask => "Record…",
            Self::Start => "Start recording",
            Self::Stop => "Stop recording",
            Self::Dismiss => "Close",
            Self::Browse => "Open a recording…",
            Self::Open(_) => "Look at it",
            Self::Play => "Play or pause the recording",
            Self::SetSpeed(Speed::One) => "Play the recording as fast as it was",
            Self::SetSpeed(Speed::Ten) => "Play the recording ten times as fast",
            Self::SetSpeed(Speed::Sixty) => "Play the recording sixty times as fast",
            Self::GoTo(_) => "Go to this moment",
        }
    }
}

impl Written {
    /// So much is there now.
    pub(crate) fn set(&self, bytes: u64) {
        self.0.store(bytes, Ordering::Relaxed);
    }

    /// How much there is.
    pub(crate) fn bytes(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Recording {
    /// Asks where to write, with a name that nobody has to think of, or asks no longer.
    pub(crate) fn toggle_asking(&mut self, server: &str, date: Timestamp) {
        self.asking = match self.asking {
            Some(_) => None,
            None => Some(default_file(server, date)),
        };
        self.ended = None;
    }

    /// The file to write, if one was typed and nothing is written yet.
    pub(crate) fn start(&mut self) -> Option<PathBuf> {
        let typed = self.asking.as_deref()?.trim();
        if typed.is_empty() || self.is_starting || self.running.is_some() {
            return None;
        }
        (self.is_starting, self.ended) = (true, None);
        Some(PathBuf::from(typed))
    }

    /// Whether the worker was asked for one that it has not begun.
    pub(crate) fn is_starting(&self) -> bool {
        self.is_starting
    }

    /// Takes in what the worker tells.
    pub(crate) fn learn(&mut self, news: RecordingNews, at: Instant) {
        self.is_starting = false;
        match news {
            RecordingNews::Started(path, written) => {
                self.asking = None;
                self.running = Some(Running { path, since: at, written });
            }
            RecordingNews::Ended(ended) => (self.running, self.ended) = (None, Some(ended)),
            // Not of what is written.
            _ => {}
        }
    }
}

impl Running {
    /// How long it is, and how large: `2:05 · 1.2 MiB`.
    pub(crate) fn words(&self, now: Instant) -> String {
        format!("{} · {}", self.clock(now), text::size(self.written.bytes() as usize))
    }

    /// How long it is: `2:05`.
    pub(crate) fn clock(&self, now: Instant) -> String {
        text::clock(now.saturating_duration_since(self.since).as_secs())
    }
}

/// A file in the user's folder that says which server, and when.
fn default_file(server: &str, date: Timestamp) -> String {
    let name = format!("{}.{ENDING}", text::dated(server, date));
    let folder = std::env::home_dir().unwrap_or_default();
    folder.join(name).to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_named_after_the_server_and_the_moment_and_stays_within_its_folder() {
        let home = std::env::home_dir().unwrap_or_default();
        let file = default_file("../stage:7443", Timestamp::UNIX_EPOCH);
        assert_eq!(PathBuf::from(file), home.join("..-stage-7443-19700101-000000.csrec"));
    }
}
