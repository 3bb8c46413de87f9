//! Properties of framing: how bytes are split does not matter, and no bytes do harm.

use std::time::Instant;

use countersign_proto::{Connection, Limits, Opening};
use proptest::prelude::*;
use proptest::sample::{Index, select};

use crate::talk::{Side, extensions, framed, hello};

fn limits() -> Limits {
    Limits { frame_len: 64 << 10, message_len: 1_000, calls_open: 4, metadata_len: 100, ..Limits::default() }
}

/// Ids of calls that may be open, and some that cannot be.
fn an_id() -> impl Strategy<Value = u64> {
    prop_oneof![12 => select(&[1_u64, 3, 5, 7][..]), 1 => 0..12_u64]
}

/// Frames that peers send, and some that they should not.
fn a_frame() -> impl Strategy<Value = Vec<u8>> {
    let open = (an_id(), 0..1_200_usize, any::<u64>()).prop_map(|(id, len, deadline_us)| {
        framed((11, id, "a.B/c", extensions([(1, deadline_us.into())])), &vec![0xf6; len])
    });
    let end = (an_id(), 0..20_u64, ".{0,40}")
        .prop_map(|(id, code, message)| framed((21, id, code, extensions([(2, message.into())])), b"\xf6"));
    let total = |kind: u64| {
        (an_id(), 0..1_200_u64, 0..1_200_usize).prop_map(move |(id, total, len)| {
            let beside = extensions([(5, total.into())]);
            let part = vec![0xf6; len.min(total as usize)];
            match kind {
                11 => framed((kind, id, "a.B/c", beside), &part),
                21 => framed((kind, id, 0, beside), &part),
                _ => framed((kind, id, beside), &part),
            }
        })
    };
    let part =
        |kind: u64| (an_id(), 0..1_200_usize).prop_map(move |(id, len)| framed((kind, id), &vec![0xf6; len]));
    prop_oneof![
        8 => open,
        4 => end,
        2 => total(11),
        2 => total(13),
        2 => total(21),
        4 => part(13),
        4 => part(15),
        2 => (an_id()).prop_map(|id| framed((17, id), &[])),
        2 => (an_id(), any::<u64>()).prop_map(|(id, bytes)| framed((19, id, bytes), &[])),
        2 => (an_id()).prop_map(|id| framed((25, id), &[])),
        2 => (an_id()).prop_map(|id| framed((23, id), &[])),
        2 => any::<u64>().prop_map(|token| framed((7, 0, token), &[])),
        2 => (0..40_u64, 0..6_u64).prop_map(|(kind, id)| framed((kind, id), &[])),
        1 => any::<u64>().prop_map(|last| framed((3, 0, last, 14, "maintenance"), &[])),
        1 => Just(framed((5, 0, 0, ""), &[])),
        1 => Just(hello()),
    ]
}

/// Both roles, greeted and with calls of their own.
fn sides(now: Instant) -> [Side; 2] {
    let mut client = Side::new(Connection::client(limits(), "tested", now), now);
    let server = Side::new(Connection::server(limits(), "tested", None, now), now);
    for token in 0..4 {
        client.connection.open(now, Opening::new("a.B/c", b"\xa0"), token).unwrap();
    }
    [client, server]
}

/// What a side says to bytes that arrive in pieces which end at these places.
fn hears_in_pieces(side: &mut Side, bytes: &[u8], mut ends: Vec<usize>) -> String {
    ends.push(bytes.len());
    ends.sort_unstable();
    let mut start = 0;
    let mut heard = Ok(0);
    for end in ends {
        heard = side.hears(&bytes[start..end]);
        match heard {
            Ok(taken) => start += taken,
            Err(_) => break,
        }
    }
    let verdict = heard.map(|_| start);
    let timeout = side.connection.poll_timeout().duration_since(side.now);
    format!(
        "{:#?} {:?} {verdict:?} {timeout:?} {:x?}",
        side.events,
        side.ended,
        side.connection.take_outbox()
    )
}

proptest! {
    #[test]
    fn any_split_of_the_bytes_gives_the_same_events(
        frames in prop::collection::vec(a_frame(), 0..12),
        cuts in prop::collection::vec(any::<Index>(), 0..20),
        tail in prop::collection::vec(any::<u8>(), 0..8),
    ) {
        let now = Instant::now();
        let mut bytes = hello();
        frames.iter().for_each(|frame| bytes.extend_from_slice(frame));
        bytes.extend_from_slice(&tail);
        let ends: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
        for (mut whole, mut pieces) in sides(now).into_iter().zip(sides(now)) {
            let at_once = hears_in_pieces(&mut whole, &bytes, Vec::new());
            let in_pieces = hears_in_pieces(&mut pieces, &bytes, ends.clone());
            prop_assert_eq!(at_once, in_pieces);
        }
    }

    #[test]
    fn arbitrary_bytes_are_refused_or_understood_and_never_answered_at_length(
        bytes in prop::collection::vec(any::<u8>(), 0..200),
        greeted in any::<bool>(),
    ) {
        judge(&bytes, greeted)?;
    }

    #[test]
    fn arbitrary_contents_are_refused_or_understood_and_never_answered_at_length(
        kind in select(&[1_u8, 3, 5, 7, 9, 11, 13, 14, 15, 17, 19, 21, 23, 25][..]),
        content in prop::collection::vec(prop_oneof![any::<u8>(), select(&b"\x80\x81\xa0\xa1\x9f\xbf\xff\x61a"[..])], 0..60),
    ) {
        let header = [&[0x84, kind][..], &content].concat();
        judge(&crate::talk::frame(&header), true)?;
    }

    #[test]
    fn a_good_frame_with_bytes_changed_is_refused_or_understood(
        mut frame in a_frame(),
        changes in prop::collection::vec((any::<Index>(), any::<u8>()), 1..4),
    ) {
        for (at, byte) in changes {
            let at = at.index(frame.len());
            frame[at] = byte;
        }
        judge(&frame, true)?;
    }
}

fn judge(bytes: &[u8], greeted: bool) -> Result<(), TestCaseError> {
    for mut side in sides(Instant::now()) {
        if greeted {
            side.hears(&hello()).unwrap();
        }
        let before = side.connection.take_outbox().len();
        let heard = side.hears(bytes);
        prop_assert!(heard.is_err() || heard.unwrap() <= bytes.len());
        prop_assert!(side.connection.calls_open() <= 4);
        let answer = side.connection.take_outbox().len();
        prop_assert!(answer <= 16 * bytes.len(), "{} bytes after {before}", answer);
    }
    Ok(())
}
