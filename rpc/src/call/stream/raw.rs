//! Streaming calls of procedures that are known only at run time: encoded items both ways.

use std::borrow::Cow;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use countersign_proto::{Metadata, MetadataValue};

use super::halves::{ReceivingHalf, SendingHalf, split};
use super::open::OpenStream;
use crate::call::request::Request;
use crate::call::{CallError, End, Reply};
use crate::client::Client;
use crate::link::stream_slot::Side;
use crate::stream::Row;

/// A streaming call of a procedure that is known only at run time, of whatever kind it is.
#[must_use = "a call is opened when it is awaited"]
pub struct RawStreamCall(Request);

impl RawStreamCall {
    pub(crate) fn new(client: &Client, procedure: String, arguments: Vec<u8>) -> Self {
        Self(Request::new(client, Cow::Owned(procedure), Ok(arguments)))
    }

    /// Ends the call after this time, items included, at the server too.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.0.attempts.set_timeout(timeout);
        self
    }

    /// Lets the call fail at once while there is no connection, rather than wait for one within its deadline.
    pub fn fail_fast(mut self) -> Self {
        self.0.attempts.set_fail_fast();
        self
    }

    /// Lets the call outlive the one in whose handler it is made, with a deadline of its own.
    pub fn detached(mut self) -> Self {
        self.0.detach();
        self
    }

    /// Sends text or bytes beside the arguments. A key that is none fails the call with `INVALID_ARGUMENT`.
    pub fn metadata(mut self, key: impl Into<String>, value: impl Into<MetadataValue>) -> Self {
        self.0.add_metadata(key.into(), value.into());
        self
    }

    /// Asks the server where its time went.
    pub fn times(mut self) -> Self {
        self.0.ask_times();
        self
    }
}

impl Future for RawStreamCall {
    type Output = Result<RawStream, CallError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        OpenStream::poll_opened(&mut self.0, cx, true).map_ok(|open| RawStream { open, row: Row::default() })
    }
}

/// A streaming call of a procedure that is known only at run time. Dropped before its end, it is cancelled.
#[derive(Debug)]
pub struct RawStream {
    open: OpenStream,
    /// What is to be taken next.
    row: Row,
}

/// The sending half of a raw call. Dropped, it says that no items follow.
#[derive(Debug)]
pub struct RawSendHalf(SendingHalf);

/// The receiving half of a raw call. Dropped, it discards the items that still come.
#[derive(Debug)]
pub struct RawReceiveHalf(ReceivingHalf);

impl RawStream {
    /// Sends an item, as soon as the server has room for it.
    pub async fn send(&mut self, item: Vec<u8>) -> Result<(), CallError> {
        send(&self.open, item).await
    }

    /// Says that no items follow.
    pub fn half_close(&mut self) {
        self.open.half_close();
    }

    /// Waits for the next item; `None` after the last one of a call that went well.
    pub async fn next(&mut self) -> Result<Option<Vec<u8>>, CallError> {
        next(&self.open, &mut self.row).await
    }

    /// Says that no items follow, and waits for the result. Items that were not taken are discarded.
    pub async fn finish(mut self) -> Result<Reply, CallError> {
        self.open.half_close();
        self.open.ignore(&mut self.row);
        finish(&self.open, Side::Receiving).await
    }

    /// As [`finish`](Self::finish), and tells what came beside the end also if that is no result.
    pub async fn end(mut self) -> End {
        self.open.half_close();
        self.open.ignore(&mut self.row);
        self.open.end(Side::Receiving).await
    }

    /// What the server sent before its first item; empty until it has come.
    pub fn metadata(&self) -> Metadata {
        self.open.response_metadata()
    }

    /// The two directions apart, for a task each.
    pub fn split(self) -> (RawSendHalf, RawReceiveHalf) {
        let (sending, receiving) = split(self.open, self.row);
        (RawSendHalf(sending), RawReceiveHalf(receiving))
    }
}

impl RawSendHalf {
    /// Sends an item, as soon as the server has room for it.
    pub async fn send(&mut self, item: Vec<u8>) -> Result<(), CallError> {
        send(&self.0.0, item).await
    }
}

impl RawReceiveHalf {
    /// Waits for the next item; `None` after the last one of a call that went well.
    pub async fn next(&mut self) -> Result<Option<Vec<u8>>, CallError> {
        next(&self.0.open, &mut self.0.row).await
    }

    /// Waits for the result. Items that were not taken are discarded.
    pub async fn finish(mut self) -> Result<Reply, CallError> {
        self.0.ignore();
        finish(&self.0.open, Side::Receiving).await
    }

    /// As [`finish`](Self::finish), and tells what came beside the end also if that is no result.
    pub async fn end(mut self) -> End {
        self.0.ignore();
        self.0.open.end(Side::Receiving).await
    }

    /// What the server sent before its first item; empty until it has come.
    pub fn metadata(&self) -> Metadata {
        self.0.open.response_metadata()
    }
}

async fn send(open: &OpenStream, mut item: Vec<u8>) -> Result<(), CallError> {
    poll_fn(|cx| open.poll_send(&mut item, cx)).await
}

async fn next(open: &OpenStream, row: &mut Row) -> Result<Option<Vec<u8>>, CallError> {
    poll_fn(|cx| open.poll_row(row, cx)).await?;
    Ok(row.next().map(Cow::into_owned))
}

async fn finish(open: &OpenStream, side: Side) -> Result<Reply, CallError> {
    poll_fn(|cx| open.poll_ended(side, cx)).await.map(Reply::from)
}
