//! What arrives: one frame at a time, judged, and told as an event.

use std::borrow::Cow;
use std::time::{Duration, Instant};

use bytes::Bytes;

use super::calls::Call;
use super::{CallId, Closing, Connection, Role, later, micros_up};
use crate::frame::{self, BesideEnd, End, GoingAway, Header, Hello, Open, Times, Unknown};
use crate::limits::{HASTY, INITIAL_CREDIT_MIN, before_hello};
use crate::violation::Violation;
use crate::{Code, HandlerRan, Metadata, Status};

/// How far `receive` came.
#[derive(Debug)]
pub struct Received<'a, T> {
    /// Bytes taken from the front; 0 if the first frame is not all here yet.
    pub taken: usize,
    /// What the frame means for the owner of the connection, if anything.
    pub event: Option<Event<'a, T>>,
}

/// What a frame means.
#[derive(Debug)]
pub enum Event<'a, T> {
    /// The peer's hello was read: on a client, the server accepted us.
    Connected,
    /// The arguments of a call are on their way. It opens when they are here, and can be refused now, with
    /// [`Connection::fail`].
    Arriving {
        /// Its id.
        id: CallId,
        /// `package.Service/method`; not known to exist.
        procedure: String,
    },
    /// A call was opened; to be answered with [`Connection::reply`].
    Opened(Opened<'a>),
    /// A server sent metadata ahead of what it answers.
    Metadata {
        /// The call.
        id: CallId,
        /// What it sent.
        metadata: Metadata,
    },
    /// The peer sent an item; to be followed by [`Connection::consumed`] when the application has taken it.
    Item {
        /// The call.
        id: CallId,
        /// The item, not yet decoded.
        item: Cow<'a, [u8]>,
    },
    /// The client sends no more items.
    HalfClosed {
        /// The call.
        id: CallId,
    },
    /// A call of ours ended with a result or a status.
    Ended(Ended<'a, T>),
    /// The peer takes no more calls; those it has may end.
    GoingAway {
        /// Why.
        code: Code,
        /// In words; untrusted.
        message: String,
    },
    /// The peer ends the connection with a reason.
    Closed {
        /// Why.
        code: Code,
        /// In words; untrusted.
        message: String,
    },
}

/// A call that a client opened.
#[derive(Debug)]
pub struct Opened<'a> {
    /// Its id, for the reply.
    pub id: CallId,
    /// `package.Service/method`; not known to exist.
    pub procedure: Cow<'a, str>,
    /// When the call is over, whatever it does.
    pub deadline: Instant,
    /// What came beside the arguments.
    pub metadata: Metadata,
    /// Whether the client asks where the time goes, to be told in [`Closing`](super::Closing).
    pub times: bool,
    /// The arguments, not yet decoded.
    pub arguments: Cow<'a, [u8]>,
}

/// How a call of ours ended.
#[derive(Debug)]
pub struct Ended<'a, T> {
    /// Its id.
    pub id: CallId,
    /// What was kept with it.
    pub call: T,
    /// The bytes of the result, or what it ended with instead.
    pub result: Result<Cow<'a, [u8]>, Box<Status>>,
    /// What came beside that, which most calls have none of.
    pub beside: Option<Box<Beside>>,
}

/// What comes beside the end of a call.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Beside {
    /// Trailing metadata.
    pub metadata: Metadata,
    /// Where the server spent the time, if it was asked and says so.
    pub times: Option<Times>,
    /// The deadline that the server set in place of ours, which was later.
    pub deadline_clamped: Option<Duration>,
}

impl<T> Connection<T> {
    /// Takes one frame off the front of `bytes`. To be called until nothing is taken; an error ends the
    /// connection, after [`close`](Self::close) told the peer why.
    pub fn receive<'a>(&mut self, now: Instant, bytes: &'a [u8]) -> Result<Received<'a, T>, Violation> {
        if let Some((id, left)) = self.part {
            return self.receive_part(now, id, left, bytes);
        }
        let Some((frame, taken)) = frame::split(bytes, self.limits.frame_len)? else {
            return self.receive_beginning(now, bytes);
        };
        self.liveness.heard(now);
        self.partial = 0;
        let (header, payload) = frame::header(frame, self.limits.metadata_len)?;
        let event = self.judge(now, header, payload)?;
        self.progress.settle(now)?;
        Ok(Received { taken, event })
    }

    /// A frame that is not all here. A long part of a message goes to its place as it comes, rather than when it has.
    fn receive_beginning<'a>(&mut self, now: Instant, bytes: &[u8]) -> Result<Received<'a, T>, Violation> {
        // The parts of a long frame are signs of life too.
        if self.partial < bytes.len() {
            self.liveness.heard(now);
        }
        self.partial = bytes.len();
        let Some((id, taken, part_len)) = frame::begun_part(bytes).filter(|_| self.peer.is_some()) else {
            return Ok(Received { taken: 0, event: None });
        };
        self.continuation(id, part_len)?;
        self.progress.settle(now)?;
        self.partial = 0;
        self.part = Some((id, part_len));
        Ok(Received { taken, event: None })
    }

    fn receive_part<'a>(
        &mut self,
        now: Instant,
        id: CallId,
        left: usize,
        bytes: &[u8],
    ) -> Result<Received<'a, T>, Violation> {
        let piece = &bytes[..bytes.len().min(left)];
        if piece.is_empty() {
            return Ok(Received { taken: 0, event: None });
        }
        self.liveness.heard(now);
        self.part = (piece.len() < left).then(|| (id, left - piece.len()));
        let event = self.add(id, piece)?;
        Ok(Received { taken: piece.len(), event })
    }

    fn judge<'a>(
        &mut self,
        now: Instant,
        header: Header<'a>,
        payload: &'a [u8],
    ) -> Result<Option<Event<'a, T>>, Violation> {
        // A hello that asks for what we do not know is told that, and not that it is none.
        if self.peer.is_none() && !matches!(header, Header::Hello(_) | Header::Unknown { id: 0, .. }) {
            return Err(Violation::Hello("the first frame was not a hello"));
        }
        match header {
            Header::Open(open) if self.role == Role::Server => self.opened(now, open, payload),
            Header::End(end) if self.role == Role::Client => self.peer_ended(end, payload),
            Header::Item { id, total_len } => self.item(id, total_len, payload),
            Header::Continuation { id } => {
                self.continuation(id, payload.len())?;
                self.add(id, payload)
            }
            Header::Credit { id, bytes } => {
                self.check_known_id(id)?;
                self.credited(id, bytes);
                Ok(None)
            }
            Header::HalfClose { id } if self.role == Role::Server => self.half_closed(id),
            Header::Cancel { id } if self.role == Role::Server => self.cancelled(now, id),
            Header::ResponseMetadata { id, metadata, metadata_is_over } if self.role == Role::Client => {
                self.response_metadata(id, metadata, metadata_is_over)
            }
            Header::Open(Open { id, .. }) | Header::HalfClose { id } | Header::Cancel { id } => {
                Err(Violation::Id { id, rule: "only clients open, half-close and cancel calls" })
            }
            Header::End(End { id, .. }) | Header::ResponseMetadata { id, .. } => {
                Err(Violation::Id { id, rule: "only servers end calls and send their metadata" })
            }
            Header::Hello(hello) => self.greeted(*hello),
            Header::GoingAway(going) => Ok(Some(self.peer_goes_away(going))),
            Header::Close { code, message } => Ok(Some(Event::Closed { code, message })),
            Header::Ping { token } => {
                if !self.liveness.asked_by_peer(now) {
                    return Err(Violation::TooManyPings);
                }
                frame::write_pong(&mut self.outbox, token);
                Ok(None)
            }
            Header::Pong { .. } | Header::Ignored => {
                self.progress.fruitless();
                Ok(None)
            }
            Header::Unknown { id, what } => self.not_understood(id, what),
        }
    }

    fn greeted<'a>(&mut self, hello: Hello) -> Result<Option<Event<'a, T>>, Violation> {
        if self.peer.is_some() {
            return Err(Violation::Hello("a hello came twice"));
        }
        if hello.frame_len < before_hello::FRAME_LEN {
            return Err(Violation::Hello("a hello announced frames that are too short for the protocol"));
        }
        if hello.initial_credit < INITIAL_CREDIT_MIN {
            return Err(Violation::Hello("a hello announced less credit than a small call needs"));
        }
        if let Some(ping_interval_ms) = hello.ping_interval_ms {
            self.liveness.ask_at_most_every(Duration::from_millis(ping_interval_ms));
        }
        self.peer = Some(hello);
        self.liveness.greeted();
        self.grant_what_hello_grants();
        Ok(Some(Event::Connected))
    }

    fn opened<'a>(
        &mut self,
        now: Instant,
        open: Open<'a>,
        part: &'a [u8],
    ) -> Result<Option<Event<'a, T>>, Violation> {
        self.check_new_id(open.id)?;
        if let Err(status) = self.may_serve(&open, open.total_len.unwrap_or(part.len() as u64)) {
            self.calls.skip(open.id);
            self.progress.ended_here(self.limits.initial_credit.into());
            let closing = Closing::default();
            self.write_status(open.id, &status.with_handler_ran(HandlerRan::No), &closing.extensions(None));
            return Ok(None);
        }
        let maximum = self.limits.deadline_max;
        let asked = open.deadline_us.map(Duration::from_micros);
        let (timeout, clamped_us) = match asked {
            Some(asked) if asked <= maximum => (asked, None),
            Some(_) => (maximum, Some(micros_up(maximum))),
            None => (maximum, None),
        };
        let deadline = later(now, timeout);
        self.calls
            .insert(open.id, Call { clamped_us, asked: Some((now, asked)), ..Call::new(Some(deadline)) });
        match open.total_len {
            None => Ok(self.handed_over(open, Cow::Borrowed(part))),
            Some(total) => {
                self.deadlines.add(deadline, open.id, &self.calls);
                self.begin_arguments(open, total, part)
            }
        }
    }

    /// The arguments of a call are here, and its handler is to run.
    pub(super) fn handed_over<'a>(
        &mut self,
        open: Open<'a>,
        arguments: Cow<'a, [u8]>,
    ) -> Option<Event<'a, T>> {
        let Open { id, procedure, metadata, times, .. } = open;
        let call = self.calls.get_mut(id)?;
        call.has_handler = true;
        let deadline = call.deadline?;
        Some(Event::Opened(Opened { id, procedure, deadline, metadata, times, arguments }))
    }

    /// A client's ids are odd and rise.
    fn check_new_id(&self, id: CallId) -> Result<(), Violation> {
        match id {
            _ if id.is_multiple_of(2) => Err(Violation::Id { id, rule: "a client's ids are odd" }),
            _ if id <= self.calls.last() => {
                Err(Violation::Id { id, rule: "ids rise and are not used again" })
            }
            _ => Ok(()),
        }
    }

    fn may_serve(&self, open: &Open<'_>, arguments_len: u64) -> Result<(), Status> {
        if self.going_away.is_some() {
            return Err(Status::new(Code::Unavailable, "the server goes away"));
        }
        let exhausted = |why: String| Err(Status::new(Code::ResourceExhausted, why));
        if self.limits.calls_open as usize <= self.calls.len() {
            return exhausted(format!("more than {} calls at once", self.limits.calls_open));
        }
        if u64::from(self.limits.message_len) < arguments_len {
            return exhausted(format!("arguments over {} bytes", self.limits.message_len));
        }
        if open.metadata_is_over {
            return exhausted(format!("metadata over {} bytes", self.limits.metadata_len));
        }
        Ok(())
    }

    fn peer_ended<'a>(&mut self, end: End, part: &'a [u8]) -> Result<Option<Event<'a, T>>, Violation> {
        let id = end.id;
        self.check_known_id(id)?;
        // A late end, of a call that we gave up.
        let Some(call) = self.calls.get_mut(id) else {
            self.progress.late();
            return Ok(None);
        };
        if end.code == Code::Ok && call.incoming().is_some_and(|incoming| incoming.assembly.is_some()) {
            return Err(Violation::Stream { id, rule: "it ended well in the middle of a message" });
        }
        match end.total_len {
            None => Ok(self.ended(end, Cow::Borrowed(part))),
            Some(_) if end.code != Code::Ok => Err(Violation::Stream { id, rule: "a status is not cut" }),
            Some(_) if end.beside.as_ref().is_some_and(|beside| beside.metadata_is_over) => {
                self.end_here(id, self.metadata_is_too_long());
                Ok(None)
            }
            Some(total) => self.begin_result(end, total, part),
        }
    }

    /// The end of a call is here, and all of its payload.
    pub(super) fn ended<'a>(&mut self, end: End, payload: Cow<'a, [u8]>) -> Option<Event<'a, T>> {
        let call = self.remove(end.id)?.user?;
        self.progress.useful();
        let End { id, code, beside, .. } = end;
        if code == Code::Ok && beside.is_none() && payload.len() <= self.limits.message_len as usize {
            return Some(Event::Ended(Ended { id, call, result: Ok(payload), beside: None }));
        }
        let beside = *beside.unwrap_or_default();
        let BesideEnd { message, retry_after_ms, handler_ran, metadata, metadata_is_over, times, .. } =
            beside;
        let too_long = (self.limits.message_len as usize) < payload.len();
        let result = match code {
            _ if metadata_is_over => Err(self.metadata_is_too_long()),
            _ if too_long => {
                let (len, limit) = (payload.len(), self.limits.message_len);
                let why = format!("a result of {len} bytes is over our limit of {limit}");
                Err(Status::new(Code::ResourceExhausted, why).with_handler_ran(HandlerRan::Yes))
            }
            Code::Ok => Ok(payload),
            code => {
                let details = Bytes::copy_from_slice(&payload);
                Err(Status { code, message, details, retry_after_ms, handler_ran })
            }
        };
        let deadline_clamped = beside.deadline_clamped_us.map(Duration::from_micros);
        let beside = Beside { metadata, times, deadline_clamped };
        let beside = (beside != Beside::default()).then(|| Box::new(beside));
        Some(Event::Ended(Ended { id, call, result: result.map_err(Box::new), beside }))
    }

    fn cancelled<'a>(&mut self, now: Instant, id: CallId) -> Result<Option<Event<'a, T>>, Violation> {
        self.check_known_id(id)?;
        let Some(call) = self.remove(id) else {
            self.progress.late();
            return Ok(None);
        };
        if call.asked.is_some_and(|(arrived, _)| now < arrived + HASTY) {
            self.progress.fruitless();
        }
        if let Some(user) = call.user {
            self.ended.push_back((user, Status::new(Code::Cancelled, "the caller gave up")));
        }
        Ok(None)
    }

    /// A frame for a call that was never opened breaks the protocol; one for a call that has ended is late.
    pub(super) fn check_known_id(&self, id: CallId) -> Result<(), Violation> {
        match id % 2 == 1 && id <= self.calls.last() {
            true => Ok(()),
            false => Err(Violation::Id { id, rule: "it was never opened" }),
        }
    }

    fn peer_goes_away<'a>(&mut self, going: GoingAway) -> Event<'a, T> {
        if self.role == Role::Client {
            for id in self.calls.above(going.last) {
                let status =
                    Status::new(Code::Unavailable, format!("the server goes away: {}", going.message));
                let user = self.remove(id).and_then(|call| call.user);
                self.ended.extend(user.map(|user| (user, status.with_handler_ran(HandlerRan::No))));
            }
        }
        if self.going_away.is_some() {
            self.progress.fruitless();
        }
        let event = Event::GoingAway { code: going.code, message: going.message.clone() };
        self.going_away = Some(going);
        event
    }

    fn not_understood<'a>(&mut self, id: CallId, what: Unknown) -> Result<Option<Event<'a, T>>, Violation> {
        let what = match what {
            Unknown::Frame(kind) => format!("type of frame {kind}"),
            Unknown::Extension(key) => format!("extension {key}"),
        };
        if id == 0 {
            return Err(Violation::Unknown(what));
        }
        let status = Status::new(Code::Unimplemented, format!("unknown {what}, which must be understood"));
        if self.role == Role::Server && self.calls.last() < id {
            self.check_new_id(id)?;
            self.calls.skip(id);
            self.progress.ended_here(self.limits.initial_credit.into());
            let closing = Closing::default();
            self.write_status(id, &status.with_handler_ran(HandlerRan::No), &closing.extensions(None));
        } else {
            self.check_known_id(id)?;
            if self.calls.get(id).is_none() {
                self.progress.late();
            }
            self.end_here(id, status);
        }
        Ok(None)
    }
}
