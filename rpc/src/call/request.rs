//! A call before it is sent: what is asked of whom, until when, and for which other call.

use std::borrow::Cow;
use std::task::{self, Poll};
use std::time::{Duration, Instant};

use countersign_proto::cbor::EncodeError;
use countersign_proto::{Code, HandlerRan, Metadata, MetadataValue, Opening, Status};

use super::CallError;
use super::attempts::Attempts;
use crate::client::{Client, Found};
use crate::context::Context;
use crate::link::client::Arguments;
use crate::scope;
use crate::service::Procedure;

pub(super) struct Request {
    pub(super) attempts: Attempts,
    procedure: Cow<'static, str>,
    /// Gone while the connection has them.
    arguments: Arguments,
    metadata: Metadata,
    /// Whether the server is asked where its time went.
    times: bool,
    parent: Parent,
    /// What is wrong already.
    error: Option<Box<CallError>>,
    /// The first attempt has begun.
    begun: bool,
}

/// The call for which another one is made, which ends no later than that.
#[derive(Debug, Clone)]
pub(super) struct Parent(Option<Context>);

impl Request {
    /// A call of a procedure as its contract declares it.
    pub(super) fn of(
        client: &Client,
        procedure: &'static Procedure,
        arguments: Result<Vec<u8>, EncodeError>,
    ) -> Self {
        let mut request = Self::new(client, Cow::Borrowed(procedure.name), arguments);
        request.attempts.set_idempotent(procedure.idempotent);
        if let Some(deadline) = procedure.deadline {
            request.attempts.set_timeout(deadline);
        }
        request
    }

    pub(super) fn new(
        client: &Client,
        procedure: Cow<'static, str>,
        arguments: Result<Vec<u8>, EncodeError>,
    ) -> Self {
        let (arguments, error) = match arguments {
            Ok(arguments) => (Arguments::new(arguments), None),
            Err(error) => (Arguments::default(), Some(Box::new(CallError::Unencodable(error)))),
        };
        Self {
            attempts: Attempts::new(client),
            procedure,
            arguments,
            metadata: Metadata::new(),
            times: false,
            parent: Parent(scope::current()),
            error,
            begun: false,
        }
    }

    pub(super) fn ask_times(&mut self) {
        self.times = true;
    }

    pub(super) fn detach(&mut self) {
        self.parent = Parent(None);
    }

    pub(super) fn add_metadata(&mut self, key: String, value: MetadataValue) {
        if let Err(error) = self.metadata.insert(key, value) {
            let status = Status::invalid_argument(error.to_string()).with_handler_ran(HandlerRan::No);
            self.error = Some(Box::new(CallError::Status(status)));
        }
    }

    /// The connection for the next attempt, once there is one.
    pub(super) fn poll_link(&mut self, cx: &mut task::Context<'_>) -> Poll<Result<Found, CallError>> {
        if let Some(error) = self.error.take() {
            return Poll::Ready(Err(*error));
        }
        if !std::mem::replace(&mut self.begun, true) {
            self.shorten_timeout();
        }
        self.attempts.poll_link(cx)
    }

    /// What opens the call, with what is left of its time, and the arguments that it is to be opened with.
    pub(super) fn opening(&mut self, now: Instant) -> (Opening<'_>, &mut Arguments) {
        let timeout = self.attempts.time_left(now);
        let (metadata, times) = (&self.metadata, self.times);
        let opening = Opening { timeout, metadata, times, ..Opening::new(&self.procedure, b"") };
        (opening, &mut self.arguments)
    }

    /// The connection gives the arguments back: the call may have to be sent again.
    pub(super) fn take_back(&mut self, arguments: Arguments) {
        self.arguments = arguments;
    }

    pub(super) fn parent(&self) -> &Parent {
        &self.parent
    }

    #[cfg(test)]
    pub(super) fn arguments(&self) -> Vec<u8> {
        self.arguments.payload().to_vec()
    }

    #[cfg(test)]
    pub(super) fn procedure(&self) -> (&str, Option<Duration>) {
        (&self.procedure, self.attempts.timeout())
    }

    /// What is left of the parent's time is all that this call has.
    fn shorten_timeout(&mut self) {
        if let Some(left) = self.parent.0.as_ref().and_then(Context::time_left) {
            let timeout: Option<Duration> = self.attempts.timeout();
            self.attempts.set_timeout(timeout.map_or(left, |timeout| timeout.min(left)));
        }
    }
}

impl Parent {
    /// Whether it is over. If not, the task is woken when it is.
    pub(super) fn has_ended(&self, cx: &task::Context<'_>) -> bool {
        self.0.as_ref().is_some_and(|parent| {
            parent.watch(cx.waker());
            parent.is_cancelled()
        })
    }
}

/// What a call ends with whose parent has.
pub(super) fn parent_ended(ran: HandlerRan) -> Status {
    Status::new(Code::Cancelled, "the call for which this one was made has ended").with_handler_ran(ran)
}
