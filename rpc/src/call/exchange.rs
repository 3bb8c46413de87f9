//! One call on its way: waits for the connection, is sent, waits for its end, and is cancelled when dropped.

use std::borrow::Cow;
use std::sync::Arc;
use std::task::{self, Poll, ready};
use std::time::{Duration, Instant};

use countersign_proto::cbor::EncodeError;
use countersign_proto::{Code, HandlerRan, Metadata, MetadataValue, Opening, Status};

use super::CallError;
use super::attempts::Attempts;
use crate::client::Client;
use crate::context::Context;
use crate::link::client::{Ended, Handle, OpenCall};
use crate::scope;

pub(super) struct Exchange {
    attempts: Attempts,
    procedure: Cow<'static, str>,
    arguments: Vec<u8>,
    metadata: Metadata,
    /// The call for which this one is made: it ends no later than that.
    parent: Option<Context>,
    state: State,
}

enum State {
    /// To be sent; or to fail at once with what was wrong before.
    New(Option<CallError>),
    /// To be sent, maybe again.
    Unsent,
    Open(Arc<Handle>, OpenCall),
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
        let (attempts, state) = (Attempts::new(client), State::New(error));
        Self { attempts, procedure, arguments, metadata: Metadata::new(), parent: scope::current(), state }
    }

    #[cfg(test)]
    pub(super) fn arguments(&self) -> &[u8] {
        &self.arguments
    }

    #[cfg(test)]
    pub(super) fn procedure(&self) -> (&str, Option<Duration>) {
        (&self.procedure, self.attempts.timeout())
    }

    pub(super) fn set_timeout(&mut self, timeout: Duration) {
        self.attempts.set_timeout(timeout);
    }

    pub(super) fn set_idempotent(&mut self, idempotent: bool) {
        self.attempts.set_idempotent(idempotent);
    }

    pub(super) fn set_fail_fast(&mut self) {
        self.attempts.set_fail_fast();
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
            let again = match &mut self.state {
                State::New(error) => match error.take() {
                    Some(error) => Err(error),
                    None => {
                        self.shorten_timeout();
                        Ok(())
                    }
                },
                State::Unsent => match ready!(self.attempts.poll_link(cx)) {
                    Ok(link) => self.send(link),
                    Err(error) => Err(error),
                },
                State::Open(link, call) => {
                    let ended = ready!(link.poll_call(*call, cx.waker()));
                    let State::Open(link, call) = std::mem::replace(&mut self.state, State::Unsent) else {
                        unreachable!("it was just matched");
                    };
                    match ended {
                        Ended::Result(payload) => {
                            self.state = State::Done;
                            return Poll::Ready(Ok(payload));
                        }
                        Ended::Status(status) => self.attempts.failed(&link, status),
                        Ended::Lost(reason) => {
                            let sent = link.may_have_sent(call);
                            self.attempts.lost(&link, reason, sent)
                        }
                    }
                }
                State::Done => panic!("a call was polled after it had ended"),
            };
            if let Err(error) = again {
                self.state = State::Done;
                return Poll::Ready(Err(error));
            }
        }
    }

    fn send(&mut self, link: Arc<Handle>) -> Result<(), CallError> {
        let now = Instant::now();
        let opening = Opening {
            procedure: &self.procedure,
            arguments: &self.arguments,
            timeout: self.attempts.time_left(now),
            metadata: &self.metadata,
            times: false,
        };
        match link.open(now, opening) {
            Ok(call) => {
                self.state = State::Open(link, call);
                Ok(())
            }
            Err(why) => self.attempts.not_sent(&link, why),
        }
    }

    /// What is left of the parent's time is all that this call has.
    fn shorten_timeout(&mut self) {
        if let Some(left) = self.parent.as_ref().and_then(Context::time_left) {
            self.attempts.set_timeout(self.attempts.timeout().map_or(left, |timeout| timeout.min(left)));
        }
        self.state = State::Unsent;
    }

    /// The call for which this one was made has ended.
    fn give_up(&mut self) -> Poll<Result<Vec<u8>, CallError>> {
        let ran = match std::mem::replace(&mut self.state, State::Done) {
            State::Open(link, call) => {
                link.cancel(call);
                HandlerRan::Unknown
            }
            State::Unsent if self.attempts.may_have_run() => HandlerRan::Unknown,
            State::New(_) | State::Unsent | State::Done => HandlerRan::No,
        };
        let status = Status::new(Code::Cancelled, "the call for which this one was made has ended");
        Poll::Ready(Err(CallError::Status(status.with_handler_ran(ran))))
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        if let State::Open(link, call) = &self.state {
            link.cancel(*call);
        }
    }
}
