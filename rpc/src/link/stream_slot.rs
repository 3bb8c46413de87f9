//! What the caller of a streaming call has not taken yet. Knows nothing of credit, nor of the connection.

use std::collections::VecDeque;
use std::task::{Poll, Waker};

use countersign_proto::Metadata;

use super::client::Ended;

/// Where the caller of a streaming call finds what came for it. The end stays until the place is freed: it is
/// the verdict of whatever is asked after it.
#[derive(Debug)]
pub(super) struct StreamSlot {
    /// Whether the server may send items at all.
    takes_items: bool,
    items: VecDeque<Vec<u8>>,
    /// Nobody will take the items.
    ignored: bool,
    pub(super) response: Metadata,
    ended: Option<Ended>,
    /// Those who wait: one who receives, and one who sends.
    wakers: [Option<Waker>; 2],
}

/// The two who may wait for something at the same time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Receiving,
    Sending,
}

/// What became of an item that arrived.
#[derive(Debug)]
pub(super) enum Arrived {
    /// It was kept, and this one waits for it.
    Kept(Option<Waker>),
    /// Nobody wants it.
    Discarded,
    /// The procedure sends none.
    Unexpected,
}

impl StreamSlot {
    pub(super) fn new(takes_items: bool) -> Self {
        Self {
            takes_items,
            items: VecDeque::new(),
            ignored: false,
            response: Metadata::new(),
            ended: None,
            wakers: [None, None],
        }
    }

    pub(super) fn arrived(&mut self, item: impl FnOnce() -> Vec<u8>) -> Arrived {
        match (self.takes_items, self.ignored) {
            (false, _) => Arrived::Unexpected,
            (true, true) => Arrived::Discarded,
            (true, false) => {
                self.items.push_back(item());
                Arrived::Kept(self.waker(Side::Receiving))
            }
        }
    }

    /// The next item; `None` once the call has ended and there is no other.
    pub(super) fn poll_next(&mut self, waker: &Waker) -> Poll<Option<Vec<u8>>> {
        match self.items.pop_front() {
            Some(item) => Poll::Ready(Some(item)),
            None if self.ended.is_some() => Poll::Ready(None),
            None => self.wait(Side::Receiving, waker),
        }
    }

    /// The end of the call, whatever was taken before it.
    pub(super) fn poll_ended(&mut self, side: Side, waker: &Waker) -> Poll<Ended> {
        match &self.ended {
            Some(ended) => Poll::Ready(ended.clone()),
            None => self.wait(side, waker),
        }
    }

    /// Discards items from now on. Returns those that were there.
    pub(super) fn ignore(&mut self) -> VecDeque<Vec<u8>> {
        self.ignored = true;
        std::mem::take(&mut self.items)
    }

    /// The first end counts. Returns whom to wake.
    pub(super) fn end(&mut self, mut ended: Ended) -> [Option<Waker>; 2] {
        if self.ended.is_none() {
            ended.follow(self.response.clone());
            self.ended = Some(ended);
        }
        std::mem::take(&mut self.wakers)
    }

    pub(super) fn ended(&self) -> Option<&Ended> {
        self.ended.as_ref()
    }

    pub(super) fn wait<T>(&mut self, side: Side, waker: &Waker) -> Poll<T> {
        match &mut self.wakers[side as usize] {
            Some(known) => known.clone_from(waker),
            none => *none = Some(waker.clone()),
        }
        Poll::Pending
    }

    /// Whoever waits on this side.
    pub(super) fn waker(&mut self, side: Side) -> Option<Waker> {
        self.wakers[side as usize].take()
    }
}

#[cfg(test)]
mod tests {
    use countersign_proto::{Code, Status};

    use super::*;

    fn aborted() -> Ended {
        Ended::Status(Box::new(Status::new(Code::Aborted, "")))
    }

    fn next(slot: &mut StreamSlot) -> Poll<Option<Vec<u8>>> {
        slot.poll_next(Waker::noop())
    }

    #[test]
    fn the_end_comes_after_the_items() {
        let mut slot = StreamSlot::new(true);
        assert!(next(&mut slot).is_pending());
        assert!(matches!(slot.arrived(|| vec![1]), Arrived::Kept(Some(_))));
        assert!(matches!(slot.arrived(|| vec![2]), Arrived::Kept(None)));
        slot.end(aborted());
        assert_eq!(next(&mut slot), Poll::Ready(Some(vec![1])));
        assert_eq!(next(&mut slot), Poll::Ready(Some(vec![2])));
        assert_eq!(next(&mut slot), Poll::Ready(None));
        assert!(matches!(slot.poll_ended(Side::Receiving, Waker::noop()), Poll::Ready(Ended::Status(_))));
    }

    #[test]
    fn both_sides_hear_of_the_end() {
        let mut slot = StreamSlot::new(true);
        assert!(slot.poll_ended(Side::Sending, Waker::noop()).is_pending());
        assert!(next(&mut slot).is_pending());
        assert!(slot.end(aborted()).iter().all(Option::is_some));
    }

    #[test]
    fn what_nobody_wants_is_discarded() {
        let mut slot = StreamSlot::new(true);
        slot.arrived(|| vec![1]);
        assert_eq!(slot.ignore().len(), 1);
        assert!(matches!(slot.arrived(|| unreachable!("it is not even copied")), Arrived::Discarded));
    }

    #[test]
    fn a_procedure_without_items_sends_none() {
        assert!(matches!(StreamSlot::new(false).arrived(Vec::new), Arrived::Unexpected));
    }
}
