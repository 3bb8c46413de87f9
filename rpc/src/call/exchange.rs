//! One unary call on its way: is sent, waits for its end, maybe is sent again, and is cancelled when dropped.

use std::sync::Arc;
use std::task::{self, Poll, ready};
use std::time::Instant;

use countersign_proto::HandlerRan;

use super::CallError;
use super::request::{Request, parent_ended};
use crate::link::client::{Answer, Beside, Ended, Handle, OpenCall, Turn};

pub(super) struct Exchange {
    pub(super) request: Request,
    state: State,
}

enum State {
    /// To be sent, maybe again.
    Unsent,
    Open(Arc<Handle>, OpenCall),
    /// With what came beside an end that was no result.
    Done(Option<Box<Beside>>),
}

impl Exchange {
    pub(super) fn new(request: Request) -> Self {
        Self { request, state: State::Unsent }
    }

    pub(super) fn poll(&mut self, cx: &mut task::Context<'_>) -> Poll<Result<Answer, CallError>> {
        if self.request.parent().has_ended(cx) {
            return self.give_up();
        }
        loop {
            let mut came_beside = None;
            let again = match &mut self.state {
                State::Unsent => match ready!(self.request.poll_link(cx)) {
                    Ok((link, turn)) => ready!(self.send(link, turn, cx)),
                    Err(error) => Err(error),
                },
                State::Open(link, call) => {
                    let (ended, arguments) = ready!(link.poll_call(*call, cx.waker()));
                    let State::Open(link, call) = std::mem::replace(&mut self.state, State::Unsent) else {
                        unreachable!("it was just matched");
                    };
                    self.request.take_back(arguments);
                    let attempts = &mut self.request.attempts;
                    match ended {
                        Ended::Result(answer) => {
                            self.state = State::Done(None);
                            return Poll::Ready(Ok(answer));
                        }
                        Ended::Status(status, beside) => {
                            came_beside = beside;
                            attempts.failed(&link, *status)
                        }
                        Ended::Lost(reason) => {
                            let sent = link.may_have_sent(call);
                            attempts.lost(&link, reason, sent)
                        }
                    }
                }
                State::Done(_) => panic!("a call was polled after it had ended"),
            };
            if let Err(error) = again {
                self.state = State::Done(came_beside);
                return Poll::Ready(Err(error));
            }
        }
    }

    /// What came beside an error.
    pub(super) fn beside_error(&mut self) -> Option<Box<Beside>> {
        match &mut self.state {
            State::Done(beside) => beside.take(),
            State::Unsent | State::Open(..) => None,
        }
    }

    /// Sends the call, after which it waits; ready if it could not be sent.
    fn send(
        &mut self,
        link: Arc<Handle>,
        turn: Option<Turn>,
        cx: &task::Context<'_>,
    ) -> Poll<Result<(), CallError>> {
        let now = Instant::now();
        let (opening, arguments) = self.request.opening(now);
        match link.open(now, opening, turn, arguments, cx.waker()) {
            Ok(call) => {
                self.state = State::Open(link, call);
                Poll::Pending
            }
            Err(why) => Poll::Ready(self.request.attempts.not_sent(&link, why)),
        }
    }

    /// The call for which this one was made has ended.
    fn give_up(&mut self) -> Poll<Result<Answer, CallError>> {
        let ran = match std::mem::replace(&mut self.state, State::Done(None)) {
            State::Open(link, call) => {
                link.cancel(call);
                HandlerRan::Unknown
            }
            State::Unsent if self.request.attempts.give_up() => HandlerRan::Unknown,
            State::Unsent | State::Done(_) => HandlerRan::No,
        };
        Poll::Ready(Err(CallError::Status(parent_ended(ran))))
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        if let State::Open(link, call) = &self.state {
            link.cancel(*call);
        }
    }
}
