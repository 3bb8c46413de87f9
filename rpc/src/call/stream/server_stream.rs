//! A call whose server sends items.

use std::marker::PhantomData;

use countersign_proto::Metadata;
use serde::de::DeserializeOwned;

use super::open::OpenStream;
use super::sealed::FromOpen;
use super::{StreamHandle, Types};
use crate::call::{Answer, CallError};
use crate::link::stream_slot::Side;
use crate::service::Fault;

/// Receives the items of a call, then its result. Dropped before, it cancels the call.
#[derive(Debug)]
pub struct ServerStream<I, T, F> {
    open: OpenStream,
    types: Types<(I, T, F)>,
}

impl<I: DeserializeOwned, T: DeserializeOwned, F: Fault> ServerStream<I, T, F> {
    /// Waits for the next item; `None` after the last one of a call that went well.
    ///
    /// A server sends only as fast as items are taken.
    pub async fn next(&mut self) -> Result<Option<I>, CallError<F>> {
        self.open.next().await
    }

    /// Waits for the result. Items that were not taken are discarded.
    pub async fn finish(self) -> Result<T, CallError<F>> {
        self.answer().await.map(|answer| answer.value)
    }

    /// As [`finish`](Self::finish), with the metadata that came beside the items and the result.
    pub async fn answer(self) -> Result<Answer<T>, CallError<F>> {
        self.open.ignore();
        self.open.answer(Side::Receiving).await
    }

    /// What the server sent before its first item; empty until it has come.
    pub fn metadata(&self) -> Metadata {
        self.open.response_metadata()
    }
}

impl<I, T, F: Fault> StreamHandle for ServerStream<I, T, F> {
    type Fault = F;
}

impl<I, T, F> FromOpen for ServerStream<I, T, F> {
    const RECEIVES: bool = true;

    #[expect(private_interfaces, reason = "nobody outside can call it")]
    fn from_open(open: OpenStream) -> Self {
        Self { open, types: PhantomData }
    }
}
