//! The end on which a handler receives.

use std::fmt;
use std::future::poll_fn;
use std::marker::PhantomData;
use std::sync::Arc;

use countersign_proto::{HandlerRan, Status, cbor};
use serde::de::DeserializeOwned;

use super::{Lane, Row};

/// Receives the items that the caller of a streaming call sends.
///
/// A caller sends only as fast as items are taken. Dropped before the last item, it discards the rest.
pub struct Receiver<T> {
    lane: Arc<Lane>,
    /// What is to be taken next.
    row: Row,
    /// Items that were taken, to say which one is wrong.
    taken: u64,
    item: PhantomData<fn() -> T>,
}

impl<T: DeserializeOwned> Receiver<T> {
    pub(crate) fn new(lane: Arc<Lane>) -> Self {
        Self { lane, row: Row::default(), taken: 0, item: PhantomData }
    }

    /// Waits for the next item; `None` once the caller has sent the last one.
    ///
    /// # Errors
    ///
    /// `CANCELLED` or `DEADLINE_EXCEEDED` if the call is over, and `INVALID_ARGUMENT` for an item that is not
    /// what the contract says, with its place, such as `items[3].price`.
    pub async fn next(&mut self) -> Result<Option<T>, Status> {
        if self.row.is_empty() {
            poll_fn(|cx| self.lane.poll_next(&mut self.row, cx.waker())).await?;
        }
        let Some(item) = self.row.next_as() else { return Ok(None) };
        let index = self.taken;
        self.taken += 1;
        item.map(Some).map_err(|error| undecodable(index, &error))
    }
}

fn undecodable(index: u64, error: &cbor::DecodeError) -> Status {
    let dot = if error.path().starts_with(|first| first != '[') { "." } else { "" };
    let why = format!("items[{index}]{dot}{}: {}", error.path(), error.message());
    Status::invalid_argument(why).with_handler_ran(HandlerRan::Yes)
}

impl<T> Drop for Receiver<T> {
    fn drop(&mut self) {
        self.lane.ignore(&mut self.row);
    }
}

impl<T> fmt::Debug for Receiver<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receiver").field("taken", &self.taken).field("lane", &self.lane).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    use countersign_proto::Code;
    use serde::{Deserialize, Serialize};

    use super::super::Sender;
    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Row {
        price: u32,
    }

    fn now<T>(future: impl Future<Output = T>) -> T {
        match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(value) => value,
            Poll::Pending => panic!("it waits"),
        }
    }

    #[test]
    fn what_is_sent_on_one_lane_is_received_on_another() {
        let (near, far) = (Arc::new(Lane::new(4096, || {})), Arc::new(Lane::new(4096, || {})));
        let (sender, mut receiver) = (Sender::new(near.clone()), Receiver::<Row>::new(far.clone()));
        for price in 0..3 {
            now(sender.send(Row { price })).expect("there is room");
        }
        assert!(near.drain(|item| !far.arrived(item.to_vec().into())));
        far.half_closed();
        for price in 0..3 {
            assert_eq!(now(receiver.next()), Ok(Some(Row { price })));
        }
        assert_eq!(now(receiver.next()), Ok(None));
    }

    #[test]
    fn an_item_that_is_none_is_named_with_its_place() {
        let lane = Arc::new(Lane::new(4096, || {}));
        let mut receiver = Receiver::<Row>::new(lane.clone());
        lane.arrived(cbor::to_vec(&Row { price: 1 }).expect("it encodes").into());
        lane.arrived(b"\xa1\x65price\x61x".into());
        lane.arrived(b"\x01".into());
        assert!(now(receiver.next()).is_ok());
        let status = now(receiver.next()).expect_err("a text is no price");
        assert_eq!(status.code, Code::InvalidArgument);
        assert!(status.message.starts_with("items[1].price: "), "{status}");
        let status = now(receiver.next()).expect_err("a number is no row");
        assert!(status.message.starts_with("items[2]: "), "{status}");
    }

    #[test]
    fn a_receiver_that_is_dropped_discards_what_comes() {
        let lane = Arc::new(Lane::new(4096, || {}));
        drop(Receiver::<Row>::new(lane.clone()));
        assert!(lane.arrived(vec![0].into()));
    }

    #[test]
    fn both_ends_can_move_between_threads() {
        fn is_send<T: Send>(_: T) {}
        let lane = Arc::new(Lane::new(4096, || {}));
        let sender = Sender::<Row>::new(lane.clone());
        is_send(sender.send(Row { price: 1 }));
        is_send(Receiver::<Row>::new(lane).next());
        is_send(sender);
    }
}
