//! The client's end of a connection: callers open calls under one short lock, and the driver hands back what
//! they end with.

mod arguments;
mod lasting;
mod line;
mod streams;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};
use std::time::Instant;

use countersign_proto::{
    self as proto, CallId, Code, Connection, Event, Limits, Metadata, Opening, PeerHello, Status, Times,
};

use super::slots::Slots;
use super::{ConnectionError, End, Lapse, Step, Tenure, Wish};
use crate::peer::Peer;
use crate::text;
use line::Line;

pub(crate) use arguments::Arguments;
#[cfg(feature = "tls")]
pub(crate) use lasting::Worn;
pub(crate) use line::Turn;

/// A connection as its callers hold it. The last one to let go closes it.
#[derive(Debug)]
pub(crate) struct Handle(Arc<Shared>);

/// The driver's hold on the same connection.
#[derive(Debug)]
pub(crate) struct ClientEnd {
    shared: Arc<Shared>,
    /// Whom to wake once the lock is free again; kept for its capacity.
    wakers: Vec<Waker>,
    /// When time matters next, as the driver saw it when it was woken last: who brings that forward wakes it again.
    timeout: Instant,
}

#[derive(Debug)]
struct Shared(Mutex<State>);

#[derive(Debug)]
struct State {
    proto: Connection<usize>,
    calls: Slots,
    line: Line,
    phase: Phase,
    /// Who the server is, once TLS is up.
    peer: Option<Arc<Peer>>,
    /// How long the connection may go on, once TLS is up.
    tenure: Option<Tenure>,
    /// Another connection should have taken the place of this one by now.
    is_due: bool,
    /// Why the server goes away, or we do, once one has said so.
    left: Option<Arc<ConnectionError>>,
    /// The call that was opened last, and the last one that the driver took to write it.
    opened: CallId,
    taken: CallId,
    /// How many calls were open when the driver took them.
    open_at_write: usize,
    /// Why the certificate of the server no longer counts, if that is so.
    lapse: Option<Lapse>,
    /// Calls that were opened.
    calls_made: u64,
    /// A call has ended with a result.
    answered: bool,
    /// Those who wait for the next phase.
    waiting: Vec<Waker>,
    driver: Option<Waker>,
}

#[derive(Debug, Clone)]
enum Phase {
    /// TLS, then the hellos.
    Connecting,
    Open,
    /// Everyone let go, or was asked to.
    Closing,
    Ended(Arc<ConnectionError>),
}

/// A call that is open on a connection.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OpenCall {
    id: CallId,
    slot: usize,
}

/// How a call ended that was open on a connection.
#[derive(Debug, Clone)]
pub(crate) enum Ended {
    Result(Answer),
    /// With what came beside it, if anything.
    Status(Box<Status>, Option<Box<Beside>>),
    /// The connection was over first.
    Lost(Arc<ConnectionError>),
}

/// The result of a call, and what came beside it.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) payload: Vec<u8>,
    /// Most calls have nothing beside their result.
    pub(crate) beside: Option<Box<Beside>>,
}

/// What came beside the end of a call.
#[derive(Debug, Clone, Default)]
pub(crate) struct Beside {
    pub(crate) response: Metadata,
    pub(crate) trailing: Metadata,
    pub(crate) times: Option<Times>,
}

/// Why a call was not sent.
#[derive(Debug)]
pub(crate) enum NotSent {
    /// The connection is over, or will be soon: another one may take the call.
    Leaving,
    /// As many calls are open as the server takes at once, or others wait for their turn.
    Full,
    /// The server will never take it.
    Never(Status),
}

/// Both holds on a connection that is yet to be made.
pub(crate) fn pair(limits: Limits, software: &str) -> (Arc<Handle>, ClientEnd) {
    let calls = Slots::new(limits.initial_credit);
    let proto = Connection::client(limits, software, Instant::now());
    let timeout = proto.poll_timeout();
    let shared = Arc::new(Shared(Mutex::new(State {
        proto,
        calls,
        line: Line::default(),
        phase: Phase::Connecting,
        peer: None,
        tenure: None,
        is_due: false,
        left: None,
        opened: 0,
        taken: 0,
        open_at_write: 0,
        lapse: None,
        calls_made: 0,
        answered: false,
        waiting: Vec::new(),
        driver: None,
    })));
    (Arc::new(Handle(shared.clone())), ClientEnd { shared, wakers: Vec::new(), timeout })
}

impl Handle {
    /// Who the server is, once it has proved it; also after the end.
    pub(crate) fn peer(&self) -> Option<Arc<Peer>> {
        self.0.lock().peer.clone()
    }

    pub(crate) fn hello(&self) -> Option<PeerHello> {
        self.0.lock().proto.peer()
    }

    /// Opens a call, takes its arguments over, and wakes `waker` at its end.
    pub(crate) fn open(
        &self,
        now: Instant,
        opening: Opening<'_>,
        turn: Option<Turn>,
        arguments: &mut Arguments,
        waker: &Waker,
    ) -> Result<OpenCall, NotSent> {
        let mut state = self.0.lock();
        let call = state.open(now, Opening { arguments: arguments.payload(), ..opening }, turn.as_ref())?;
        state.calls.take(waker, std::mem::take(arguments));
        let driver = state.driver.take();
        drop(state);
        wake(driver);
        Ok(call)
    }

    /// Whether any of a call may have been written before the connection ended.
    pub(crate) fn may_have_sent(&self, call: OpenCall) -> bool {
        call.id <= self.0.lock().taken
    }

    /// Whether calls are open.
    pub(crate) fn is_busy(&self) -> bool {
        self.0.lock().proto.calls_open() > 0
    }

    /// Calls that were opened over this connection.
    pub(crate) fn calls_made(&self) -> u64 {
        self.0.lock().calls_made
    }

    /// Whether a call over this connection has ended with a result.
    pub(crate) fn has_answered(&self) -> bool {
        self.0.lock().answered
    }

    /// Waits for the end of a call, and gives its arguments back. Once the end is there, the call is gone.
    pub(crate) fn poll_call(&self, call: OpenCall, waker: &Waker) -> Poll<(Ended, Arguments)> {
        self.0.lock().calls.poll(call.slot, waker)
    }

    /// Gives a call up whose end was not taken.
    pub(crate) fn cancel(&self, call: OpenCall) {
        let mut state = self.0.lock();
        state.calls.free(call.slot);
        if state.proto.cancel(call.id).is_some() {
            let mut woken = Vec::new();
            state.call_next(&mut woken);
            let driver = state.driver.take();
            drop(state);
            woken.into_iter().for_each(Waker::wake);
            wake(driver);
        }
    }
}

impl Ended {
    /// An end that was found on this side, or has nothing beside it.
    pub(super) fn of(status: Status) -> Self {
        Self::Status(Box::new(status), None)
    }

    /// Adds what came before the end.
    pub(super) fn follow(&mut self, response: Metadata) {
        if let Self::Result(Answer { beside, .. }) | Self::Status(_, beside) = self
            && !response.is_empty()
        {
            beside.get_or_insert_default().response = response;
        }
    }
}

impl ClientEnd {
    /// TLS is up, and this is who the server is.
    pub(crate) fn authenticated(&self, peer: Arc<Peer>, tenure: Tenure) {
        let mut state = self.shared.lock();
        state.peer = Some(peer);
        state.tenure = Some(tenure);
    }

    /// There will be no connection.
    pub(crate) fn failed(self, reason: ConnectionError) {
        self.shared.finish(reason);
    }
}

impl End for ClientEnd {
    fn receive(&mut self, now: Instant, bytes: &[u8]) -> Result<Step, ConnectionError> {
        let mut state = self.shared.lock();
        let received = state.receive(now, bytes, &mut self.wakers);
        let output_len = state.proto.outbox().len();
        wake_unlocked(state, &mut self.wakers);
        Ok(Step { taken: received?, more: false, output_len, replies: false })
    }

    fn collect(&mut self, waker: &Waker) -> Wish {
        let mut state = self.shared.lock();
        if !state.driver.as_ref().is_some_and(|driver| driver.will_wake(waker)) {
            state.driver = Some(waker.clone());
        }
        self.timeout = state.timeout();
        if let Some(lapse) = state.lapse {
            return Wish::Fail(ConnectionError::Lapsed(lapse));
        }
        match state.phase {
            Phase::Closing => {
                state.close(Arc::new(ConnectionError::ClosedHere));
                Wish::Close
            }
            Phase::Ended(_) => Wish::Close,
            _ if state.proto.is_drained() => {
                let reason = state.left.take().unwrap_or_else(|| Arc::new(ConnectionError::ClosedHere));
                state.close(reason);
                Wish::Close
            }
            _ => Wish::GoOn,
        }
    }

    fn take_outbox(&mut self, outbox: &mut Vec<u8>) {
        let mut state = self.shared.lock();
        // What was written made room for those who wait to send.
        state.wake_senders(&mut self.wakers);
        state.take_outbox(outbox);
        wake_unlocked(state, &mut self.wakers);
    }

    fn take_complete(&mut self, outbox: &mut Vec<u8>) -> bool {
        let mut state = self.shared.lock();
        state.wake_senders(&mut self.wakers);
        let is_complete = state.is_complete();
        if is_complete {
            state.take_outbox(outbox);
        }
        wake_unlocked(state, &mut self.wakers);
        is_complete
    }

    fn poll_timeout(&mut self) -> Instant {
        self.timeout
    }

    fn handle_timeout(&mut self, now: Instant) -> Result<(), ConnectionError> {
        let mut state = self.shared.lock();
        state.proto.handle_timeout(now);
        state.deliver_ended(&mut self.wakers);
        state.call_next(&mut self.wakers);
        if state.tenure.as_mut().is_some_and(|tenure| tenure.due.take_if(|due| *due <= now).is_some()) {
            state.is_due = true;
            self.wakers.append(&mut state.waiting);
        }
        let over = match state.tenure {
            Some(tenure) if tenure.end <= now => Err(ConnectionError::Lapsed(tenure.why)),
            _ if state.proto.is_silent(now) => Err(ConnectionError::Silent),
            _ => Ok(()),
        };
        wake_unlocked(state, &mut self.wakers);
        over
    }

    fn close(&mut self, code: Code, words: &str) {
        self.shared.lock().proto.close(code, words);
    }

    fn count(&mut self, _bytes_in: u64, _bytes_out: u64) {}

    fn end(&mut self, reason: ConnectionError) {
        self.shared.finish(reason);
    }
}

impl State {
    /// Opens a call, which is to take the next place.
    fn open(&mut self, now: Instant, opening: Opening<'_>, turn: Option<&Turn>) -> Result<OpenCall, NotSent> {
        if !matches!(self.phase, Phase::Open) {
            return Err(NotSent::Leaving);
        }
        if !self.line.lets_in(turn) {
            return Err(NotSent::Full);
        }
        let slot = self.calls.next_place();
        let id = self.proto.open(now, opening, slot).map_err(|status| self.not_sent(status))?;
        self.opened = id;
        self.calls_made += 1;
        if let Some(turn) = turn {
            self.has_opened(turn);
        }
        Ok(OpenCall { id, slot })
    }

    fn receive(
        &mut self,
        now: Instant,
        bytes: &[u8],
        wakers: &mut Vec<Waker>,
    ) -> Result<usize, ConnectionError> {
        let mut taken = 0;
        loop {
            let received = self.proto.receive(now, &bytes[taken..])?;
            match received.event {
                Some(Event::Ended(ended)) => self.ended(ended, wakers),
                Some(Event::Item { id, item }) => self.item(id, item, wakers),
                Some(Event::Metadata { id, metadata }) => {
                    if let Some(slot) = self.proto.get(id) {
                        self.calls.respond(*slot, metadata);
                    }
                }
                Some(Event::Connected) => {
                    if matches!(self.phase, Phase::Connecting) {
                        self.phase = Phase::Open;
                        self.line.set_places(self.proto.peer().map_or(0, |hello| hello.calls_open));
                    }
                    wakers.append(&mut self.waiting);
                }
                Some(Event::Closed { code, message }) => {
                    return Err(ConnectionError::ClosedByPeer { code, message: text::escaped(&message) });
                }
                Some(Event::GoingAway { code, message }) => {
                    let message = text::escaped(&message);
                    self.left = Some(Arc::new(ConnectionError::ClosedByPeer { code, message }));
                    self.disband(wakers);
                }
                Some(Event::Arriving { .. } | Event::Opened(_) | Event::HalfClosed { .. }) | None => {}
            }
            if received.taken == 0 {
                break;
            }
            taken += received.taken;
        }
        self.deliver_ended(wakers);
        self.call_next(wakers);
        self.wake_senders(wakers);
        Ok(taken)
    }

    fn ended(&mut self, ended: proto::Ended<'_, usize>, wakers: &mut Vec<Waker>) {
        let proto::Ended { call: slot, result, beside, .. } = ended;
        let beside = beside.map(|beside| {
            let proto::Beside { metadata: trailing, times, .. } = *beside;
            Box::new(Beside { response: Metadata::new(), trailing, times })
        });
        let ended = match result {
            Ok(payload) => {
                self.answered = true;
                Ended::Result(Answer { payload: self.calls.keep(slot, payload), beside })
            }
            Err(status) => Ended::Status(status, beside),
        };
        self.calls.end(slot, ended, wakers);
    }

    fn timeout(&self) -> Instant {
        let earliest = self.proto.poll_timeout();
        self.tenure.map_or(earliest, |Tenure { due, end, .. }| earliest.min(end).min(due.unwrap_or(end)))
    }

    /// Whether nobody is expected to add to the bytes for the server. A call that is the only one goes at once: its
    /// caller waits for nobody else. Where there were several at the last write, the others are about to call again.
    fn is_complete(&mut self) -> bool {
        let has_one_call =
            self.taken != self.opened && self.proto.calls_open() == 1 && self.open_at_write <= 1;
        has_one_call || self.proto.outbox().is_empty()
    }

    fn take_outbox(&mut self, outbox: &mut Vec<u8>) {
        if !self.proto.outbox().is_empty() {
            self.taken = self.opened;
            self.open_at_write = self.proto.calls_open();
            std::mem::swap(self.proto.outbox(), outbox);
        }
    }

    fn deliver_ended(&mut self, wakers: &mut Vec<Waker>) {
        while let Some((slot, status)) = self.proto.poll_ended() {
            self.calls.end(slot, Ended::of(status), wakers);
        }
    }

    fn not_sent(&self, status: Status) -> NotSent {
        match status.code {
            Code::Unavailable => NotSent::Leaving,
            Code::ResourceExhausted if self.line.is_full(self.proto.calls_open()) => NotSent::Full,
            _ => NotSent::Never(status),
        }
    }

    /// Says goodbye; the driver writes it and ends.
    fn close(&mut self, reason: Arc<ConnectionError>) {
        self.proto.close(Code::Ok, "");
        self.phase = Phase::Ended(reason);
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        // A panic under the lock would be a bug of ours; the state is still the best there is.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn finish(&self, reason: ConnectionError) {
        let mut wakers = Vec::new();
        let mut state = self.lock();
        let reason = match &state.phase {
            Phase::Ended(earlier) => earlier.clone(),
            _ => Arc::new(reason),
        };
        state.phase = Phase::Ended(reason.clone());
        // Some ended just before, and are known never to have been started.
        state.deliver_ended(&mut wakers);
        for slot in state.proto.abandon() {
            state.calls.end(slot, Ended::Lost(reason.clone()), &mut wakers);
        }
        state.disband(&mut wakers);
        drop(state);
        wakers.into_iter().for_each(Waker::wake);
    }
}

/// Wakes them without the lock.
fn wake_unlocked(state: MutexGuard<'_, State>, wakers: &mut Vec<Waker>) {
    drop(state);
    wakers.drain(..).for_each(Waker::wake);
}

fn wake(waker: Option<Waker>) {
    if let Some(waker) = waker {
        waker.wake();
    }
}
