//! A connection between two peers as a value.

mod age;
mod budget;
mod calls;
mod deadlines;
mod flow;
mod liveness;
mod messages;
mod payload;
mod progress;
mod receive;
mod sending;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use bytes::Bytes;

use self::age::{Age, Over};
use self::budget::Budget;
use self::calls::{Call, Calls};
use self::deadlines::Deadlines;
use self::flow::{Kind, Message, Parts, cost};
use self::liveness::Liveness;
use self::progress::Progress;
use crate::frame::{self, GoingAway, Hello, OpenExtensions};
use crate::limits::{self, INITIAL_CREDIT_MIN, Limits, MESSAGE_COST, before_hello};
use crate::{Code, HandlerRan, Metadata, Status};

pub use self::payload::Payload;
pub use self::receive::{Beside, Ended, Event, Opened, Received};
pub use self::sending::{Closing, Sending};

/// Names one call of a connection. The client counts 1, 3, 5, …; none is used again.
pub type CallId = u64;

/// Which end of the connection this is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// Opens calls.
    Client,
    /// Answers them.
    Server,
}

/// What the peer said of itself in its hello.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeerHello {
    /// The name and version of its software; untrusted text of at most 128 bytes.
    pub software: String,
    /// Changes when what a server can do changes: a cache key for reflection.
    pub interface_revision: Option<Bytes>,
    /// Calls that it takes at once.
    pub calls_open: u32,
    /// Longest message that it accepts, in bytes.
    pub message_len: u32,
}

/// A connection: frames, calls and timers of one side. `T` is what the owner keeps with each call.
///
/// Give it what the world says with [`receive`](Self::receive) and [`handle_timeout`](Self::handle_timeout).
/// After each of them, and after each verb of the application, take its answers: first
/// [`poll_ended`](Self::poll_ended) and [`poll_sendable`](Self::poll_sendable) until there is none, then the bytes
/// of [`outbox`](Self::outbox), then [`poll_timeout`](Self::poll_timeout).
///
/// ```
/// use std::time::Instant;
/// use countersign_proto::{Connection, Event, Limits, Opening};
///
/// let now = Instant::now();
/// let mut client = Connection::client(Limits::default(), "example", now);
/// let mut server = Connection::<()>::server(Limits::default(), "example", None, now);
/// let (hello, answer) = (client.take_outbox(), server.take_outbox());
/// assert!(matches!(client.receive(now, &answer)?.event, Some(Event::Connected)));
/// assert!(matches!(server.receive(now, &hello)?.event, Some(Event::Connected)));
///
/// let call = client.open(now, Opening::new("acme.Ledger/balance", b"\xa0"), "my call")?;
/// let request = client.take_outbox();
/// let Some(Event::Opened(opened)) = server.receive(now, &request)?.event else { panic!() };
/// assert_eq!((&*opened.procedure, &*opened.arguments), ("acme.Ledger/balance", &b"\xa0"[..]));
/// server.reply(opened.id, Ok(b"\x18\x2a"));
///
/// let reply = server.take_outbox();
/// let Some(Event::Ended(ended)) = client.receive(now, &reply)?.event else { panic!() };
/// assert_eq!((ended.call, ended.result), ("my call", Ok(b"\x18\x2a".into())));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Connection<T> {
    role: Role,
    limits: Limits,
    /// What the peer announced; `None` until its hello was read.
    peer: Option<Hello>,
    calls: Calls<T>,
    deadlines: Deadlines,
    liveness: Liveness,
    progress: Progress,
    /// A server's: it is the one that goes away.
    age: Option<Age>,
    /// Calls that ended otherwise than by a frame for them.
    ended: VecDeque<(T, Status)>,
    /// We said that we go away, or the peer did.
    going_away: Option<GoingAway>,
    /// What the long messages of the peer may take.
    budget: Budget,
    /// How far one of the streams from the peer has come to reach.
    reach_proved: u64,
    /// Calls that have something to send and wait for their turn.
    turns: VecDeque<CallId>,
    /// Calls whose owners waited and may send again.
    sendable: VecDeque<CallId>,
    outbox: Vec<u8>,
    /// How much of a frame had arrived at the last look.
    partial: usize,
    /// A long part that is taken as it comes: its call, and how much of it is still to come.
    part: Option<(CallId, usize)>,
}

/// A call to be opened.
#[derive(Debug, Clone, Copy)]
pub struct Opening<'a> {
    /// `package.Service/method`.
    pub procedure: &'a str,
    /// The arguments, a CBOR map by name.
    pub arguments: Payload<'a>,
    /// How long the caller waits; the server's maximum if `None`.
    pub timeout: Option<Duration>,
    /// What goes beside the arguments.
    pub metadata: &'a Metadata,
    /// Whether the server is asked where its time went.
    pub times: bool,
}

impl<'a> Opening<'a> {
    /// A call without a timeout of its own and without metadata.
    pub fn new(procedure: &'a str, arguments: impl Into<Payload<'a>>) -> Self {
        const NONE: &Metadata = &Metadata::new();
        Self { procedure, arguments: arguments.into(), timeout: None, metadata: NONE, times: false }
    }
}

/// What both sides have in common.
impl<T> Connection<T> {
    fn new(role: Role, mut limits: Limits, software: &str, revision: Option<Bytes>, now: Instant) -> Self {
        limits.frame_len = limits.frame_len.max(before_hello::FRAME_LEN);
        limits.initial_credit = limits.initial_credit.max(INITIAL_CREDIT_MIN);
        let hello = Hello {
            frame_len: limits.frame_len,
            message_len: limits.message_len,
            calls_open: limits.calls_open,
            metadata_len: limits.metadata_len,
            initial_credit: limits.initial_credit,
            software: software.to_owned(),
            interface_revision: revision,
            ping_interval_ms: millis(limits.ping_interval_min),
            idle_limit_ms: limits.idle_limit.and_then(millis),
            age_max_ms: limits.age_max.and_then(millis),
        };
        let budget = Budget::new(limits.receive_budget.into(), cost(limits.message_len as usize));
        let mut outbox = Vec::new();
        frame::write_hello(&mut outbox, &hello);
        Self {
            role,
            liveness: Liveness::new(&limits, now),
            progress: Progress::new(&limits, now),
            age: (role == Role::Server).then(|| Age::new(&limits, now)),
            limits,
            peer: None,
            calls: Calls::default(),
            deadlines: Deadlines::default(),
            ended: VecDeque::new(),
            going_away: None,
            budget,
            reach_proved: 0,
            turns: VecDeque::new(),
            sendable: VecDeque::new(),
            outbox,
            partial: 0,
            part: None,
        }
    }

    /// The next instant at which [`handle_timeout`](Self::handle_timeout) has something to do.
    pub fn poll_timeout(&self) -> Instant {
        let silence = self.liveness.next();
        let age = self.age.as_ref().filter(|_| self.going_away.is_none()).and_then(Age::next);
        let next = self.deadlines.next().map_or(silence, |deadline| deadline.min(silence));
        age.map_or(next, |age| age.min(next))
    }

    /// Time has passed: ends calls whose deadline is over, asks a silent peer whether it is there, and, on a server,
    /// goes away if the connection has been idle for too long or is too old.
    pub fn handle_timeout(&mut self, now: Instant) {
        while let Some(id) = self.deadlines.pop(now, &self.calls) {
            let status = Status::new(Code::DeadlineExceeded, "the deadline passed");
            self.end_here(id, status);
        }
        if let Some(token) = self.liveness.ping(now) {
            frame::write_ping(&mut self.outbox, token);
        }
        let (last, busy) = (self.calls.last(), !self.calls.is_empty());
        match self.age.as_mut().and_then(|age| age.over(now, last, busy)) {
            // Nothing is wrong: the client comes back when it has a call to make.
            Some(Over::Idle(limit)) => self.go_away(Code::Ok, &format!("there were no calls for {limit:?}")),
            Some(Over::Old) => self.go_away(Code::Ok, "the connection has become too old"),
            Some(Over::Due) => self.go_away(Code::Ok, "it is time for another connection"),
            None => {}
        }
    }

    /// Whether the peer was asked and has been silent for too long, or has not said hello in time: the connection
    /// is lost.
    pub fn is_silent(&self, now: Instant) -> bool {
        self.liveness.is_silent(now)
    }

    /// The next call that ended without a frame of its own: its deadline passed, its id was above the last
    /// that a going-away peer takes, or, on a server, its caller cancelled it.
    pub fn poll_ended(&mut self) -> Option<(T, Status)> {
        self.ended.pop_front()
    }

    /// Bytes for the peer. What was written is to be removed from it; then there may be more, since long messages
    /// come in turns and only as fast as they are taken.
    pub fn outbox(&mut self) -> &mut Vec<u8> {
        if !self.turns.is_empty() {
            self.take_turns();
        }
        &mut self.outbox
    }

    /// Takes the bytes for the peer that there are now.
    pub fn take_outbox(&mut self) -> Vec<u8> {
        std::mem::take(self.outbox())
    }

    /// What is kept with an open call.
    pub fn get(&self, id: CallId) -> Option<&T> {
        self.calls.get(id)?.user.as_ref()
    }

    /// The same, to be changed.
    pub fn get_mut(&mut self, id: CallId) -> Option<&mut T> {
        self.calls.get_mut(id)?.user.as_mut()
    }

    /// What is kept with each open call, in no order.
    pub fn kept(&self) -> impl Iterator<Item = (CallId, &T)> {
        self.calls.kept()
    }

    /// Whether a call is open: on a server also while the last of its reply has not reached the outbox.
    pub fn is_open(&self, id: CallId) -> bool {
        self.calls.get(id).is_some()
    }

    /// What the peer said of itself, once its hello was read.
    pub fn peer(&self) -> Option<PeerHello> {
        self.peer.as_ref().map(|hello| PeerHello {
            software: hello.software.clone(),
            interface_revision: hello.interface_revision.clone(),
            calls_open: hello.calls_open,
            message_len: hello.message_len,
        })
    }

    /// Says that no new calls are taken; those that are open may end.
    pub fn go_away(&mut self, code: Code, message: &str) {
        if self.going_away.is_none() {
            // A server opens no calls, so that a client has none of its to count.
            let last = if self.role == Role::Server { self.calls.last() } else { 0 };
            let going = GoingAway { last, code, message: message.to_owned() };
            frame::write_going_away(&mut self.outbox, &going);
            self.going_away = Some(going);
        }
    }

    /// Says why the connection ends now. Nothing follows it.
    pub fn close(&mut self, code: Code, message: &str) {
        frame::write_close(&mut self.outbox, code, message);
    }

    /// Whether one of the sides goes away and no call is open any more.
    pub fn is_drained(&self) -> bool {
        self.going_away.is_some() && self.calls.is_empty()
    }

    /// Calls that are open, or whose handlers have not ended.
    pub fn calls_open(&self) -> usize {
        self.calls.len()
    }

    /// Calls that were opened so far, as their ids count them.
    pub fn calls_opened(&self) -> u64 {
        self.calls.last().div_ceil(2)
    }

    /// Ends everything: takes what the owner kept with each open call.
    pub fn abandon(&mut self) -> Vec<T> {
        let ended = self.ended.drain(..).map(|(user, _)| user);
        ended.chain(self.calls.drain()).collect()
    }
}

/// What only a client does.
impl<T> Connection<T> {
    /// The calling side of a new connection.
    pub fn client(limits: Limits, software: &str, now: Instant) -> Self {
        Self::new(Role::Client, limits, software, None, now)
    }

    /// Opens a call and keeps `user` with it until it ends. A status says why it was never sent.
    pub fn open(&mut self, now: Instant, opening: Opening<'_>, user: T) -> Result<CallId, Status> {
        self.may_open(&opening).map_err(|status| status.with_handler_ran(HandlerRan::No))?;
        let id = self.calls.next_id();
        let deadline = opening.timeout.and_then(|timeout| now.checked_add(timeout));
        self.calls.insert(id, Call { user: Some(user), ..Call::new(deadline) });
        if let Some(deadline) = deadline {
            self.deadlines.add(deadline, id, &self.calls);
        }
        let parts = self.parts(opening.metadata.len_counted());
        let mut extensions = OpenExtensions {
            deadline_us: opening.timeout.map(micros_up),
            times: opening.times,
            metadata: opening.metadata,
            total_len: None,
        };
        let mut part = &*opening.arguments;
        if parts.whole_max < part.len() {
            extensions.total_len = Some(part.len() as u64);
            part = &part[..self.begin_cut(id, opening.arguments, parts)];
        }
        let mut frame = frame::Writer::new(&mut self.outbox);
        frame.open(id, opening.procedure, &extensions);
        frame.finish(part);
        Ok(id)
    }

    /// Queues arguments that do not fit a frame behind the part that goes with the open. Returns how long that is.
    fn begin_cut(&mut self, id: CallId, arguments: Payload<'_>, parts: Parts) -> usize {
        let mut message = Message::new(Kind::Arguments, arguments.to_bytes());
        let affordable = self.initial_credit_of_peer() - MESSAGE_COST;
        message.sent = arguments.len().min(parts.part_max).min(affordable as usize);
        message.has_begun = true;
        let part_len = message.sent;
        self.spend(id, cost(part_len));
        self.queue(id, message);
        part_len
    }

    fn may_open(&self, opening: &Opening<'_>) -> Result<(), Status> {
        if let Some(going) = &self.going_away {
            return Err(Status::new(Code::Unavailable, format!("the server goes away: {}", going.message)));
        }
        let calls_open = self.peer.as_ref().map_or(before_hello::CALLS_OPEN, |hello| hello.calls_open);
        if calls_open as usize <= self.calls.len() {
            let why = format!("the server takes {calls_open} calls at once on a connection");
            return Err(Status::new(Code::ResourceExhausted, why));
        }
        let metadata_len = self.metadata_len_max();
        if metadata_len < opening.metadata.len_counted() {
            let why = format!("metadata is over the server's limit of {metadata_len} bytes");
            return Err(Status::new(Code::ResourceExhausted, why));
        }
        if limits::PROCEDURE_LEN_MAX < opening.procedure.len() {
            return Err(Status::new(Code::Unimplemented, "no server has a procedure with so long a name"));
        }
        if self.message_len_max() < opening.arguments.len() {
            let why = format!("arguments of {} bytes are over the server's limit", opening.arguments.len());
            return Err(Status::new(Code::ResourceExhausted, why));
        }
        Ok(())
    }

    /// Gives a call up, here and at the server. What was kept with it comes back if it had not ended.
    pub fn cancel(&mut self, id: CallId) -> Option<T> {
        let call = self.remove_here(id)?;
        frame::write_cancel(&mut self.outbox, id);
        call.user
    }
}

/// What only a server does.
impl<T> Connection<T> {
    /// The answering side of a new connection.
    pub fn server(limits: Limits, software: &str, revision: Option<Bytes>, now: Instant) -> Self {
        Self::new(Role::Server, limits, software, revision, now)
    }

    /// Gives the peer until `by` for its hello: [`is_silent`](Self::is_silent) then, whatever else it says.
    pub fn expect_hello_by(&mut self, by: Instant) {
        self.liveness.expect_hello_by(by);
    }

    /// Moves the end of a connection with an `age_max` by up to a tenth, to either side, by a random number from 0 to
    /// 1: connections that began together are not to end together.
    pub fn scatter_age(&mut self, jitter: f64) {
        self.age.iter_mut().for_each(|age| age.scatter(jitter));
    }

    /// Goes away at this instant, if not before: a certificate ends soon, and what goes on then must have moved to a
    /// connection with the next one. The earliest word counts, so that certificates that are renewed often do not put
    /// it off until the end.
    pub fn retire_at(&mut self, at: Instant) {
        self.age.iter_mut().for_each(|age| age.retire_at(at));
    }

    /// Keeps `user` with a call whose handler takes its time. `None` and `user` back if the call has ended.
    pub fn attach(&mut self, id: CallId, user: T) -> Result<(), T> {
        match self.calls.get_mut(id) {
            Some(call) => {
                call.user = Some(user);
                let deadline = call.deadline;
                if let Some(deadline) = deadline {
                    self.deadlines.add(deadline, id, &self.calls);
                }
                Ok(())
            }
            None => Err(user),
        }
    }

    /// The deadline of a call with streams, by the maximum for those; to be called before [`attach`](Self::attach).
    pub fn stream_deadline(&mut self, id: CallId) -> Option<Instant> {
        let maximum = self.limits.stream_deadline_max;
        let call = self.calls.get_mut(id)?;
        let (arrived, asked) = call.asked?;
        let (timeout, clamped_us) = match (asked, maximum) {
            (Some(asked), Some(maximum)) if maximum < asked => (Some(maximum), Some(micros_up(maximum))),
            (Some(asked), _) => (Some(asked), None),
            (None, maximum) => (maximum, None),
        };
        call.clamped_us = clamped_us;
        call.deadline = timeout.map(|timeout| later(arrived, timeout));
        call.deadline
    }
}

/// This long after `instant`, or so late that nobody will see the difference: what a peer or a setting asks for
/// may be more than an instant can say.
fn later(instant: Instant, after: Duration) -> Instant {
    const CENTURY: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);
    instant + after.min(CENTURY)
}

/// Milliseconds, unless they are so many that no number says them.
fn millis(duration: Duration) -> Option<u64> {
    u64::try_from(duration.as_millis()).ok()
}

/// Microseconds, rounded up, so that a deadline never becomes shorter on its way.
fn micros_up(duration: Duration) -> u64 {
    let below_a_second = duration.subsec_nanos().div_ceil(1_000);
    duration.as_secs().saturating_mul(1_000_000).saturating_add(below_a_second.into())
}
