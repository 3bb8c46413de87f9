//! One call on its way: waits for the connection, is sent, waits for its end, and is cancelled when dropped.

use std::borrow::Cow;
use std::sync::Arc;
use std::task::{self, Poll, ready};
use std::time::{Duration, Instant};

use countersign_proto::cbor::EncodeError;
use countersign_proto::{Code, HandlerRan, Metadata, MetadataValue, Opening, Status};

use super::CallError;
use crate::client::Client;
use crate::context::Context;
use crate::link::client::{Ended, Handle, OpenCall};
use crate::scope;

pub(super) struct Exchange {
    link: Arc<Handle>,
    procedure: Cow<'static, str>,
    arguments: Vec<u8>,
    timeout: Option<Duration>,
    metadata: Metadata,
    /// The call for which this one is made: it ends no later than that.
    parent: Option<Context>,
    state: State,
}

enum State {
    /// To be sent; or to fail at once with what was wrong before.
    New(Option<CallError>),
    Open(OpenCall),
    Done,
}

impl Exchange {
    pub(super) fn new(
        client: &Client,
        procedure: Cow<'static, str>,
        arguments: Result<Vec<u8>, EncodeError>,
    ) -> Self {
        let (arguments, error) = match arguments {
            Ok(arguments) => (arguments, None),
            Err(error) => (Vec::new(), Some(CallError::Unencodable(error))),
        };
        let (link, state) = (client.link().clone(), State::New(error));
        let (metadata, parent) = (Metadata::new(), scope::current());
        Self { link, procedure, arguments, timeout: None, metadata, parent, state }
    }

    #[cfg(test)]
    pub(super) fn arguments(&self) -> &[u8] {
        &self.arguments
    }

    #[cfg(test)]
    pub(super) fn procedure(&self) -> (&str, Option<Duration>) {
        (&self.procedure, self.timeout)
    }

    pub(super) fn set_timeout(&mut self, timeout: Duration) {
        self.timeout = Some(timeout);
    }

    pub(super) fn detach(&mut self) {
        self.parent = None;
    }

    pub(super) fn add_metadata(&mut self, key: String, value: MetadataValue) {
        if let Err(error) = self.metadata.insert(key, value) {
            let status = Status::invalid_argument(error.to_string()).with_handler_ran(HandlerRan::No);
            self.state = State::New(Some(CallError::Status(status)));
        }
    }

    pub(super) fn poll(&mut self, cx: &mut task::Context<'_>) -> Poll<Result<Vec<u8>, CallError>> {
        if let Some(parent) = &self.parent {
            parent.watch(cx.waker());
            if parent.is_cancelled() {
                return self.give_up();
            }
        }
        loop {
            match &mut self.state {
                State::New(Some(_)) => {
                    let State::New(Some(error)) = std::mem::replace(&mut self.state, State::Done) else {
                        unreachable!("it was just matched");
                    };
                    return Poll::Ready(Err(error));
                }
                State::New(None) => {
                    if let Err(reason) = ready!(self.link.poll_connected(cx.waker())) {
                        return self.done(Ended::Lost(reason));
                    }
                    self.shorten_timeout();
                    let opening = Opening {
                        procedure: &self.procedure,
                        arguments: &self.arguments,
                        timeout: self.timeout,
                        metadata: &self.metadata,
                        times: false,
                    };
                    match self.link.open(Instant::now(), opening) {
                        Ok(call) => self.state = State::Open(call),
                        Err(ended) => return self.done(ended),
                    }
                }
                State::Open(call) => {
                    let ended = ready!(self.link.poll_call(*call, cx.waker()));
                    return self.done(ended);
                }
                State::Done => panic!("a call was polled after it had ended"),
            }
        }
    }

    /// What is left of the parent's time is all that this call has.
    fn shorten_timeout(&mut self) {
        if let Some(left) = self.parent.as_ref().and_then(Context::time_left) {
            self.timeout = Some(self.timeout.map_or(left, |timeout| timeout.min(left)));
        }
    }

    /// The call for which this one was made has ended.
    fn give_up(&mut self) -> Poll<Result<Vec<u8>, CallError>> {
        let ran = match std::mem::replace(&mut self.state, State::Done) {
            State::Open(call) => {
                self.link.cancel(call);
                HandlerRan::Unknown
            }
            State::New(_) | State::Done => HandlerRan::No,
        };
        let status = Status::new(Code::Cancelled, "the call for which this one was made has ended");
        Poll::Ready(Err(CallError::Status(status.with_handler_ran(ran))))
    }

    fn done(&mut self, ended: Ended) -> Poll<Result<Vec<u8>, CallError>> {
        self.state = State::Done;
        Poll::Ready(match (ended, self.timeout) {
            (Ended::Result(payload), _) => Ok(payload),
            (Ended::Status(Status { code: Code::DeadlineExceeded, .. }), Some(timeout)) => {
                Err(CallError::Deadline(timeout))
            }
            (Ended::Status(status), _) => Err(CallError::Status(status)),
            (Ended::Lost(reason), _) => Err(CallError::Lost(reason)),
        })
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        if let State::Open(call) = self.state {
            self.link.cancel(call);
        }
    }
}
