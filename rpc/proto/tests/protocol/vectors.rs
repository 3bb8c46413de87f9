//! The vectors beside the specification: what they say of each frame and of whole exchanges is what we do.

use std::time::{Duration, Instant};

use countersign_proto::cbor::{Value, diagnostic, from_slice, to_vec};
use countersign_proto::{Code, Connection, Limits};
use serde::Deserialize;

use crate::script::{act, is_refusal};
use crate::talk::{Frames, Side, frame, number, split_item};

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
    /// And call 1 is open, whose handler runs.
    Calling,
}

/// What both sides announce.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Profile {
    /// Small limits, so that what is over them is short.
    #[default]
    Small,
    /// The same with room for messages that do not fit a frame, or the credit of a call.
    Roomy,
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
    #[serde(default)]
    limits: Profile,
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
    #[serde(default)]
    limits: Profile,
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

impl Profile {
    fn limits(self) -> Limits {
        Limits {
            frame_len: 64 << 10,
            message_len: if self == Self::Small { 64 } else { 1 << 20 },
            calls_open: 2,
            metadata_len: 64,
            initial_credit: 16 << 10,
            ..Limits::default()
        }
    }
}

fn new(role: Role, profile: Profile, now: Instant) -> Side {
    let connection = match role {
        Role::Client => Connection::client(profile.limits(), "example/1", now),
        Role::Server => {
            let revision = Some(b"\xc0\xff\xee"[..].into());
            Connection::server(profile.limits(), "example/1", revision, now)
        }
    };
    Side::new(connection, now)
}

/// One side in a state, with nothing left to say but a hello.
fn in_state(role: Role, profile: Profile, state: State, now: Instant) -> Side {
    let mut side = new(role, profile, now);
    if state == State::New {
        return side;
    }
    side.hears(&new(role.other(), profile, now).connection.take_outbox()).unwrap();
    side.connection.take_outbox();
    if state == State::Calling {
        let mut client = in_state(Role::Client, profile, State::Greeted, now);
        let caller = if role == Role::Client { &mut side } else { &mut client };
        act(caller, &from_slice(&to_vec(&(11, 1, "a.B/c")).unwrap()).unwrap(), b"\xa0");
        let open = caller.connection.take_outbox();
        if role == Role::Server {
            side.hears(&open).unwrap();
        }
    }
    side
}

/// One frame of a vector, to be looked at.
pub(crate) struct Shown {
    pub(crate) name: String,
    pub(crate) bytes: Vec<u8>,
    /// The vector's verdict is `ok`.
    pub(crate) is_good: bool,
}

/// All frames of all vectors.
pub(crate) fn vectors() -> impl Iterator<Item = Shown> {
    let shown = |name: &str, hex: &str, verdict| {
        let is_good = verdict == Verdict::Fine;
        Shown { name: name.to_owned(), bytes: unhex(hex), is_good }
    };
    let frames = parsed::<FrameVector>(FRAMES).into_iter();
    let frames = frames.map(move |vector| shown(&vector.name, &vector.hex, vector.verdict));
    let steps = parsed::<Exchange>(EXCHANGES).into_iter().flat_map(move |exchange| {
        let step = |step: &Step| shown(&exchange.name, &step.hex, exchange.verdict);
        exchange.steps.iter().map(step).collect::<Vec<_>>()
    });
    frames.chain(steps)
}

#[test]
fn every_frame_gets_its_verdict() {
    each(
        &parsed::<FrameVector>(FRAMES),
        |vector| &vector.name,
        |vector| {
            let mut side = in_state(vector.to, vector.limits, vector.state, Instant::now());
            side.connection.take_outbox();
            let bytes = unhex(&vector.hex);
            let heard = side.hears(&bytes);
            let (verdict, code) = match &heard {
                Err(violation) => (Verdict::ConnectionError, Some(violation.code())),
                Ok(taken) => {
                    assert_eq!(*taken, bytes.len());
                    let code = match vector.to {
                        Role::Server => side.codes_sent().first().copied(),
                        Role::Client => side.failed(),
                    };
                    (code.map_or(Verdict::Fine, |_| Verdict::CallError), code)
                }
            };
            let expected = vector.code.as_deref().map(|name| Code::from_name(name).unwrap());
            assert_eq!((verdict, code), (vector.verdict, expected), "{heard:?}");
        },
    );
}

#[test]
fn every_golden_frame_is_what_we_write() {
    let golden: Vec<_> = parsed::<FrameVector>(FRAMES).into_iter().filter(|vector| vector.golden).collect();
    assert!(golden.len() > 15);
    each(
        &golden,
        |vector| &vector.name,
        |vector| {
            let mut side = in_state(vector.to.other(), vector.limits, vector.state, Instant::now());
            let bytes = unhex(&vector.hex);
            let (len, header) = split_item(&bytes[5..]);
            act(&mut side, &header, &bytes[5 + len..]);
            assert_eq!(hex(&side.connection.take_outbox()), hex(&bytes));
        },
    );
}

/// Checks each vector, and fails with the names of all that do not hold: `.ci/mutations` looks for them.
fn each<T: std::panic::RefUnwindSafe>(vectors: &[T], name: fn(&T) -> &String, check: fn(&T)) {
    let fails = |vector: &&T| std::panic::catch_unwind(|| check(vector)).is_err();
    let failed: Vec<&String> = vectors.iter().filter(fails).map(name).collect();
    assert!(failed.is_empty(), "these do not hold: {failed:?}");
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

/// The items of a frame in diagnostic notation, if that is what is in it and it is not long. The part of a message
/// that is cut is not an item, and is written as its bytes.
fn notated(bytes: &[u8]) -> Option<String> {
    let mut content = bytes.strip_prefix(b"\x5a")?.split_at_checked(4)?.1;
    let (len, header) = first_item(content)?;
    let mut items = vec![diagnostic(&header)];
    content = &content[len..];
    let mut part = String::new();
    if is_of_a_cut_message(&header) && !content.is_empty() {
        part = format!(" h'{}'", hex(content));
        content = &[];
    }
    while !content.is_empty() {
        let (len, item) = first_item(content)?;
        items.push(diagnostic(&item));
        content = &content[len..];
    }
    let notation = format!("<<{}>>{part}", items.join(", "));
    (notation.chars().count() <= 240).then_some(notation)
}

fn first_item(bytes: &[u8]) -> Option<(usize, Value)> {
    (1..=bytes.len()).find_map(|len| Some((len, from_slice(&bytes[..len]).ok()?)))
}

#[test]
fn every_exchange_goes_as_it_is_written() {
    each(&parsed::<Exchange>(EXCHANGES), |exchange| &exchange.name, |exchange| Played::new(exchange).run());
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
        let side = |role| exchange.plays.contains(&role).then(|| new(role, exchange.limits, now));
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
            if let Some(said) = self.says(at) {
                assert_eq!(hex(&said), hex(&bytes), "{name}, step {at}");
            }
            self.waits_for_credit(at);
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

    /// The next frame of the side whose step it is, if we play it: what it has to say anyway, or what it is made
    /// to say.
    fn says(&mut self, at: usize) -> Option<Vec<u8>> {
        let (header, message) = self.message(at);
        let side = self.side(self.exchange.steps[at].from)?;
        if side.connection.outbox().is_empty() {
            assert!(!is_refusal(&header), "it should have been said without being asked: {header:?}");
            act(side, &header, &message);
        }
        let outbox = side.connection.outbox();
        let Some(content) = Frames(outbox).next() else { return Some(Vec::new()) };
        let first = frame(content);
        outbox.drain(..first.len());
        Some(first)
    }

    /// Where credit lets a side send its next item, that side wants to send it before, and waits.
    fn waits_for_credit(&mut self, at: usize) {
        const ITEM: u64 = 13;
        const CREDIT: u64 = 19;
        let steps = &self.exchange.steps;
        let granted_to = steps[at].from.other();
        let is_next = steps.get(at + 1).is_some_and(|next| next.from == granted_to);
        if !is_next || kind(&self.message(at).0) != CREDIT {
            return;
        }
        let (next, message) = self.message(at + 1);
        if let Some(sender) = self.side(granted_to).filter(|_| kind(&next) == ITEM) {
            act(sender, &next, &message);
            assert!(sender.connection.outbox().is_empty(), "{}: it waits", self.exchange.name);
        }
    }

    /// The header of a step, and the message that begins in it with all its parts.
    fn message(&self, at: usize) -> (Value, Vec<u8>) {
        let first = &self.exchange.steps[at];
        let (header, mut message) = split(&first.hex);
        let id = header.as_array().map(|fields| fields[1].clone());
        if is_of_a_cut_message(&header) {
            for later in self.exchange.steps[at + 1..].iter().filter(|step| step.from == first.from) {
                let (header, part) = split(&later.hex);
                let fields = header.as_array().expect("a header");
                if kind(&header) == CONTINUATION && Some(&fields[1]) == id.as_ref() {
                    message.extend(part);
                }
            }
        }
        (header, message)
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

const CONTINUATION: u64 = 15;

/// Whether a frame with this header has a part of a message that is cut.
pub(crate) fn is_of_a_cut_message(header: &Value) -> bool {
    let extensions = header.as_array().and_then(|fields| fields.last()?.as_map());
    let has_total = extensions.is_some_and(|map| map.iter().any(|(key, _)| *key == Value::from(5_u64)));
    kind(header) == CONTINUATION || (has_total && [11, 13, 21].contains(&kind(header)))
}

/// The type of a frame.
fn kind(header: &Value) -> u64 {
    number(header, 0)
}

/// The header and the payload of a frame.
fn split(hex: &str) -> (Value, Vec<u8>) {
    let bytes = unhex(hex);
    let (len, header) = split_item(&bytes[5..]);
    (header, bytes[5 + len..].to_vec())
}

fn parsed<T: for<'de> Deserialize<'de>>(json: &str) -> Vec<T> {
    serde_json::from_str(json).unwrap()
}

/// Bytes from pieces of digits, where `78*129` is a byte so many times.
fn unhex(pieces: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    for piece in pieces.split(' ') {
        let (digits, times) = piece.split_once('*').unwrap_or((piece, "1"));
        assert!(digits.len().is_multiple_of(2), "{piece}");
        let byte = |at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap();
        let piece: Vec<u8> = (0..digits.len()).step_by(2).map(byte).collect();
        bytes.extend(piece.repeat(times.parse().unwrap()));
    }
    bytes
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
