//! Rules of messages and credit that no vector shows: what a sender may send, what a receiver grants, and who has
//! to wait.

use std::time::{Duration, Instant};

use countersign_proto::{Code, Connection, Limits, Opening, Sending, Status};
use proptest::prelude::*;

use crate::talk::{Frames, Side, extensions, frame, framed, number, split_item};

const OPEN: u64 = 11;
const ITEM: u64 = 13;
const CONTINUATION: u64 = 15;
const CREDIT: u64 = 19;
const END: u64 = 21;
const CANCEL: u64 = 23;

/// What each call begins with, the least that there is.
const WINDOW: u64 = 16 << 10;

fn limits() -> Limits {
    Limits { initial_credit: WINDOW as u32, message_len: 1 << 20, receive_budget: 0, ..Limits::default() }
}

/// The hello of a peer with these limits.
fn greeting() -> Vec<u8> {
    framed((1, 0, 1 << 16, 1 << 20, 1 << 10, 1 << 14, WINDOW), &[])
}

/// A server for a peer with these limits, with calls whose handlers run.
fn server(calls: &[u64]) -> Side {
    let mut side = greeted(|now| Connection::server(limits(), "tested", None, now));
    for id in calls {
        side.hears(&framed((OPEN, *id, "a/b"), b"\xa0")).unwrap();
    }
    side
}

/// A client of such a server, with call 1.
fn client() -> Side {
    let mut side = greeted(|now| Connection::client(limits(), "tested", now));
    side.connection.open(side.now, Opening::new("a/b", b"\xa0"), 1).unwrap();
    side.connection.take_outbox();
    side
}

fn greeted(connection: impl FnOnce(Instant) -> Connection<u64>) -> Side {
    let now = Instant::now();
    let mut side = Side::new(connection(now), now);
    side.connection.take_outbox();
    side.hears(&greeting()).unwrap();
    side
}

/// The first part of an item that is this long.
fn cut_item(id: u64, total: usize, part: &[u8]) -> Vec<u8> {
    framed((ITEM, id, extensions([(5, (total as u64).into())])), part)
}

/// The first part of arguments that are this long.
fn cut_open(id: u64, total: usize, part: &[u8]) -> Vec<u8> {
    framed((OPEN, id, "a/b", extensions([(1, 1_000_u64.into()), (5, (total as u64).into())])), part)
}

/// What a side has to say, until it has no more: type, id, the number after them and the payload of each frame.
fn said(side: &mut Side) -> Vec<(u64, u64, u64, Vec<u8>)> {
    let mut frames = Vec::new();
    loop {
        let sent = side.connection.take_outbox();
        if sent.is_empty() {
            return frames;
        }
        for content in Frames(&sent) {
            let (len, header) = split_item(content);
            frames.push((
                number(&header, 0),
                number(&header, 1),
                number(&header, 2),
                content[len..].to_vec(),
            ));
        }
    }
}

/// What a side granted to a call.
fn granted(side: &mut Side, id: u64) -> u64 {
    let frames = said(side).into_iter();
    frames.filter(|frame| (frame.0, frame.1) == (CREDIT, id)).map(|frame| frame.2).sum()
}

/// The cost of frames that were sent.
fn spent(frames: &[(u64, u64, u64, Vec<u8>)]) -> u64 {
    let cost = |(kind, _, _, payload): &(u64, _, _, Vec<u8>)| match *kind {
        ITEM => 32 + payload.len() as u64,
        CONTINUATION => payload.len() as u64,
        _ => 0,
    };
    frames.iter().map(cost).sum()
}

proptest! {
    #[test]
    fn a_message_is_the_same_wherever_it_is_cut(
        message in prop::collection::vec(any::<u8>(), 1..300),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..6),
    ) {
        let mut ends: Vec<usize> = cuts.iter().map(|cut| cut.index(message.len() + 1)).collect();
        ends.push(message.len());
        ends.sort_unstable();
        let first = ends[0];
        let parts = ends.windows(2).filter(|ends| ends[0] < ends[1]);
        let rest = |id: u64| -> Vec<u8> {
            let parts = parts.clone().map(|ends| framed((CONTINUATION, id), &message[ends[0]..ends[1]]));
            parts.collect::<Vec<_>>().concat()
        };

        let (mut whole, mut pieces) = (server(&[1]), server(&[1]));
        whole.hears(&framed((ITEM, 1), &message)).unwrap();
        whole.hears(&framed((OPEN, 3, "a/b"), &message)).unwrap();
        pieces.hears(&cut_item(1, message.len(), &message[..first])).unwrap();
        pieces.hears(&rest(1)).unwrap();
        pieces.hears(&cut_open(3, message.len(), &message[..first])).unwrap();
        pieces.hears(&rest(3)).unwrap();
        pieces.events.retain(|event| !event.starts_with("Arriving"));
        prop_assert_eq!(normal(&whole.events), normal(&pieces.events));

        let mut caller = client();
        let total = extensions([(5, (message.len() as u64).into())]);
        caller.hears(&framed((END, 1, 0, total), &message[..first])).unwrap();
        caller.hears(&rest(1)).unwrap();
        prop_assert_eq!(&caller.ended, &[(1, Ok(message))]);
    }

    #[test]
    fn nothing_is_sent_that_was_not_granted(
        steps in prop::collection::vec(
            prop_oneof![
                (0..40_000_usize).prop_map(|len| (len, 0)),
                (0..40_000_u64).prop_map(|bytes| (0, bytes)),
            ],
            1..40,
        ),
    ) {
        let mut client = client();
        let mut credit = WINDOW;
        for (len, bytes) in steps {
            match bytes {
                0 => {
                    client.connection.send(1, &vec![0; len]).unwrap();
                }
                _ => {
                    client.hears(&framed((CREDIT, 1, bytes), &[])).unwrap();
                }
            }
            credit += bytes;
            let spent = spent(&said(&mut client));
            prop_assert!(spent <= credit, "{spent} of {credit}");
            credit -= spent;
        }
    }

    #[test]
    fn a_sender_has_half_of_its_credit_once_everything_was_consumed(
        lens in prop::collection::vec(prop_oneof![0..200_usize, 0..8_000_usize], 1..60),
    ) {
        let mut server = server(&[1]);
        let mut credit = WINDOW;
        server.connection.wants(1);
        for len in lens {
            credit -= 32 + len as u64;
            server.hears(&framed((ITEM, 1), &vec![0; len])).unwrap();
            server.connection.consumed(1, len);
            server.connection.wants(1);
            credit += granted(&mut server, 1);
            prop_assert!((WINDOW / 2..=WINDOW).contains(&credit), "{credit}");
        }
    }
}

/// Events, without a difference that is none: whether the bytes were copied.
fn normal(events: &[String]) -> Vec<String> {
    let deadline = |event: &String| match event.split_once("deadline: ") {
        Some((before, after)) => {
            format!("{before}{}", after.split_once("metadata").map_or(after, |(_, rest)| rest))
        }
        None => event.clone(),
    };
    events.iter().map(deadline).collect()
}

#[test]
fn a_message_that_costs_no_more_than_half_of_the_credit_waits_for_all_of_it() {
    let mut client = client();
    let half = vec![0; (WINDOW / 2) as usize - 32];
    for _ in 0..2 {
        assert_eq!(client.connection.send(1, &half), Ok(Sending::Done));
    }
    client.connection.take_outbox();
    assert_eq!(client.connection.send(1, &half), Ok(Sending::Queued));
    client.hears(&framed((CREDIT, 1, WINDOW / 2 - 1), &[])).unwrap();
    assert_eq!(said(&mut client), []);
    client.hears(&framed((CREDIT, 1, 1), &[])).unwrap();
    assert_eq!(said(&mut client), [(ITEM, 1, 0, half)]);
    assert_eq!(client.connection.poll_sendable(), Some(1));
}

#[test]
fn a_longer_message_is_begun_with_what_credit_there_is() {
    let mut client = client();
    let half = vec![0; (WINDOW / 2) as usize - 32];
    for _ in 0..2 {
        client.connection.send(1, &half).unwrap();
    }
    client.connection.take_outbox();
    let longer = vec![7; half.len() + 1];
    assert_eq!(client.connection.send(1, &longer), Ok(Sending::Queued));
    client.hears(&framed((CREDIT, 1, 32), &[])).unwrap();
    assert_eq!(said(&mut client), [], "not even a byte");
    client.hears(&framed((CREDIT, 1, 1), &[])).unwrap();
    let begun = client.connection.take_outbox();
    assert_eq!(begun, cut_item(1, longer.len(), &[7]));
    client.hears(&framed((CREDIT, 1, longer.len() as u64 - 1), &[])).unwrap();
    assert_eq!(said(&mut client), [(CONTINUATION, 1, 0, longer[1..].to_vec())]);
}

#[test]
fn credit_beyond_all_numbers_is_the_greatest_of_them() {
    let mut client = client();
    for _ in 0..3 {
        client.hears(&framed((CREDIT, 1, u64::MAX), &[])).unwrap();
    }
    for _ in 0..3 {
        client.connection.send(1, &[0; 30_000]).unwrap();
        assert_eq!(spent(&said(&mut client)), 30_032);
    }
}

#[test]
fn a_call_opened_before_the_hello_has_the_credit_of_the_hello_after_it() {
    let now = Instant::now();
    let mut client = Side::new(Connection::client(limits(), "tested", now), now);
    client.connection.open(now, Opening::new("a/b", b"\xa0"), 1).unwrap();
    client.connection.take_outbox();
    let least = vec![0; WINDOW as usize - 32];
    assert_eq!(client.connection.send(1, &least), Ok(Sending::Done));
    assert_eq!(client.connection.send(1, &[0]), Ok(Sending::Queued));
    assert_eq!(spent(&said(&mut client)), WINDOW);
    client.hears(&framed((1, 0, 1 << 16, 1 << 20, 1 << 10, 1 << 14, WINDOW + 33), &[])).unwrap();
    assert_eq!(spent(&said(&mut client)), 33);
}

#[test]
fn long_messages_are_granted_to_their_ends_in_the_order_of_their_arrival() {
    // The budget is two of the longest messages.
    let mut server = server(&[]);
    let total = 1 << 20;
    for id in [1, 3, 5, 7] {
        server.hears(&cut_open(id, total, &[0])).unwrap();
    }
    let grants = |server: &mut Side| -> Vec<(u64, u64)> {
        said(server).into_iter().filter(|frame| frame.0 == CREDIT).map(|frame| (frame.1, frame.2)).collect()
    };
    let lacking = total as u64 + 32 - WINDOW;
    assert_eq!(grants(&mut server), [(1, lacking), (3, lacking)]);
    server.hears(&framed((CANCEL, 3), &[])).unwrap();
    assert_eq!(grants(&mut server), [(5, lacking)], "before 7, which came later");
    let mut sent = 1;
    while sent < total {
        let part = vec![0; (total - sent).min(60_000)];
        server.hears(&framed((CONTINUATION, 1), &part)).unwrap();
        sent += part.len();
    }
    assert_eq!(grants(&mut server), [(7, lacking)], "the first is complete");
    assert_eq!(server.events.iter().filter(|event| event.starts_with("Opened")).count(), 1);
}

#[test]
fn items_that_nobody_waits_for_take_no_more_than_half_of_the_budget() {
    let mut server = server(&[1, 3, 5, 7]);
    let total = 1 << 20;
    for id in [1, 3] {
        server.hears(&cut_item(id, total, &[0])).unwrap();
    }
    let lacking = total as u64 + 32 - WINDOW;
    assert_eq!(granted(&mut server, 1), lacking);
    assert_eq!(granted(&mut server, 3), 0, "half is taken, and nobody reads");
    server.connection.wants(5);
    server.hears(&cut_item(5, total, &[0])).unwrap();
    assert_eq!(granted(&mut server, 5), lacking, "somebody waits for this one");
    server.connection.wants(3);
    assert_eq!(granted(&mut server, 3), 0, "now it is awaited too, but all is taken");
    server.hears(&framed((CANCEL, 1), &[])).unwrap();
    assert_eq!(granted(&mut server, 3), lacking);
}

#[test]
fn whatever_ends_a_call_gives_back_what_it_held() {
    let ways: [fn(&mut Side); 5] = [
        |server| {
            server.hears(&framed((CANCEL, 1), &[])).unwrap();
        },
        |server| server.passes(Duration::from_millis(1)),
        |server| {
            server.hears(&framed((27, 1), &[])).unwrap();
        },
        |server| {
            server.hears(&framed((ITEM, 1, extensions([(7, 1_u64.into())])), &[])).unwrap();
        },
        |server| {
            server.connection.fail(1, &Status::new(Code::PermissionDenied, ""));
        },
    ];
    for (at, end) in ways.into_iter().enumerate() {
        let mut server = server(&[]);
        server.hears(&cut_open(1, 1 << 20, &[0])).unwrap();
        assert_ne!(server.connection.budget_used(), 0);
        end(&mut server);
        assert_eq!((server.connection.budget_used(), server.connection.calls_open()), (0, 0), "way {at}");
    }
}

#[test]
fn a_handler_starts_when_its_arguments_are_complete() {
    let mut server = server(&[]);
    server.hears(&cut_open(1, 3, b"\xa1")).unwrap();
    server.hears(&framed((CONTINUATION, 1), b"\x61")).unwrap();
    assert_eq!(server.connection.calls_open(), 1);
    assert!(!server.events.iter().any(|event| event.starts_with("Opened")), "{:?}", server.events);
    server.hears(&framed((CONTINUATION, 1), b"\x61")).unwrap();
    assert!(server.events.iter().any(|event| event.starts_with("Opened")), "{:?}", server.events);
}

#[test]
fn long_messages_take_turns() {
    const LONG: usize = 1 << 20;
    let mut server = server(&[1, 3, 5]);
    for id in [1, 3] {
        server.hears(&framed((CREDIT, id, 2 * LONG as u64), &[])).unwrap();
        server.connection.reply(id, Ok(&vec![0; LONG]));
    }
    let mut ahead = 0;
    let mut parts = Vec::new();
    // The peer reads slowly: a little at a time, and between two frames a small result comes to be sent.
    while let Some(content) = Frames(server.connection.outbox()).next().map(<[u8]>::to_vec) {
        server.connection.outbox().drain(..frame(&content).len());
        let (_, header) = split_item(&content);
        match number(&header, 1) {
            5 => ahead = parts.len(),
            id => parts.push((id, content.len())),
        }
        if parts.len() == 10 {
            server.connection.reply(5, Ok(b"\x01"));
        }
    }
    assert!((10..=14).contains(&ahead), "{ahead}");
    assert!(parts.iter().all(|(_, len)| *len <= 65_536));
    let turns = parts.chunks_exact(2).take(30).all(|pair| pair[0].0 != pair[1].0);
    assert!(turns, "{parts:?}");
    let length = |of: u64| parts.iter().filter(|(id, _)| *id == of).map(|(_, len)| len).sum::<usize>();
    assert!(LONG < length(1) && LONG < length(3));
}

#[test]
fn a_stream_whose_turn_has_come_may_fill_the_room_that_there_is() {
    const ITEM_LEN: usize = 8 << 10;
    let calls = [1, 3, 5];
    let mut server = server(&calls);
    let item = vec![0; ITEM_LEN];
    for id in calls {
        server.hears(&framed((CREDIT, id, 1 << 20), &[])).unwrap();
    }
    for id in calls {
        while server.connection.send(id, &item) == Ok(Sending::Done) {}
    }
    assert_eq!(server.connection.poll_sendable(), None, "nothing was read");
    for id in calls.iter().cycle().take(6) {
        server.connection.outbox().clear();
        assert_eq!(server.connection.poll_sendable(), Some(*id));
        let mut sent = 0;
        while server.connection.send(*id, &item) == Ok(Sending::Done) {
            sent += 1;
        }
        assert!(10 < sent, "{sent} items");
        assert_eq!(server.connection.poll_sendable(), None, "there is no room left");
    }
}

#[test]
fn items_come_in_their_order_and_before_the_end() {
    let (mut server, mut client) = (server(&[1]), client());
    let items: Vec<(u64, Vec<u8>)> =
        [100, 9_000, 1, 0, 3, 70_000].into_iter().zip(0..).map(|(len, at)| (1, vec![at; 1 + len])).collect();
    let mut unsent = items.iter();
    client.connection.wants(1);
    while client.ended.is_empty() {
        while server.connection.can_send(1) {
            let Some((_, item)) = unsent.next() else { break };
            server.connection.send(1, item).unwrap();
            if unsent.len() == 0 {
                // The end follows what waits.
                server.connection.reply(1, Ok(b"\x01"));
            }
        }
        let taken = client.items.len();
        client.hears(&server.connection.take_outbox()).unwrap();
        for (_, item) in &client.items[taken..] {
            client.connection.consumed(1, item.len());
            client.connection.wants(1);
        }
        server.hears(&client.connection.take_outbox()).unwrap();
    }
    assert!(client.items == items);
    assert!(client.events.last().unwrap().starts_with("Ended"));
    assert_eq!(client.ended, [(1, Ok(b"\x01".to_vec()))]);
}
