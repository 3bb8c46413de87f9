//! What handlers on tasks of their own, and the server, leave for the driver of a connection.

use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;
use std::time::Instant;

use countersign_proto::CallId;

use super::Lapse;
use crate::builtin::trace::Outcome;
use crate::context::Context;
use crate::service::Reply;

/// What tasks and the server leave for the driver of a connection, and what they may know of it.
#[derive(Debug, Default)]
pub(crate) struct Mailbox {
    slot: Mutex<Slot>,
    pub(crate) calls_open: AtomicU64,
    pub(crate) calls_opened: AtomicU64,
    pub(crate) bytes_in: AtomicU64,
    pub(crate) bytes_out: AtomicU64,
}

#[derive(Debug, Default)]
struct Slot {
    letters: Letters,
    stop: Option<Stop>,
    driver: Option<Waker>,
}

/// What came since the driver was last here.
#[derive(Debug, Default)]
pub(super) struct Letters {
    pub(super) finished: Vec<Finished>,
    /// Streaming calls in whose lanes there is something.
    pub(super) rung: Vec<CallId>,
    /// When the next connection is to take the place of this one.
    pub(super) due: Option<Instant>,
}

/// How the server wants a connection to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stop {
    /// No new calls; the connection ends when those that are open have.
    Drain,
    /// Now.
    Cut,
    /// Now, since it should not go on.
    Lapsed(Lapse),
    /// Now, since somebody asked for it.
    Closed,
}

/// A handler has ended on a task of its own; without a reply if it was stopped.
#[derive(Debug)]
pub(super) struct Finished {
    pub(super) id: CallId,
    pub(super) cx: Context,
    pub(super) reply: Option<Reply>,
    /// The call as it is traced, if it is.
    pub(super) outcome: Option<Arc<Outcome>>,
}

impl Mailbox {
    pub(crate) fn stop(&self, stop: Stop) {
        self.leave(|slot| slot.stop = Some(stop));
    }

    /// Lets the driver look whether something has changed for its connection.
    pub(crate) fn wake(&self) {
        self.leave(|_| {});
    }

    /// The next connection is to take the place of this one, then.
    pub(crate) fn retire_at(&self, due: Instant) {
        self.leave(|slot| slot.letters.due = Some(due));
    }

    pub(super) fn post(&self, finished: Finished) {
        self.leave(|slot| slot.letters.finished.push(finished));
    }

    /// There is something in the lane of a call.
    pub(super) fn ring(&self, id: CallId) {
        self.leave(|slot| slot.letters.rung.push(id));
    }

    /// Exchanges the letters for `letters`, which are none, and wakes `driver` when there are more.
    pub(super) fn empty(&self, letters: &mut Letters, driver: &Waker) -> Option<Stop> {
        let mut slot = self.lock();
        if !slot.driver.as_ref().is_some_and(|known| known.will_wake(driver)) {
            slot.driver = Some(driver.clone());
        }
        std::mem::swap(letters, &mut slot.letters);
        slot.stop
    }

    fn leave(&self, write: impl FnOnce(&mut Slot)) {
        let mut slot = self.lock();
        write(&mut slot);
        let driver = slot.driver.take();
        drop(slot);
        if let Some(driver) = driver {
            driver.wake();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Slot> {
        self.slot.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
