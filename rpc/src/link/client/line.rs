//! Calls that a connection has no room for wait in line: first come, first served.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::task::{Poll, Waker};

use countersign_proto::{Code, HandlerRan, Status};

use super::{Handle, Phase, State};

/// Who waits until another call ends, and whose turn it is.
///
/// No limit bounds it: whoever waits is a future that its caller holds, and that leaves when it is dropped. To
/// refuse it would only move it to a line of the caller's own.
#[derive(Debug, Default)]
pub(super) struct Line {
    /// Calls that the server takes at once.
    places: usize,
    next: u64,
    waiting: BTreeMap<u64, Waker>,
    /// Those whose turn it is. A place is kept for each until it opens its call or leaves, so that nobody who
    /// comes later gets ahead of it.
    called: BTreeSet<u64>,
}

/// The place of one call in the line of a connection. Dropped, it is given up, and its turn goes to the next one.
#[derive(Debug)]
pub(crate) struct Turn {
    link: Arc<Handle>,
    ticket: u64,
}

impl Line {
    pub(super) fn set_places(&mut self, places: u32) {
        self.places = places as usize;
    }

    /// Whether the server takes no more than these.
    pub(super) fn is_full(&self, calls_open: usize) -> bool {
        self.places <= calls_open + self.called.len()
    }

    /// Whether nobody comes before this call.
    pub(super) fn lets_in(&self, turn: Option<&Turn>) -> bool {
        self.waiting.is_empty() && self.called.is_empty()
            || turn.is_some_and(|turn| self.called.contains(&turn.ticket))
    }

    fn join(&mut self, calls_open: usize) -> u64 {
        let ticket = self.next;
        self.next += 1;
        if self.is_full(calls_open) {
            self.waiting.insert(ticket, Waker::noop().clone());
        } else {
            self.called.insert(ticket);
        }
        ticket
    }

    fn poll(&mut self, ticket: u64, waker: &Waker) -> Poll<()> {
        match self.waiting.get_mut(&ticket) {
            Some(waiting) => {
                waiting.clone_from(waker);
                Poll::Pending
            }
            None => Poll::Ready(()),
        }
    }

    /// Its call is open, or nobody waits for it any more.
    fn leave(&mut self, ticket: u64) {
        if !self.called.remove(&ticket) {
            self.waiting.remove(&ticket);
        }
    }

    fn call(&mut self, calls_open: usize, wakers: &mut Vec<Waker>) {
        while !self.is_full(calls_open)
            && let Some((ticket, waker)) = self.waiting.pop_first()
        {
            self.called.insert(ticket);
            wakers.push(waker);
        }
    }

    fn disband(&mut self, wakers: &mut Vec<Waker>) {
        self.called.clear();
        wakers.extend(std::mem::take(&mut self.waiting).into_values());
    }
}

impl Turn {
    pub(crate) fn link(&self) -> &Arc<Handle> {
        &self.link
    }

    /// Waits until the call may be opened, or the connection takes no more calls: to open it tells which.
    pub(crate) fn poll(&self, waker: &Waker) -> Poll<()> {
        self.link.0.lock().line.poll(self.ticket, waker)
    }

    /// What a call ends with that waited for its turn as long as it could.
    pub(crate) fn too_late(&self) -> Status {
        let places = self.link.0.lock().line.places;
        let why =
            format!("the server takes {places} calls at once on a connection, and too few of them ended");
        Status::new(Code::ResourceExhausted, why).with_handler_ran(HandlerRan::No)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut wakers = Vec::new();
        let mut state = self.link.0.lock();
        state.line.leave(self.ticket);
        state.call_next(&mut wakers);
        drop(state);
        wakers.into_iter().for_each(Waker::wake);
    }
}

impl Handle {
    /// Joins the line behind all who are in it.
    pub(crate) fn line_up(self: &Arc<Self>) -> Turn {
        let mut state = self.0.lock();
        let ticket = match state.takes_calls() {
            true => {
                let calls_open = state.proto.calls_open();
                state.line.join(calls_open)
            }
            // Nobody will be called any more.
            false => u64::MAX,
        };
        Turn { link: self.clone(), ticket }
    }
}

impl State {
    fn takes_calls(&self) -> bool {
        matches!(self.phase, Phase::Open) && self.left.is_none()
    }

    /// A call took its turn.
    pub(super) fn has_opened(&mut self, turn: &Turn) {
        self.line.leave(turn.ticket);
    }

    /// Calls may have ended: as many of those who wait have their turn.
    pub(super) fn call_next(&mut self, wakers: &mut Vec<Waker>) {
        self.line.call(self.proto.calls_open(), wakers);
    }

    /// The connection takes no more calls: whoever waits for that is told, and whoever waits for a turn.
    pub(super) fn disband(&mut self, wakers: &mut Vec<Waker>) {
        wakers.append(&mut self.waiting);
        self.line.disband(wakers);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::Wake;
    use std::time::Instant;

    use countersign_proto::{Connection, Event, Limits, Opening};

    use super::*;
    use crate::link::client::{Arguments, ClientEnd, NotSent, OpenCall, pair};
    use crate::link::{ConnectionError, End as _};

    /// A server that takes two calls at once, and the client's end of a connection to it.
    struct Server {
        end: ClientEnd,
        proto: Connection<()>,
    }

    #[derive(Default)]
    struct Woken(AtomicUsize);

    impl Wake for Woken {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    impl Server {
        fn connected() -> (Arc<Handle>, Self) {
            let limits = Limits { calls_open: 2, ..Limits::default() };
            let (link, end) = pair(Limits::default(), "client");
            let mut server = Self { end, proto: Connection::server(limits, "server", None, Instant::now()) };
            server.speak();
            (link, server)
        }

        fn speak(&mut self) {
            let (bytes, mut heard) = (self.proto.take_outbox(), 0);
            while heard < bytes.len() {
                heard += self.end.receive(Instant::now(), &bytes[heard..]).expect("a good server").taken;
            }
        }

        /// Answers the calls that were opened.
        fn answers(&mut self) {
            let (mut bytes, mut heard, mut opened) = (Vec::new(), 0, Vec::new());
            self.end.take_outbox(&mut bytes);
            while heard < bytes.len() {
                let received = self.proto.receive(Instant::now(), &bytes[heard..]).expect("a good client");
                heard += received.taken;
                if let Some(Event::Opened(call)) = received.event {
                    opened.push(call.id);
                }
            }
            opened.into_iter().for_each(|id| self.proto.reply(id, Ok(b"\xf6")));
            self.speak();
        }
    }

    fn open(link: &Handle, turn: Option<Turn>) -> Result<OpenCall, NotSent> {
        let opening = Opening::new("test.Desk/wait", b"");
        link.open(Instant::now(), opening, turn, &mut Arguments::default(), Waker::noop())
    }

    fn is_called(turn: &Turn) -> bool {
        turn.poll(Waker::noop()).is_ready()
    }

    #[test]
    fn turns_come_in_the_order_of_arrival_one_for_each_call_that_ends() {
        let (link, mut server) = Server::connected();
        let calls = [open(&link, None), open(&link, None)].map(|call| call.expect("there is room"));
        assert!(matches!(open(&link, None), Err(NotSent::Full)));
        let turns: [Turn; 3] = std::array::from_fn(|_| link.line_up());
        let woken: [Arc<Woken>; 3] = Default::default();
        for (turn, woken) in turns.iter().zip(&woken) {
            assert!(turn.poll(&woken.clone().into()).is_pending());
        }
        link.cancel(calls[0]);
        assert_eq!(woken.each_ref().map(|woken| woken.0.load(Ordering::Relaxed)), [1, 0, 0]);
        server.answers();
        assert_eq!(woken.each_ref().map(|woken| woken.0.load(Ordering::Relaxed)), [1, 1, 0]);
        assert_eq!(turns.each_ref().map(is_called), [true, true, false]);
    }

    #[test]
    fn nobody_overtakes_those_who_wait() {
        let (link, _server) = Server::connected();
        let calls = [open(&link, None), open(&link, None)].map(|call| call.expect("there is room"));
        let [first, second] = std::array::from_fn(|_| link.line_up());
        link.cancel(calls[0]);
        assert!(matches!(open(&link, None), Err(NotSent::Full)), "the place is kept");
        open(&link, Some(first)).expect("its turn has come");
        link.cancel(calls[1]);
        open(&link, Some(second)).expect("its turn has come");
        let third = link.line_up();
        assert!(!is_called(&third));
        drop(third);
        assert!(matches!(open(&link, None), Err(NotSent::Full)), "two calls are open");
    }

    #[test]
    fn a_turn_that_is_given_up_is_the_next_ones() {
        let (link, _server) = Server::connected();
        let calls = [open(&link, None), open(&link, None)].map(|call| call.expect("there is room"));
        let [first, second, third, fourth] = std::array::from_fn(|_| link.line_up());
        drop(second);
        link.cancel(calls[0]);
        assert_eq!([is_called(&first), is_called(&third)], [true, false]);
        drop(first);
        assert_eq!([is_called(&third), is_called(&fourth)], [true, false]);
        drop([third, fourth]);
        open(&link, None).expect("nobody is left in the line");
    }

    #[test]
    fn a_turn_that_comes_too_late_for_its_arguments_is_the_next_ones() {
        let (link, _server) = Server::connected();
        let calls = [open(&link, None), open(&link, None)].map(|call| call.expect("there is room"));
        let [first, second] = std::array::from_fn(|_| link.line_up());
        link.cancel(calls[0]);
        let long = "x".repeat(1 << 16);
        let opening = Opening::new(&long, b"");
        let refused =
            link.open(Instant::now(), opening, Some(first), &mut Arguments::default(), Waker::noop());
        assert!(matches!(refused, Err(NotSent::Never(_))));
        assert!(is_called(&second));
    }

    #[test]
    fn whoever_comes_just_after_a_call_has_ended_need_not_wait() {
        let (link, mut server) = Server::connected();
        let _calls = [open(&link, None), open(&link, None)].map(|call| call.expect("there is room"));
        assert!(matches!(open(&link, None), Err(NotSent::Full)));
        server.answers();
        let turn = link.line_up();
        assert!(is_called(&turn));
        open(&link, Some(turn)).expect("there is room");
    }

    #[test]
    fn all_go_on_to_the_next_connection_when_this_one_takes_no_more_calls() {
        let goes_away = |link: &Handle, _: &mut Server| link.drain();
        let is_told_to = |_: &Handle, server: &mut Server| {
            server.proto.go_away(Code::Unavailable, "as the test says");
            server.speak();
        };
        let ends = |_: &Handle, server: &mut Server| server.end.end(ConnectionError::Cut);
        for end in [goes_away as fn(&Handle, &mut Server), is_told_to, ends] {
            let (link, mut server) = Server::connected();
            let _calls = [open(&link, None), open(&link, None)].map(|call| call.expect("there is room"));
            let (turn, woken) = (link.line_up(), Arc::<Woken>::default());
            assert!(turn.poll(&woken.clone().into()).is_pending());
            end(&link, &mut server);
            assert_eq!(woken.0.load(Ordering::Relaxed), 1);
            for turn in [turn, link.line_up()] {
                assert!(is_called(&turn));
                assert!(matches!(open(&link, Some(turn)), Err(NotSent::Leaving)));
            }
        }
    }

    #[cfg(feature = "tls")]
    #[tokio::test(start_paused = true)]
    async fn whoever_waits_no_longer_is_told_that_there_was_no_room() {
        use std::time::Duration;

        let (client, (link, _server)) = (crate::Client::of_a_test(), Server::connected());
        let calls = [open(&link, None), open(&link, None)].map(|call| call.expect("there is room"));
        let begun = tokio::time::Instant::now();
        let give_up = begun.into_std() + Duration::from_secs(20);
        let waited = client.wait_for_turn(link.line_up(), give_up).await;
        let Err(crate::CallError::Status(status)) = waited else { panic!("nobody ended") };
        assert_eq!((status.code, status.handler_ran), (Code::ResourceExhausted, HandlerRan::No));
        assert!(Duration::from_secs(20) <= begun.elapsed());
        link.cancel(calls[0]);
        open(&link, None).expect("it is in the line no more");
    }
}
