//! The file of the calls that were made: JSON lines, one call each.
//!
//! Several dashboards may use it at once: whoever reads or changes it holds the lock of the file beside it, and looks
//! first what the others have written. A line is appended; where that is not enough the file is written anew under
//! another name and takes the old one's place, so that a crash leaves the one or the other. A line that cannot be read
//! is skipped, and one of a newer version stays as it is.
//!
//! Only its owner can read it: on Unix by its mode, 0600, also if it was found with another one. On Windows it has the
//! access control list of the user's own configuration folder, which nobody else but the system can enter.

use std::fs::{self, File, Metadata};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use serde::Deserialize;

use crate::disk;
use crate::model::journal::entry::{Entry, VERSION};
use crate::model::journal::{Noted, Remark};

/// Calls that are kept: what somebody makes by hand in a month.
pub(super) const ENTRIES_MAX: usize = 2000;
/// Bytes of the file: read in an instant, and nobody misses them.
pub(super) const FILE_MAX: usize = 8 << 20;
/// A file with more than this is not one of ours.
const FOREIGN: u64 = 2 * FILE_MAX as u64;
/// How much of its bounds a full file is left with, so that it is not written anew with each call.
const LEFT: (usize, usize) = (3, 4);

/// What was read of the file, and where it is.
pub(super) struct JournalFile {
    path: PathBuf,
    lines: Vec<Line>,
    /// How many lines were not understood.
    broken: usize,
    /// How the file was when it was read or written last.
    known: Option<(u64, SystemTime)>,
    /// Whether its last line has no end.
    is_torn: bool,
}

enum Line {
    Call {
        noted: Arc<Noted>,
        len: usize,
    },
    /// As it was found.
    Newer(Vec<u8>),
}

impl Line {
    fn len(&self) -> usize {
        match self {
            Self::Call { len, .. } => *len,
            Self::Newer(line) => line.len() + 1,
        }
    }

    fn call(&self) -> Option<&Arc<Noted>> {
        match self {
            Self::Call { noted, .. } => Some(noted),
            Self::Newer(_) => None,
        }
    }

    fn may_go(&self) -> bool {
        self.call().is_some_and(|noted| !noted.entry.pinned)
    }
}

/// What each line begins with.
#[derive(Deserialize)]
struct Head {
    v: u32,
}

/// A line of this version.
#[derive(serde::Serialize)]
struct Written<'e> {
    v: u32,
    #[serde(flatten)]
    entry: &'e Entry,
}

impl JournalFile {
    /// The file at this path, whether it is there already or not.
    pub(super) fn at(path: PathBuf) -> Self {
        Self { path, lines: Vec::new(), broken: 0, known: None, is_torn: false }
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Reads what is new in it.
    pub(super) fn read(&mut self) -> io::Result<()> {
        let _lock = self.lock()?;
        self.catch_up()
    }

    /// Adds a call, and lets go of the oldest ones for which there is no room any more.
    pub(super) fn add(&mut self, entry: &Entry) -> io::Result<()> {
        let _lock = self.lock()?;
        self.catch_up()?;
        let line = line_of(entry)?;
        let (calls, bytes) = (self.calls().count() + 1, self.bytes() + line.len());
        if ENTRIES_MAX < calls || FILE_MAX < bytes {
            self.make_room(line.len())?;
        }
        self.append(&line)?;
        let noted = Arc::new(Noted::new(Entry { on_disk: true, ..entry.clone() }));
        self.lines.push(Line::Call { noted, len: line.len() });
        Ok(())
    }

    /// Whether another call may be pinned. Half of the room is for those that are not.
    pub(super) fn may_pin(&self) -> bool {
        let is_pinned = |line: &&Line| line.call().is_some_and(|noted| noted.entry.pinned);
        let pinned = self.lines.iter().filter(is_pinned);
        let (count, bytes) = pinned.fold((0, 0), |(count, bytes), line| (count + 1, bytes + line.len()));
        count < ENTRIES_MAX / 2 && bytes < FILE_MAX / 2
    }

    /// Puts other calls in the place of some, or lets go of those for which there is `None`, and writes the file anew.
    pub(super) fn change(&mut self, change: impl Fn(&Arc<Noted>) -> Option<Arc<Noted>>) -> io::Result<()> {
        let _lock = self.lock()?;
        self.catch_up()?;
        let mut is_changed = false;
        self.lines.retain_mut(|line| {
            let Line::Call { noted, .. } = line else { return true };
            let changed = change(noted);
            is_changed |= changed.as_ref().is_none_or(|changed| !Arc::ptr_eq(changed, noted));
            let Some(changed) = changed else { return false };
            *noted = changed;
            true
        });
        if is_changed { self.write_anew() } else { Ok(()) }
    }

    /// What was read, oldest first.
    pub(super) fn calls(&self) -> impl Iterator<Item = &Arc<Noted>> {
        self.lines.iter().filter_map(Line::call)
    }

    /// What is to be said of it.
    pub(super) fn remarks(&self) -> impl Iterator<Item = Remark> {
        let newer = self.lines.iter().filter(|line| line.call().is_none()).count();
        let newer = (0 < newer).then_some(Remark::Newer(newer));
        newer.into_iter().chain((0 < self.broken).then_some(Remark::Broken(self.broken)))
    }

    fn bytes(&self) -> usize {
        self.lines.iter().map(Line::len).sum()
    }

    /// Holds off other dashboards until it is dropped.
    fn lock(&self) -> io::Result<File> {
        if let Some(folder) = self.path.parent() {
            fs::create_dir_all(folder)?;
        }
        let lock = disk::private()
            .write(true)
            .create(true)
            .truncate(false)
            .open(self.path.with_extension("lock"))?;
        lock.lock()?;
        Ok(lock)
    }

    /// Reads the file if it is not as it was left. The lock is held.
    fn catch_up(&mut self) -> io::Result<()> {
        let file = match File::open(&self.path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                *self = Self::at(std::mem::take(&mut self.path));
                return Ok(());
            }
            Err(error) => return Err(error),
        };
        let found = file.metadata()?;
        if self.known.is_some() && self.known == state(&found) {
            return Ok(());
        }
        if FOREIGN < found.len() {
            let words = format!("it has {} MiB, more than was ever written here", found.len() >> 20);
            return Err(io::Error::other(words));
        }
        make_private(&self.path, &found)?;
        let mut bytes = Vec::new();
        file.take(FOREIGN).read_to_end(&mut bytes)?;
        self.understand(&bytes);
        // As it was before it was read: what came meanwhile is read the next time.
        self.known = state(&found);
        Ok(())
    }

    fn understand(&mut self, bytes: &[u8]) {
        (self.lines, self.broken) = (Vec::new(), 0);
        self.is_torn = bytes.last().is_some_and(|last| *last != b'\n');
        for line in bytes.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty()) {
            match serde_json::from_slice::<Head>(line) {
                Ok(Head { v }) if VERSION < v => self.lines.push(Line::Newer(line.to_vec())),
                Ok(Head { v: VERSION }) => match serde_json::from_slice::<Entry>(line) {
                    Ok(entry) if entry.is_bounded() => {
                        let noted = Arc::new(Noted::new(Entry { on_disk: true, ..entry }));
                        self.lines.push(Line::Call { noted, len: line.len() + 1 });
                    }
                    _ => self.broken += 1,
                },
                _ => self.broken += 1,
            }
        }
    }

    /// Lets go of the oldest calls until there is room for some more, of which one has this many bytes.
    fn make_room(&mut self, wanted: usize) -> io::Result<()> {
        let (mut calls, mut bytes) = (self.calls().count() + 1, self.bytes() + wanted);
        let part = |bound: usize| bound / LEFT.1 * LEFT.0;
        self.lines.retain(|line| {
            let is_full = part(ENTRIES_MAX) < calls || part(FILE_MAX) < bytes;
            let goes = is_full && line.may_go();
            if goes {
                (calls, bytes) = (calls - 1, bytes - line.len());
            }
            !goes
        });
        if FILE_MAX < bytes {
            return Err(io::Error::other("there is no room in it beside what a newer version has written"));
        }
        self.write_anew()
    }

    fn append(&mut self, line: &[u8]) -> io::Result<()> {
        let mut file = disk::private().append(true).create(true).open(&self.path)?;
        // What a crash has left there is a line of its own.
        let ended = if self.is_torn { [b"\n", line].concat() } else { line.to_vec() };
        self.known = None;
        file.write_all(&ended)?;
        self.is_torn = false;
        self.known = state(&file.metadata()?);
        Ok(())
    }

    fn write_anew(&mut self) -> io::Result<()> {
        self.known = None;
        let mut text = Vec::with_capacity(self.bytes());
        for line in &mut self.lines {
            match line {
                Line::Call { noted, len } => {
                    let line = line_of(&noted.entry)?;
                    *len = line.len();
                    text.extend(line);
                }
                Line::Newer(line) => {
                    text.extend_from_slice(line);
                    text.push(b'\n');
                }
            }
        }
        let file = disk::write_anew(&self.path, &text)?;
        (self.broken, self.is_torn) = (0, false);
        self.known = state(&file.metadata()?);
        Ok(())
    }
}

/// A call as a line, its end included.
fn line_of(entry: &Entry) -> io::Result<Vec<u8>> {
    let mut line = serde_json::to_vec(&Written { v: VERSION, entry })?;
    line.push(b'\n');
    Ok(line)
}

/// How to tell that a file has changed; never equal where the system does not say when.
fn state(found: &Metadata) -> Option<(u64, SystemTime)> {
    Some((found.len(), found.modified().ok()?))
}

/// Takes from others what they were allowed.
#[cfg_attr(not(unix), expect(unused_variables, reason = "there the folder decides"))]
fn make_private(path: &Path, found: &Metadata) -> io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        if found.permissions().mode() & 0o077 != 0 {
            fs::set_permissions(path, fs::Permissions::from_mode(0o600))?;
        }
    }
    Ok(())
}
