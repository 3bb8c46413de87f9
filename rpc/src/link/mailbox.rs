//! What handlers on tasks of their own, and the server, leave for the driver of a connection.

use std::sync::atomic::AtomicU64;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Waker;

use countersign_proto::CallId;

use crate::service::Reply;

/// What tasks and the server leave for the driver of a connection, and what they may know of it.
#[derive(Debug, Default)]
pub(crate) struct Mailbox {
    letters: Mutex<Letters>,
    pub(crate) calls_open: AtomicU64,
    pub(crate) bytes_in: AtomicU64,
    pub(crate) bytes_out: AtomicU64,
}

#[derive(Debug, Default)]
struct Letters {
    finished: Vec<Finished>,
    stop: Option<Stop>,
    driver: Option<Waker>,
}

/// How the server wants a connection to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stop {
    /// No new calls; the connection ends when those that are open have.
    Drain,
    /// Now.
    Cut,
}

/// A handler has ended on a task of its own; without a reply if it was stopped.
#[derive(Debug)]
pub(super) struct Finished {
    pub(super) id: CallId,
    pub(super) reply: Option<Reply>,
}

impl Mailbox {
    pub(crate) fn stop(&self, stop: Stop) {
        self.leave(|letters| letters.stop = Some(stop));
    }

    pub(super) fn post(&self, finished: Finished) {
        self.leave(|letters| letters.finished.push(finished));
    }

    /// Takes the letters, and wakes `driver` when there are more.
    pub(super) fn empty(&self, finished: &mut Vec<Finished>, driver: &Waker) -> Option<Stop> {
        let mut letters = self.lock();
        if !letters.driver.as_ref().is_some_and(|known| known.will_wake(driver)) {
            letters.driver = Some(driver.clone());
        }
        std::mem::swap(finished, &mut letters.finished);
        letters.stop
    }

    fn leave(&self, write: impl FnOnce(&mut Letters)) {
        let mut letters = self.lock();
        write(&mut letters);
        let driver = letters.driver.take();
        drop(letters);
        if let Some(driver) = driver {
            driver.wake();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Letters> {
        self.letters.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
