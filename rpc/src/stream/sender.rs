//! The end on which a handler sends.

use std::fmt;
use std::future::poll_fn;
use std::marker::PhantomData;
use std::sync::Arc;

use countersign_proto::{HandlerRan, Status, cbor};
use serde::Serialize;

use super::{Encoded, Lane};

/// Sends items to the caller of a streaming call.
///
/// Items arrive in the order in which they were sent, before the result of the call. Nothing is sent any more
/// once the handler has returned.
pub struct Sender<T> {
    lane: Arc<Lane>,
    item: PhantomData<fn(T)>,
}

impl<T: Serialize> Sender<T> {
    pub(crate) fn new(lane: Arc<Lane>) -> Self {
        Self { lane, item: PhantomData }
    }

    /// Sends an item, as soon as the caller has room for it.
    ///
    /// # Errors
    ///
    /// `CANCELLED` or `DEADLINE_EXCEEDED` if the call is over: nobody reads any more. `INTERNAL` if the item
    /// cannot be encoded.
    pub async fn send(&self, item: T) -> Result<(), Status> {
        let mut item = encoded(&item)?;
        poll_fn(|cx| self.lane.poll_send(&mut item, cx.waker())).await
    }
}

fn encoded<T: Serialize>(item: &T) -> Result<Encoded, Status> {
    Encoded::by(|out| cbor::encode_into(item, out)).map_err(|error| {
        tracing::error!(%error, "an item cannot be encoded");
        Status::internal("an item cannot be encoded").with_handler_ran(HandlerRan::Yes)
    })
}

impl<T> fmt::Debug for Sender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sender").field("lane", &self.lane).finish()
    }
}
