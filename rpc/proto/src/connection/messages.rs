//! What a peer sends in a call beside its opening: items, and long messages part by part, as far as they were
//! granted.

use std::borrow::Cow;

use super::budget::Queue;
use super::calls::Call;
use super::flow::{Assembled, Assembly, Incoming, cost};
use super::receive::Event;
use super::{CallId, Connection, Role};
use crate::frame::{self, End, Open};
use crate::limits::{MESSAGE_COST, PART_LEN_MIN};
use crate::violation::Violation;
use crate::{Code, HandlerRan, Metadata, Status};

type Outcome<'a, T> = Result<Option<Event<'a, T>>, Violation>;

/// What arrives.
impl<T> Connection<T> {
    pub(super) fn item<'a>(&mut self, id: CallId, total_len: Option<u64>, part: &'a [u8]) -> Outcome<'a, T> {
        let Some(incoming) = self.incoming(id)? else { return Ok(None) };
        incoming.begin_message(id)?;
        if incoming.is_half_closed {
            return Err(Violation::Stream { id, rule: "items were over" });
        }
        incoming.has_begun = true;
        incoming.pay(id, cost(part.len()))?;
        let Some(total) = total_len else {
            incoming.is_awaited = false;
            return match part.len() <= self.limits.message_len as usize {
                true => Ok(self.item_arrived(id, Cow::Borrowed(part))),
                false => self.message_is_too_long(id, part.len() as u64),
            };
        };
        self.begin(id, Assembled::Item, total, part)
    }

    /// The first part of the arguments of a call, which is in the table already.
    pub(super) fn begin_arguments<'a>(&mut self, open: Open<'_>, total: u64, part: &[u8]) -> Outcome<'a, T> {
        let id = open.id;
        let Some(incoming) = self.incoming(id)? else { return Ok(None) };
        incoming.pay(id, cost(part.len()))?;
        let procedure = open.procedure.into_owned();
        let open = Box::new(Open { procedure: Cow::Owned(procedure.clone()), ..open });
        let opened = self.begin(id, Assembled::Arguments(open), total, part)?;
        Ok(opened.or(Some(Event::Arriving { id, procedure })))
    }

    /// The first part of a result.
    pub(super) fn begin_result<'a>(&mut self, end: End, total: u64, part: &[u8]) -> Outcome<'a, T> {
        let id = end.id;
        let Some(incoming) = self.incoming(id)? else { return Ok(None) };
        incoming.pay(id, cost(part.len()))?;
        self.begin(id, Assembled::Result(Box::new(end)), total, part)
    }

    fn begin<'a>(&mut self, id: CallId, what: Assembled, total: u64, part: &[u8]) -> Outcome<'a, T> {
        if total < part.len() as u64 {
            return Err(Violation::Stream { id, rule: "a message is longer than it said" });
        }
        // One over the limit is not put together, whatever its length.
        let Some(total_len) =
            usize::try_from(total).ok().filter(|len| *len <= self.limits.message_len as usize)
        else {
            return self.message_is_too_long(id, total);
        };
        if part.is_empty() && total_len != 0 {
            self.progress.fruitless();
        }
        let Some(incoming) = self.incoming(id)? else { return Ok(None) };
        let queue = match what {
            Assembled::Item if !incoming.is_awaited => Queue::Unasked,
            _ => Queue::Awaited,
        };
        let mut assembly = Assembly::new(what, total_len);
        assembly.push(part, incoming.credit);
        incoming.assembly = Some(assembly);
        if total_len == part.len() {
            return self.complete(id);
        }
        // What was consumed may be more than that, and lets the peer go on behind this message.
        self.refill(id);
        if self.calls.incoming(id).is_some_and(|incoming| incoming.lacking() != 0) {
            self.ask(id, queue);
        }
        Ok(None)
    }

    /// The next part of a message has this length.
    pub(super) fn continuation(&mut self, id: CallId, part_len: usize) -> Result<(), Violation> {
        let Some(incoming) = self.incoming(id)? else { return Ok(()) };
        if incoming.credit < part_len as u64 {
            return Err(Violation::Credit { id });
        }
        let Some(assembly) = &incoming.assembly else {
            return Err(Violation::Stream { id, rule: "a continuation of nothing" });
        };
        let lacking = assembly.total - assembly.bytes.len();
        if part_len == 0 || lacking < part_len {
            return Err(Violation::Stream { id, rule: "a part that is empty or goes beyond its message" });
        }
        if part_len < PART_LEN_MIN.min(lacking) {
            self.progress.fruitless();
        }
        Ok(())
    }

    /// Bytes of that part, unless the call has ended.
    pub(super) fn add<'a>(&mut self, id: CallId, bytes: &[u8]) -> Outcome<'a, T> {
        let Some(incoming) = self.calls.incoming(id) else { return Ok(None) };
        incoming.pay(id, bytes.len() as u64)?;
        let Some(assembly) = &mut incoming.assembly else { return Ok(None) };
        assembly.push(bytes, incoming.credit);
        if assembly.is_complete() {
            return self.complete(id);
        }
        self.refill(id);
        Ok(None)
    }

    /// All parts of a message are here.
    fn complete<'a>(&mut self, id: CallId) -> Outcome<'a, T> {
        self.withdraw(id);
        let Some(incoming) = self.incoming(id)? else { return Ok(None) };
        let Some(Assembly { what, bytes, .. }) = incoming.assembly.take() else { return Ok(None) };
        match what {
            Assembled::Item => {
                incoming.is_awaited = false;
                Ok(self.item_arrived(id, Cow::Owned(bytes)))
            }
            Assembled::Arguments(open) => {
                self.take(id, cost(bytes.len()));
                Ok(self.handed_over(*open, Cow::Owned(bytes)))
            }
            Assembled::Result(end) => Ok(self.ended(*end, Cow::Owned(bytes))),
        }
    }

    /// An item is here. Nobody takes it any more if the handler has ended and only its reply waits.
    fn item_arrived<'a>(&mut self, id: CallId, item: Cow<'a, [u8]>) -> Option<Event<'a, T>> {
        if self.role == Role::Server && !self.calls.get(id)?.has_handler {
            self.take(id, cost(item.len()));
            return None;
        }
        self.progress.useful();
        Some(Event::Item { id, item })
    }

    pub(super) fn half_closed<'a>(&mut self, id: CallId) -> Outcome<'a, T> {
        let Some(incoming) = self.incoming(id)? else { return Ok(None) };
        incoming.begin_message(id)?;
        if std::mem::replace(&mut incoming.is_half_closed, true) {
            return Err(Violation::Stream { id, rule: "items were over" });
        }
        Ok(Some(Event::HalfClosed { id }))
    }

    pub(super) fn response_metadata<'a>(
        &mut self,
        id: CallId,
        metadata: Metadata,
        metadata_is_over: bool,
    ) -> Outcome<'a, T> {
        let Some(incoming) = self.incoming(id)? else { return Ok(None) };
        incoming.begin_message(id)?;
        if std::mem::replace(&mut incoming.has_begun, true) {
            return Err(Violation::Stream { id, rule: "metadata comes once, and before the first item" });
        }
        if metadata_is_over {
            self.end_here(id, self.metadata_is_too_long());
            return Ok(None);
        }
        Ok(Some(Event::Metadata { id, metadata }))
    }

    pub(super) fn metadata_is_too_long(&self) -> Status {
        let why = format!("metadata is over our limit of {} bytes", self.limits.metadata_len);
        Status::new(Code::ResourceExhausted, why).with_handler_ran(HandlerRan::Yes)
    }

    fn message_is_too_long<'a>(&mut self, id: CallId, len: u64) -> Outcome<'a, T> {
        let why = format!("a message of {len} bytes is over the limit of {}", self.limits.message_len);
        self.end_here(id, Status::new(Code::ResourceExhausted, why));
        Ok(None)
    }

    /// Ends a call that goes wrong on its way, and tells the peer.
    pub(super) fn end_here(&mut self, id: CallId, status: Status) {
        let user = match self.role {
            Role::Client => self.cancel(id),
            Role::Server => {
                let ran = match self.calls.get(id).is_some_and(Call::was_handed_over) {
                    true => HandlerRan::Yes,
                    false => HandlerRan::No,
                };
                self.fail(id, &status.clone().with_handler_ran(ran))
            }
        };
        self.ended.extend(user.map(|user| (user, status)));
    }

    /// What is known of the messages to come in a call; `None` if it has ended and the frame is late.
    fn incoming(&mut self, id: CallId) -> Result<Option<&mut Incoming>, Violation> {
        self.check_known_id(id)?;
        let (credit, window) = (self.initial_credit_of_peer(), self.limits.initial_credit);
        let call = self.calls.get_mut(id);
        if call.is_none() {
            self.progress.late();
        }
        Ok(call.map(|call| &mut call.flow_mut(credit, window).incoming))
    }
}

/// What the application takes, and what is granted for it.
impl<T> Connection<T> {
    /// The application has taken an item of this length, and the peer may send as much again.
    pub fn consumed(&mut self, id: CallId, item_len: usize) {
        self.consumed_many(id, 1, item_len);
    }

    /// The same for so many items of so many bytes together.
    pub fn consumed_many(&mut self, id: CallId, items: usize, len: usize) {
        self.take(id, len as u64 + items as u64 * u64::from(MESSAGE_COST));
        self.refill(id);
    }

    /// The application waits for the next item of a call.
    pub fn wants(&mut self, id: CallId) {
        if self.calls.get(id).is_none() {
            return;
        }
        let Ok(Some(incoming)) = self.incoming(id) else { return };
        incoming.is_awaited = true;
        incoming.has_waited = true;
        if incoming.queued == Some(Queue::Unasked) {
            self.ask(id, Queue::Awaited);
        }
        self.refill(id);
    }

    /// Bytes of messages that arrived, or may arrive at any moment, beyond what each call is granted anyway.
    pub fn budget_used(&self) -> u64 {
        self.budget.used()
    }

    /// What was held is held no longer.
    fn take(&mut self, id: CallId, bytes: u64) {
        let window = self.limits.initial_credit;
        let Some(incoming) = self.calls.incoming(id) else { return };
        let before = incoming.beyond(window);
        debug_assert!(bytes <= incoming.held, "what is taken was received");
        incoming.held = incoming.held.saturating_sub(bytes);
        let freed = before - incoming.beyond(window);
        if freed != 0 {
            self.budget.give_back(freed);
        }
        self.admit();
    }

    /// Grants what was consumed, once that is half of what the call reaches: a frame for each item would be too
    /// many. A peer that has all of its initial credit takes more for a waste, unless its message needs more.
    fn refill(&mut self, id: CallId) {
        let (window, now) = (self.limits.initial_credit, self.liveness.last_heard());
        let Some(incoming) = self.calls.incoming(id) else { return };
        let is_served = u64::from(window) <= incoming.credit && incoming.lacking() == 0;
        if incoming.is_half_closed || is_served {
            return;
        }
        let (out, mut reach) = (incoming.credit + incoming.held, window.into());
        if 2 * out <= incoming.reach {
            incoming.half_was_taken(now, &mut self.reach_proved);
            let beyond = (incoming.reach - u64::from(window)).saturating_sub(incoming.beyond(window));
            if self.budget.take_ahead(beyond) {
                reach = incoming.reach;
            }
        }
        if 2 * out <= reach {
            incoming.credit += reach - out;
            frame::write_credit(&mut self.outbox, id, reach - out);
        }
    }

    /// Queues the message of a call that needs more credit than it has.
    fn ask(&mut self, id: CallId, queue: Queue) {
        self.withdraw(id);
        if let Some(incoming) = self.calls.incoming(id) {
            incoming.queued = Some(queue);
            self.budget.join(queue, id);
        }
        self.admit();
    }

    /// Takes the message of a call out of the queue in which it waits, if it does.
    fn withdraw(&mut self, id: CallId) {
        let incoming = self.calls.incoming(id);
        if let Some(queue) = incoming.and_then(|incoming| incoming.queued.take()) {
            self.budget.leave(queue, id);
        }
    }

    /// Grants to messages that wait, in order of arrival, all that they need to their end.
    fn admit(&mut self) {
        for queue in [Queue::Awaited, Queue::Unasked] {
            while let Some(id) = self.budget.front(queue) {
                if !self.admit_one(id, queue) {
                    return;
                }
                self.budget.leave(queue, id);
            }
        }
    }

    /// Grants what one message needs, if the budget has it.
    fn admit_one(&mut self, id: CallId, queue: Queue) -> bool {
        let window = self.limits.initial_credit;
        let Some(incoming) = self.calls.incoming(id) else { return true };
        let (lacking, before) = (incoming.lacking(), incoming.beyond(window));
        let after = (incoming.credit + incoming.held + lacking).saturating_sub(window.into());
        if !self.budget.take(queue, after - before) {
            return false;
        }
        incoming.queued = None;
        incoming.credit += lacking;
        if lacking != 0 {
            frame::write_credit(&mut self.outbox, id, lacking);
        }
        true
    }

    /// Takes a call out of the table, and gives back what it took of the budget.
    pub(super) fn remove(&mut self, id: CallId) -> Option<Call<T>> {
        let mut call = self.calls.remove(id)?;
        self.release(id, &mut call);
        Some(call)
    }

    /// The same for a call that ends here, so that frames for it may be on their way.
    pub(super) fn remove_here(&mut self, id: CallId) -> Option<Call<T>> {
        let mut call = self.remove(id)?;
        let credit = call.incoming().map_or(0, |incoming| incoming.credit);
        self.progress.ended_here(credit.max(self.limits.initial_credit.into()));
        Some(call)
    }

    /// What a call that left the table took of the budget is for others now.
    pub(super) fn release(&mut self, id: CallId, call: &mut Call<T>) {
        let Some(incoming) = call.incoming() else { return };
        if let Some(queue) = incoming.queued {
            self.budget.leave(queue, id);
        }
        self.budget.give_back(incoming.beyond(self.limits.initial_credit));
        self.admit();
    }
}

impl Incoming {
    /// One message at a time is sent in each direction.
    fn begin_message(&self, id: CallId) -> Result<(), Violation> {
        match self.assembly {
            None => Ok(()),
            Some(_) => Err(Violation::Stream { id, rule: "a message began within another" }),
        }
    }

    fn pay(&mut self, id: CallId, bytes: u64) -> Result<(), Violation> {
        self.credit = self.credit.checked_sub(bytes).ok_or(Violation::Credit { id })?;
        self.held += bytes;
        Ok(())
    }
}
