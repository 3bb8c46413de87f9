//! The two directions of a call apart. The call is cancelled when both are dropped before its end.

use std::marker::PhantomData;
use std::sync::Arc;

use countersign_proto::Metadata;
use serde::de::DeserializeOwned;

use super::Types;
use super::open::{OpenStream, SendItem};
use crate::call::CallError;
use crate::link::stream_slot::Side;
use crate::service::{Arg, Fault};
use crate::stream::Row;

/// The sending half of a call. Dropped, it says that no items follow; it should not be dropped before the last
/// one was sent, unless the other half is dropped too.
#[derive(Debug)]
pub struct SendHalf<S, T, F> {
    open: SendingHalf,
    types: Types<(S, T, F)>,
}

/// The receiving half of a call. Dropped, it discards the items that still come.
#[derive(Debug)]
pub struct ReceiveHalf<R, T, F> {
    open: ReceivingHalf,
    types: Types<(R, T, F)>,
}

pub(super) fn halves<S, R, T, F>(open: OpenStream, row: Row) -> (SendHalf<S, T, F>, ReceiveHalf<R, T, F>) {
    let (sending, receiving) = split(open, row);
    (SendHalf { open: sending, types: PhantomData }, ReceiveHalf { open: receiving, types: PhantomData })
}

impl<S, T: DeserializeOwned, F: Fault> SendHalf<S, T, F> {
    /// Sends an item, as soon as the server has room for it. It is encoded at once, so borrows end here.
    ///
    /// # Errors
    ///
    /// If the server has ended the call, with what it ended it.
    pub fn send(&mut self, item: impl Arg<S>) -> SendItem<'_, F> {
        self.open.0.send(&item)
    }

    /// Says that no items follow, and waits for the result. Items that the other half does not take hold it up.
    pub async fn finish(self) -> Result<T, CallError<F>> {
        self.open.0.half_close();
        self.open.0.answer(Side::Sending).await.map(|answer| answer.value)
    }
}

impl<R: DeserializeOwned, T: DeserializeOwned, F: Fault> ReceiveHalf<R, T, F> {
    /// Waits for the next item; `None` after the last one of a call that went well.
    pub async fn next(&mut self) -> Result<Option<R>, CallError<F>> {
        self.open.next().await
    }

    /// Waits for the result. Items that were not taken are discarded.
    pub async fn finish(mut self) -> Result<T, CallError<F>> {
        self.open.ignore();
        self.open.open.answer(Side::Receiving).await.map(|answer| answer.value)
    }

    /// What the server sent before its first item; empty until it has come.
    pub fn metadata(&self) -> Metadata {
        self.open.open.response_metadata()
    }
}

/// Half-closes when it is dropped.
#[derive(Debug)]
pub(super) struct SendingHalf(pub(super) Arc<OpenStream>);

/// Discards what comes when it is dropped.
#[derive(Debug)]
pub(super) struct ReceivingHalf {
    pub(super) open: Arc<OpenStream>,
    /// What is to be taken next.
    pub(super) row: Row,
}

pub(super) fn split(open: OpenStream, row: Row) -> (SendingHalf, ReceivingHalf) {
    let open = Arc::new(open);
    (SendingHalf(open.clone()), ReceivingHalf { open, row })
}

impl ReceivingHalf {
    pub(super) async fn next<I: DeserializeOwned, F: Fault>(&mut self) -> Result<Option<I>, CallError<F>> {
        self.open.next(&mut self.row).await
    }

    pub(super) fn ignore(&mut self) {
        self.open.ignore(&mut self.row);
    }
}

impl Drop for SendingHalf {
    fn drop(&mut self) {
        // Half of the items must not pass for all of them; and if nobody receives, the call is cancelled.
        if std::thread::panicking() {
            self.0.give_up();
        } else if 1 < Arc::strong_count(&self.0) {
            self.0.half_close();
        }
    }
}

impl Drop for ReceivingHalf {
    fn drop(&mut self) {
        self.ignore();
    }
}
