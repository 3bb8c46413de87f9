//! Rules of the specification about what we send, where no vector shows them.

use std::time::{Duration, Instant};

use countersign_proto::cbor::Value;
use countersign_proto::{Code, Connection, Limits, Opening, Status};

use crate::talk::{Frames, Side, extensions, framed, split_item};

/// The extension with this key in the header of the last frame that a side has written.
fn extension(side: &mut Side, key: u64) -> Option<Value> {
    let sent = side.connection.take_outbox();
    let (_, header) = split_item(Frames(&sent).last()?);
    let entries = header.as_array()?.last()?.as_map()?;
    let (_, value) = entries.iter().find(|(name, _)| *name == Value::from(key))?;
    Some(value.clone())
}

#[test]
fn a_deadline_is_rounded_up() {
    let mut client = Side::client(Limits::default());
    for (timeout, us) in [
        (Duration::ZERO, 0),
        (Duration::from_nanos(1), 1),
        (Duration::from_nanos(1_000), 1),
        (Duration::from_nanos(1_001), 2),
        (Duration::from_millis(250), 250_000),
        (Duration::MAX, u64::MAX),
    ] {
        let opening = Opening { timeout: Some(timeout), ..Opening::new("a/b", b"\xa0") };
        client.connection.open(client.now, opening, 0).unwrap();
        assert_eq!(extension(&mut client, 1), Some(us.into()), "{timeout:?}");
    }
}

#[test]
fn a_long_message_is_cut_between_two_characters() {
    let mut server = Side::server(Limits::default());
    for (id, start) in [(1, ""), (3, "x")] {
        server.hears(&framed((11, id, "a/b"), b"\xa0")).unwrap();
        let long = format!("{start}{}", "ключ".repeat(1_000));
        server.connection.reply(id, Err(&Status::new(Code::Internal, long.clone())));
        let Some(Value::Text(message)) = extension(&mut server, 2) else { panic!("a message") };
        assert!(long.starts_with(&message));
        assert_eq!(message.len(), 4_096 - start.len());
    }
}

#[test]
fn a_peer_is_not_asked_more_often_than_it_announced() {
    for (announced, asked) in [
        (None, Duration::from_secs(1)),
        (Some(10), Duration::from_secs(1)),
        (Some(30_000), Duration::from_secs(30)),
        (Some(u64::MAX), Duration::from_secs(300)),
    ] {
        let now = Instant::now();
        let limits = Limits { keepalive: Duration::from_secs(1), ..Limits::default() };
        let mut client = Side::new(Connection::client(limits, "tested", now), now);
        let beside = announced.map(|ms| extensions([(6, Value::from(ms))])).unwrap_or(extensions([]));
        client.hears(&framed((1, 0, 1 << 16, 1, 1, 1, 1 << 14, beside), &[])).unwrap();
        client.connection.take_outbox();
        client.passes(asked - Duration::from_millis(1));
        assert!(client.connection.outbox().is_empty(), "{announced:?}");
        client.passes(Duration::from_millis(1));
        assert!(!client.connection.outbox().is_empty(), "{announced:?}");
        assert!(!client.connection.is_silent(client.now), "there is time to answer");
    }
}
