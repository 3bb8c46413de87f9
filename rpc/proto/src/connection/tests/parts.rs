//! Parts of long messages, in whatever pieces they come.

use super::*;

const RESULT_LEN: usize = 100_000;

/// A client with a call, and the bytes with which a server answers it in parts.
fn answer() -> (Pair, CallId, Vec<u8>, Vec<u8>) {
    let mut pair = Pair::connected();
    let call = pair.open("long");
    pair.run();
    let result: Vec<u8> = (0..RESULT_LEN).map(|at| (at % 251) as u8).collect();
    pair.server.reply(call, Ok(&result));
    // Its last part waits until the others are written.
    let answer = [pair.server.take_outbox(), pair.server.take_outbox()].concat();
    assert!(RESULT_LEN < answer.len(), "there is credit for all of it");
    (pair, call, answer, result)
}

/// Receives what has come, and what is left of it with the next.
fn receive_in_pieces(pair: &mut Pair, bytes: &[u8], piece_len: usize) -> Vec<Vec<u8>> {
    let (mut unread, mut results) = (Vec::new(), Vec::new());
    for piece in bytes.chunks(piece_len) {
        unread.extend_from_slice(piece);
        loop {
            let received = pair.client.receive(pair.now, &unread).expect("a well-behaved server");
            if let Some(Event::Ended(ended)) = received.event {
                results.push(ended.result.expect("it went well").into_owned());
            }
            match received.taken {
                0 => break,
                taken => drop(unread.drain(..taken)),
            }
        }
    }
    assert!(unread.is_empty());
    results
}

#[test]
fn a_long_message_is_the_same_in_whatever_pieces_it_comes() {
    for piece_len in [1, 7, 255, 4_095, 16_384, 40_000, usize::MAX] {
        let (mut pair, _, answer, result) = answer();
        assert!(receive_in_pieces(&mut pair, &answer, piece_len) == [result], "{piece_len}");
    }
}

#[test]
fn what_would_be_left_of_a_message_goes_with_the_part_before_it() {
    let parts = Parts { whole_max: 50_000, part_max: 30_000 };
    let lens = |mut rest: usize| -> Vec<usize> {
        let part = |_| {
            let len = parts.next(rest);
            rest -= len;
            len
        };
        (0..3).map(part).collect()
    };
    assert_eq!(lens(60_255), [30_000, 30_255, 0]);
    assert_eq!(lens(60_256), [30_000, 30_000, 256]);
    assert_eq!(Parts { whole_max: 30_000, part_max: 30_000 }.next(30_001), 30_000, "no more fits");
}

#[test]
fn the_rest_of_a_part_is_dropped_when_its_call_has_ended() {
    let (mut pair, call, answer, _) = answer();
    let (come, to_come) = answer.split_at(RESULT_LEN / 2);
    assert!(receive_in_pieces(&mut pair, &come[..40_000], 16_384).is_empty());
    pair.client.cancel(call);
    let mut rest = come[40_000..].to_vec();
    rest.extend_from_slice(to_come);
    assert!(receive_in_pieces(&mut pair, &rest, 16_384).is_empty());
    assert_eq!((pair.client.calls_open(), pair.client.budget_used()), (0, 0));
}

#[test]
fn a_part_beyond_its_message_is_refused_by_its_header() {
    let (mut pair, call, answer, _) = answer();
    let first = 5 + u32::from_be_bytes([answer[1], answer[2], answer[3], answer[4]]) as usize;
    pair.client_receives(&answer[..first]).expect("it is as it should be");
    let mut head = vec![0x5a];
    head.extend_from_slice(&60_003_u32.to_be_bytes());
    head.extend_from_slice(&[0x82, 15, call as u8]);
    pair.client_receives(&head).expect("so much may come");
    pair.client_receives(&[0; 60_000]).expect("and does");
    head[1..5].copy_from_slice(&30_003_u32.to_be_bytes());
    let refused = pair.client_receives(&head);
    assert!(matches!(refused, Err(Violation::Stream { .. })), "there is not so much left: {refused:?}");
}
