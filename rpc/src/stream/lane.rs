//! What the handler of a streaming call and the driver of its connection share.
//!
//! The handler leaves items and takes items; the driver carries them to the protocol and back, a batch at a
//! time. Whoever waits is woken after the lock is free again.

use std::borrow::Cow;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};
use std::time::Instant;

use countersign_proto::{Code, Status};

use super::{Encoded, Item, Items, Row, Sum};
use crate::service::Reply;

/// Bytes that a handler may leave for the driver before it waits: as many as a part of a long message has, so that
/// streams and long messages send alike in their turns, and not more, since the rest of the memory of a stream is the
/// peer's credit.
const LANE_LEN_MAX: usize = 32 << 10;

/// The items of one streaming call on a server, both ways.
pub(crate) struct Lane {
    state: Mutex<State>,
    /// Consumption is reported once it is so many bytes, or when the handler waits.
    report_after: usize,
    /// Tells the driver that there is something in the lane.
    bell: Box<dyn Fn() + Send + Sync>,
}

struct State {
    incoming: Items,
    /// The caller sends no more items.
    half_closed: bool,
    /// Nobody will take what arrives.
    ignored: bool,
    /// The items that were consumed since the last report.
    consumed: Sum,
    /// The handler waits for an item, and the driver has not been told.
    wants: bool,
    outgoing: Items,
    outgoing_len: usize,
    /// The caller had no room for what is there: the driver comes again by itself.
    stalled: bool,
    /// When the first item was sent: it is too late then for what must come before.
    begun: Option<Instant>,
    /// Why the call takes nothing more, once it does not.
    over: Option<Status>,
    /// What the handler ended with; it goes after the items.
    reply: Option<Reply>,
    /// The bell has rung, and the driver has not come yet.
    rung: bool,
    receiver: Option<Waker>,
    /// A sender may be shared by several tasks.
    senders: Vec<Waker>,
}

/// What the handler did with the items that arrived, since the last time the driver asked.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Progress {
    /// The items that it consumed.
    pub(crate) consumed: Sum,
    /// It waits for the next one.
    pub(crate) wants: bool,
}

/// What the handler does.
impl Lane {
    /// A lane whose driver is called by `bell`. The peer sends at most `window` bytes that were not consumed.
    pub(crate) fn new(window: u32, bell: impl Fn() + Send + Sync + 'static) -> Self {
        let state = Mutex::new(State::new(window));
        Self { state, report_after: window as usize / 4, bell: Box::new(bell) }
    }

    /// Leaves an item for the caller, once there is room. Until then it stays where it is.
    pub(crate) fn poll_send(&self, item: &mut Encoded, waker: &Waker) -> Poll<Result<(), Status>> {
        let mut state = self.lock();
        if let Some(status) = &state.over {
            return Poll::Ready(Err(status.clone()));
        }
        if LANE_LEN_MAX <= state.outgoing_len {
            if !state.senders.iter().any(|sender| sender.will_wake(waker)) {
                state.senders.push(waker.clone());
            }
            return Poll::Pending;
        }
        state.begun.get_or_insert_with(Instant::now);
        state.outgoing_len += Sum { items: 1, len: item.len() }.cost();
        state.outgoing.push_from(item);
        if !state.stalled {
            self.ring(state);
        }
        Poll::Ready(Ok(()))
    }

    /// Takes the caller's next row of items in place of one that was consumed; none after the last one.
    pub(crate) fn poll_next(&self, row: &mut Row, waker: &Waker) -> Poll<Result<(), Status>> {
        let mut state = self.lock();
        state.consume(row.finish());
        if let Some(status) = &state.over {
            return Poll::Ready(Err(status.clone()));
        }
        if let Some(next) = state.incoming.pop() {
            *row = next;
            if self.report_after <= state.consumed.cost() {
                self.ring(state);
            }
            return Poll::Ready(Ok(()));
        }
        if state.half_closed {
            return Poll::Ready(Ok(()));
        }
        match &mut state.receiver {
            Some(receiver) => receiver.clone_from(waker),
            none => *none = Some(waker.clone()),
        }
        state.wants = true;
        self.ring(state);
        Poll::Pending
    }

    /// Nobody will take what arrives, nor what is left of a row: it is discarded, so that the caller is not held up.
    pub(crate) fn ignore(&self, row: &mut Row) {
        let mut state = self.lock();
        if state.over.is_none() {
            state.consume(row.finish());
            state.ignore();
            state.wants = !state.half_closed;
            self.ring(state);
        }
    }

    /// When the first item was sent, if one was.
    pub(crate) fn begun(&self) -> Option<Instant> {
        self.lock().begun
    }

    /// Calls the driver, unless it was called and has not come yet.
    fn ring(&self, mut state: MutexGuard<'_, State>) {
        let rung = std::mem::replace(&mut state.rung, true);
        drop(state);
        if !rung {
            (self.bell)();
        }
    }
}

/// What the driver does.
impl Lane {
    /// An item came from the caller. Returns whether it was discarded, and so is consumed.
    pub(crate) fn arrived(&self, item: Cow<'_, [u8]>) -> bool {
        let mut state = self.lock();
        if state.ignored {
            return true;
        }
        state.incoming.push(item);
        wake_after(state, |state| state.receiver.take());
        false
    }

    /// The caller sends no more items.
    pub(crate) fn half_closed(&self) {
        let mut state = self.lock();
        state.half_closed = true;
        wake_after(state, |state| state.receiver.take());
    }

    /// The driver has come: takes what the handler did with what arrived.
    pub(crate) fn progress(&self) -> Progress {
        let mut state = self.lock();
        state.rung = false;
        Progress { consumed: std::mem::take(&mut state.consumed), wants: std::mem::take(&mut state.wants) }
    }

    /// Hands out the items for the caller, in order, for as long as `send` takes them. Returns whether it took
    /// all.
    pub(crate) fn drain(&self, send: impl FnMut(Item<'_>) -> bool) -> bool {
        let mut state = self.lock();
        let sent = state.outgoing.take_while(send);
        state.outgoing_len -= sent.cost();
        let is_empty = state.outgoing.is_empty();
        state.stalled = !is_empty;
        if state.outgoing_len < LANE_LEN_MAX {
            wake_after(state, |state| std::mem::take(&mut state.senders));
        }
        is_empty
    }

    /// The handler has ended: what it left is still sent, then this, and nothing is added.
    pub(crate) fn finish(&self, reply: Reply) {
        let mut state = self.lock();
        state.reply = Some(reply);
        state.end(&Status::new(Code::Cancelled, "the handler of this call has ended"));
        wake_after(state, State::everyone);
    }

    /// What the handler ended with. To be asked when its items were sent.
    pub(crate) fn take_reply(&self) -> Option<Reply> {
        self.lock().reply.take()
    }

    /// The call is over: everything in the lane is dropped. Returns what the handler ended with, if it had.
    pub(crate) fn fail(&self, status: &Status) -> Option<Reply> {
        let mut state = self.lock();
        state.end(status);
        state.outgoing.clear();
        state.outgoing_len = 0;
        let reply = state.reply.take();
        wake_after(state, State::everyone);
        reply
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn new(window: u32) -> Self {
        Self {
            incoming: Items::new(window),
            half_closed: false,
            ignored: false,
            consumed: Sum::default(),
            wants: false,
            outgoing: Items::new(window),
            outgoing_len: 0,
            stalled: false,
            begun: None,
            over: None,
            reply: None,
            rung: false,
            receiver: None,
            senders: Vec::new(),
        }
    }

    fn consume(&mut self, items: Sum) {
        self.consumed = self.consumed.plus(items);
    }

    fn end(&mut self, status: &Status) {
        self.over.get_or_insert_with(|| status.clone());
        self.ignore();
    }

    /// Takes the wakers of all who wait.
    fn everyone(&mut self) -> impl Iterator<Item = Waker> + use<> {
        std::mem::take(&mut self.senders).into_iter().chain(self.receiver.take())
    }

    fn ignore(&mut self) {
        self.ignored = true;
        let discarded = self.incoming.clear();
        self.consume(discarded);
    }
}

/// Wakes those whom `whom` takes out of the state, without the lock.
fn wake_after<W: IntoIterator<Item = Waker>>(
    mut state: MutexGuard<'_, State>,
    whom: impl FnOnce(&mut State) -> W,
) {
    let wakers = whom(&mut state);
    drop(state);
    wakers.into_iter().for_each(Waker::wake);
}

impl fmt::Debug for Lane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.lock();
        f.debug_struct("Lane")
            .field("incoming", &state.incoming.len())
            .field("outgoing", &state.outgoing.len())
            .field("over", &state.over)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::{Wake, ready};

    use countersign_proto::limits::MESSAGE_COST;

    use super::*;

    const WINDOW: u32 = 4 << 10;

    /// A lane, and how often its bell rang.
    fn lane() -> (Lane, Arc<AtomicUsize>) {
        let rings = Arc::new(AtomicUsize::new(0));
        let bell = rings.clone();
        let ring = move || {
            bell.fetch_add(1, Ordering::Relaxed);
        };
        (Lane::new(WINDOW, ring), rings)
    }

    #[derive(Default)]
    struct Woken(AtomicUsize);

    impl Wake for Woken {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn send(lane: &Lane, len: usize) -> Poll<Result<(), Status>> {
        lane.poll_send(&mut vec![0; len].into(), Waker::noop())
    }

    /// How many bytes come next.
    fn next(lane: &Lane, row: &mut Row) -> Poll<Result<Option<usize>, Status>> {
        if row.is_empty()
            && let Err(status) = ready!(lane.poll_next(row, Waker::noop()))
        {
            return Poll::Ready(Err(status));
        }
        Poll::Ready(Ok(row.next().map(|item| item.len())))
    }

    fn over() -> Status {
        Status::new(Code::DeadlineExceeded, "the deadline passed")
    }

    #[test]
    fn the_driver_is_called_once_for_many_items() {
        let (lane, rings) = lane();
        for _ in 0..10 {
            assert_eq!(send(&lane, 10), Poll::Ready(Ok(())));
        }
        assert_eq!(rings.load(Ordering::Relaxed), 1);
        lane.progress();
        assert_eq!(send(&lane, 10), Poll::Ready(Ok(())));
        assert_eq!(rings.load(Ordering::Relaxed), 2);
    }

    #[test]
    fn a_sender_waits_while_the_lane_is_full_and_is_woken_when_it_is_not() {
        let (lane, _) = lane();
        assert_eq!(send(&lane, LANE_LEN_MAX), Poll::Ready(Ok(())));
        let (woken, mut item) = (Arc::new(Woken::default()), Encoded::from(vec![7]));
        let waker = Waker::from(woken.clone());
        assert_eq!(lane.poll_send(&mut item, &waker), Poll::Pending);
        assert_eq!(item[..], [7], "it was not taken");
        assert!(!lane.drain(|_| false), "the peer takes nothing yet");
        assert_eq!(woken.0.load(Ordering::Relaxed), 0);
        assert!(lane.drain(|_| true));
        assert_eq!(woken.0.load(Ordering::Relaxed), 1);
        assert_eq!(lane.poll_send(&mut item, &waker), Poll::Ready(Ok(())));
    }

    #[test]
    fn items_keep_their_order_across_interruptions() {
        let (lane, _) = lane();
        for len in 1..=3 {
            assert_eq!(send(&lane, len), Poll::Ready(Ok(())));
        }
        let mut sent = Vec::new();
        let is_empty = lane.drain(|item| {
            let room = sent.len() < 2;
            if room {
                sent.push(item.len());
            }
            room
        });
        assert!(!is_empty);
        assert!(lane.drain(|item| {
            sent.push(item.len());
            true
        }));
        assert_eq!(sent, [1, 2, 3]);
    }

    #[test]
    fn consumption_is_reported_by_the_quarter_of_the_window() {
        const LEN: usize = 256 - MESSAGE_COST as usize;
        let (lane, rings) = lane();
        let mut row = Row::default();
        for _ in 0..10 {
            assert!(!lane.arrived(vec![0; LEN].into()));
        }
        for _ in 0..4 {
            assert_eq!(next(&lane, &mut row), Poll::Ready(Ok(Some(LEN))));
            assert_eq!(rings.load(Ordering::Relaxed), 0);
        }
        assert!(next(&lane, &mut row).is_ready());
        assert_eq!(rings.load(Ordering::Relaxed), 1);
        assert_eq!(lane.progress(), Progress { consumed: Sum { items: 4, len: 4 * LEN }, wants: false });
    }

    #[test]
    fn a_receiver_that_waits_says_so_with_all_that_it_consumed() {
        let (lane, rings) = lane();
        let mut row = Row::default();
        assert!(!lane.arrived(vec![0; 10].into()));
        assert!(next(&lane, &mut row).is_ready() && rings.load(Ordering::Relaxed) == 0);
        assert!(next(&lane, &mut row).is_pending());
        assert_eq!(rings.load(Ordering::Relaxed), 1);
        assert_eq!(lane.progress(), Progress { consumed: Sum { items: 1, len: 10 }, wants: true });
        assert_eq!(lane.progress(), Progress::default());
    }

    #[test]
    fn after_the_half_close_the_items_end() {
        let (lane, _) = lane();
        let mut row = Row::default();
        let woken = Arc::new(Woken::default());
        assert!(lane.poll_next(&mut row, &Waker::from(woken.clone())).is_pending());
        assert!(!lane.arrived(vec![1].into()));
        lane.half_closed();
        assert_eq!(woken.0.load(Ordering::Relaxed), 1);
        assert_eq!(next(&lane, &mut row), Poll::Ready(Ok(Some(1))));
        assert_eq!(next(&lane, &mut row), Poll::Ready(Ok(None)));
    }

    #[test]
    fn what_nobody_takes_is_consumed() {
        let (lane, rings) = lane();
        let mut row = Row::default();
        for len in [10, 10_000, 3] {
            assert!(!lane.arrived(vec![0; len].into()));
        }
        assert!(next(&lane, &mut row).is_ready());
        lane.ignore(&mut row);
        assert_eq!(rings.load(Ordering::Relaxed), 1);
        assert_eq!(lane.progress().consumed, Sum { items: 3, len: 10_013 });
        assert!(lane.arrived(vec![0; 20].into()), "it is discarded");
    }

    #[test]
    fn a_call_that_is_over_says_so_to_both_ends_and_drops_its_items() {
        let (lane, _) = lane();
        let mut row = Row::default();
        let woken = Arc::new(Woken::default());
        let waker = Waker::from(woken.clone());
        assert_eq!(send(&lane, LANE_LEN_MAX), Poll::Ready(Ok(())));
        assert!(lane.poll_send(&mut vec![1].into(), &waker).is_pending());
        assert!(lane.poll_next(&mut row, &waker).is_pending());
        assert!(lane.fail(&over()).is_none());
        lane.finish(Ok(Vec::new()));
        assert_eq!(woken.0.load(Ordering::Relaxed), 2);
        assert_eq!(send(&lane, 1), Poll::Ready(Err(over())));
        assert_eq!(next(&lane, &mut row), Poll::Ready(Err(over())));
        assert!(lane.drain(|_| unreachable!("nothing is left")));
    }

    #[test]
    fn what_a_handler_left_at_its_end_is_still_sent() {
        let (lane, _) = lane();
        assert_eq!(send(&lane, 5), Poll::Ready(Ok(())));
        lane.finish(Ok(vec![1]));
        assert!(matches!(send(&lane, 1), Poll::Ready(Err(_))));
        let mut sent = Vec::new();
        assert!(lane.drain(|item| {
            sent.push(item.len());
            true
        }));
        assert_eq!((sent, lane.take_reply()), (vec![5], Some(Ok(vec![1]))));
    }
}
