//! Makes one side say what a header says: the way from a vector to the verbs of `Connection`.

use std::time::Duration;

use countersign_proto::cbor::Value;
use countersign_proto::{
    Closing, Code, HandlerRan, Metadata, MetadataValue, Opening, Sending, Status, Times,
};

use crate::talk::Side;

/// Makes `side` write a frame with this header and this message, by the verb that writes such frames. If that is
/// more than the frame has, the rest follows in continuations.
pub(crate) fn act(side: &mut Side, header: &Value, message: &[u8]) {
    let fields = header.as_array().expect("a header");
    let number = |at: usize| number(&fields[at]);
    let text = |at: usize| fields[at].as_text().expect("a text");
    let id = number(1);
    match number(0) {
        // A hello is the first thing that a side says.
        1 => {}
        3 => side.connection.go_away(Code::from_number(number(3)), text(4)),
        5 => side.connection.close(Code::from_number(number(2)), text(3)),
        7 => side.passes(side.connection.poll_timeout().duration_since(side.now)),
        9 => {
            let ping = crate::talk::framed((7, 0, number(2)), &[]);
            side.hears(&ping).expect("a ping may come");
        }
        11 => {
            let metadata = extension(fields, 3, 3).map(metadata).unwrap_or_default();
            let opening = Opening {
                procedure: text(2),
                arguments: message.into(),
                timeout: extension(fields, 3, 1).map(|us| Duration::from_micros(self::number(us))),
                metadata: &metadata,
                times: extension(fields, 3, 2).is_some(),
            };
            let opened = side.connection.open(side.now, opening, id);
            assert_eq!(opened, Ok(id), "{header:?}");
        }
        13 => {
            let sent = side.connection.send(id, message).expect("an item that the peer accepts");
            assert!(matches!(sent, Sending::Done | Sending::Queued), "{header:?}: {sent:?}");
        }
        17 => side.connection.half_close(id),
        21 => {
            let metadata = extension(fields, 3, 8).map(metadata).unwrap_or_default();
            let closing = Closing { metadata: &metadata, times: extension(fields, 3, 10).map(times) };
            match number(2) {
                0 => side.connection.reply_with(id, Ok(message.into()), closing),
                _ => side.connection.reply_with(id, Err(&status(fields, message)), closing),
            }
        }
        23 => drop(side.connection.cancel(id)),
        25 => {
            let metadata = extension(fields, 2, 3).map(metadata).unwrap_or_default();
            side.connection.respond(id, &metadata).expect("it goes before all items");
        }
        other => panic!("no verb writes frames of type {other}"),
    }
}

/// Whether this is the end of a call whose handler never started: no handler says that, the connection does.
pub(crate) fn is_refusal(header: &Value) -> bool {
    let fields = header.as_array().expect("a header");
    number(&fields[0]) == 21 && extension(fields, 3, 6).map(number) == Some(0)
}

fn status(fields: &[Value], details: &[u8]) -> Status {
    let message = extension(fields, 3, 2).and_then(Value::as_text).unwrap_or_default();
    let mut status = Status::new(Code::from_number(number(&fields[2])), message);
    status.details = details.to_vec().into();
    status.retry_after_ms = extension(fields, 3, 4).map(number);
    status.handler_ran = match extension(fields, 3, 6).map(number) {
        Some(0) => HandlerRan::No,
        Some(1) => HandlerRan::Yes,
        _ => HandlerRan::Unknown,
    };
    status
}

fn times(array: &Value) -> Times {
    let at = |at: usize| number(&array.as_array().expect("times")[at]);
    Times { decode_us: at(0), queue_us: at(1), handler_us: at(2), encode_us: at(3) }
}

fn metadata(map: &Value) -> Metadata {
    let mut metadata = Metadata::new();
    // The other way round, since the order on the wire is not that of the application.
    for (key, value) in map.as_map().expect("metadata").iter().rev() {
        let value = match value {
            Value::Bytes(bytes) => MetadataValue::Bytes(bytes.clone()),
            text => MetadataValue::from(text.as_text().expect("text or bytes")),
        };
        metadata.insert(key.as_text().expect("a key"), value).expect("it comes once");
    }
    metadata
}

/// What a header of so many fields has under this key of its extensions.
fn extension(fields: &[Value], at: usize, key: u64) -> Option<&Value> {
    let (_, value) = fields.get(at)?.as_map()?.iter().find(|(name, _)| number(name) == key)?;
    Some(value)
}

fn number(value: &Value) -> u64 {
    value.as_integer().and_then(|number| number.as_u64()).expect("a number")
}
