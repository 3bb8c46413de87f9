//! A peer that means harm: what it can send, and that nothing of it is believed.

use std::time::Duration;

use countersign_proto::cbor::{Value, to_vec};
use countersign_proto::limits::OUTBOX_LEN_MAX;
use countersign_proto::{Code, Connection, HandlerRan, Limits, Opening, Violation};

use crate::talk::{Side, extensions, frame, framed, hello};

const OPEN: u64 = 11;
const END: u64 = 21;
const CANCEL: u64 = 23;

fn open(id: u64) -> Vec<u8> {
    framed((OPEN, id, "a/b"), b"\xa0")
}

/// An opening frame with these bytes as its map of extensions.
fn open_with(id: u64, extensions: &[u8]) -> Vec<u8> {
    let mut content = to_vec(&(OPEN, id, "a/b", 0)).unwrap();
    content.pop();
    content.extend_from_slice(extensions);
    frame(&content)
}

#[track_caller]
fn assert_refused(bytes: &[u8], why: &str) {
    // Frames as long as they like, so that it is not their length that is refused.
    let limits = Limits { frame_len: 4 << 20, ..Limits::default() };
    let refused = Side::server(limits).hears(bytes).expect_err(why);
    let words = refused.to_string();
    assert!(words.contains(why), "{words}");
    assert!(words.len() < 500 && !words.contains(char::is_control), "{words}");
}

#[test]
fn a_length_over_the_limit_is_refused_before_anything_is_awaited() {
    for len in [u32::MAX, Limits::default().frame_len + 1] {
        let mut server = Side::server(Limits::default());
        let head = [&[0x5a][..], &len.to_be_bytes()].concat();
        assert_eq!(server.hears(&head[..4]), Ok(0), "the length is not whole yet");
        let limit = Limits::default().frame_len;
        assert_eq!(server.hears(&head), Err(Violation::FrameTooLong { len, limit }));
    }
}

#[test]
fn a_header_cut_short_is_refused_wherever_it_ends() {
    let metadata = Value::Map(vec![("trace".into(), "1".into())]);
    let open = to_vec(&(OPEN, 1, "a/b", extensions([(1, 1000_u64.into()), (3, metadata)]))).unwrap();
    let hello = to_vec(&(1, 0, 1 << 22, 1, 1, 1, 1 << 16, extensions([(2, "x".into())]))).unwrap();
    for len in 0..open.len() {
        let refused = Side::server(Limits::default()).hears(&frame(&open[..len]));
        assert!(matches!(refused, Err(Violation::Header(_))), "{len}: {refused:?}");
    }
    for len in 0..hello.len() {
        let now = std::time::Instant::now();
        let mut server = Side::new(Connection::server(Limits::default(), "tested", None, now), now);
        let refused = server.hears(&frame(&hello[..len]));
        assert!(matches!(refused, Err(Violation::Header(_))), "{len}: {refused:?}");
    }
}

#[test]
fn an_unknown_extension_may_not_nest_deep() {
    let nested = |depth: usize| [&[0xa1, 20][..], &vec![0x81; depth], &[0xf6]].concat();
    assert!(Side::server(Limits::default()).hears(&open_with(1, &nested(8))).is_ok());
    for depth in [9, 100, 1_000_000] {
        assert_refused(&open_with(1, &nested(depth)), "nested too deep");
    }
    let tags = [&[0xa1, 20][..], &vec![0xc1; 100_000], &[0xf6]].concat();
    assert_refused(&open_with(1, &tags), "nested too deep");
}

#[test]
fn a_hundred_thousand_extensions_are_refused() {
    let entries = (0..100_000_u64).map(|key| ((100 + 2 * key).into(), Value::Null));
    let map = to_vec(&Value::Map(entries.collect())).unwrap();
    assert_refused(&open_with(1, &map), "too many");
}

#[test]
fn an_extension_comes_once() {
    assert_refused(&open_with(1, &[0xa2, 1, 5, 1, 5]), "comes twice");
    assert_refused(&open_with(1, &[0xa2, 20, 5, 20, 5]), "comes twice");
    assert_refused(&open_with(1, &[0xa2, 0x18, 100, 5, 0x18, 100, 5]), "comes twice");
}

#[test]
fn a_header_has_one_map_of_extensions() {
    assert_refused(&framed((OPEN, 1, "a/b", extensions([]), extensions([])), &[]), "more fields");
    assert_refused(&framed((CANCEL, 1, extensions([]), extensions([])), &[]), "more fields");
    assert_refused(&framed((OPEN, 1, "a/b", 5), &[]), "expected a map");
}

#[test]
fn a_metadata_key_comes_once_and_is_a_key() {
    assert_refused(&open_with(1, b"\xa1\x03\xa2\x61a\x61x\x61a\x61y"), "has the key \"a\" twice");
    assert_refused(&open_with(1, b"\xa1\x03\xa1\x61A\x61x"), "\"A\" is not a metadata key");
    assert_refused(&open_with(1, b"\xa1\x03\xa1\x61\x1b\x61x"), "\"\\u001b\" is not a metadata key");
    assert_refused(&open_with(1, b"\xa1\x03\xa1\x05\x61x"), "expected text");
    assert_refused(&open_with(1, b"\xa1\x03\xa1\x61a\x05"), "expected text");
}

#[test]
fn metadata_over_the_limit_fails_the_call_and_not_the_connection() {
    let limits = Limits { frame_len: 4 << 20, metadata_len: 1_000, ..Limits::default() };
    let metadata = |entries: Vec<(Value, Value)>| extensions([(3, Value::Map(entries))]);
    let long = metadata(vec![("a".into(), "x".repeat(992).into())]);
    let many = metadata((0..100_000).map(|n| (format!("k{n}").into(), "".into())).collect());
    let fits = metadata(vec![("a".into(), "x".repeat(991).into())]);
    let mut server = Side::server(limits);
    for (id, beside) in [(1, long), (3, many)] {
        server.hears(&framed((OPEN, id, "a/b", beside), b"\xa0")).unwrap();
        assert_eq!(server.codes_sent(), [Code::ResourceExhausted]);
    }
    assert_eq!(server.events, ["Connected"]);
    server.hears(&framed((OPEN, 5, "a/b", fits), b"\xa0")).unwrap();
    assert_eq!(server.events.len(), 2, "{:?}", server.events);
}

#[test]
fn text_is_utf_8_wherever_it_stands() {
    assert_refused(&frame(b"\x83\x0b\x01\x63a/\xff"), "UTF-8");
    assert_refused(&open_with(1, b"\xa1\x03\xa1\x61\xff\x61x"), "UTF-8");
    assert_refused(&open_with(1, b"\xa1\x03\xa1\x61a\x61\xff"), "UTF-8");
    assert_refused(&open_with(1, b"\xa1\x14\x61\xff"), "UTF-8");
    assert_refused(&frame(b"\x85\x03\x00\x00\x00\x61\xff"), "UTF-8");
    assert_refused(&frame(b"\x84\x05\x00\x00\x61\xff"), "UTF-8");
    // A character spread over two chunks of a text is none.
    assert_refused(&frame(b"\x83\x0b\x01\x7f\x61\xc3\x61\xa9\xff"), "UTF-8");
}

#[test]
fn texts_have_their_limits() {
    let long = |len| "x".repeat(len);
    assert_refused(&framed((OPEN, 1, long(513)), b"\xa0"), "over the limit of 512");
    assert_refused(&framed((3, 0, 0, 0, long(4_097)), &[]), "over the limit of 4096");
    assert_refused(&framed((5, 0, 0, long(4_097)), &[]), "over the limit of 4096");
    let mut client = Side::client(Limits::default());
    client.connection.open(client.now, Opening::new("a/b", b"\xa0"), 1).unwrap();
    let end = framed((END, 1, 3, extensions([(2, long(4_097).into())])), &[]);
    assert!(matches!(client.hears(&end), Err(Violation::Header(_))));
    for (key, value) in [(2, Value::from(long(129))), (4, Value::Bytes(vec![0; 65].into()))] {
        let now = std::time::Instant::now();
        let mut server = Side::new(Connection::server(Limits::default(), "tested", None, now), now);
        let hello = framed((1, 0, 1 << 22, 1, 1, 1, 1 << 16, extensions([(key, value)])), &[]);
        assert!(matches!(server.hears(&hello), Err(Violation::Header(_))), "{key}");
    }
}

#[test]
fn the_highest_id_is_an_id_and_the_last_one() {
    let mut server = Side::server(Limits::default());
    server.hears(&open(u64::MAX)).unwrap();
    assert_eq!(server.events.len(), 2);
    server.connection.reply(u64::MAX, Ok(b"\x01"));
    assert_eq!(server.codes_sent(), [Code::Ok]);
    server.hears(&framed((CANCEL, u64::MAX), &[])).unwrap();
    for id in [u64::MAX, u64::MAX - 2, 1] {
        assert!(matches!(server.hears(&open(id)), Err(Violation::Id { .. })), "{id}");
    }
    server.connection.go_away(Code::Unavailable, "");
    assert!(server.connection.is_drained());
}

#[test]
fn an_unknown_frame_on_the_highest_id_ends_that_call() {
    let mut server = Side::server(Limits::default());
    server.hears(&framed((27, u64::MAX), &[])).unwrap();
    assert_eq!(server.codes_sent(), [Code::Unimplemented]);
    server.hears(&framed((27, u64::MAX), &[])).unwrap();
    assert_eq!(server.codes_sent(), [], "it has ended");
}

#[test]
fn a_client_believes_no_id_that_it_did_not_open() {
    let mut client = Side::client(Limits::default());
    client.connection.open(client.now, Opening::new("a/b", b"\xa0"), 7).unwrap();
    for id in [0, 2, 3, u64::MAX] {
        let refused = client.hears(&framed((END, id, 0), &[]));
        assert!(matches!(refused, Err(Violation::Id { .. })), "{id}");
    }
    client.hears(&framed((3, 0, u64::MAX, 14, ""), &[])).unwrap();
    assert_eq!(client.ended, [], "the call is below the last one that the server takes");
    client.hears(&framed((3, 0, 0, 14, ""), &[])).unwrap();
    assert_eq!(client.ended[0].1.as_ref().unwrap_err().handler_ran, HandlerRan::No);
}

#[test]
fn no_number_of_a_peer_is_too_large_to_reckon_with() {
    const MAX: u64 = u64::MAX;
    let endless = Limits {
        deadline_max: Duration::MAX,
        keepalive: Duration::from_secs(1),
        silence_max: Duration::MAX,
        ping_interval_min: Duration::MAX,
        ..Limits::default()
    };
    for limits in [Limits::default(), endless] {
        let now = std::time::Instant::now();
        let hello = framed((1, 0, MAX, MAX, MAX, MAX, MAX, extensions([(6, MAX.into())])), &[]);

        let mut server = Side::new(Connection::server(limits.clone(), "tested", None, now), now);
        server.hears(&hello).unwrap();
        server.hears(&framed((OPEN, 1, "a/b", extensions([(1, MAX.into())])), b"\xa0")).unwrap();
        server.hears(&framed((7, 0, MAX), &[])).unwrap();
        server.hears(&framed((9, 0, MAX), &[])).unwrap();
        assert!(server.connection.poll_timeout() > now);
        server.passes(Duration::from_secs(86_400));
        assert!(server.connection.poll_timeout() > now);

        let mut client = Side::new(Connection::client(limits, "tested", now), now);
        client.hears(&hello).unwrap();
        for (token, timeout) in [(1, Some(Duration::MAX)), (2, Some(Duration::from_micros(MAX))), (3, None)] {
            let opening = Opening { timeout, ..Opening::new("a/b", b"\xa0") };
            client.connection.open(now, opening, token).unwrap();
        }
        let large = extensions([(4, MAX.into()), (6, MAX.into()), (12, MAX.into())]);
        client.hears(&framed((END, 1, MAX, large), &[])).unwrap();
        let status = client.ended[0].1.as_ref().unwrap_err();
        assert_eq!((status.code, status.retry_after_ms), (Code::Unknown, Some(MAX)));
        assert_eq!(status.handler_ran, HandlerRan::Unknown);
        client.passes(Duration::from_secs(86_400));
        assert!(client.connection.poll_timeout() > now);
    }
}

#[test]
fn a_hello_grants_what_the_protocol_itself_needs() {
    for (frame_len, credit, fits) in [
        (64 << 10, 16 << 10, true),
        ((64 << 10) - 1, 16 << 10, false),
        (0, 16 << 10, false),
        (64 << 10, (16 << 10) - 1, false),
    ] {
        let now = std::time::Instant::now();
        let mut client = Side::new(Connection::client(Limits::default(), "tested", now), now);
        let heard = client.hears(&framed((1, 0, frame_len, 0, 0, 0, credit), &[]));
        assert_eq!(heard.is_ok(), fits, "{frame_len} {credit}");
    }
}

#[test]
fn our_own_hello_grants_what_the_protocol_needs_whatever_the_limits_say() {
    let now = std::time::Instant::now();
    let limits = Limits { frame_len: 0, initial_credit: 0, ..Limits::default() };
    let mut client = Connection::<u64>::client(limits, "tested", now);
    let mut server = Side::new(Connection::server(Limits::default(), "tested", None, now), now);
    assert!(server.hears(&client.take_outbox()).is_ok());
}

#[test]
fn a_peer_that_grants_nothing_gets_statuses_that_fit() {
    let now = std::time::Instant::now();
    let mut client = Side::new(Connection::client(Limits::default(), "tested", now), now);
    client.hears(&framed((1, 0, 64 << 10, 0, 0, 0, 16 << 10), &[])).unwrap();
    let refused = client.connection.open(now, Opening::new("a/b", b"\xa0"), 1).unwrap_err();
    assert_eq!((refused.code, refused.handler_ran), (Code::ResourceExhausted, HandlerRan::No));

    let mut server = Side::new(Connection::server(Limits::default(), "tested", None, now), now);
    server.hears(&framed((1, 0, 64 << 10, 0, 0, 0, 16 << 10), &[])).unwrap();
    server.hears(&open(1)).unwrap();
    server.connection.reply(1, Ok(b"\xa0"));
    assert_eq!(server.codes_sent(), [Code::ResourceExhausted]);
}

#[test]
fn calls_over_the_limit_cost_no_more_than_their_answers() {
    let mut server = Side::server(Limits { calls_open: 2, ..Limits::default() });
    for id in [1, 3] {
        server.hears(&open(id)).unwrap();
    }
    for id in (5..10_005).step_by(2) {
        server.hears(&open(id)).unwrap();
    }
    assert_eq!(server.connection.calls_open(), 2);
    assert!(server.connection.outbox().len() < 5_000 * 64);
    assert_eq!(server.codes_sent(), [Code::ResourceExhausted; 5_000]);
}

#[test]
fn a_call_that_is_opened_and_cancelled_again_and_again_keeps_its_place() {
    let mut server = Side::server(Limits { calls_open: 10, ..Limits::default() });
    for id in (1..2_001).step_by(2) {
        server.hears(&open(id)).unwrap();
        server.hears(&framed((CANCEL, id), &[])).unwrap();
    }
    assert_eq!(server.connection.calls_open(), 10, "no handler has ended");
    assert_eq!(server.codes_sent().len(), 990);
}

#[test]
fn a_peer_that_asks_too_often_is_cut_off() {
    let mut client = Side::client(Limits { ping_interval_min: Duration::from_secs(1), ..Limits::default() });
    let ping = framed((7, 0, 1), &[]);
    for _ in 0..1_000 {
        client.now += Duration::from_secs(1);
        client.hears(&ping).unwrap();
    }
    for _ in 0..8 {
        client.hears(&ping).unwrap();
    }
    assert_eq!(client.hears(&ping), Err(Violation::TooManyPings));
}

#[test]
fn bytes_that_trickle_in_are_signs_of_life_and_silence_is_not() {
    let limits = Limits::default();
    let long = framed((OPEN, 1, "a/b"), &[0; 1_000]);
    let mut server = Side::server(limits.clone());
    for end in 1..long.len() {
        server.passes(limits.keepalive);
        server.hears(&long[..end]).unwrap();
        assert!(!server.connection.is_silent(server.now));
    }
    for _ in 0..10 {
        server.passes(limits.keepalive);
        server.hears(&long[..long.len() - 1]).unwrap();
    }
    assert!(server.connection.is_silent(server.now), "nothing new arrived");
}

#[test]
fn a_hello_comes_first_and_once() {
    let mut server = Side::server(Limits::default());
    assert!(matches!(server.hears(&hello()), Err(Violation::Hello(_))));
    for first in [open(1), framed((7, 0, 1), &[]), framed((14, 0), &[]), framed((13, 1), &[])] {
        let now = std::time::Instant::now();
        let mut server = Side::new(Connection::server(Limits::default(), "tested", None, now), now);
        assert!(matches!(server.hears(&first), Err(Violation::Hello(_))));
    }
}

/// Feeds a server as a driver does, one read at a time until too much waits for the peer, which reads nothing. The
/// answer is how much waits in the end, when the deadlines of all calls have passed too.
fn waits_after(mut flood: impl Iterator<Item = Vec<u8>>) -> usize {
    const READ: usize = 64 << 10;
    let mut server = Side::server(Limits::default());
    for _ in 0..1_000 {
        if OUTBOX_LEN_MAX <= server.connection.outbox().len() {
            break;
        }
        let mut read = Vec::new();
        while read.len() < READ {
            read.extend(flood.next().expect("it is a flood"));
        }
        if server.hears(&read).is_err() {
            break;
        }
    }
    server.passes(Duration::from_secs(60));
    server.connection.outbox().len()
}

#[test]
fn what_waits_for_a_peer_that_does_not_read_is_bounded() {
    let ids = || (1_u64..).step_by(2);
    let refused = waits_after(ids().map(open));
    let not_understood = waits_after(ids().map(|id| framed((27, id), &[])));
    let too_long =
        waits_after(ids().map(|id| framed((OPEN, id, "", extensions([(5, u64::MAX.into())])), &[])));
    let asked = waits_after(std::iter::repeat_with(|| framed((7, 0, u64::MAX), &[])));
    let granted = waits_after(ids().map(|id| {
        // It takes its place in the queue for credit, and at once gives it up to the next one.
        let begun = framed((OPEN, id, "", extensions([(5, (4_u64 << 20).into())])), b"x");
        [begun, framed((CANCEL, id), &[])].concat()
    }));
    for waiting in [refused, not_understood, too_long] {
        assert!(OUTBOX_LEN_MAX <= waiting, "{waiting}: the flood is no flood");
    }
    for waiting in [refused, not_understood, too_long, asked, granted] {
        assert!(waiting <= 2 * OUTBOX_LEN_MAX, "{waiting}");
    }
}
