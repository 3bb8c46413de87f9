//! What long messages may take of a connection's memory, and who is next.

use std::collections::VecDeque;

use super::CallId;

/// Memory for messages that are longer than their calls' windows, handed out in order of arrival.
///
/// Items that nobody waits for may take half of it and no more, so that streams which are not read cannot stop
/// those that are, nor arguments and results, which are taken as soon as they are complete.
#[derive(Debug)]
pub(super) struct Budget {
    size: u64,
    /// What streams whose readers wait may make of it in advance.
    ahead_max: u64,
    used: u64,
    /// Messages that somebody waits for.
    awaited: VecDeque<CallId>,
    /// Items of streams whose readers are not there yet.
    unasked: VecDeque<CallId>,
}

/// Where a message waits to be admitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Queue {
    Awaited,
    Unasked,
}

impl Budget {
    /// A budget of so much, or of two of the longest messages where that is more: those always find their place.
    pub(super) fn new(size: u64, longest: u64) -> Self {
        let size = size.max(2 * longest);
        let ahead_max = (size - 2 * longest).min(size / 2);
        Self { size, ahead_max, used: 0, awaited: VecDeque::new(), unasked: VecDeque::new() }
    }

    pub(super) fn join(&mut self, queue: Queue, id: CallId) {
        self.queue(queue).push_back(id);
    }

    /// Takes a call out of a queue that it is in, wherever it stands.
    pub(super) fn leave(&mut self, queue: Queue, id: CallId) {
        self.queue(queue).retain(|waiting| *waiting != id);
    }

    /// The call at the head of a queue.
    pub(super) fn front(&self, queue: Queue) -> Option<CallId> {
        match queue {
            Queue::Awaited => self.awaited.front().copied(),
            Queue::Unasked => self.unasked.front().copied(),
        }
    }

    /// Takes so much, if it is there for this queue.
    pub(super) fn take(&mut self, queue: Queue, bytes: u64) -> bool {
        let size = match queue {
            Queue::Awaited => self.size,
            Queue::Unasked => self.size / 2,
        };
        self.take_within(bytes, size)
    }

    /// Takes so much for items that are not on their way yet.
    pub(super) fn take_ahead(&mut self, bytes: u64) -> bool {
        self.take_within(bytes, self.ahead_max)
    }

    fn take_within(&mut self, bytes: u64, size: u64) -> bool {
        let fits = self.used + bytes <= size;
        if fits {
            self.used += bytes;
        }
        fits
    }

    pub(super) fn give_back(&mut self, bytes: u64) {
        debug_assert!(bytes <= self.used, "what is given back was taken");
        self.used = self.used.saturating_sub(bytes);
    }

    /// Bytes that are taken.
    pub(super) fn used(&self) -> u64 {
        self.used
    }

    fn queue(&mut self, queue: Queue) -> &mut VecDeque<CallId> {
        match queue {
            Queue::Awaited => &mut self.awaited,
            Queue::Unasked => &mut self.unasked,
        }
    }
}
