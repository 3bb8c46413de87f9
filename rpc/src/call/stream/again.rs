//! A call whose client sends no items: until the first one comes from the server, it may be made again.

use std::fmt;
use std::task::{self, Poll, ready};

use countersign_proto::Metadata;

use super::open::OpenStream;
use crate::call::CallError;
use crate::call::request::Request;
use crate::link::client::{Answer, Ended};
use crate::link::stream_slot::Side;
use crate::stream::Row;

pub(super) struct Repeatable {
    /// `None` while it is opened again.
    open: Option<OpenStream>,
    /// What is to be taken next.
    row: Row,
    /// What opens it. Gone once the call cannot be made again unnoticed.
    request: Option<Box<Request>>,
}

impl Repeatable {
    pub(super) fn new(open: OpenStream, request: Request) -> Self {
        Self { open: Some(open), row: Row::default(), request: Some(Box::new(request)) }
    }

    /// The row that has the next item; it is empty once the call has ended with a result.
    pub(super) fn poll_row(&mut self, cx: &mut task::Context<'_>) -> Poll<Result<&mut Row, CallError>> {
        while self.row.is_empty() {
            let (open, row) = ready!(self.poll_open(cx))?;
            ready!(open.poll_next(row, cx));
            if !row.is_empty() {
                self.request = None;
                break;
            }
            match ready!(open.poll_outcome(Side::Receiving, cx)) {
                Ended::Result(_) => break,
                ended => self.again(ended)?,
            }
        }
        Poll::Ready(Ok(&mut self.row))
    }

    /// The result; items that come before it are discarded.
    pub(super) fn poll_answer(&mut self, cx: &mut task::Context<'_>) -> Poll<Result<Answer, CallError>> {
        loop {
            let (open, row) = ready!(self.poll_open(cx))?;
            open.ignore(row);
            match ready!(open.poll_outcome(Side::Receiving, cx)) {
                Ended::Result(answer) => return Poll::Ready(Ok(answer)),
                ended => self.again(ended)?,
            }
        }
    }

    pub(super) fn response_metadata(&self) -> Metadata {
        self.open.as_ref().map(OpenStream::response_metadata).unwrap_or_default()
    }

    fn poll_open(&mut self, cx: &mut task::Context<'_>) -> Poll<Result<(&OpenStream, &mut Row), CallError>> {
        if self.open.is_none()
            && let Some(request) = &mut self.request
        {
            self.open = Some(ready!(OpenStream::poll_opened(request, cx, true))?);
        }
        let open = self.open.as_ref().expect("a call that is not open has what opens it");
        Poll::Ready(Ok((open, &mut self.row)))
    }

    /// Whether the call is made again, or ends with an error.
    fn again(&mut self, ended: Ended) -> Result<(), CallError> {
        let open = self.open.as_ref().expect("it was open when it ended");
        let Some(request) = &mut self.request else { return Err(open.error(ended)) };
        let again = match ended {
            Ended::Status(status, _) => request.attempts.failed(open.link(), *status),
            Ended::Lost(reason) => request.attempts.lost(open.link(), reason, open.may_have_been_sent()),
            ended @ Ended::Result(_) => Err(open.error(ended)),
        };
        match again {
            Ok(()) => self.open = None,
            Err(_) => self.request = None,
        }
        again
    }
}

impl fmt::Debug for Repeatable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Repeatable").field("open", &self.open).finish_non_exhaustive()
    }
}
