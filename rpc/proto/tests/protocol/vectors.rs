//! The vectors beside the specification: what they say of each frame and of whole exchanges is what we do.

use std::time::{Duration, Instant};

use countersign_proto::cbor::{Value, diagnostic, from_slice, to_vec};
use countersign_proto::{Code, Connection, Limits};
use serde::Deserialize;

use crate::script::{act, is_refusal};
use crate::talk::{Frames, Side, frame, split_item};

const FRAMES: &str = include_str!("../../vectors/frames.json");
const EXCHANGES: &str = include_str!("../../vectors/exchanges.json");

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Role {
    Client,
    Server,
}

/// What has happened before a frame arrives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum State {
    /// Nothing.
    New,
    /// The hellos were exchanged.
    Greeted,
    /// And call 1 is open.
    Calling,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
enum Verdict {
    #[serde(rename = "ok")]
    Fine,
    #[serde(rename = "call error")]
    CallError,
    #[serde(rename = "connection error")]
    ConnectionError,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct FrameVector {
    name: String,
    #[serde(rename = "why")]
    _why: String,
    to: Role,
    state: State,
    #[serde(default)]
    golden: bool,
    hex: String,
    diagnostic: Option<String>,
    verdict: Verdict,
    code: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Exchange {
    name: String,
    #[serde(rename = "why")]
    _why: String,
    #[serde(default = "both")]
    plays: Vec<Role>,
    steps: Vec<Step>,
    verdict: Verdict,
    code: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Step {
    from: Role,
    #[serde(default)]
    after_us: u64,
    hex: String,
    diagnostic: Option<String>,
}

fn both() -> Vec<Role> {
    vec![Role::Client, Role::Server]
}

impl Role {
    fn other(self) -> Self {
        match self {
            Self::Client => Self::Server,
            Self::Server => Self::Client,
        }
    }
}

/// The limits that both sides announce in every vector: small, so that what is over them is short.
fn limits() -> Limits {
    Limits {
        frame_len: 64 << 10,
        message_len: 64,
        calls_open: 2,
        metadata_len: 64,
        initial_credit: 16 << 10,
        ..Limits::default()
    }
}

fn new(role: Role, now: Instant) -> Side {
    let connection = match role {
        Role::Client => Connection::client(limits(), "example/1", now),
        Role::Server => {
            let revision = Some(b"\xc0\xff\xee"[..].into());
            Connection::server(limits(), "example/1", revision, now)
        }
    };
    Side::new(connection, now)
}

/// One side in a state, with nothing left to say but a hello.
fn in_state(role: Role, state: State, now: Instant) -> Side {
    let mut side = new(role, now);
    if state == State::New {
        return side;
    }
    side.hears(&new(role.other(), now).connection.take_outbox()).unwrap();
    side.connection.take_outbox();
    if state == State::Calling {
        let mut client = in_state(Role::Client, State::Greeted, now);
        let caller = if role == Role::Client { &mut side } else { &mut client };
        act(caller, &from_slice(&to_vec(&(11, 1, "a.B/c")).unwrap()).unwrap(), b"\xa0");
        let open = caller.connection.take_outbox();
        if role == Role::Server {
            side.hears(&open).unwrap();
        }
    }
    side
}

#[test]
fn every_frame_gets_its_verdict() {
    for vector in parsed::<FrameVector>(FRAMES) {
        let mut side = in_state(vector.to, vector.state, Instant::now());
        side.connection.take_outbox();
        let bytes = unhex(&vector.hex);
        let heard = side.hears(&bytes);
        let (verdict, code) = match &heard {
            Err(violation) => (Verdict::ConnectionError, Some(violation.code())),
            Ok(taken) => {
                assert_eq!(*taken, bytes.len(), "{}", vector.name);
                let code = match vector.to {
                    Role::Server => side.codes_sent().first().copied(),
                    Role::Client => side.failed(),
                };
                (code.map_or(Verdict::Fine, |_| Verdict::CallError), code)
            }
        };
        let expected = vector.code.as_deref().map(|name| Code::from_name(name).unwrap());
        assert_eq!((verdict, code), (vector.verdict, expected), "{}: {heard:?}", vector.name);
    }
}

#[test]
fn every_golden_frame_is_what_we_write() {
    let golden: Vec<_> = parsed::<FrameVector>(FRAMES).into_iter().filter(|vector| vector.golden).collect();
    assert!(golden.len() > 15);
    for vector in golden {
        let mut side = in_state(vector.to.other(), vector.state, Instant::now());
        let bytes = unhex(&vector.hex);
        let (len, header) = split_item(&bytes[5..]);
        act(&mut side, &header, &bytes[5 + len..]);
        assert_eq!(hex(&side.connection.take_outbox()), vector.hex, "{}", vector.name);
    }
}

#[test]
fn every_notation_says_what_its_bytes_are() {
    let frames = parsed::<FrameVector>(FRAMES).into_iter();
    let frames = frames.map(|vector| (vector.name, vector.hex, vector.diagnostic));
    let steps = parsed::<Exchange>(EXCHANGES).into_iter().flat_map(|exchange| {
        exchange.steps.into_iter().map(move |step| (exchange.name.clone(), step.hex, step.diagnostic))
    });
    for (name, hex, notation) in frames.chain(steps) {
        assert_eq!(notated(&unhex(&hex)), notation, "{name}");
    }
}

/// The items of a frame in diagnostic notation, if that is what is in it.
fn notated(bytes: &[u8]) -> Option<String> {
    let mut content = bytes.strip_prefix(b"\x5a")?.split_at_checked(4)?.1;
    let mut items = Vec::new();
    while !content.is_empty() {
        let (len, item) = first_item(content)?;
        items.push(diagnostic(&item));
        content = &content[len..];
    }
    (!items.is_empty()).then(|| format!("<<{}>>", items.join(", ")))
}

fn first_item(bytes: &[u8]) -> Option<(usize, Value)> {
    (1..=bytes.len()).find_map(|len| Some((len, from_slice(&bytes[..len]).ok()?)))
}

#[test]
fn every_exchange_goes_as_it_is_written() {
    for exchange in parsed::<Exchange>(EXCHANGES) {
        Played::new(&exchange).run();
    }
}

/// An exchange in which we play one side or both.
struct Played<'a> {
    exchange: &'a Exchange,
    client: Option<Side>,
    server: Option<Side>,
}

impl<'a> Played<'a> {
    fn new(exchange: &'a Exchange) -> Self {
        let now = Instant::now();
        let side = |role| exchange.plays.contains(&role).then(|| new(role, now));
        Self { exchange, client: side(Role::Client), server: side(Role::Server) }
    }

    fn side(&mut self, role: Role) -> Option<&mut Side> {
        match role {
            Role::Client => self.client.as_mut(),
            Role::Server => self.server.as_mut(),
        }
    }

    fn run(mut self) {
        let name = &self.exchange.name;
        let mut broken = None;
        for (at, step) in self.exchange.steps.iter().enumerate() {
            assert_eq!(broken, None, "{name}: nothing follows what ends the connection");
            let after = Duration::from_micros(step.after_us);
            let sides = self.client.iter_mut().chain(&mut self.server);
            sides.for_each(|side| side.passes(after));
            let bytes = unhex(&step.hex);
            if let Some(sender) = self.side(step.from) {
                assert_eq!(hex(&says(sender, &bytes)), step.hex, "{name}, step {at}");
            }
            if let Some(receiver) = self.side(step.from.other()) {
                broken = receiver.hears(&bytes).err().map(|violation| violation.code());
            }
        }
        let mut sides = self.client.iter_mut().chain(&mut self.server);
        let all_said = sides.all(|side| side.connection.take_outbox().is_empty());
        assert!(broken.is_some() || all_said, "{name}: there is more to say");
        let (verdict, code) = match (broken, self.failed()) {
            (Some(code), _) => (Verdict::ConnectionError, Some(code)),
            (None, Some(code)) => (Verdict::CallError, Some(code)),
            (None, None) => (Verdict::Fine, None),
        };
        let expected = self.exchange.code.as_deref().map(|name| Code::from_name(name).unwrap());
        assert_eq!((verdict, code), (self.exchange.verdict, expected), "{name}");
    }

    /// The code of a call that did not end well: as the client saw it, or else as it is written.
    fn failed(&self) -> Option<Code> {
        match &self.client {
            Some(client) => client.failed(),
            None => self.exchange.steps.iter().find_map(|step| {
                let bytes = unhex(&step.hex);
                let content = Frames(&bytes).next()?;
                crate::talk::code_of_end(content).filter(|code| *code != Code::Ok)
            }),
        }
    }
}

/// The next frame of a side: what it has to say anyway, or what it is made to say.
fn says(side: &mut Side, bytes: &[u8]) -> Vec<u8> {
    if side.connection.outbox().is_empty() {
        let (len, header) = split_item(&bytes[5..]);
        assert!(!is_refusal(&header), "it should have been said without being asked: {header:?}");
        act(side, &header, &bytes[5 + len..]);
    }
    let outbox = side.connection.outbox();
    let Some(content) = Frames(outbox).next() else { return Vec::new() };
    let first = frame(content);
    outbox.drain(..first.len());
    first
}

fn parsed<T: for<'de> Deserialize<'de>>(json: &str) -> Vec<T> {
    serde_json::from_str(json).unwrap()
}

fn unhex(hex: &str) -> Vec<u8> {
    assert!(hex.len().is_multiple_of(2), "{hex}");
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
