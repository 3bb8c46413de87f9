//! The server's end of a connection: calls are handled where they arrive, and those that take their time
//! move to a task of their own.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::Waker;
use std::time::Instant;

use countersign_proto::{Code, Connection, Event, Opened, Status, Violation};

use super::handler::{self, First, InFlight};
use super::mailbox::{Finished, Mailbox, Stop};
use super::{ConnectionError, End, Step, Wish};
use crate::context::Context;
use crate::peer::Peer;
use crate::server::Router;
use crate::text;

/// Bytes of replies after which they are written while the rest of a burst is still worked through.
const WRITE_AFTER: usize = 1 << 10;

/// What peers are told when the server stops.
const STOPPING: &str = "the server stops";

/// The driver's hold on a connection of a server.
pub(crate) struct ServerEnd {
    proto: Connection<Context>,
    router: Arc<Router>,
    peer: Arc<Peer>,
    mailbox: Arc<Mailbox>,
    /// Taken from the mailbox, kept for its capacity.
    finished: Vec<Finished>,
    /// When the latest handler was done: the clock is read once for each call.
    clock: Instant,
    /// When to tell the recorder of slow calls that time goes on.
    tick: Instant,
    /// The last words are in the outbox.
    closing: bool,
}

impl ServerEnd {
    pub(crate) fn new(
        proto: Connection<Context>,
        router: Arc<Router>,
        peer: Arc<Peer>,
        mailbox: Arc<Mailbox>,
    ) -> Self {
        let (clock, finished) = (Instant::now(), Vec::new());
        Self { proto, router, peer, mailbox, finished, clock, tick: clock, closing: false }
    }

    fn serve(&mut self, arrived: Instant, opened: Opened<'_>) {
        let Opened { id, procedure, deadline, metadata, arguments, .. } = opened;
        let route = match self.router.find(&self.peer, &procedure) {
            Ok(route) => route.clone(),
            Err(status) => return self.proto.reply(id, Err(&status)),
        };
        let cx = Context::new(self.peer.clone(), route.name().clone(), Some(deadline), metadata);
        let mut call = InFlight::begin(route, arrived, self.clock, arguments.len());
        let (first, now) = handler::first_poll(&mut call, &cx, &arguments);
        self.clock = now;
        match first {
            First::Ready(reply) => {
                call.end(&cx, &reply, now);
                self.proto.reply(id, reply.as_deref());
            }
            First::Pending(handler) => {
                let attached = self.proto.attach(id, cx.clone());
                debug_assert!(attached.is_ok(), "the call is open until its reply");
                let mailbox = self.mailbox.clone();
                tokio::spawn(handler::run(handler, call, cx, move |reply| {
                    mailbox.post(Finished { id, reply })
                }));
            }
        }
    }

    fn stop_ended(&mut self) {
        while let Some((cx, status)) = self.proto.poll_ended() {
            cx.cancel(status.code);
        }
    }
}

impl End for ServerEnd {
    fn receive(&mut self, now: Instant, bytes: &[u8]) -> Result<Step, ConnectionError> {
        let mut taken = 0;
        self.clock = now;
        if self.tick <= now {
            self.tick = self.router.recorder().tick(now);
        }
        let more = loop {
            let received = self.proto.receive(now, &bytes[taken..])?;
            taken += received.taken;
            match received.event {
                Some(Event::Opened(opened)) => self.serve(now, opened),
                Some(Event::Closed { code, message }) => {
                    return Err(ConnectionError::ClosedByPeer { code, message: text::escaped(&message) });
                }
                Some(_) | None => {}
            }
            if received.taken == 0 {
                break false;
            }
            if WRITE_AFTER <= self.proto.outbox().len() {
                break true;
            }
        };
        self.stop_ended();
        self.mailbox.calls_open.store(self.proto.calls_open() as u64, Ordering::Relaxed);
        Ok(Step { taken, more, replies: !self.proto.outbox().is_empty() })
    }

    fn collect(&mut self, waker: &Waker) -> Wish {
        let mut finished = std::mem::take(&mut self.finished);
        let stop = self.mailbox.empty(&mut finished, waker);
        for Finished { id, reply } in finished.drain(..) {
            let reply = reply.unwrap_or_else(|| Err(Status::new(Code::Cancelled, "the handler was stopped")));
            self.proto.reply(id, reply.as_deref());
        }
        self.finished = finished;
        self.mailbox.calls_open.store(self.proto.calls_open() as u64, Ordering::Relaxed);
        match stop {
            None => Wish::GoOn,
            Some(Stop::Cut) => self.close(),
            Some(Stop::Drain) => {
                self.proto.go_away(Code::Unavailable, STOPPING);
                if self.proto.is_drained() { self.close() } else { Wish::GoOn }
            }
        }
    }

    fn output_len(&mut self) -> usize {
        self.proto.outbox().len()
    }

    fn take_outbox(&mut self, outbox: &mut Vec<u8>) {
        std::mem::swap(self.proto.outbox(), outbox);
    }

    fn poll_timeout(&mut self) -> Instant {
        self.proto.poll_timeout()
    }

    fn handle_timeout(&mut self, now: Instant) -> Result<(), ConnectionError> {
        self.proto.handle_timeout(now);
        self.stop_ended();
        if self.proto.is_silent(now) { Err(ConnectionError::Silent) } else { Ok(()) }
    }

    fn accuse(&mut self, violation: &Violation) {
        self.proto.close(violation.code(), &violation.to_string());
    }

    fn count(&mut self, bytes_in: u64, bytes_out: u64) {
        self.mailbox.bytes_in.fetch_add(bytes_in, Ordering::Relaxed);
        self.mailbox.bytes_out.fetch_add(bytes_out, Ordering::Relaxed);
    }

    fn end(&mut self, reason: ConnectionError) {
        for cx in self.proto.abandon() {
            cx.cancel(Code::Cancelled);
        }
        tracing::debug!(peer = %self.peer.id(), %reason, "connection ended");
    }
}

impl ServerEnd {
    fn close(&mut self) -> Wish {
        if !self.closing {
            self.closing = true;
            self.proto.close(Code::Unavailable, STOPPING);
        }
        Wish::Close
    }
}
