//! A streaming call without its types: how it is opened, what is asked of it while it is open, and that it is
//! cancelled when the last of its holders is dropped.

use std::fmt;
use std::future::{Future, poll_fn};
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{self, Poll, ready};
use std::time::{Duration, Instant};

use countersign_proto::cbor::EncodeError;
use countersign_proto::{Code, HandlerRan, Metadata, Opening, Status};
use serde::de::DeserializeOwned;

use crate::call::request::{Parent, Request, parent_ended};
use crate::call::{Answer, CallError, End};
use crate::link::client::{self as link, Ended, Handle, OpenCall};
use crate::link::stream_slot::Side;
use crate::service::{Arg, Fault};
use crate::stream::{Encoded, Row};

/// A call that is open, as one or two holders share it.
pub(super) struct OpenStream {
    link: Arc<Handle>,
    call: OpenCall,
    timeout: Option<Duration>,
    parent: Parent,
}

impl OpenStream {
    /// Waits for a connection and opens the call on it; `receives` if its server may send items.
    pub(super) fn poll_opened(
        request: &mut Request,
        cx: &mut task::Context<'_>,
        receives: bool,
    ) -> Poll<Result<Self, CallError>> {
        if request.parent().has_ended(cx) {
            request.attempts.give_up();
            return Poll::Ready(Err(CallError::Status(parent_ended(HandlerRan::No))));
        }
        loop {
            let (link, turn) = ready!(request.poll_link(cx))?;
            let now = Instant::now();
            let (opening, arguments) = request.opening(now);
            let opening = Opening { arguments: arguments.payload(), ..opening };
            match link.open_stream(now, opening, turn, receives) {
                Ok(call) => {
                    let (timeout, parent) = (request.attempts.timeout(), request.parent().clone());
                    return Poll::Ready(Ok(Self { link, call, timeout, parent }));
                }
                Err(why) => request.attempts.not_sent(&link, why)?,
            }
        }
    }
}

/// What both sides of a handle ask.
impl OpenStream {
    pub(super) fn poll_send(
        &self,
        item: &mut Vec<u8>,
        cx: &mut task::Context<'_>,
    ) -> Poll<Result<(), CallError>> {
        self.follow_parent(cx);
        let sent = ready!(self.link.poll_send(self.call, item, cx.waker()));
        Poll::Ready(sent.map_err(|ended| match ended {
            Ended::Result(_) => CallError::Status(takes_no_more()),
            ended => CallError::of(ended, self.timeout),
        }))
    }

    /// Sees to it that there is an item in `row`, unless the call has ended with a result.
    pub(super) fn poll_row(&self, row: &mut Row, cx: &mut task::Context<'_>) -> Poll<Result<(), CallError>> {
        ready!(self.poll_next(row, cx));
        match row.is_empty() {
            false => Poll::Ready(Ok(())),
            true => self.poll_ended(Side::Receiving, cx).map_ok(drop),
        }
    }

    /// The same, unless the call has ended in any way.
    pub(super) fn poll_next(&self, row: &mut Row, cx: &mut task::Context<'_>) -> Poll<()> {
        if !row.is_empty() {
            return Poll::Ready(());
        }
        self.follow_parent(cx);
        self.link.poll_next(self.call, row, cx.waker())
    }

    pub(super) fn poll_ended(
        &self,
        side: Side,
        cx: &mut task::Context<'_>,
    ) -> Poll<Result<link::Answer, CallError>> {
        Poll::Ready(match ready!(self.poll_outcome(side, cx)) {
            Ended::Result(answer) => Ok(answer),
            ended => Err(self.error(ended)),
        })
    }

    /// The same, with what came beside an error.
    pub(super) async fn end(&self, side: Side) -> End {
        match poll_fn(|cx| self.poll_outcome(side, cx)).await {
            Ended::Result(answer) => End::of(Ok(answer), None),
            Ended::Status(status, beside) => End::of(Err(self.error(Ended::Status(status, None))), beside),
            lost @ Ended::Lost(_) => End::of(Err(self.error(lost)), None),
        }
    }

    pub(super) fn poll_outcome(&self, side: Side, cx: &mut task::Context<'_>) -> Poll<Ended> {
        self.follow_parent(cx);
        self.link.poll_stream_ended(self.call, side, cx.waker())
    }

    pub(super) fn error(&self, ended: Ended) -> CallError {
        CallError::of(ended, self.timeout)
    }

    pub(super) fn link(&self) -> &Arc<Handle> {
        &self.link
    }

    pub(super) fn may_have_been_sent(&self) -> bool {
        self.link.may_have_sent(self.call)
    }

    pub(super) fn half_close(&self) {
        self.link.half_close(self.call);
    }

    pub(super) fn ignore(&self, row: &mut Row) {
        self.link.ignore(self.call, row);
    }

    pub(super) fn has_ended(&self) -> bool {
        self.link.has_stream_ended(self.call)
    }

    pub(super) fn response_metadata(&self) -> Metadata {
        self.link.response_metadata(self.call)
    }

    /// Ends the call because whoever sends its items fails.
    pub(super) fn give_up(&self) {
        let status = Status::new(Code::Cancelled, "the sending half panicked");
        self.link.end_stream(self.call, status);
    }

    fn follow_parent(&self, cx: &mut task::Context<'_>) {
        if self.parent.has_ended(cx) && !self.has_ended() {
            self.link.end_stream(self.call, parent_ended(HandlerRan::Unknown));
        }
    }
}

/// The same with types.
impl OpenStream {
    pub(super) fn send<S, F>(&self, item: &impl Arg<S>) -> SendItem<'_, F> {
        let item = Encoded::by(|out| item.encode(out));
        SendItem { open: self, item, fault: PhantomData }
    }

    pub(super) async fn next<I: DeserializeOwned, F: Fault>(
        &self,
        row: &mut Row,
    ) -> Result<Option<I>, CallError<F>> {
        poll_fn(|cx| self.poll_row(row, cx)).await.map_err(CallError::typed)?;
        row.next_as().transpose().map_err(CallError::Undecodable)
    }

    pub(super) async fn answer<T: DeserializeOwned, F: Fault>(
        &self,
        side: Side,
    ) -> Result<Answer<T>, CallError<F>> {
        let answer = poll_fn(|cx| self.poll_ended(side, cx)).await.map_err(CallError::typed)?;
        Answer::of(answer).map_err(CallError::Undecodable)
    }
}

impl Drop for OpenStream {
    fn drop(&mut self) {
        self.link.cancel(self.call);
    }
}

impl fmt::Debug for OpenStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenStream").field("call", &self.call).finish_non_exhaustive()
    }
}

/// Sends one item, as soon as the server has room for it. Dropped before, it sends nothing.
#[must_use = "an item is sent when this is awaited"]
pub struct SendItem<'a, F> {
    open: &'a OpenStream,
    item: Result<Encoded, EncodeError>,
    fault: PhantomData<fn() -> F>,
}

impl<F: Fault> Future for SendItem<'_, F> {
    type Output = Result<(), CallError<F>>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut task::Context<'_>) -> Poll<Self::Output> {
        let Self { open, item, .. } = &mut *self;
        match item {
            Ok(item) => open.poll_send(item, cx).map_err(CallError::typed),
            Err(error) => Poll::Ready(Err(CallError::Unencodable(error.clone()))),
        }
    }
}

fn takes_no_more() -> Status {
    let why = "the server has ended the call with a result, and takes no more items";
    Status::new(Code::Cancelled, why).with_handler_ran(HandlerRan::Yes)
}
