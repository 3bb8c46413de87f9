//! A client and a server with nothing between them, and a clock that moves when it is told to.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use countersign_proto::{CallId, Code, Connection, Event, Limits, Opening, Received, Sending, Status};

pub(crate) struct Pair {
    now: Instant,
    client: Connection<()>,
    server: Connection<CallId>,
    /// Handlers do not end when they are told to stop.
    pub(crate) slow: bool,
    running: HashSet<CallId>,
    /// Handlers that were told to stop, and have not.
    overdue: Vec<CallId>,
    /// Items that arrived, at either side.
    pub(crate) items: u64,
    /// Calls that the client heard the result of.
    pub(crate) answered: u64,
    /// Calls that the client was refused.
    pub(crate) refused: u64,
    /// Handlers that were told to stop.
    pub(crate) stopped: u64,
}

impl Pair {
    /// Both have these limits, and were greeted.
    pub(crate) fn connected(limits: Limits) -> Self {
        let now = Instant::now();
        let mut pair = Self {
            now,
            client: Connection::client(limits.clone(), "client", now),
            server: Connection::server(limits, "server", None, now),
            slow: false,
            running: HashSet::new(),
            overdue: Vec::new(),
            items: 0,
            answered: 0,
            refused: 0,
            stopped: 0,
        };
        pair.run();
        pair
    }

    pub(crate) fn open(&mut self, timeout: Option<Duration>) -> CallId {
        let opening = Opening { timeout, ..Opening::new("a/b", b"\xa0") };
        self.client.open(self.now, opening, ()).expect("within the limits")
    }

    pub(crate) fn cancel(&mut self, id: CallId) {
        self.client.cancel(id).expect("it is open");
    }

    pub(crate) fn answer(&mut self, id: CallId) {
        assert!(self.running.remove(&id), "its handler runs");
        self.server.reply(id, Ok(b"\xf6"));
    }

    pub(crate) fn client_sends(&mut self, id: CallId, item: &[u8]) {
        assert_ne!(self.client.send(id, item).unwrap(), Sending::Busy);
    }

    pub(crate) fn server_sends(&mut self, id: CallId, item: &[u8]) {
        assert_ne!(self.server.send(id, item).unwrap(), Sending::Busy);
    }

    pub(crate) fn finish_handlers_of_ended_calls(&mut self) {
        for id in self.overdue.drain(..) {
            self.server.reply(id, Err(&Status::new(Code::Cancelled, "stopped")));
        }
    }

    /// Time passes for both before either hears of the other.
    pub(crate) fn pass(&mut self, time: Duration) {
        self.now += time;
        self.client.handle_timeout(self.now);
        self.server.handle_timeout(self.now);
        self.run();
    }

    /// Frames travel until both sides rest. Neither may find fault with the other.
    pub(crate) fn run(&mut self) {
        loop {
            self.hear_ended();
            let (to_server, to_client) = (self.client.take_outbox(), self.server.take_outbox());
            if to_server.is_empty() && to_client.is_empty() {
                return;
            }
            self.server_hears(&to_server);
            self.client_hears(&to_client);
        }
    }

    fn server_hears(&mut self, mut bytes: &[u8]) {
        while let Received { taken: taken @ 1.., event } = self.server.receive(self.now, bytes).unwrap() {
            bytes = &bytes[taken..];
            match event {
                Some(Event::Opened(opened)) => {
                    self.running.insert(opened.id);
                    self.server.attach(opened.id, opened.id).unwrap();
                }
                Some(Event::Item { id, item }) => {
                    self.items += 1;
                    self.server.consumed(id, item.len());
                    self.server.wants(id);
                }
                _ => {}
            }
        }
    }

    fn client_hears(&mut self, mut bytes: &[u8]) {
        while let Received { taken: taken @ 1.., event } = self.client.receive(self.now, bytes).unwrap() {
            bytes = &bytes[taken..];
            match event {
                Some(Event::Ended(ended)) => match ended.result {
                    Ok(_) => self.answered += 1,
                    Err(_) => self.refused += 1,
                },
                Some(Event::Item { id, item }) => {
                    self.items += 1;
                    self.client.consumed(id, item.len());
                    self.client.wants(id);
                }
                _ => {}
            }
        }
    }

    fn hear_ended(&mut self) {
        while self.client.poll_ended().is_some() {}
        while let Some((id, _)) = self.server.poll_ended() {
            self.stopped += 1;
            self.running.remove(&id);
            self.overdue.push(id);
        }
        if !self.slow {
            self.finish_handlers_of_ended_calls();
        }
    }
}
