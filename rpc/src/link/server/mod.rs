//! The server's end of a connection: calls are handled where they arrive, and those that take their time
//! move to a task of their own.

mod streams;
mod together;

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::Waker;
use std::time::Instant;

use countersign_proto::{CallId, Code, Connection, Event, Opened, Status};

use self::streams::Running;
use self::together::Together;
use super::handler::{self, Done, First, InFlight};
use super::mailbox::{Finished, Letters, Mailbox, Stop};
use super::{ConnectionError, End, Step, Tenure, Wish};
use crate::builtin::trace::Writes;
use crate::context::Context;
use crate::server::{Gate, Place};
use crate::service::CallKind;
use crate::text;

/// Calls of a burst after which the first replies are written while the rest is still worked through, so that the peer
/// has something to do; and the bytes of replies that are worth it.
const FIRST_CALLS: u32 = 16;
const FIRST_LEN: usize = 1 << 10;

/// Bytes of replies that are written in the middle of a burst in any case: a TLS record, into which another reply may
/// not fit, so that long replies are not a record and a system call each.
const NEXT_LEN: usize = 14 << 10;

/// What peers are told when the server stops.
const STOPPING: &str = "the server stops";

/// What a peer is told whose connection somebody closed.
const CLOSED: &str = "an operator closed this connection";

/// The driver's hold on a connection of a server.
pub(crate) struct ServerEnd {
    /// Most calls are answered before they are kept, and so have no room for what they would be kept with.
    proto: Connection<Box<Running>>,
    /// Bytes that a call's client may send before they are consumed.
    window: u32,
    gate: Gate,
    mailbox: Arc<Mailbox>,
    /// Taken from the mailbox, kept for their capacity.
    letters: Letters,
    /// The time as it was read last, and the calls whose handlers were polled since.
    clock: Instant,
    together: Together,
    /// The context of a call that has ended, which may become that of the next.
    spare: Option<Context>,
    /// When to tell the recorder of slow calls that time goes on.
    tick: Instant,
    writes: Writes,
    /// In the lobby, until the peer has said hello.
    place: Option<Place>,
    tenure: Tenure,
    burst: Burst,
    /// The last words are in the outbox.
    closing: bool,
}

/// What the driver has read since it was woken.
#[derive(Debug, Default)]
struct Burst {
    calls: u32,
    /// Some of the replies were written.
    has_written: bool,
}

impl Burst {
    /// Bytes of replies after which they are written before more is worked through.
    fn write_after(&self) -> usize {
        if FIRST_CALLS <= self.calls && !self.has_written { FIRST_LEN } else { NEXT_LEN }
    }
}

impl ServerEnd {
    pub(crate) fn new(
        mut proto: Connection<Box<Running>>,
        window: u32,
        gate: Gate,
        mailbox: Arc<Mailbox>,
        place: Place,
        tenure: Tenure,
    ) -> Self {
        if let Some(due) = tenure.due {
            proto.retire_at(due);
        }
        let (clock, letters, writes) = (Instant::now(), Letters::default(), Writes::default());
        let place = Some(place);
        Self {
            proto,
            window,
            gate,
            mailbox,
            letters,
            clock,
            together: Together::default(),
            spare: None,
            tick: clock,
            writes,
            place,
            tenure,
            burst: Burst::default(),
            closing: false,
        }
    }

    fn serve(&mut self, arrived: Instant, opened: Opened<'_>) {
        let Opened { id, procedure, deadline, metadata, times, arguments } = opened;
        let route = match self.gate.admit(&procedure) {
            Ok(route) => route,
            Err(status) => return self.proto.reply(id, Err(&status)),
        };
        let kind = route.kind();
        let deadline = match kind {
            CallKind::Unary => Some(deadline),
            _ => self.proto.stream_deadline(id),
        };
        let lane = self.lane(id, kind);
        let cx = match self.spare.take() {
            Some(spare) => spare.renewed(route.name(), deadline, metadata, lane),
            None => Context::new(self.gate.peer().clone(), route.name().clone(), deadline, metadata, lane),
        };
        if times || handler::LONG <= arguments.len() || !self.together.may_have(&route) {
            self.settle(arrived);
        }
        let mut call =
            InFlight::begin(route, arrived, self.clock, times, arguments.len(), self.gate.audited());
        let arguments = match arguments {
            // They came in parts, and take a while to decode.
            Cow::Owned(arguments) => {
                let done = self.attach(id, &cx, &call);
                tokio::spawn(handler::decode_and_run(arguments, call, cx, done));
                return;
            }
            Cow::Borrowed(arguments) => arguments,
        };
        let (cx, first) = handler::first_poll(&mut call, cx, arguments);
        self.together.polled(call.route());
        match first {
            First::Ready(Ok(payload)) if call.is_plain() => {
                if self.together.ended(id, call.end_together(), payload.len()) {
                    self.settle(arrived);
                }
                self.reply(id, &cx, Ok(payload));
                // What its caller sent along is not kept.
                self.spare = cx.metadata().is_empty().then_some(cx);
            }
            First::Ready(reply) => {
                self.settle(arrived);
                let outcome = call.end(&cx, &reply, self.clock);
                self.reply(id, &cx, reply);
                if let Some(outcome) = outcome {
                    self.writes.follow(id, outcome);
                }
            }
            First::Pending(handler) => {
                self.settle(arrived);
                let done = self.attach(id, &cx, &call);
                tokio::spawn(handler::run(handler, call, cx, done));
            }
        }
    }

    /// Reads the clock, and counts the calls that were polled since it was read last.
    fn settle(&mut self, arrived: Instant) {
        if self.together.is_empty() {
            return;
        }
        let now = Instant::now();
        if let Some((call, outcome)) = self.together.settle(self.gate.peer(), arrived, self.clock, now) {
            self.writes.follow(call, outcome);
        }
        self.clock = now;
    }

    /// Keeps a call whose handler goes on elsewhere. What is returned is to be told how that ended.
    fn attach(&mut self, id: CallId, cx: &Context, call: &InFlight) -> impl Done + use<> {
        let attached = self.proto.attach(id, Box::new(Running::new(id, cx.clone(), call)));
        debug_assert!(attached.is_ok(), "the call is open until its reply");
        let (mailbox, cx) = (self.mailbox.clone(), cx.clone());
        move |reply, outcome| mailbox.post(Finished { id, cx, reply, outcome })
    }

    /// The arguments of a call are on their way, and must not be waited for in vain.
    fn announced(&mut self, id: CallId, procedure: &str) {
        if let Err(status) = self.gate.admit(procedure) {
            self.proto.fail(id, &status);
        }
    }
}

impl End for ServerEnd {
    fn receive(&mut self, now: Instant, bytes: &[u8]) -> Result<Step, ConnectionError> {
        self.clock = now;
        if self.tick <= now {
            self.tick = self.gate.router().recorder().tick(now);
        }
        let received = self.receive_frames(now, bytes);
        self.settle(now);
        let (taken, more) = received?;
        self.stop_ended();
        self.resume();
        self.mailbox.calls_open.store(self.proto.calls_open() as u64, Ordering::Relaxed);
        self.mailbox.calls_opened.store(self.proto.calls_opened(), Ordering::Relaxed);
        let output_len = self.proto.outbox().len();
        Ok(Step { taken, more, output_len, replies: output_len != 0 })
    }

    fn collect(&mut self, waker: &Waker) -> Wish {
        self.burst = Burst::default();
        let mut letters = std::mem::take(&mut self.letters);
        let stop = self.mailbox.empty(&mut letters, waker);
        letters.rung.drain(..).for_each(|id| self.visit(id));
        letters.finished.drain(..).for_each(|finished| self.finished(finished));
        if let Some(due) = letters.due.take() {
            self.proto.retire_at(due);
        }
        self.letters = letters;
        if self.gate.has_changed() {
            self.end_forbidden();
        }
        self.mailbox.calls_open.store(self.proto.calls_open() as u64, Ordering::Relaxed);
        match stop {
            // It was idle or too old, or the client goes away.
            None if self.proto.is_drained() => self.goodbye(Code::Ok, ""),
            None => Wish::GoOn,
            Some(Stop::Lapsed(lapse)) => Wish::Fail(ConnectionError::Lapsed(lapse)),
            Some(Stop::Closed) => {
                // What is still on its way here is known not to have been started.
                self.proto.go_away(Code::Unavailable, CLOSED);
                self.goodbye(Code::Unavailable, CLOSED)
            }
            Some(Stop::Cut) => self.goodbye(Code::Unavailable, STOPPING),
            Some(Stop::Drain) => {
                self.proto.go_away(Code::Unavailable, STOPPING);
                if self.proto.is_drained() { self.goodbye(Code::Unavailable, STOPPING) } else { Wish::GoOn }
            }
        }
    }

    fn take_outbox(&mut self, outbox: &mut Vec<u8>) {
        // What was written made room for items that wait.
        self.resume();
        std::mem::swap(self.proto.outbox(), outbox);
        self.writes.begin(outbox.len(), |id| self.proto.is_open(id));
    }

    /// Handlers may add to what there is.
    fn take_complete(&mut self, _: &mut Vec<u8>) -> bool {
        self.resume();
        self.proto.outbox().is_empty()
    }

    fn poll_timeout(&mut self) -> Instant {
        self.proto.poll_timeout().min(self.tenure.end)
    }

    fn handle_timeout(&mut self, now: Instant) -> Result<(), ConnectionError> {
        self.proto.handle_timeout(now);
        self.stop_ended();
        if self.tenure.end <= now {
            return Err(ConnectionError::Lapsed(self.tenure.why));
        }
        if self.proto.is_silent(now) { Err(ConnectionError::Silent) } else { Ok(()) }
    }

    fn close(&mut self, code: Code, words: &str) {
        // What is still on its way here is known not to have been started.
        self.proto.go_away(code, words);
        self.proto.close(code, words);
    }

    fn count(&mut self, bytes_in: u64, bytes_out: u64) {
        self.mailbox.bytes_in.fetch_add(bytes_in, Ordering::Relaxed);
        self.mailbox.bytes_out.fetch_add(bytes_out, Ordering::Relaxed);
        self.writes.written(usize::try_from(bytes_out).unwrap_or(usize::MAX));
    }

    fn end(&mut self, reason: ConnectionError) {
        let status = Status::new(Code::Cancelled, "the connection has ended");
        for running in self.proto.abandon() {
            running.stop(&status);
        }
        tracing::debug!(peer = %self.gate.peer().id(), %reason, "connection ended");
        if let Some(place) = self.place.take() {
            place.ended(reason);
        }
    }
}

impl ServerEnd {
    /// Takes frames off the front of what arrived. Returns how much that was, and whether writing should come before
    /// the rest.
    fn receive_frames(&mut self, now: Instant, bytes: &[u8]) -> Result<(usize, bool), ConnectionError> {
        let mut taken = 0;
        loop {
            let received = self.proto.receive(now, &bytes[taken..])?;
            taken += received.taken;
            match received.event {
                Some(Event::Opened(opened)) => {
                    self.burst.calls += 1;
                    self.serve(now, opened);
                }
                Some(Event::Arriving { id, procedure }) => self.announced(id, &procedure),
                Some(Event::Item { id, item }) => self.item(id, item),
                Some(Event::HalfClosed { id }) => self.half_closed(id),
                Some(Event::Closed { code, message }) => {
                    return Err(ConnectionError::ClosedByPeer { code, message: text::escaped(&message) });
                }
                // One that had to make room just now is not served any more.
                Some(Event::Connected) if !self.place.take().is_none_or(Place::becomes_peer) => {
                    return Err(ConnectionError::ClosedHere);
                }
                Some(
                    Event::Connected | Event::GoingAway { .. } | Event::Metadata { .. } | Event::Ended(_),
                )
                | None => {}
            }
            if received.taken == 0 {
                return Ok((taken, false));
            }
            if self.burst.write_after() <= self.proto.outbox().len() {
                self.burst.has_written = true;
                return Ok((taken, true));
            }
        }
    }

    fn goodbye(&mut self, code: Code, message: &str) -> Wish {
        if !self.closing {
            self.closing = true;
            self.proto.close(code, message);
        }
        Wish::Close
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_write_of_a_burst_is_after_sixteen_calls_unless_their_replies_are_long() {
        let after = |calls, has_written| Burst { calls, has_written }.write_after();
        assert_eq!([after(1, false), after(15, false)], [NEXT_LEN; 2]);
        assert_eq!(after(16, false), FIRST_LEN);
        assert_eq!(after(17, true), NEXT_LEN);
    }
}
