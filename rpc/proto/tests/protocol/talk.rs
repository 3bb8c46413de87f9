//! Frames as a peer of another making would write them, and what a connection says to them.

use std::borrow::Cow;
use std::time::{Duration, Instant};

use countersign_proto::cbor::{Value, to_vec};
use countersign_proto::{Code, Connection, Event, Limits, Opened, Received, Status, Violation};
use serde::Serialize;

/// One frame with this content: a header, and then a payload.
pub(crate) fn frame(content: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0x5a];
    bytes.extend_from_slice(&u32::try_from(content.len()).unwrap().to_be_bytes());
    bytes.extend_from_slice(content);
    bytes
}

/// One frame with this header, a tuple, and this payload.
pub(crate) fn framed(header: impl Serialize, payload: &[u8]) -> Vec<u8> {
    let mut content = to_vec(&header).unwrap();
    content.extend_from_slice(payload);
    frame(&content)
}

/// A map of extensions.
pub(crate) fn extensions<const N: usize>(entries: [(u64, Value); N]) -> Value {
    Value::Map(entries.into_iter().map(|(key, value)| (key.into(), value)).collect())
}

/// A hello of a peer that accepts whatever is likely.
pub(crate) fn hello() -> Vec<u8> {
    framed((1, 0, 1 << 22, 1 << 20, 1 << 10, 1 << 14, 1 << 16), &[])
}

/// One end of a connection whose peer is played by the test.
pub(crate) struct Side {
    pub(crate) connection: Connection<u64>,
    pub(crate) now: Instant,
    /// What its owner saw, in words.
    pub(crate) events: Vec<String>,
    /// The items that arrived, and the calls they belong to.
    pub(crate) items: Vec<(u64, Vec<u8>)>,
    /// What its owner was told about the calls whose token it gave.
    pub(crate) ended: Vec<(u64, Result<Vec<u8>, Status>)>,
}

impl Side {
    /// A server that has greeted and was greeted.
    pub(crate) fn server(limits: Limits) -> Self {
        let now = Instant::now();
        let mut side = Self::new(Connection::server(limits, "tested", None, now), now);
        side.connection.take_outbox();
        side.hears(&hello()).unwrap();
        side
    }

    /// A client that has greeted and was greeted.
    pub(crate) fn client(limits: Limits) -> Self {
        let now = Instant::now();
        let mut side = Self::new(Connection::client(limits, "tested", now), now);
        side.connection.take_outbox();
        side.hears(&hello()).unwrap();
        side
    }

    pub(crate) fn new(connection: Connection<u64>, now: Instant) -> Self {
        Self { connection, now, events: Vec::new(), items: Vec::new(), ended: Vec::new() }
    }

    /// Takes all whole frames off the front of `bytes`. The answer is how many bytes those were.
    pub(crate) fn hears(&mut self, bytes: &[u8]) -> Result<usize, Violation> {
        let mut taken = 0;
        loop {
            match self.connection.receive(self.now, &bytes[taken..]) {
                Ok(Received { taken: 0, event }) => {
                    assert!(event.is_none(), "an event of nothing");
                    break Ok(taken);
                }
                Ok(received) => {
                    taken += received.taken;
                    self.events.extend(received.event.as_ref().map(|event| format!("{event:?}")));
                    match received.event {
                        // A handler that takes its time, and goes by the id of its call.
                        Some(Event::Opened(Opened { id, .. })) => {
                            self.connection.attach(id, id).expect("it has just been opened");
                        }
                        Some(Event::Item { id, item }) => self.items.push((id, item.into_owned())),
                        Some(Event::Ended(ended)) => {
                            self.ended.push((
                                ended.call,
                                ended.result.map(Cow::into_owned).map_err(|status| *status),
                            ));
                        }
                        _ => {}
                    }
                    self.hears_what_ended();
                }
                Err(violation) => break Err(violation),
            }
        }
    }

    pub(crate) fn passes(&mut self, time: Duration) {
        self.now += time;
        self.connection.handle_timeout(self.now);
        self.hears_what_ended();
    }

    fn hears_what_ended(&mut self) {
        while let Some((call, status)) = self.connection.poll_ended() {
            self.ended.push((call, Err(status)));
        }
    }

    /// The code of the first call that ended with a status.
    pub(crate) fn failed(&self) -> Option<Code> {
        self.ended.iter().find_map(|(_, result)| Some(result.as_ref().err()?.code))
    }

    /// The codes with which it has ended calls since the last time.
    pub(crate) fn codes_sent(&mut self) -> Vec<Code> {
        let sent = self.connection.take_outbox();
        Frames(&sent).filter_map(code_of_end).collect()
    }
}

/// The code of an end, if this is the content of one.
pub(crate) fn code_of_end(content: &[u8]) -> Option<Code> {
    let (_, header) = split_item(content);
    (number(&header, 0) == 21).then(|| Code::from_number(number(&header, 2)))
}

/// The number at this place of a header; 0 where there is none.
pub(crate) fn number(header: &Value, at: usize) -> u64 {
    let number = header.as_array().and_then(|fields| fields.get(at)?.as_integer()?.as_u64());
    number.unwrap_or_default()
}

/// The contents of frames that follow each other.
pub(crate) struct Frames<'a>(pub &'a [u8]);

impl<'a> Iterator for Frames<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let (head, rest) = self.0.split_first_chunk::<5>()?;
        let len = u32::from_be_bytes(head[1..].try_into().unwrap());
        let (content, rest) = rest.split_at(len as usize);
        self.0 = rest;
        Some(content)
    }
}

/// The first item of `bytes`, and how long it is: the shortest start that decodes.
pub(crate) fn split_item(bytes: &[u8]) -> (usize, Value) {
    let whole = (1..=bytes.len())
        .find_map(|len| countersign_proto::cbor::from_slice(&bytes[..len]).ok().map(|item| (len, item)));
    whole.expect("a whole item")
}
