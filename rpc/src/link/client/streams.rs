//! What the callers of streaming calls ask of their connection.

use std::borrow::Cow;
use std::sync::MutexGuard;
use std::task::{Poll, Waker};
use std::time::Instant;

use countersign_proto::{CallId, Code, HandlerRan, Metadata, Opening, Sending, Status};

use super::{Ended, Handle, NotSent, OpenCall, State, Turn, wake};
use crate::link::stream_slot::{Arrived, Side};
use crate::stream::{Row, Sum};

impl Handle {
    /// Opens a streaming call; `takes_items` if its server may send items. What it says until [`Self::cancel`]
    /// is kept.
    pub(crate) fn open_stream(
        &self,
        now: Instant,
        opening: Opening<'_>,
        turn: Option<Turn>,
        takes_items: bool,
    ) -> Result<OpenCall, NotSent> {
        let mut state = self.0.lock();
        let call = state.open(now, opening, turn.as_ref())?;
        state.calls.take_for_stream(takes_items);
        let driver = state.driver.take();
        unlocked(state, driver);
        Ok(call)
    }

    /// Sends an item once there is room for it. An error is the end of the call, or says why this item cannot
    /// be sent.
    pub(crate) fn poll_send(
        &self,
        call: OpenCall,
        item: &mut Vec<u8>,
        waker: &Waker,
    ) -> Poll<Result<(), Ended>> {
        let mut guard = self.0.lock();
        let state = &mut *guard;
        let Some(stream) = state.calls.stream(call.slot) else { return Poll::Ready(Err(given_up())) };
        if let Some(ended) = stream.ended() {
            return Poll::Ready(Err(ended.clone()));
        }
        let sent = match state.proto.send_owned(call.id, item) {
            Ok(Sending::Done | Sending::Queued) => Poll::Ready(Ok(())),
            Ok(Sending::Busy) => stream.wait(Side::Sending, waker),
            Ok(Sending::Ended) => Poll::Ready(Err(given_up())),
            Err(status) => Poll::Ready(Err(Ended::of(status))),
        };
        let driver = state.driver_of_output();
        unlocked(guard, driver);
        sent
    }

    /// Takes the server's next row of items in place of one that was consumed; none once the call has ended.
    pub(crate) fn poll_next(&self, call: OpenCall, row: &mut Row, waker: &Waker) -> Poll<()> {
        let mut guard = self.0.lock();
        let state = &mut *guard;
        state.consumed(call.id, row.finish());
        let Some(stream) = state.calls.stream(call.slot) else { return Poll::Ready(()) };
        let next = stream.poll_next(waker);
        if next.is_pending() {
            state.proto.wants(call.id);
        }
        let driver = state.driver_of_output();
        unlocked(guard, driver);
        next.map(|next| *row = next.unwrap_or_default())
    }

    /// Waits for the end, which stays.
    pub(crate) fn poll_stream_ended(&self, call: OpenCall, side: Side, waker: &Waker) -> Poll<Ended> {
        match self.0.lock().calls.stream(call.slot) {
            Some(stream) => stream.poll_ended(side, waker),
            None => Poll::Ready(given_up()),
        }
    }

    /// Whether the call has ended.
    pub(crate) fn has_stream_ended(&self, call: OpenCall) -> bool {
        self.0.lock().calls.stream(call.slot).is_none_or(|stream| stream.ended().is_some())
    }

    /// The metadata that the server sent before its first item, as far as it has come.
    pub(crate) fn response_metadata(&self, call: OpenCall) -> Metadata {
        self.0.lock().calls.stream(call.slot).map(|stream| stream.response.clone()).unwrap_or_default()
    }

    /// Sends no more items.
    pub(crate) fn half_close(&self, call: OpenCall) {
        let mut guard = self.0.lock();
        guard.proto.half_close(call.id);
        let driver = guard.driver_of_output();
        unlocked(guard, driver);
    }

    /// Takes no more items: those in `row`, those that are here and those that come are discarded.
    pub(crate) fn ignore(&self, call: OpenCall, row: &mut Row) {
        let mut guard = self.0.lock();
        let state = &mut *guard;
        let Some(stream) = state.calls.stream(call.slot) else { return };
        let discarded = stream.ignore().plus(row.finish());
        state.consumed(call.id, discarded);
        state.proto.wants(call.id);
        let driver = state.driver_of_output();
        unlocked(guard, driver);
    }

    /// Ends a call here and at the server, with this as what its caller is told.
    pub(crate) fn end_stream(&self, call: OpenCall, status: Status) {
        let mut guard = self.0.lock();
        let state = &mut *guard;
        state.proto.cancel(call.id);
        let mut woken = Vec::new();
        state.calls.end(call.slot, Ended::of(status), &mut woken);
        state.call_next(&mut woken);
        let driver = state.driver.take();
        drop(guard);
        woken.into_iter().for_each(Waker::wake);
        wake(driver);
    }
}

impl State {
    /// An item came. Items for which there is no place end their call.
    pub(super) fn item(&mut self, id: CallId, item: Cow<'_, [u8]>, wakers: &mut Vec<Waker>) {
        let Some(slot) = self.proto.get(id).copied() else { return };
        let len = item.len();
        let stream = self.calls.stream(slot);
        match stream.map_or(Arrived::Unexpected, |stream| stream.arrived(item)) {
            Arrived::Kept(waker) => wakers.extend(waker),
            Arrived::Discarded => {
                self.proto.consumed(id, len);
                self.proto.wants(id);
            }
            Arrived::Unexpected => {
                self.proto.cancel(id);
                let status = Status::internal("the server sent an item, and the procedure has none");
                let ended = Ended::of(status.with_handler_ran(HandlerRan::Yes));
                self.calls.end(slot, ended, wakers);
            }
        }
    }

    fn consumed(&mut self, id: CallId, Sum { items, len }: Sum) {
        if items != 0 {
            self.proto.consumed_many(id, items, len);
        }
    }

    /// Calls that can send again.
    pub(super) fn wake_senders(&mut self, wakers: &mut Vec<Waker>) {
        while let Some(id) = self.proto.poll_sendable() {
            let Some(slot) = self.proto.get(id).copied() else { continue };
            wakers.extend(self.calls.stream(slot).and_then(|stream| stream.waker(Side::Sending)));
        }
    }

    /// The driver, if there is something for it to write.
    fn driver_of_output(&mut self) -> Option<Waker> {
        if self.proto.outbox().is_empty() { None } else { self.driver.take() }
    }
}

/// Wakes the driver without the lock.
fn unlocked(guard: MutexGuard<'_, State>, driver: Option<Waker>) {
    drop(guard);
    wake(driver);
}

/// What is asked of a call after its caller gave it up.
fn given_up() -> Ended {
    Ended::of(Status::new(Code::Cancelled, "the call was given up"))
}
