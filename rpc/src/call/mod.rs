//! Calls as their callers hold them: lazy, unboxed futures that are built before they are awaited.

mod attempts;
mod error;
mod exchange;

use std::borrow::Cow;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use countersign_proto::MetadataValue;
use countersign_proto::cbor::{self, EncodeError};
use serde::de::DeserializeOwned;

use self::exchange::Exchange;
use crate::client::Client;
use crate::service::{Fault, Procedure};

pub use error::CallError;

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
        let mut exchange = Exchange::new(client, Cow::Borrowed(procedure.name), arguments);
        exchange.set_idempotent(procedure.idempotent);
        let call = Self { exchange, answer: PhantomData };
        match procedure.deadline {
            Some(deadline) => call.timeout(deadline),
            None => call,
        }
    }

    #[cfg(test)]
    pub(crate) fn encoded_arguments(&self) -> Vec<u8> {
        self.exchange.arguments().to_vec()
    }

    #[cfg(test)]
    pub(crate) fn procedure(&self) -> (&str, Option<Duration>) {
        self.exchange.procedure()
    }

    /// Ends the call after this time, at the server too.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.exchange.set_timeout(timeout);
        self
    }

    /// Lets the call fail at once while there is no connection, rather than wait for one within its deadline.
    pub fn fail_fast(mut self) -> Self {
        self.exchange.set_fail_fast();
        self
    }

    /// Lets the call outlive the one in whose handler it is made, with a deadline of its own. Otherwise it ends
    /// when that one does.
    pub fn detached(mut self) -> Self {
        self.exchange.detach();
        self
    }

    /// Sends text or bytes beside the arguments. A key that is none fails the call with `INVALID_ARGUMENT`.
    pub fn metadata(mut self, key: impl Into<String>, value: impl Into<MetadataValue>) -> Self {
        self.exchange.add_metadata(key.into(), value.into());
        self
    }
}

impl<T: DeserializeOwned, F: Fault> Future for Call<T, F> {
    type Output = Result<T, CallError<F>>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Poll::Ready(match ready!(self.exchange.poll(cx)) {
            Ok(result) => cbor::from_slice(&result).map_err(CallError::Undecodable),
            Err(CallError::Status(status)) => {
                Err(F::from_status(&status).map_or(CallError::Status(status), CallError::Fault))
            }
            Err(error) => Err(error.without_fault()),
        })
    }
}

/// A call of a procedure that is known only at run time: encoded arguments in, encoded result out.
#[must_use = "a call is sent when it is awaited"]
pub struct RawCall(Exchange);

/// What a raw call is answered with.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Reply {
    /// The result as CBOR.
    pub payload: Vec<u8>,
}

impl RawCall {
    pub(crate) fn new(client: &Client, procedure: String, arguments: Vec<u8>) -> Self {
        Self(Exchange::new(client, Cow::Owned(procedure), Ok(arguments)))
    }

    /// Ends the call after this time, at the server too.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.0.set_timeout(timeout);
        self
    }

    /// Lets the call fail at once while there is no connection, rather than wait for one within its deadline.
    pub fn fail_fast(mut self) -> Self {
        self.0.set_fail_fast();
        self
    }

    /// Says that the procedure is idempotent: the call is made again also after it may have run, as those of
    /// generated clients are that know it from their contract.
    pub fn idempotent(mut self) -> Self {
        self.0.set_idempotent(true);
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
}

impl Future for RawCall {
    type Output = Result<Reply, CallError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.poll(cx).map_ok(|payload| Reply { payload })
    }
}
