//! Where callers wait for the end of their calls.

use std::task::{Poll, Waker};

use super::client::Ended;

/// What the callers of a connection wait for, one place each.
#[derive(Debug, Default)]
pub(super) struct Slots {
    slots: Vec<Slot>,
    free: Vec<usize>,
}

#[derive(Debug)]
enum Slot {
    Free,
    Waiting(Option<Waker>),
    Ended(Ended),
}

impl Slots {
    pub(super) fn take(&mut self) -> usize {
        let slot = self.free.pop().unwrap_or_else(|| {
            self.slots.push(Slot::Free);
            self.slots.len() - 1
        });
        self.slots[slot] = Slot::Waiting(None);
        slot
    }

    pub(super) fn free(&mut self, slot: usize) {
        self.slots[slot] = Slot::Free;
        self.free.push(slot);
    }

    /// Whom to wake now that a call has ended.
    pub(super) fn end(&mut self, slot: usize, ended: Ended) -> Option<Waker> {
        match std::mem::replace(&mut self.slots[slot], Slot::Ended(ended)) {
            Slot::Waiting(waker) => waker,
            Slot::Free | Slot::Ended(_) => None,
        }
    }

    pub(super) fn poll(&mut self, slot: usize, waker: &Waker) -> Poll<Ended> {
        match &mut self.slots[slot] {
            Slot::Waiting(Some(waiting)) if waiting.will_wake(waker) => Poll::Pending,
            Slot::Waiting(waiting) => {
                *waiting = Some(waker.clone());
                Poll::Pending
            }
            ended => {
                let Slot::Ended(ended) = std::mem::replace(ended, Slot::Free) else {
                    unreachable!("a call is polled only while its place is its own");
                };
                self.free.push(slot);
                Poll::Ready(ended)
            }
        }
    }
}
