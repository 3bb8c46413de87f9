//! A call whose client sends items.

use std::marker::PhantomData;

use countersign_proto::Metadata;
use serde::de::DeserializeOwned;

use super::open::{OpenStream, SendItem};
use super::sealed::FromOpen;
use super::{ClientStreamCall, StreamHandle, Types};
use crate::call::request::Request;
use crate::call::{Answer, CallError};
use crate::link::stream_slot::Side;
use crate::service::{Arg, Fault};

/// Sends the items of a call, then waits for its result. Dropped before, it cancels the call.
#[derive(Debug)]
pub struct ClientStream<S, T, F> {
    open: OpenStream,
    types: Types<(S, T, F)>,
}

impl<S, T: DeserializeOwned, F: Fault> ClientStream<S, T, F> {
    /// Sends an item, as soon as the server has room for it. It is encoded at once, so borrows end here.
    ///
    /// # Errors
    ///
    /// If the server has ended the call, with what it ended it.
    pub fn send(&mut self, item: impl Arg<S>) -> SendItem<'_, F> {
        self.open.send(&item)
    }

    /// Says that no items follow, and waits for the result.
    pub async fn finish(self) -> Result<T, CallError<F>> {
        self.answer().await.map(|answer| answer.value)
    }

    /// As [`finish`](Self::finish), with the metadata that came beside the result.
    pub async fn answer(self) -> Result<Answer<T>, CallError<F>> {
        self.open.half_close();
        self.open.answer(Side::Sending).await
    }

    /// What the server sent ahead of its result; empty until it has come.
    pub fn metadata(&self) -> Metadata {
        self.open.response_metadata()
    }
}

impl<S, T: DeserializeOwned, F: Fault> ClientStreamCall<S, T, F> {
    /// Sends all of these items, and waits for the result.
    ///
    /// A server that has enough may answer before it has them all: the rest is not sent then.
    pub async fn send_all<A: Arg<S>>(self, items: impl IntoIterator<Item = A>) -> Result<T, CallError<F>> {
        let mut stream = self.await?;
        for item in items {
            match stream.send(item).await {
                Err(error) if !stream.open.has_ended() => return Err(error),
                Err(_) => break,
                Ok(()) => {}
            }
        }
        stream.finish().await
    }
}

impl<S, T, F: Fault> StreamHandle for ClientStream<S, T, F> {
    type Fault = F;
}

impl<S, T, F> FromOpen for ClientStream<S, T, F> {
    const RECEIVES: bool = false;

    #[expect(private_interfaces, reason = "nobody outside can call it")]
    fn from_open(open: OpenStream, _: Request) -> Self {
        Self { open, types: PhantomData }
    }
}
