//! A call whose sides both send items.

use std::marker::PhantomData;

use countersign_proto::Metadata;
use serde::de::DeserializeOwned;

use super::halves::{ReceiveHalf, SendHalf, halves};
use super::open::{OpenStream, SendItem};
use super::sealed::FromOpen;
use super::{StreamHandle, Types};
use crate::call::request::Request;
use crate::call::{Answer, CallError};
use crate::link::stream_slot::Side;
use crate::service::{Arg, Fault};
use crate::stream::Row;

/// Sends and receives the items of a call, then waits for its result. Dropped before, it cancels the call.
#[derive(Debug)]
pub struct BothWays<S, R, T, F> {
    open: OpenStream,
    row: Row,
    types: Types<(S, R, T, F)>,
}

impl<S, R: DeserializeOwned, T: DeserializeOwned, F: Fault> BothWays<S, R, T, F> {
    /// Sends an item, as soon as the server has room for it. It is encoded at once, so borrows end here.
    ///
    /// # Errors
    ///
    /// If the server has ended the call, with what it ended it.
    pub fn send(&mut self, item: impl Arg<S>) -> SendItem<'_, F> {
        self.open.send(&item)
    }

    /// Waits for the next item; `None` after the last one of a call that went well.
    pub async fn next(&mut self) -> Result<Option<R>, CallError<F>> {
        self.open.next(&mut self.row).await
    }

    /// Says that no items follow.
    pub fn half_close(&mut self) {
        self.open.half_close();
    }

    /// Says that no items follow, and waits for the result. Items that were not taken are discarded.
    pub async fn finish(self) -> Result<T, CallError<F>> {
        self.answer().await.map(|answer| answer.value)
    }

    /// As [`finish`](Self::finish), with the metadata that came beside the items and the result.
    pub async fn answer(mut self) -> Result<Answer<T>, CallError<F>> {
        self.open.half_close();
        self.open.ignore(&mut self.row);
        self.open.answer(Side::Receiving).await
    }

    /// What the server sent before its first item; empty until it has come.
    pub fn metadata(&self) -> Metadata {
        self.open.response_metadata()
    }

    /// The two directions apart, for a task each.
    pub fn split(self) -> (SendHalf<S, T, F>, ReceiveHalf<R, T, F>) {
        halves(self.open, self.row)
    }
}

impl<S, R, T, F: Fault> StreamHandle for BothWays<S, R, T, F> {
    type Fault = F;
}

impl<S, R, T, F> FromOpen for BothWays<S, R, T, F> {
    const RECEIVES: bool = true;

    #[expect(private_interfaces, reason = "nobody outside can call it")]
    fn from_open(open: OpenStream, _: Request) -> Self {
        Self { open, row: Row::default(), types: PhantomData }
    }
}
