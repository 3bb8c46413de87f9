//! What this side sends in a call beside its opening: items, ends, and long messages in turns.

use bytes::Bytes;

use super::calls::Call;
use super::flow::{Ending, Flow, Kind, Message, Parts, cost};
use super::{CallId, Connection, Payload};
use crate::frame::{self, EndExtensions, Times};
use crate::limits::{
    HEADER_LEN_MAX, INITIAL_CREDIT_MIN, MESSAGE_COST, PART_LEN_MAX, TURNS_LEN_MAX, before_hello,
};
use crate::{Code, HandlerRan, Metadata, Status, spare};

/// Below this, the turns of calls that have ended cost less than a look at them.
const TURNS_SWEEP_MIN: usize = 64;

/// What became of an item that was to be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sending {
    /// It is among the bytes for the peer.
    Done,
    /// It was taken, and waits for credit or for its turn. Another one is not taken before
    /// [`Connection::poll_sendable`] has named the call.
    Queued,
    /// It was not taken, since one waits already.
    Busy,
    /// The call has ended, so that nobody waits for it.
    Ended,
}

/// What goes beside the end of a call.
#[derive(Debug, Clone, Copy)]
pub struct Closing<'a> {
    /// Trailing metadata.
    pub metadata: &'a Metadata,
    /// Where the time went, if the client asked.
    pub times: Option<Times>,
}

impl Default for Closing<'_> {
    fn default() -> Self {
        const NONE: &Metadata = &Metadata::new();
        Self { metadata: NONE, times: None }
    }
}

/// What both sides send.
impl<T> Connection<T> {
    /// Sends an item of a call. A status says why it can never be sent, as when it is over the peer's limit.
    pub fn send(&mut self, id: CallId, item: &[u8]) -> Result<Sending, Status> {
        let sending = self.begin_item(id, item.len())?;
        match sending {
            Sending::Done => self.write_item(id, item),
            Sending::Queued => self.queue_item(id, Bytes::copy_from_slice(item)),
            Sending::Busy | Sending::Ended => {}
        }
        Ok(sending)
    }

    /// As [`send`](Self::send), but the memory of an item that has to wait is taken.
    pub fn send_owned(&mut self, id: CallId, item: &mut Vec<u8>) -> Result<Sending, Status> {
        let sending = self.begin_item(id, item.len())?;
        match sending {
            Sending::Done => self.write_item(id, item),
            Sending::Queued => self.queue_item(id, spare::share(std::mem::take(item))),
            Sending::Busy | Sending::Ended => {}
        }
        Ok(sending)
    }

    /// What is to become of an item of this length.
    fn begin_item(&mut self, id: CallId, len: usize) -> Result<Sending, Status> {
        if self.message_len_max() < len {
            let why = format!("an item of {len} bytes is over the peer's limit");
            return Err(Status::new(Code::ResourceExhausted, why));
        }
        let parts = self.parts(0);
        let has_room = self.outbox.len() < TURNS_LEN_MAX;
        let Some(flow) = self.flow(id) else { return Ok(Sending::Ended) };
        let outgoing = &mut flow.outgoing;
        if outgoing.is_half_closed {
            return Err(Status::new(Code::FailedPrecondition, "no items follow a half-close"));
        }
        if !outgoing.waiting.is_empty() {
            outgoing.is_owner_waiting = true;
            return Ok(Sending::Busy);
        }
        outgoing.has_begun = true;
        if has_room && len <= parts.whole_max && cost(len) <= outgoing.credit {
            outgoing.credit -= cost(len);
            return Ok(Sending::Done);
        }
        outgoing.is_owner_waiting = true;
        Ok(Sending::Queued)
    }

    fn write_item(&mut self, id: CallId, item: &[u8]) {
        let mut frame = frame::Writer::new(&mut self.outbox);
        frame.item(id, None);
        frame.finish(item);
    }

    fn queue_item(&mut self, id: CallId, item: Bytes) {
        let (window, parts) = (self.initial_credit_of_peer(), self.parts(0));
        let Some(Flow { outgoing, .. }) = self.flow(id) else { return };
        let message = Message::new(Kind::Item, item);
        let may_go = message.next_part(outgoing.credit, window, parts).is_some();
        outgoing.waiting.push_back(message);
        self.take_turn(id, may_go);
    }

    /// Whether an item of this call would be taken now.
    pub fn can_send(&mut self, id: CallId) -> bool {
        let Some(call) = self.calls.get_mut(id) else { return false };
        call.flow.as_ref().is_none_or(|flow| flow.outgoing.waiting.is_empty())
    }

    /// The next call that had no room for another item and has some now.
    pub fn poll_sendable(&mut self) -> Option<CallId> {
        // What was taken off the outbox may have made room. Whoever sent what waited may fill it, before the next has
        // its turn: items one by one, each of another call, would all be copied for the sake of their turns.
        while self.sendable.is_empty() && self.take_next_turn() {}
        self.sendable.pop_front()
    }

    /// The peer granted a call more credit.
    pub(super) fn granted(&mut self, id: CallId, bytes: u64) {
        let Some(Flow { outgoing, .. }) = self.flow(id) else { return };
        outgoing.credit = outgoing.credit.saturating_add(bytes);
        let waits = !outgoing.waiting.is_empty();
        self.take_turn(id, waits);
    }

    /// As `granted`, by a frame, which is a waste if it lets us send nothing that we could not send anyway.
    pub(super) fn credited(&mut self, id: CallId, bytes: u64) {
        let window = u64::from(self.initial_credit_of_peer());
        match self.calls.get(id) {
            None => self.progress.late(),
            Some(Call { flow: Some(flow), .. })
                if u64::from(MESSAGE_COST) <= bytes && flow.outgoing.needs_credit(window) => {}
            Some(_) => self.progress.fruitless(),
        }
        self.granted(id, bytes);
    }

    /// The peer's hello says how much credit calls begin with; until then it was assumed to be the least.
    pub(super) fn grant_what_hello_grants(&mut self) {
        let more = self.initial_credit_of_peer() - INITIAL_CREDIT_MIN;
        for id in self.calls.flowing() {
            self.granted(id, more.into());
        }
    }

    /// Lets calls that wait write one part after the other, until there is enough to write.
    pub(super) fn take_turns(&mut self) {
        while self.take_next_turn() {}
    }

    /// Lets the next call write a part, if there is room and one waits.
    fn take_next_turn(&mut self) -> bool {
        let next = if self.outbox.len() < TURNS_LEN_MAX { self.turns.pop_front() } else { None };
        next.inspect(|id| self.take_one_turn(*id)).is_some()
    }

    fn take_one_turn(&mut self, id: CallId) {
        let (window, room, message_len_max) =
            (self.initial_credit_of_peer(), self.frame_room(), self.message_len_max());
        let Some(call) = self.calls.get_mut(id) else { return };
        let Some(flow) = &mut call.flow else { return };
        let outgoing = &mut flow.outgoing;
        outgoing.has_turn = false;
        let Some(message) = outgoing.waiting.front_mut() else { return };
        let parts = parts_in(room, message.metadata_len());
        let Some(part) = message.next_part(outgoing.credit, window, parts) else { return };
        let is_free = message.is_free(parts.whole_max);
        if !is_free {
            outgoing.credit -= if message.has_begun { part as u64 } else { cost(part) };
        }
        let details_max = parts.whole_max.min(message_len_max);
        write_part(&mut self.outbox, id, message, part, call.clamped_us, details_max);
        if message.rest().is_empty() {
            let ends = matches!(message.kind, Kind::Result(_) | Kind::Status(..));
            outgoing.waiting.pop_front();
            if ends {
                // The handler ended before.
                self.remove_here(id);
                return;
            }
        }
        match outgoing.waiting.is_empty() {
            false => self.take_turn(id, true),
            true if std::mem::take(&mut outgoing.is_owner_waiting) => self.sendable.push_back(id),
            true => {}
        }
    }

    /// Puts a call among those that take turns, if it `may_go` and is not there.
    fn take_turn(&mut self, id: CallId, may_go: bool) {
        let Some(flow) = self.calls.get_mut(id).and_then(|call| call.flow.as_mut()) else { return };
        if !may_go || std::mem::replace(&mut flow.outgoing.has_turn, true) {
            return;
        }
        // Calls that end leave their turns behind, and if the peer does not read, no turn comes.
        if 2 * self.calls.len() + TURNS_SWEEP_MIN <= self.turns.len() {
            self.turns.retain(|id| self.calls.get(*id).is_some());
        }
        self.turns.push_back(id);
    }

    /// Queues the rest of a message whose first part was written, or a message behind others.
    pub(super) fn queue(&mut self, id: CallId, message: Message) {
        if let Some(flow) = self.flow(id) {
            flow.outgoing.waiting.push_back(message);
            self.take_turn(id, true);
        }
    }

    /// Takes what was sent off the credit of a call.
    pub(super) fn spend(&mut self, id: CallId, bytes: u64) {
        if let Some(flow) = self.flow(id) {
            flow.outgoing.credit -= bytes;
        }
    }

    fn flow(&mut self, id: CallId) -> Option<&mut Flow> {
        let (credit, window) = (self.initial_credit_of_peer(), self.limits.initial_credit);
        Some(self.calls.get_mut(id)?.flow_mut(credit, window))
    }

    /// What one frame to the peer holds of a message, beside so much metadata. `None` if that leaves no room.
    pub(super) fn parts(&self, metadata_len: usize) -> Parts {
        parts_in(self.frame_room(), metadata_len)
    }

    /// Bytes of metadata and payload that fit a frame to the peer.
    pub(super) fn frame_room(&self) -> usize {
        let frame_len = self.peer.as_ref().map_or(before_hello::FRAME_LEN, |hello| hello.frame_len);
        frame_len as usize - HEADER_LEN_MAX
    }

    pub(super) fn message_len_max(&self) -> usize {
        self.peer.as_ref().map_or(before_hello::MESSAGE_LEN, |hello| hello.message_len) as usize
    }

    pub(super) fn metadata_len_max(&self) -> usize {
        let announced =
            self.peer.as_ref().map_or(before_hello::METADATA_LEN, |hello| hello.metadata_len) as usize;
        announced.min(self.frame_room())
    }

    pub(super) fn initial_credit_of_peer(&self) -> u32 {
        self.peer.as_ref().map_or(INITIAL_CREDIT_MIN, |hello| hello.initial_credit)
    }
}

/// What only a client sends.
impl<T> Connection<T> {
    /// Says that no items follow.
    pub fn half_close(&mut self, id: CallId) {
        let Some(flow) = self.flow(id) else { return };
        let outgoing = &mut flow.outgoing;
        if std::mem::replace(&mut outgoing.is_half_closed, true) {
            return;
        }
        match outgoing.waiting.is_empty() {
            true => frame::write_half_close(&mut self.outbox, id),
            false => outgoing.waiting.push_back(Message::new(Kind::HalfClose, Bytes::new())),
        }
    }
}

/// What only a server sends.
impl<T> Connection<T> {
    /// Sends the response's metadata, once and before the first item. A status says why it cannot be sent.
    pub fn respond(&mut self, id: CallId, metadata: &Metadata) -> Result<(), Status> {
        if self.metadata_len_max() < metadata.len_counted() {
            return Err(Status::new(Code::ResourceExhausted, "metadata is over the client's limit"));
        }
        let Some(flow) = self.flow(id) else { return Ok(()) };
        if std::mem::replace(&mut flow.outgoing.has_begun, true) {
            return Err(Status::new(
                Code::FailedPrecondition,
                "metadata goes once, and before the first item",
            ));
        }
        frame::write_response_metadata(&mut self.outbox, id, metadata);
        Ok(())
    }

    /// The handler of a call has ended, and with this. Says nothing to the peer if the call ended before it.
    pub fn reply(&mut self, id: CallId, result: Result<&[u8], &Status>) {
        self.reply_with(id, result.map(Payload::Slice), Closing::default());
    }

    /// As [`reply`](Self::reply), with what goes beside it.
    pub fn reply_with(&mut self, id: CallId, result: Result<Payload<'_>, &Status>, closing: Closing<'_>) {
        let metadata_len = closing.metadata.len_counted();
        let too_long = match result {
            _ if self.metadata_len_max() < metadata_len => {
                Some("trailing metadata is over the client's limit".to_owned())
            }
            Ok(payload) if self.message_len_max() < payload.len() => {
                Some(format!("a result of {} bytes is over the client's limit", payload.len()))
            }
            _ => None,
        };
        if let Some(why) = too_long {
            let status = Status::new(Code::ResourceExhausted, why).with_handler_ran(HandlerRan::Yes);
            return self.reply_in_turn(
                id,
                Err(&status),
                Closing { times: closing.times, ..Closing::default() },
            );
        }
        self.reply_in_turn(id, result, closing);
    }

    fn reply_in_turn(&mut self, id: CallId, result: Result<Payload<'_>, &Status>, closing: Closing<'_>) {
        let Some(call) = self.calls.get_mut(id) else { return self.calls.release() };
        call.has_handler = false;
        self.progress.useful();
        let is_alone = call.flow.as_ref().is_none_or(|flow| flow.outgoing.waiting.is_empty());
        let clamped_us = call.clamped_us;
        match result {
            Ok(payload)
                if is_alone && payload.len() <= self.parts(closing.metadata.len_counted()).whole_max =>
            {
                let mut frame = frame::Writer::new(&mut self.outbox);
                frame.end_ok(id, &closing.extensions(clamped_us), None);
                frame.finish(&payload);
                self.remove_here(id);
            }
            Ok(payload) => {
                self.queue_end(id, Message::new(Kind::Result(closing.into()), payload.to_bytes()));
            }
            Err(status) if is_alone => {
                self.write_status(id, status, &closing.extensions(clamped_us));
                self.remove_here(id);
            }
            Err(status) => {
                let status = Box::new(status.clone());
                self.queue_end(id, Message::new(Kind::Status(status, closing.into()), Bytes::new()));
            }
        }
    }

    /// Queues the end of a call, which waits until its deadline and no longer, also if its handler never had to.
    fn queue_end(&mut self, id: CallId, end: Message) {
        self.queue(id, end);
        if let Some(deadline) = self.calls.deadline(id) {
            self.deadlines.add(deadline, id, &self.calls);
        }
    }

    /// Ends a call at once and with this, whatever its handler does. What was kept with it comes back.
    pub fn fail(&mut self, id: CallId, status: &Status) -> Option<T> {
        let call = self.remove_here(id)?;
        self.write_status(id, status, &Closing::default().extensions(call.clamped_us));
        call.user
    }
}

impl<T> Connection<T> {
    pub(super) fn write_status(&mut self, id: CallId, status: &Status, more: &EndExtensions<'_>) {
        let details_max = self.parts(more.metadata.len_counted()).whole_max.min(self.message_len_max());
        write_status(&mut self.outbox, id, status, more, details_max);
    }
}

impl Closing<'_> {
    pub(super) fn extensions(&self, deadline_clamped_us: Option<u64>) -> EndExtensions<'_> {
        EndExtensions { metadata: self.metadata, times: self.times, deadline_clamped_us }
    }
}

impl From<Closing<'_>> for Ending {
    fn from(closing: Closing<'_>) -> Self {
        Self { metadata: closing.metadata.clone(), times: closing.times }
    }
}

impl Ending {
    fn extensions(&self, deadline_clamped_us: Option<u64>) -> EndExtensions<'_> {
        EndExtensions { metadata: &self.metadata, times: self.times, deadline_clamped_us }
    }
}

impl Message {
    /// What goes with the next part.
    fn metadata_len(&self) -> usize {
        match &self.kind {
            Kind::Result(ending) | Kind::Status(_, ending) if !self.has_begun => {
                ending.metadata.len_counted()
            }
            _ => 0,
        }
    }
}

fn parts_in(frame_room: usize, metadata_len: usize) -> Parts {
    let whole_max = frame_room.saturating_sub(metadata_len);
    Parts { whole_max, part_max: whole_max.min(PART_LEN_MAX) }
}

/// Writes the next part of a message as one frame.
fn write_part(
    outbox: &mut Vec<u8>,
    id: CallId,
    message: &mut Message,
    len: usize,
    clamped_us: Option<u64>,
    details_max: usize,
) {
    let total_len = (len < message.payload.len()).then_some(message.payload.len() as u64);
    match &message.kind {
        Kind::HalfClose => return frame::write_half_close(outbox, id),
        Kind::Status(status, ending) => {
            return write_status(outbox, id, status, &ending.extensions(clamped_us), details_max);
        }
        Kind::Arguments | Kind::Item | Kind::Result(_) => {}
    }
    let mut frame = frame::Writer::new(outbox);
    match &message.kind {
        _ if message.has_begun => frame.continuation(id),
        Kind::Result(ending) => frame.end_ok(id, &ending.extensions(clamped_us), total_len),
        _ => frame.item(id, total_len),
    }
    frame.finish(&message.payload[message.sent..message.sent + len]);
    message.sent += len;
    message.has_begun = true;
}

/// Writes an end with a status, without its details if they do not fit.
fn write_status(
    outbox: &mut Vec<u8>,
    id: CallId,
    status: &Status,
    more: &EndExtensions<'_>,
    details_max: usize,
) {
    let details = match status.details.len() <= details_max {
        true => &status.details[..],
        false => &[],
    };
    let mut frame = frame::Writer::new(outbox);
    frame.end_status(id, status, more);
    frame.finish(details);
}
