//! Calls with streams on a server: their items go between their lanes and the protocol.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Instant;

use countersign_proto::{CallId, Closing, Code, HandlerRan, Payload, Sending, Status, spare};

use super::ServerEnd;
use crate::context::Context;
use crate::encode_buffer;
use crate::link::LONG_LEN;
use crate::link::handler::{self, InFlight};
use crate::link::mailbox::{Finished, Mailbox};
use crate::server::Route;
use crate::service::{CallKind, Reply};
use crate::stream::{Item, Lane};

/// What is kept with a call whose handler takes its time.
#[derive(Debug)]
pub(crate) struct Running {
    id: CallId,
    cx: Context,
    route: Arc<Route>,
    arrived: Instant,
    /// Its first item was seen.
    has_begun: bool,
}

impl Running {
    pub(super) fn new(id: CallId, cx: Context, call: &InFlight) -> Self {
        Self { id, cx, route: call.route().clone(), arrived: call.arrived(), has_begun: false }
    }

    /// Where the items go that the client sends, if the procedure takes any.
    fn items_in(&self) -> Option<&Arc<Lane>> {
        match self.route.kind() {
            CallKind::ClientStream | CallKind::BothWays => self.cx.items(),
            CallKind::Unary | CallKind::ServerStream => None,
        }
    }

    /// Tells the handler that its call is over. Returns what it had ended with, if it had.
    pub(super) fn stop(&self, status: &Status) -> Option<Reply> {
        self.cx.cancel(status.code);
        self.cx.items()?.fail(status)
    }
}

impl ServerEnd {
    /// The lane for a call that has one.
    pub(super) fn lane(&self, id: CallId, kind: CallKind) -> Option<Arc<Lane>> {
        (kind != CallKind::Unary).then(|| lane(&self.mailbox, id, self.window))
    }

    pub(super) fn item(&mut self, id: CallId, item: Cow<'_, [u8]>) {
        let len = item.len();
        let Some(running) = self.proto.get(id) else { return };
        match running.items_in() {
            Some(lane) => {
                running.route.counters().item_in(len as u64);
                if lane.arrived(item) {
                    self.proto.consumed(id, len);
                    self.proto.wants(id);
                }
            }
            None => {
                let status = Status::invalid_argument("the procedure takes no items");
                self.fail(id, &status.with_handler_ran(HandlerRan::Yes));
            }
        }
    }

    pub(super) fn half_closed(&mut self, id: CallId) {
        if let Some(lane) = self.proto.get(id).and_then(|running| running.items_in()) {
            lane.half_closed();
        }
    }

    /// Calls that had no room for their items, and have some now.
    pub(super) fn resume(&mut self) {
        while let Some(id) = self.proto.poll_sendable() {
            self.carry(id);
        }
    }

    /// There is something in the lane of a call.
    pub(super) fn visit(&mut self, id: CallId) {
        let Some(lane) = self.proto.get(id).and_then(|running| running.cx.items()) else { return };
        let progress = lane.progress();
        if progress.consumed.items != 0 {
            self.proto.consumed_many(id, progress.consumed.items, progress.consumed.len);
        }
        if progress.wants {
            self.proto.wants(id);
        }
        self.carry(id);
    }

    /// A handler has ended on a task of its own.
    pub(super) fn finished(&mut self, finished: Finished) {
        let Finished { id, cx, reply, outcome } = finished;
        if let Some(outcome) = outcome {
            self.writes.follow(id, outcome);
        }
        let reply = reply.unwrap_or_else(|| Err(Status::new(Code::Cancelled, "the handler was stopped")));
        match cx.items() {
            // What it left goes first.
            Some(lane) if self.proto.get(id).is_some() => {
                lane.finish(reply);
                self.visit(id);
            }
            _ => self.reply(id, &cx, reply),
        }
    }

    /// Ends a call with what its handler ended with.
    pub(super) fn reply(&mut self, id: CallId, cx: &Context, reply: Reply) {
        if let Err(status) = self.respond(id, cx) {
            return self.proto.reply(id, Err(&status));
        }
        let (metadata, times) = cx.take_closing().unwrap_or_default();
        let closing = Closing { metadata: &metadata, times };
        match reply {
            // What will be sent in parts is not copied for that.
            Ok(payload) if LONG_LEN <= payload.len() => {
                let payload = spare::share(payload);
                self.proto.reply_with(id, Ok(Payload::Shared(&payload)), closing);
            }
            Ok(payload) => {
                self.proto.reply_with(id, Ok(Payload::Slice(&payload)), closing);
                encode_buffer::give_back(payload);
            }
            Err(status) => self.proto.reply_with(id, Err(&status), closing),
        }
    }

    /// Ends the calls that another policy does not allow any more.
    pub(super) fn end_forbidden(&mut self) {
        let running: Vec<_> = self.proto.kept().map(|(id, running)| (id, running.route.clone())).collect();
        for (id, route) in running {
            if let Err(status) = self.gate.admit(route.name()) {
                self.fail(id, &status.with_handler_ran(HandlerRan::Yes));
            }
        }
    }

    /// Calls that ended before their handlers.
    pub(super) fn stop_ended(&mut self) {
        while let Some((running, status)) = self.proto.poll_ended() {
            self.stop(&running, &status);
        }
    }

    /// Carries what the handler left: metadata, then items for as long as there is room, then the reply.
    fn carry(&mut self, id: CallId) {
        let Some(running) = self.proto.get_mut(id) else { return };
        let (cx, route) = (running.cx.clone(), running.route.clone());
        let Some(lane) = cx.items() else { return };
        let begun = lane.begun();
        if let Some(begun) = begun {
            if !std::mem::replace(&mut running.has_begun, true) {
                handler::answered(&route, &cx, running.arrived, begun);
            }
            if let Err(status) = self.respond(id, &cx) {
                return self.fail(id, &status);
            }
        }
        let mut failed = None;
        // What the handler leaves from here on may have metadata before it, and rings again.
        let is_empty = begun.is_none()
            || lane.drain(|item| {
                let len = item.len() as u64;
                let sent = match item {
                    Item::Short(item) => self.proto.send(id, item),
                    Item::Long(item) => self.proto.send_owned(id, item),
                };
                match sent {
                    Ok(Sending::Done | Sending::Queued) => {
                        route.counters().item_out(len);
                        true
                    }
                    Ok(Sending::Ended) => true,
                    Ok(Sending::Busy) => false,
                    Err(status) => {
                        failed = Some(status.with_handler_ran(HandlerRan::Yes));
                        false
                    }
                }
            });
        if let Some(status) = failed {
            return self.fail(id, &status);
        }
        if is_empty && let Some(reply) = lane.take_reply() {
            self.reply(id, &cx, reply);
        }
    }

    /// Sends the response's metadata if there is any.
    fn respond(&mut self, id: CallId, cx: &Context) -> Result<(), Status> {
        let Some(metadata) = cx.take_response_metadata() else { return Ok(()) };
        let responded = self.proto.respond(id, &metadata);
        responded.map_err(|status| status.with_handler_ran(HandlerRan::Yes))
    }

    /// Ends a call before its handler.
    fn fail(&mut self, id: CallId, status: &Status) {
        if let Some(running) = self.proto.fail(id, status) {
            self.stop(&running, status);
        }
    }

    fn stop(&mut self, running: &Running, status: &Status) {
        if running.stop(status).is_some() {
            // Its handler is done, and its place was kept for what it left.
            self.proto.reply(running.id, Err(status));
        }
    }
}

/// A lane whose bell rings in this mailbox. What lies there when a connection ends holds the lane, so that the lane
/// must not hold the mailbox.
fn lane(mailbox: &Arc<Mailbox>, id: CallId, window: u32) -> Arc<Lane> {
    let mailbox = Arc::downgrade(mailbox);
    Arc::new(Lane::new(window, move || {
        if let Some(mailbox) = mailbox.upgrade() {
            mailbox.ring(id);
        }
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stream::Row;

    #[test]
    fn what_nobody_collects_is_freed_all_the_same() {
        let mailbox = Arc::new(Mailbox::default());
        let lane = lane(&mailbox, 1, 16 << 10);
        let cx = Context::of_a_streaming_test(Some(lane.clone()));
        lane.ignore(&mut Row::default());
        mailbox.post(Finished { id: 1, cx, reply: None, outcome: None });
        drop(mailbox);
        assert_eq!(Arc::strong_count(&lane), 1, "only ours");
    }
}
