//! A call whose server sends items.

use std::future::poll_fn;
use std::marker::PhantomData;

use countersign_proto::Metadata;
use serde::de::DeserializeOwned;

use super::again::Repeatable;
use super::open::OpenStream;
use super::sealed::FromOpen;
use super::{StreamHandle, Types};
use crate::call::request::Request;
use crate::call::{Answer, CallError};
use crate::service::Fault;
use crate::stream::Row;

/// Receives the items of a call, then its result. Dropped before, it cancels the call.
///
/// A call that was never started, or is idempotent, is made again where a unary call would be, as long as no item
/// has come.
#[derive(Debug)]
pub struct ServerStream<I, T, F> {
    call: Repeatable,
    types: Types<(I, T, F)>,
}

impl<I: DeserializeOwned, T: DeserializeOwned, F: Fault> ServerStream<I, T, F> {
    /// Waits for the next item; `None` after the last one of a call that went well.
    ///
    /// A server sends only as fast as items are taken.
    pub async fn next(&mut self) -> Result<Option<I>, CallError<F>> {
        let next = |row: &mut Row| row.next_as().transpose().map_err(CallError::Undecodable);
        poll_fn(|cx| self.call.poll_row(cx).map(|row| row.map_err(CallError::typed).and_then(next))).await
    }

    /// Waits for the result. Items that were not taken are discarded.
    pub async fn finish(self) -> Result<T, CallError<F>> {
        self.answer().await.map(|answer| answer.value)
    }

    /// As [`finish`](Self::finish), with the metadata that came beside the items and the result.
    pub async fn answer(mut self) -> Result<Answer<T>, CallError<F>> {
        let answer = poll_fn(|cx| self.call.poll_answer(cx)).await.map_err(CallError::typed)?;
        Answer::of(answer).map_err(CallError::Undecodable)
    }

    /// What the server sent before its first item; empty until it has come.
    pub fn metadata(&self) -> Metadata {
        self.call.response_metadata()
    }
}

impl<I, T, F: Fault> StreamHandle for ServerStream<I, T, F> {
    type Fault = F;
}

impl<I, T, F> FromOpen for ServerStream<I, T, F> {
    const RECEIVES: bool = true;

    #[expect(private_interfaces, reason = "nobody outside can call it")]
    fn from_open(open: OpenStream, request: Request) -> Self {
        Self { call: Repeatable::new(open, request), types: PhantomData }
    }
}
