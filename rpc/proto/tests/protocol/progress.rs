//! Floods of frames that are allowed one by one, each of which ends; and peers in a hurry, none of which is punished.

use std::time::Duration;

use countersign_proto::{Code, Limits, Opening, Status, Violation};

use crate::pair::Pair;
use crate::talk::{Side, extensions, framed};

const GOING_AWAY: u64 = 3;
const PONG: u64 = 9;
const OPEN: u64 = 11;
const ITEM: u64 = 13;
const CONTINUATION: u64 = 15;
const HALF_CLOSE: u64 = 17;
const CREDIT: u64 = 19;
const END: u64 = 21;
const CANCEL: u64 = 23;
const UNKNOWN_EVEN: u64 = 14;
const UNKNOWN_ODD: u64 = 131;

const MS: Duration = Duration::from_millis(1);

/// Fruitless frames that are forgiven.
const FORGIVEN: u64 = 16 << 10;

/// Frames that may be late for one call whose window has room for 512 messages.
const LATE: u64 = 2 * 512 + 4;

fn strict() -> Limits {
    Limits { calls_open: 10, initial_credit: 16 << 10, ..Limits::default() }
}

/// A server with call 1, whose handler runs.
fn server() -> Side {
    let mut side = Side::server(strict());
    side.hears(&framed((OPEN, 1, "a/b"), b"\xa0")).unwrap();
    side
}

/// A client with call 1.
fn client() -> Side {
    let mut side = Side::client(strict());
    side.connection.open(side.now, Opening::new("a/b", b"\xa0"), 1).unwrap();
    side.connection.take_outbox();
    side
}

/// How many of these frames a side puts up with, all at one moment.
fn endured(side: &mut Side, frames: impl Iterator<Item = Vec<u8>>) -> u64 {
    let mut count = 0;
    for frame in frames.take(100_000) {
        match side.hears(&frame) {
            Ok(_) => count += 1,
            Err(violation) => {
                assert_eq!((&violation, violation.code()), (&Violation::Fruitless, Code::ResourceExhausted));
                return count;
            }
        }
        assert!(side.connection.take_outbox().len() <= 16 * frame.len(), "it is answered at length");
    }
    panic!("it is put up with for ever")
}

fn same(frame: Vec<u8>) -> impl Iterator<Item = Vec<u8>> {
    std::iter::repeat(frame)
}

fn cut_item(id: u64, total: u64) -> Vec<u8> {
    framed((ITEM, id, extensions([(5, total.into())])), &[])
}

#[test]
fn calls_that_are_cancelled_at_once_are_not_opened_without_end() {
    let mut side = Side::server(strict());
    let mut resets = 0;
    let ended = (1..100_000_u64).step_by(2).find_map(|id| {
        side.hears(&framed((OPEN, id, "a/b"), b"\xa0")).unwrap();
        let cancelled = side.hears(&framed((CANCEL, id), &[])).err();
        // Its handler stops as soon as it is told to.
        side.connection.reply(id, Err(&Status::new(Code::Cancelled, "stopped")));
        resets += 1;
        cancelled
    });
    assert_eq!((ended, resets), (Some(Violation::Fruitless), FORGIVEN + 1));
    assert!(side.connection.outbox().is_empty(), "a cancel has no answer");
}

#[test]
fn a_message_does_not_come_byte_by_byte() {
    let mut side = server();
    side.hears(&cut_item(1, 1 << 20)).unwrap();
    let drips = same(framed((CONTINUATION, 1), b"x"));
    assert_eq!(endured(&mut side, drips), FORGIVEN - 1, "the first part was empty");
}

#[test]
fn parts_of_nothing_are_not_sent_without_end() {
    let mut side = server();
    // It begins another message each time, and never sends one: each call is given up for the next.
    let calls = (3_u64..).step_by(2).map(|id| {
        let open = framed((OPEN, id, "a/b", extensions([(5, 100_u64.into())])), &[]);
        [open, framed((CANCEL, id), &[])].concat()
    });
    assert_eq!(endured(&mut side, calls), FORGIVEN / 2, "the part, and the cancel");
}

#[test]
fn credit_that_is_of_no_use_is_not_granted_without_end() {
    for mut side in [server(), client()] {
        assert_eq!(endured(&mut side, same(framed((CREDIT, 1, 0), &[]))), FORGIVEN);
    }
    for mut side in [server(), client()] {
        let unasked = same(framed((CREDIT, 1, 1 << 20), &[]));
        assert_eq!(endured(&mut side, unasked), FORGIVEN, "it has all of its window");
    }
}

#[test]
fn what_nobody_understands_or_asked_for_is_not_sent_without_end() {
    for mut side in [server(), client()] {
        assert_eq!(endured(&mut side, same(framed((UNKNOWN_EVEN, 1), b"x"))), FORGIVEN);
    }
    for mut side in [server(), client()] {
        assert_eq!(endured(&mut side, same(framed((PONG, 0, 1), &[]))), FORGIVEN);
    }
    for mut side in [server(), client()] {
        let again = same(framed((GOING_AWAY, 0, 1, 0, ""), &[]));
        assert_eq!(endured(&mut side, again), FORGIVEN + 1, "once is well");
    }
}

#[test]
fn calls_that_have_ended_do_not_get_frames_without_end() {
    let late_at_a_server = [
        framed((ITEM, 1), b"x"),
        framed((CONTINUATION, 1), b"x"),
        framed((HALF_CLOSE, 1), &[]),
        framed((CREDIT, 1, 100), &[]),
        framed((CANCEL, 1), &[]),
        framed((UNKNOWN_ODD, 1), &[]),
    ];
    for late in late_at_a_server {
        let mut side = server();
        side.connection.reply(1, Ok(b"\xf6"));
        assert_eq!(endured(&mut side, same(late)), LATE + FORGIVEN);
    }
    let late_at_a_client = [
        framed((ITEM, 1), b"x"),
        framed((CREDIT, 1, 100), &[]),
        framed((END, 1, 0), b"\xf6"),
        framed((25, 1, extensions([])), &[]),
        framed((UNKNOWN_ODD, 1), &[]),
    ];
    for late in late_at_a_client {
        let mut side = client();
        side.connection.cancel(1);
        assert_eq!(endured(&mut side, same(late)), LATE + FORGIVEN);
    }
}

#[test]
fn neither_time_nor_what_was_useful_is_saved_up() {
    let mut side = Side::server(strict());
    for id in (1..20_000).step_by(2) {
        side.hears(&framed((OPEN, id, "a/b"), b"\xa0")).unwrap();
        side.connection.reply(id, Ok(b"\xf6"));
        side.connection.take_outbox();
    }
    side.now += Duration::from_secs(3_600);
    assert_eq!(endured(&mut side, same(framed((PONG, 0, 1), &[]))), FORGIVEN);
    side.now += 10 * MS;
    assert_eq!(endured(&mut side, same(framed((PONG, 0, 1), &[]))), 9, "one was over");
}

#[test]
fn what_a_peer_ended_itself_has_nothing_late() {
    let mut side = server();
    side.hears(&framed((CANCEL, 1), &[])).unwrap();
    assert_eq!(endured(&mut side, same(framed((ITEM, 1), b"x"))), FORGIVEN - 1, "it was cancelled at once");
}

#[test]
fn ten_thousand_messages_and_ten_thousand_calls_are_welcome() {
    let mut pair = Pair::connected(strict());
    let stream = pair.open(None);
    pair.run();
    for _ in 0..10_000 {
        pair.client_sends(stream, &[0; 600]);
        pair.server_sends(stream, &[0; 600]);
        pair.run();
    }
    assert_eq!(pair.items, 20_000);
    for _ in 0..10_000 {
        let id = pair.open(None);
        pair.run();
        pair.answer(id);
        pair.run();
    }
    assert_eq!(pair.answered, 10_000);
}

#[test]
fn calls_that_were_waited_for_may_be_cancelled_without_end() {
    for timeout in [20 * MS, 1_000 * MS] {
        let mut pair = Pair::connected(Limits { calls_open: 100, ..strict() });
        for _ in 0..500 {
            let calls: Vec<_> = (0..100).map(|_| pair.open(Some(timeout))).collect();
            pair.run();
            pair.pass(timeout / 2);
            calls.into_iter().for_each(|id| pair.cancel(id));
            pair.run();
        }
        assert_eq!(pair.stopped, 50_000);
    }
}

#[test]
fn a_client_may_lose_patience_with_a_slow_server_each_time() {
    let mut pair = Pair::connected(Limits { calls_open: 100, ..strict() });
    pair.slow = true;
    for _ in 0..500 {
        for _ in 0..100 {
            pair.open(Some(10 * MS));
        }
        pair.run();
        // Both sides have a clock: cancels and ends cross each other.
        pair.pass(10 * MS);
        pair.finish_handlers_of_ended_calls();
    }
    assert_eq!((pair.stopped, pair.refused), (50_000, 0));
}

#[test]
fn whoever_hedges_gives_up_a_call_for_each_that_is_answered() {
    let mut pair = Pair::connected(strict());
    for _ in 0..30_000 {
        let (first, second) = (pair.open(None), pair.open(None));
        pair.run();
        pair.answer(first);
        pair.cancel(second);
        pair.run();
    }
    assert_eq!((pair.answered, pair.stopped), (30_000, 30_000));
}

#[test]
fn all_calls_may_be_given_up_at_once_however_many_they_are() {
    let mut pair = Pair::connected(Limits { calls_open: 20_000, ..strict() });
    for _ in 0..2 {
        let calls: Vec<_> = (0..20_000).map(|_| pair.open(None)).collect();
        pair.run();
        calls.into_iter().for_each(|id| pair.cancel(id));
        pair.run();
    }
    assert_eq!(pair.stopped, 40_000);
}

#[test]
fn a_stream_that_a_server_ends_early_may_have_been_busy() {
    let mut side = Side::server(strict());
    for id in (1..200).step_by(2) {
        side.hears(&framed((OPEN, id, "a/b"), b"\xa0")).unwrap();
        side.connection.reply(id, Err(&Status::new(Code::Unimplemented, "nothing like it")));
        // All that its credit lets it send, in the smallest of messages.
        for _ in 0..(16 << 10) / 33 {
            side.hears(&framed((ITEM, id), b"x")).unwrap();
        }
        side.hears(&framed((HALF_CLOSE, id), &[])).unwrap();
    }
}

#[test]
fn each_item_may_be_granted_for_itself() {
    let mut side = server();
    for _ in 0..10_000 {
        side.connection.send(1, b"x").unwrap();
        side.connection.take_outbox();
        side.hears(&framed((CREDIT, 1, 33), &[])).unwrap();
    }
}

#[test]
fn what_is_odd_and_rare_adds_up_to_nothing() {
    let mut side = server();
    for _ in 0..100_000 {
        side.hears(&framed((UNKNOWN_EVEN, 0), &[])).unwrap();
        side.now += MS;
    }
}
