//! A client and a server, their applications, and what can happen to them.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use countersign_proto::{
    CallId, Closing, Code, Connection, Event, HandlerRan, Limits, Metadata, Opening, Received, Sending,
    Status,
};

use super::dice::Dice;
use super::stream::{Reading, Stream};
use super::wire::Wire;

const STEPS: u64 = 140;

/// Longer than a frame, and five times the window that each call has.
const MESSAGE_LEN: u32 = 80_000;
const WINDOW: u32 = 16 << 10;

/// The least that there can be: two of the longest messages with what each costs.
const BUDGET: u64 = 2 * (MESSAGE_LEN as u64 + 32);

/// A call that the client made, by its token.
#[derive(Debug)]
struct Call {
    id: Option<CallId>,
    ends: u32,
    stream: Stream,
}

/// A handler at the server, from the opening of its call to its own end.
#[derive(Debug)]
struct Handler {
    stopped: u32,
    stream: Stream,
}

pub(super) struct World {
    dice: Dice,
    now: Instant,
    client: Connection<u64>,
    server: Connection<CallId>,
    to_server: Wire,
    to_client: Wire,
    calls: Vec<Call>,
    handlers: BTreeMap<CallId, Handler>,
    /// Ids of which a handler ran.
    opened: Vec<CallId>,
    /// How many items each call was sent before its handler was done, by its token.
    sent_in_all: BTreeMap<u64, u64>,
    /// Most items are long.
    is_bulky: bool,
    lost: bool,
}

impl World {
    pub(super) fn new(seed: u64) -> Self {
        let mut dice = Dice(seed);
        let is_bulky = dice.one_in(3);
        let now = Instant::now();
        let limits = Limits {
            message_len: MESSAGE_LEN,
            initial_credit: WINDOW,
            receive_budget: 0,
            deadline_max: Duration::from_secs(1 + dice.below(20)),
            ..Limits::default()
        };
        let server_limits = Limits { calls_open: 1 + dice.below(12) as u32, ..limits.clone() };
        Self {
            dice,
            now,
            client: Connection::client(limits, "client", now),
            server: Connection::server(server_limits, "server", None, now),
            to_server: Wire::default(),
            to_client: Wire::default(),
            calls: Vec::new(),
            handlers: BTreeMap::new(),
            opened: Vec::new(),
            sent_in_all: BTreeMap::new(),
            is_bulky,
            lost: false,
        }
    }

    pub(super) fn run(mut self) {
        for _ in 0..STEPS {
            self.step();
            self.check_memory();
            if self.lost {
                break;
            }
        }
        if !self.lost {
            self.come_to_rest();
        }
        for (token, call) in self.calls.iter().enumerate() {
            assert_eq!(call.ends, 1, "call {token}, {call:?}");
        }
        assert!(self.handlers.values().all(|handler| handler.stopped <= 1));
        let mut opened = self.opened.clone();
        opened.sort_unstable();
        opened.dedup();
        assert_eq!(opened.len(), self.opened.len(), "no id opens twice");
    }

    fn step(&mut self) {
        match self.dice.below(100) {
            0..14 => self.open(),
            14..24 => self.finish_one(),
            24..29 => self.cancel(),
            29..41 => self.client_sends(),
            41..53 => self.handler_sends(),
            53..57 => self.half_close(),
            57..63 => self.client_reads(),
            63..69 => self.handler_reads(),
            69..81 => self.deliver_to_server(),
            81..93 => self.deliver_to_client(),
            93..98 => self.pass(),
            98 if self.dice.one_in(4) => self.go_away(),
            99 if self.dice.one_in(10) => self.lose_connection(),
            _ => {}
        }
    }

    fn open(&mut self) {
        let token = self.calls.len() as u64;
        let arguments = self.payload(token, MESSAGE_LEN + 200);
        let mut metadata = Metadata::new();
        if self.dice.one_in(5) {
            metadata.insert("token", token.to_string()).unwrap();
        }
        let timeout = self.dice.one_in(2).then(|| Duration::from_millis(self.dice.below(8_000)));
        let opening = Opening { timeout, metadata: &metadata, ..Opening::new("sim.World/call", &arguments) };
        self.calls.push(Call { id: None, ends: 0, stream: Stream::of(token) });
        match self.client.open(self.now, opening, token) {
            Ok(id) => self.calls.last_mut().unwrap().id = Some(id),
            Err(status) => {
                assert_eq!(status.handler_ran, HandlerRan::No);
                self.end(token);
            }
        }
    }

    /// A payload that begins with the token of its call: short as a rule, and now and then as long as can be.
    fn payload(&mut self, token: u64, len_max: u32) -> Vec<u8> {
        let len = match self.dice.one_in(if self.is_bulky { 2 } else { 12 }) {
            true => self.dice.below(len_max.into()),
            false => self.dice.below(220),
        };
        let mut payload = token.to_be_bytes().to_vec();
        payload.resize((len as usize).max(8), 0);
        payload
    }

    fn client_sends(&mut self) {
        let Some(id) = self.some_open_call().and_then(|call| call.id) else { return };
        let token = self.token_of(id);
        let item =
            self.calls[token as usize].stream.next_item(&mut self.dice, self.is_bulky, MESSAGE_LEN as usize);
        match self.client.send(id, &item) {
            Ok(Sending::Done | Sending::Queued) => self.call_of(id).stream.sent += 1,
            Ok(Sending::Busy | Sending::Ended) => {}
            Err(status) if status.code == Code::FailedPrecondition => {
                assert!(self.call_of(id).stream.half_closed);
            }
            // Before the server's hello little is allowed.
            Err(status) => assert!(self.client.peer().is_none(), "{status}"),
        }
    }

    fn handler_sends(&mut self) {
        let Some(id) = self.some_handler() else { return };
        let stream = &mut self.handlers.get_mut(&id).unwrap().stream;
        let item = stream.next_item(&mut self.dice, self.is_bulky, MESSAGE_LEN as usize);
        match self.server.send(id, &item) {
            Ok(Sending::Done | Sending::Queued) => stream.sent += 1,
            Ok(Sending::Busy | Sending::Ended) => {}
            Err(status) => panic!("{status}"),
        }
    }

    fn half_close(&mut self) {
        if let Some(call) = self.some_open_call() {
            call.stream.half_closed = true;
            let id = call.id.unwrap();
            self.client.half_close(id);
        }
    }

    fn client_reads(&mut self) {
        if let Some(call) = self.some_open_call() {
            let id = call.id.unwrap();
            let reading = call.stream.read();
            tell(&mut self.client, id, reading);
        }
    }

    fn handler_reads(&mut self) {
        if let Some(id) = self.some_handler() {
            let reading = self.handlers.get_mut(&id).unwrap().stream.read();
            tell(&mut self.server, id, reading);
        }
    }

    /// A handler ends, whether its call goes on or not.
    fn finish_one(&mut self) {
        if let Some(id) = self.some_handler() {
            self.finish(id);
        }
    }

    fn finish(&mut self, id: CallId) {
        let Handler { stream, stopped } = self.handlers.remove(&id).unwrap();
        let token = self.token_of(id);
        if stopped == 0 {
            self.sent_in_all.insert(token, stream.sent);
        }
        let payload = self.payload(token, MESSAGE_LEN);
        let mut metadata = Metadata::new();
        metadata.insert("token", token.to_string()).unwrap();
        let closing = Closing { metadata: &metadata, times: None };
        match self.dice.one_in(4) {
            true => self.server.reply(id, Err(&Status::not_found("none").with_details(payload))),
            false => self.server.reply_with(id, Ok((&payload).into()), closing),
        }
    }

    fn cancel(&mut self) {
        let ids: Vec<CallId> = self.calls.iter().filter_map(|call| call.id).collect();
        if let Some(token) = self.dice.pick(&ids).and_then(|id| self.client.cancel(id)) {
            self.end(token);
        }
    }

    fn deliver_to_server(&mut self) {
        self.to_server.carry(self.client.outbox(), &mut self.dice);
        let (mut taken, mut arrived) = (0, std::mem::take(&mut self.to_server.arrived));
        while let Received { taken: step @ 1.., event } =
            self.server.receive(self.now, &arrived[taken..]).expect("a good client")
        {
            taken += step;
            match event {
                Some(Event::Opened(opened)) => {
                    let token = token_in(&opened.arguments);
                    let said = opened.metadata.text("token").map(str::to_owned);
                    assert!(said.is_none_or(|said| said == token.to_string()));
                    let id = opened.id;
                    assert_eq!(token, self.calls.iter().position(|call| call.id == Some(id)).unwrap() as u64);
                    self.opened.push(id);
                    self.handlers.insert(id, Handler { stopped: 0, stream: Stream::of(token) });
                    match self.dice.one_in(6) {
                        true => self.finish(id),
                        false => assert_eq!(self.server.attach(id, id), Ok(())),
                    }
                }
                Some(Event::Item { id, item }) => {
                    let reading = self.handlers.get_mut(&id).expect("its handler runs").stream.arrived(&item);
                    tell(&mut self.server, id, reading);
                }
                Some(Event::HalfClosed { id }) => {
                    let token = self.token_of(id);
                    let all = self.calls[token as usize].stream.sent;
                    let handler = self.handlers.get(&id);
                    assert!(
                        handler.is_none_or(|handler| handler.stream.received == all),
                        "all items came first"
                    );
                }
                _ => {}
            }
        }
        arrived.drain(..taken);
        self.to_server.arrived = arrived;
        self.hear_stopped();
    }

    fn deliver_to_client(&mut self) {
        self.to_client.carry(self.server.outbox(), &mut self.dice);
        let (mut taken, mut arrived) = (0, std::mem::take(&mut self.to_client.arrived));
        while let Received { taken: step @ 1.., event } =
            self.client.receive(self.now, &arrived[taken..]).expect("a good server")
        {
            taken += step;
            match event {
                Some(Event::Ended(ended)) => {
                    let beside = ended.beside.unwrap_or_default();
                    self.ended(ended.call, ended.result, &beside.metadata);
                }
                Some(Event::Item { id, item }) => {
                    let call = self.calls.iter_mut().find(|call| call.id == Some(id)).unwrap();
                    assert_eq!(call.ends, 0, "no items after the end");
                    let reading = call.stream.arrived(&item);
                    tell(&mut self.client, id, reading);
                }
                _ => {}
            }
        }
        arrived.drain(..taken);
        self.to_client.arrived = arrived;
        self.hear_ended();
    }

    fn ended(&mut self, token: u64, result: Result<Cow<'_, [u8]>, Box<Status>>, metadata: &Metadata) {
        let is_of_handler = match &result {
            Ok(payload) => {
                assert_eq!(token_in(payload), token, "a reply to another call");
                assert_eq!(metadata.text("token"), Some(token.to_string().as_str()));
                true
            }
            // Details that are too long stay at home.
            Err(status) => {
                assert!(status.details.is_empty() || token_in(&status.details) == token, "of another call");
                status.code == Code::NotFound
            }
        };
        if is_of_handler {
            let received = self.calls[token as usize].stream.received;
            assert_eq!(self.sent_in_all.get(&token), Some(&received), "all items came before the end");
        }
        self.end(token);
    }

    fn pass(&mut self) {
        self.now += Duration::from_millis(match self.dice.one_in(8) {
            true => self.dice.below(30_000),
            false => self.dice.below(2_000),
        });
        self.client.handle_timeout(self.now);
        self.server.handle_timeout(self.now);
        self.hear_ended();
        self.hear_stopped();
        if self.client.is_silent(self.now) || self.server.is_silent(self.now) {
            self.lose_connection();
        }
    }

    fn go_away(&mut self) {
        match self.dice.one_in(4) {
            true => self.client.go_away(Code::Ok, "done"),
            false => self.server.go_away(Code::Unavailable, "maintenance"),
        }
    }

    /// Everything that is under way is lost, and with it what is open.
    fn lose_connection(&mut self) {
        self.lost = true;
        self.client.abandon().into_iter().for_each(|token| self.end(token));
        self.server.abandon().into_iter().for_each(|id| self.stop(id));
        assert_eq!(self.client.calls_open(), 0);
    }

    /// What applications have not read, and what may arrive at any moment, stays within the limits.
    fn check_memory(&self) {
        assert!(self.client.budget_used() <= BUDGET && self.server.budget_used() <= BUDGET);
        let open = self.calls.iter().filter(|call| call.id.is_some() && call.ends == 0);
        let at_client: u64 = open.clone().map(|call| call.stream.held()).sum();
        let running = self.handlers.values().filter(|handler| handler.stopped == 0);
        let at_server: u64 = running.clone().map(|handler| handler.stream.held()).sum();
        assert!(at_client <= open.count() as u64 * u64::from(WINDOW) + BUDGET);
        assert!(at_server <= running.count() as u64 * u64::from(WINDOW) + BUDGET);
    }

    /// Handlers end, frames arrive, applications read, until there is nothing left to happen: first while some
    /// read nothing, which must not keep the others, then all.
    fn come_to_rest(&mut self) {
        let open = self.calls.iter().filter(|call| call.ends == 0).filter_map(|call| call.id);
        let asleep: Vec<CallId> = open.filter(|_| self.dice.one_in(2)).collect();
        // Who comes late finds what the sleepers left.
        (0..4).for_each(|_| self.open());
        self.settle(&asleep);
        self.settle(&[]);
        assert!(self.handlers.is_empty() && self.rests());
        assert_eq!((self.client.calls_open(), self.server.calls_open()), (0, 0));
        assert_eq!((self.client.budget_used(), self.server.budget_used()), (0, 0));
    }

    /// Everything moves, but for the calls that are `asleep`, until nothing more can happen.
    fn settle(&mut self, asleep: &[CallId]) {
        for call in &mut self.calls {
            call.stream.sleeps = call.id.is_some_and(|id| asleep.contains(&id));
        }
        for _ in 0..400 {
            let running: Vec<CallId> =
                self.handlers.keys().copied().filter(|id| !asleep.contains(id)).collect();
            for id in running {
                for _ in 0..8 {
                    let reading = self.handlers.get_mut(&id).unwrap().stream.read();
                    tell(&mut self.server, id, reading);
                }
                if self.dice.one_in(3) {
                    self.finish(id);
                }
            }
            for at in 0..self.calls.len() {
                let Call { id: Some(id), ends: 0, stream } = &mut self.calls[at] else { continue };
                for _ in 0..8 {
                    let reading = stream.read();
                    tell(&mut self.client, *id, reading);
                }
            }
            self.deliver_to_server();
            self.deliver_to_client();
            self.check_memory();
            if self.handlers.keys().all(|id| asleep.contains(id)) && self.rests() {
                break;
            }
        }
        let others = self.calls.iter().filter(|call| call.id.is_some_and(|id| !asleep.contains(&id)));
        assert_eq!(others.filter(|call| call.ends == 0).count(), 0, "calls stand still");
    }

    fn rests(&mut self) -> bool {
        self.to_client.is_empty()
            && self.to_server.is_empty()
            && self.client.outbox().is_empty()
            && self.server.outbox().is_empty()
    }

    fn hear_ended(&mut self) {
        while let Some((token, _)) = self.client.poll_ended() {
            self.end(token);
        }
    }

    fn hear_stopped(&mut self) {
        while let Some((id, _)) = self.server.poll_ended() {
            self.stop(id);
        }
    }

    fn end(&mut self, token: u64) {
        self.calls[token as usize].ends += 1;
    }

    fn stop(&mut self, id: CallId) {
        // One whose reply waits for credit is not told any more.
        if let Some(handler) = self.handlers.get_mut(&id) {
            handler.stopped += 1;
        }
    }

    fn some_open_call(&mut self) -> Option<&mut Call> {
        let open: Vec<usize> = (0..self.calls.len())
            .filter(|at| self.calls[*at].id.is_some() && self.calls[*at].ends == 0)
            .collect();
        let at = self.dice.pick(&open)?;
        Some(&mut self.calls[at])
    }

    fn some_handler(&mut self) -> Option<CallId> {
        let running: Vec<CallId> = self.handlers.keys().copied().collect();
        self.dice.pick(&running)
    }

    fn call_of(&mut self, id: CallId) -> &mut Call {
        self.calls.iter_mut().find(|call| call.id == Some(id)).expect("it was opened")
    }

    fn token_of(&self, id: CallId) -> u64 {
        self.calls.iter().position(|call| call.id == Some(id)).expect("it was opened") as u64
    }
}

fn tell<T>(connection: &mut Connection<T>, id: CallId, reading: Option<Reading>) {
    match reading {
        Some(Reading::Consumed(len)) => connection.consumed(id, len),
        Some(Reading::Wants) => connection.wants(id),
        None => {}
    }
}

fn token_in(payload: &[u8]) -> u64 {
    u64::from_be_bytes(*payload.first_chunk().expect("a token"))
}
