//! Streaming calls as their callers hold them: a builder that opens the call when it is awaited, and a handle
//! that cancels it when it is dropped.

mod again;
mod both_ways;
mod client_stream;
mod halves;
mod open;
mod raw;
mod server_stream;

use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use countersign_proto::MetadataValue;
use countersign_proto::cbor::EncodeError;

use self::open::OpenStream;
use super::CallError;
use super::request::Request;
use crate::client::Client;
use crate::service::{Fault, Procedure};

pub use both_ways::BothWays;
pub use client_stream::ClientStream;
pub use halves::{ReceiveHalf, SendHalf};
pub use open::SendItem;
pub use raw::{RawReceiveHalf, RawSendHalf, RawStream, RawStreamCall};
pub use server_stream::ServerStream;

/// A call whose server sends items.
pub type ServerStreamCall<I, T, F> = StreamCall<ServerStream<I, T, F>>;
/// A call whose client sends items.
pub type ClientStreamCall<S, T, F> = StreamCall<ClientStream<S, T, F>>;
/// A call whose sides both send items.
pub type BothWaysCall<S, R, T, F> = StreamCall<BothWays<S, R, T, F>>;

/// A streaming call that is opened when it is first polled, and resolves to its handle `H` once it is on its way.
///
/// Whether the server takes the call, and how it ends, is told by the handle.
#[must_use = "a call is opened when it is awaited"]
pub struct StreamCall<H> {
    /// Until the call is open.
    request: Option<Request>,
    handle: PhantomData<fn() -> H>,
}

/// What a streaming call is held by while it is open.
pub trait StreamHandle: sealed::FromOpen {
    /// The fault that the service's author declared.
    type Fault: Fault;
}

/// What a handle carries, which is not in it and keeps it on no thread.
type Types<T> = PhantomData<fn() -> T>;

mod sealed {
    /// What can be made of a call that is open.
    pub trait FromOpen {
        /// Whether the server sends items.
        const RECEIVES: bool;

        /// The handle, and what it takes to open the call again.
        #[expect(private_interfaces, reason = "nobody outside can call it")]
        fn from_open(open: super::OpenStream, request: super::Request) -> Self;
    }
}

impl<H> StreamCall<H> {
    /// A call with its arguments already encoded. Generated clients use this.
    pub fn new(
        client: &Client,
        procedure: &'static Procedure,
        arguments: Result<Vec<u8>, EncodeError>,
    ) -> Self {
        Self { request: Some(Request::of(client, procedure, arguments)), handle: PhantomData }
    }

    fn request(&mut self) -> &mut Request {
        self.request.as_mut().expect(BUILDING)
    }

    /// Ends the call after this time, items included, at the server too.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.request().attempts.set_timeout(timeout);
        self
    }

    /// Lets the call fail at once while there is no connection, rather than wait for one within its deadline.
    pub fn fail_fast(mut self) -> Self {
        self.request().attempts.set_fail_fast();
        self
    }

    /// Lets the call outlive the one in whose handler it is made, with a deadline of its own. Otherwise it ends
    /// when that one does.
    pub fn detached(mut self) -> Self {
        self.request().detach();
        self
    }

    /// Sends text or bytes beside the arguments. A key that is none fails the call with `INVALID_ARGUMENT`.
    pub fn metadata(mut self, key: impl Into<String>, value: impl Into<MetadataValue>) -> Self {
        self.request().add_metadata(key.into(), value.into());
        self
    }
}

/// It is neither built on nor polled after it has resolved.
const BUILDING: &str = "a call has its request until it is open";

impl<H: StreamHandle> Future for StreamCall<H> {
    type Output = Result<H, CallError<H::Fault>>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let opened = ready!(OpenStream::poll_opened(self.request(), cx, H::RECEIVES));
        let request = self.request.take().expect(BUILDING);
        Poll::Ready(opened.map(|open| H::from_open(open, request)).map_err(CallError::typed))
    }
}

#[cfg(test)]
mod tests;
