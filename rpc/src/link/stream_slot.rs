//! What the caller of a streaming call has not taken yet. Knows nothing of credit, nor of the connection.

use std::borrow::Cow;
use std::task::{Poll, Waker};

use countersign_proto::Metadata;

use super::client::Ended;
use crate::stream::{Items, Row, Sum};

/// Where the caller of a streaming call finds what came for it. The end stays until the place is freed: it is
/// the verdict of whatever is asked after it.
#[derive(Debug)]
pub(super) struct StreamSlot {
    /// Whether the server may send items at all.
    takes_items: bool,
    items: Items,
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
    /// For a server that sends no more than `window` bytes at first that were not consumed.
    pub(super) fn new(takes_items: bool, window: u32) -> Self {
        Self {
            takes_items,
            items: Items::new(window),
            ignored: false,
            response: Metadata::new(),
            ended: None,
            wakers: [None, None],
        }
    }

    pub(super) fn arrived(&mut self, item: Cow<'_, [u8]>) -> Arrived {
        match (self.takes_items, self.ignored) {
            (false, _) => Arrived::Unexpected,
            (true, true) => Arrived::Discarded,
            (true, false) => {
                self.items.push(item);
                Arrived::Kept(self.waker(Side::Receiving))
            }
        }
    }

    /// The next row of items; `None` once the call has ended and there is no other.
    pub(super) fn poll_next(&mut self, waker: &Waker) -> Poll<Option<Row>> {
        match self.items.pop() {
            Some(row) => Poll::Ready(Some(row)),
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
    pub(super) fn ignore(&mut self) -> Sum {
        self.ignored = true;
        self.items.clear()
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
        Ended::of(Status::new(Code::Aborted, ""))
    }

    fn slot(takes_items: bool) -> StreamSlot {
        StreamSlot::new(takes_items, 64 << 10)
    }

    fn next(slot: &mut StreamSlot) -> Poll<Option<Row>> {
        slot.poll_next(Waker::noop())
    }

    #[test]
    fn the_end_comes_after_the_items() {
        let mut slot = slot(true);
        assert!(next(&mut slot).is_pending());
        assert!(matches!(slot.arrived(vec![1].into()), Arrived::Kept(Some(_))));
        assert!(matches!(slot.arrived(vec![2].into()), Arrived::Kept(None)));
        slot.end(aborted());
        let Poll::Ready(Some(mut row)) = next(&mut slot) else { panic!("a row of items") };
        for item in [1, 2] {
            assert_eq!(row.next().as_deref(), Some(&[item][..]));
        }
        assert!(row.is_empty());
        assert!(matches!(next(&mut slot), Poll::Ready(None)));
        assert!(matches!(slot.poll_ended(Side::Receiving, Waker::noop()), Poll::Ready(Ended::Status(..))));
    }

    #[test]
    fn both_sides_hear_of_the_end() {
        let mut slot = slot(true);
        assert!(slot.poll_ended(Side::Sending, Waker::noop()).is_pending());
        assert!(next(&mut slot).is_pending());
        assert!(slot.end(aborted()).iter().all(Option::is_some));
    }

    #[test]
    fn what_nobody_wants_is_discarded() {
        let mut slot = slot(true);
        slot.arrived(vec![1].into());
        assert_eq!(slot.ignore(), Sum { items: 1, len: 1 });
        assert!(matches!(slot.arrived(vec![2].into()), Arrived::Discarded));
    }

    #[test]
    fn a_procedure_without_items_sends_none() {
        assert!(matches!(slot(false).arrived(Vec::new().into()), Arrived::Unexpected));
    }
}
