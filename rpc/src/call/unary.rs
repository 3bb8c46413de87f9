//! Calls with arguments there and a result back.

use std::borrow::Cow;
use std::future::{Future, poll_fn};
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use countersign_proto::MetadataValue;
use countersign_proto::cbor::{self, EncodeError};
use serde::de::DeserializeOwned;

use super::exchange::Exchange;
use super::request::Request;
use super::{Answer, CallError, End, Reply};
use crate::client::Client;
use crate::service::{Fault, Procedure};

/// A call that is sent when it is first polled, and cancelled when it is dropped.
#[must_use = "a call is sent when it is awaited"]
pub struct Call<T, F> {
    exchange: Exchange,
    answer: PhantomData<fn() -> (T, F)>,
}

impl<T, F> Call<T, F> {
    /// A call with its arguments already encoded. Generated clients use this.
    pub fn new(
        client: &Client,
        procedure: &'static Procedure,
        arguments: Result<Vec<u8>, EncodeError>,
    ) -> Self {
        let request = Request::of(client, procedure, arguments);
        Self { exchange: Exchange::new(request), answer: PhantomData }
    }

    #[cfg(test)]
    pub(crate) fn encoded_arguments(&self) -> Vec<u8> {
        self.exchange.request.arguments().to_vec()
    }

    #[cfg(test)]
    pub(crate) fn procedure(&self) -> (&str, Option<Duration>) {
        self.exchange.request.procedure()
    }

    /// Ends the call after this time, at the server too.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.exchange.request.attempts.set_timeout(timeout);
        self
    }

    /// Lets the call fail at once while there is no connection, rather than wait for one within its deadline.
    pub fn fail_fast(mut self) -> Self {
        self.exchange.request.attempts.set_fail_fast();
        self
    }

    /// Lets the call outlive the one in whose handler it is made, with a deadline of its own. Otherwise it ends
    /// when that one does.
    pub fn detached(mut self) -> Self {
        self.exchange.request.detach();
        self
    }

    /// Sends text or bytes beside the arguments. A key that is none fails the call with `INVALID_ARGUMENT`.
    pub fn metadata(mut self, key: impl Into<String>, value: impl Into<MetadataValue>) -> Self {
        self.exchange.request.add_metadata(key.into(), value.into());
        self
    }
}

impl<T: DeserializeOwned, F: Fault> Call<T, F> {
    /// The result, and the metadata that came beside it.
    pub async fn answer(mut self) -> Result<Answer<T>, CallError<F>> {
        let answer = poll_fn(|cx| self.exchange.poll(cx)).await.map_err(CallError::typed)?;
        Answer::of(answer).map_err(CallError::Undecodable)
    }
}

impl<T: DeserializeOwned, F: Fault> Future for Call<T, F> {
    type Output = Result<T, CallError<F>>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Poll::Ready(match ready!(self.exchange.poll(cx)) {
            Ok(answer) => cbor::from_owned(answer.payload).map_err(CallError::Undecodable),
            Err(error) => Err(error.typed()),
        })
    }
}

/// A call of a procedure that is known only at run time: encoded arguments in, encoded result out.
#[must_use = "a call is sent when it is awaited"]
pub struct RawCall(Exchange);

impl RawCall {
    pub(crate) fn new(client: &Client, procedure: String, arguments: Vec<u8>) -> Self {
        Self(Exchange::new(Request::new(client, Cow::Owned(procedure), Ok(arguments))))
    }

    /// Ends the call after this time, at the server too.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.0.request.attempts.set_timeout(timeout);
        self
    }

    /// Lets the call fail at once while there is no connection, rather than wait for one within its deadline.
    pub fn fail_fast(mut self) -> Self {
        self.0.request.attempts.set_fail_fast();
        self
    }

    /// Says that the procedure is idempotent: the call is made again also after it may have run, as those of
    /// generated clients are that know it from their contract.
    pub fn idempotent(mut self) -> Self {
        self.0.request.attempts.set_idempotent(true);
        self
    }

    /// Lets the call outlive the one in whose handler it is made, with a deadline of its own.
    pub fn detached(mut self) -> Self {
        self.0.request.detach();
        self
    }

    /// Sends text or bytes beside the arguments. A key that is none fails the call with `INVALID_ARGUMENT`.
    pub fn metadata(mut self, key: impl Into<String>, value: impl Into<MetadataValue>) -> Self {
        self.0.request.add_metadata(key.into(), value.into());
        self
    }

    /// Asks the server where its time went.
    pub fn times(mut self) -> Self {
        self.0.request.ask_times();
        self
    }

    /// How the call ends, and what comes beside that, which an error alone would not tell.
    pub async fn end(mut self) -> End {
        let outcome = poll_fn(|cx| self.0.poll(cx)).await;
        End::of(outcome, self.0.beside_error())
    }
}

impl Future for RawCall {
    type Output = Result<Reply, CallError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.poll(cx).map_ok(Reply::from)
    }
}
