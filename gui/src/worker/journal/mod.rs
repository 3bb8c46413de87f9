//! The calls that were made, kept beyond the window. A thread of its own does it: disks can be slow, and another
//! dashboard may hold the file.

mod file;
mod scribe;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use self::file::{ENTRIES_MAX, JournalFile};
pub(super) use self::scribe::Scribe;
use crate::model::journal::asked::JournalOrder;
use crate::model::journal::entry::{Entry, EntryId};
use crate::model::journal::{Noted, Pages, Remark};

/// What the file is called, beside the settings.
pub(super) const FILE_NAME: &str = "calls.jsonl";

/// Calls that the window is told of: as many as are kept on disk and beside it. A file that somebody else has written
/// may have more.
const PAGES_MAX: usize = 2 * ENTRIES_MAX;

/// Where calls are kept. The thread ends, with all that was asked of it done, when this is dropped.
#[derive(Clone)]
pub(super) struct Journal(Sender<JournalOrder>);

impl Journal {
    /// Reads the file, if there is to be any, and tells what is in it now and after each order.
    pub(super) fn start(path: Option<PathBuf>, tell: impl Fn(Pages) + Send + 'static) -> io::Result<Self> {
        let (sender, orders) = channel();
        let shelf = Shelf { file: path.map(JournalFile::at), loose: VecDeque::new(), trouble: None };
        thread::Builder::new().name("journal".to_owned()).spawn(move || shelf.run(&orders, tell))?;
        let journal = Self(sender);
        journal.order(JournalOrder::Read);
        Ok(journal)
    }

    /// Has it done, after what was asked before.
    pub(super) fn order(&self, order: JournalOrder) {
        // The thread outlives every sender.
        let _ = self.0.send(order);
    }
}

/// What is in a file now, without a thread to keep it.
pub(crate) fn calls_in(path: PathBuf) -> Pages {
    let mut shelf = Shelf { file: Some(JournalFile::at(path)), loose: VecDeque::new(), trouble: None };
    shelf.obey(JournalOrder::Read);
    shelf.pages()
}

/// What the thread holds.
struct Shelf {
    file: Option<JournalFile>,
    /// The calls that are not on disk, oldest first.
    loose: VecDeque<Arc<Noted>>,
    trouble: Option<String>,
}

impl Shelf {
    fn run(mut self, orders: &Receiver<JournalOrder>, tell: impl Fn(Pages)) {
        while let Ok(order) = orders.recv() {
            self.obey(order);
            // Many calls that end at once are told once.
            while let Ok(order) = orders.try_recv() {
                self.obey(order);
            }
            tell(self.pages());
        }
    }

    fn obey(&mut self, order: JournalOrder) {
        let done = match order {
            JournalOrder::Read => self.with_file("read", JournalFile::read),
            JournalOrder::Add { entry, on_disk } => self.add(*entry, on_disk),
            JournalOrder::Pin(id, pinned) => self.pin(&id, pinned),
            JournalOrder::Forget(id) => self.change(|noted| (noted.entry.id != id).then(|| noted.clone())),
            JournalOrder::Clear(server) => self.change(|noted| {
                let Entry { server: asked, pinned, .. } = &noted.entry;
                let is_meant = server.as_ref().is_none_or(|address| asked.address == *address);
                (*pinned || !is_meant).then(|| noted.clone())
            }),
        };
        self.trouble = done.err();
    }

    fn add(&mut self, entry: Entry, on_disk: bool) -> Result<(), String> {
        let written = if on_disk { self.with_file("written", |file| file.add(&entry)) } else { Ok(()) };
        if !on_disk || self.file.is_none() || written.is_err() {
            self.add_loose(entry);
        }
        written
    }

    fn pin(&mut self, id: &EntryId, pinned: bool) -> Result<(), String> {
        if pinned && !self.file.as_ref().is_none_or(JournalFile::may_pin) {
            return Err("So many calls are pinned that no more can be. Unpin others first.".to_owned());
        }
        self.change(|noted| match &noted.entry {
            entry if entry.id == *id && entry.pinned != pinned => {
                Some(Arc::new(Noted::new(Entry { pinned, ..entry.clone() })))
            }
            _ => Some(noted.clone()),
        })
    }

    fn add_loose(&mut self, entry: Entry) {
        if self.loose.len() == ENTRIES_MAX {
            self.loose.pop_front();
        }
        self.loose.push_back(Arc::new(Noted::new(entry)));
    }

    /// Puts other calls in the place of some, or lets go of those for which there is `None`.
    fn change(&mut self, change: impl Fn(&Arc<Noted>) -> Option<Arc<Noted>>) -> Result<(), String> {
        self.loose = self.loose.iter().filter_map(&change).collect();
        self.with_file("written", |file| file.change(change))
    }

    /// Does something with the file, if there is one, or says what could not be done.
    fn with_file(
        &mut self,
        what: &str,
        work: impl FnOnce(&mut JournalFile) -> io::Result<()>,
    ) -> Result<(), String> {
        let Some(file) = &mut self.file else { return Ok(()) };
        work(file).map_err(|error| {
            let path = file.path().display();
            format!(
                "{path} could not be {what}: {error}. What is called now is known until the window closes."
            )
        })
    }

    fn pages(&self) -> Pages {
        let on_disk = self.file.iter().flat_map(JournalFile::calls);
        let mut calls: Vec<_> = on_disk.chain(&self.loose).cloned().collect();
        calls.sort_by_key(|noted| std::cmp::Reverse(noted.entry.at));
        let trouble = self.trouble.clone().map(Remark::Trouble);
        let remarks = trouble.into_iter().chain(self.file.iter().flat_map(JournalFile::remarks)).collect();
        calls.truncate(PAGES_MAX);
        Pages::new(calls, remarks, self.file.as_ref().map(|file| file.path().to_owned()))
    }
}
