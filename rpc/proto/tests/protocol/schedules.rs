//! Thousands of schedules on a pair with virtual time: opens, replies, cancels, deadlines, going away and lost
//! connections in any order. Every call ends exactly once, and with what was meant for it.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use countersign_proto::{
    CallId, Code, Connection, Ended, Event, HandlerRan, Limits, Metadata, Opening, Received, Status,
};

const SEEDS: u64 = 4_000;
const STEPS: u64 = 120;

#[test]
fn every_call_ends_exactly_once_in_any_schedule() {
    for seed in 0..SEEDS {
        let outcome = std::panic::catch_unwind(|| World::new(seed).run());
        assert!(outcome.is_ok(), "seed {seed} fails; `World::new({seed}).run()` replays it");
    }
}

/// SplitMix64: enough for schedules, and the same everywhere.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: u64) -> u64 {
        self.roll() % end
    }

    fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }

    fn pick<T: Copy>(&mut self, of: &[T]) -> Option<T> {
        let len = u64::try_from(of.len()).unwrap();
        (len != 0).then(|| of[self.below(len) as usize])
    }
}

/// A call that the client made, by its token.
#[derive(Debug, Default)]
struct Call {
    id: Option<CallId>,
    ends: u32,
}

/// A handler at the server, from the opening of its call to its own end.
#[derive(Debug)]
struct Handler {
    token: u64,
    stopped: u32,
}

/// One direction between the two.
#[derive(Debug, Default)]
struct Wire {
    under_way: Vec<u8>,
    /// Arrived, and not taken yet.
    arrived: Vec<u8>,
}

impl Wire {
    /// Takes what there is to send, and lets a part of all that is under way arrive.
    fn carry(&mut self, outbox: &mut Vec<u8>, dice: &mut Dice) {
        self.under_way.append(outbox);
        let len = dice.below(self.under_way.len() as u64 + 1) as usize;
        self.arrived.extend(self.under_way.drain(..len));
    }

    fn is_empty(&self) -> bool {
        self.under_way.is_empty() && self.arrived.is_empty()
    }
}

struct World {
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
    lost: bool,
}

impl World {
    fn new(seed: u64) -> Self {
        let mut dice = Dice(seed);
        let now = Instant::now();
        let server_limits = Limits {
            calls_open: 1 + dice.below(12) as u32,
            message_len: 200,
            deadline_max: Duration::from_secs(1 + dice.below(20)),
            ..Limits::default()
        };
        let client_limits = Limits { message_len: 150, ..Limits::default() };
        Self {
            dice,
            now,
            client: Connection::client(client_limits, "client", now),
            server: Connection::server(server_limits, "server", None, now),
            to_server: Wire::default(),
            to_client: Wire::default(),
            calls: Vec::new(),
            handlers: BTreeMap::new(),
            opened: Vec::new(),
            lost: false,
        }
    }

    fn run(mut self) {
        for _ in 0..STEPS {
            self.step();
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
        opened.dedup();
        assert_eq!(opened, self.opened, "no id opens twice");
    }

    fn step(&mut self) {
        match self.dice.below(100) {
            0..25 => self.open(),
            25..45 => self.finish_one(),
            45..55 => self.cancel(),
            55..75 => self.deliver_to_server(),
            75..92 => self.deliver_to_client(),
            92..98 => self.pass(),
            98 if self.dice.one_in(4) => self.go_away(),
            99 if self.dice.one_in(10) => self.lose_connection(),
            _ => {}
        }
    }

    fn open(&mut self) {
        let token = self.calls.len() as u64;
        let mut arguments = token.to_be_bytes().to_vec();
        arguments.resize(8 + self.dice.below(220) as usize, 0);
        let mut metadata = Metadata::new();
        if self.dice.one_in(5) {
            metadata.insert("token", token.to_string()).unwrap();
        }
        let timeout = self.dice.one_in(2).then(|| Duration::from_millis(self.dice.below(8_000)));
        let opening = Opening { timeout, metadata: &metadata, ..Opening::new("sim.World/call", &arguments) };
        self.calls.push(Call::default());
        match self.client.open(self.now, opening, token) {
            Ok(id) => self.calls.last_mut().unwrap().id = Some(id),
            Err(status) => {
                assert_eq!(status.handler_ran, HandlerRan::No);
                self.end(token);
            }
        }
    }

    /// A handler ends, whether its call goes on or not.
    fn finish_one(&mut self) {
        let running: Vec<CallId> = self.handlers.keys().copied().collect();
        if let Some(id) = self.dice.pick(&running) {
            self.finish(id);
        }
    }

    fn finish(&mut self, id: CallId) {
        let handler = self.handlers.remove(&id).unwrap();
        let mut payload = handler.token.to_be_bytes().to_vec();
        payload.resize(8 + self.dice.below(180) as usize, 0);
        match self.dice.one_in(4) {
            true => self.server.reply(id, Err(&Status::not_found("none").with_details(payload))),
            false => self.server.reply(id, Ok(&payload)),
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
        let mut taken = 0;
        while let Received { taken: step @ 1.., event } =
            self.server.receive(self.now, &self.to_server.arrived[taken..]).expect("a good client")
        {
            taken += step;
            if let Some(Event::Opened(opened)) = event {
                let token = token_of(&opened.arguments);
                let said = opened.metadata.text("token").map(str::to_owned);
                assert!(said.is_none_or(|said| said == token.to_string()));
                let id = opened.id;
                self.opened.push(id);
                self.handlers.insert(id, Handler { token, stopped: 0 });
                match self.dice.one_in(3) {
                    true => self.finish(id),
                    false => assert_eq!(self.server.attach(id, id), Ok(())),
                }
            }
        }
        self.to_server.arrived.drain(..taken);
        self.hear_stopped();
    }

    fn deliver_to_client(&mut self) {
        self.to_client.carry(self.server.outbox(), &mut self.dice);
        let mut taken = 0;
        let mut ended = Vec::new();
        while let Received { taken: step @ 1.., event } =
            self.client.receive(self.now, &self.to_client.arrived[taken..]).expect("a good server")
        {
            taken += step;
            if let Some(Event::Ended(Ended { call, result, .. })) = event {
                match result {
                    Ok(payload) => assert_eq!(token_of(&payload), call, "a reply to another call"),
                    // Details that are over the client's limit stay at home.
                    Err(status) if status.code == Code::NotFound && !status.details.is_empty() => {
                        assert_eq!(token_of(&status.details), call, "a status of another call");
                    }
                    Err(_) => {}
                }
                ended.push(call);
            }
        }
        self.to_client.arrived.drain(..taken);
        ended.into_iter().for_each(|token| self.end(token));
        self.hear_ended();
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

    /// Handlers end, frames arrive, time passes, until there is nothing left to happen.
    fn come_to_rest(&mut self) {
        for _ in 0..10_000 {
            let running: Vec<CallId> = self.handlers.keys().copied().collect();
            running.into_iter().for_each(|id| self.finish(id));
            self.deliver_to_server();
            self.deliver_to_client();
            if self.handlers.is_empty() && self.rests() {
                break;
            }
        }
        assert!(self.rests());
        assert_eq!((self.client.calls_open(), self.server.calls_open()), (0, 0));
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
        self.handlers.get_mut(&id).expect("only a handler that runs is stopped").stopped += 1;
    }
}

fn token_of(payload: &[u8]) -> u64 {
    u64::from_be_bytes(*payload.first_chunk().expect("a token"))
}
