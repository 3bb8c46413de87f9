//! What a peer sends takes no memory beyond what it is worth. A binary of its own, since it counts allocations.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use countersign_proto::cbor::{Bytes, Value, from_owned, to_vec};
use countersign_proto::{Connection, Limits};
use peak_alloc::PeakAlloc;

#[global_allocator]
static ALLOCATIONS: PeakAlloc = PeakAlloc;

const MIB: usize = 1 << 20;

/// Tests count the same allocations, and so run one after the other.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A frame with a header of these parts.
fn frame(parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    [&[0x5a][..], &u32::try_from(content.len()).unwrap().to_be_bytes(), &content].concat()
}

/// A server that was greeted.
fn server(limits: Limits) -> Connection<()> {
    let now = Instant::now();
    let mut server = Connection::server(limits.clone(), "tested", None, now);
    let mut client = Connection::<()>::client(limits, "test", now);
    server.receive(now, &client.take_outbox()).unwrap();
    server
}

/// The most that was allocated at once while a fresh server, which accepts long frames, took these bytes.
fn taken(bytes: &[u8]) -> usize {
    let now = Instant::now();
    let mut server = server(Limits { frame_len: 16 << 20, ..Limits::default() });
    let before = ALLOCATIONS.current_usage();
    ALLOCATIONS.reset_peak_usage();
    // What it makes of them is told elsewhere.
    let _ = server.receive(now, bytes);
    ALLOCATIONS.peak_usage() - before
}

#[test]
fn what_is_over_a_limit_takes_no_memory() {
    let _alone = alone();
    // A million entries of metadata, each of three bytes: an empty text under a key of one letter.
    let million = [&[0x84, 11, 1, 0x61, b'a', 0xa1, 3, 0xba, 0, 15, 0x42, 0x40][..]].concat();
    let metadata = frame(&[&million, &b"\x61a\x60".repeat(1_000_000), b"\xa0"]);
    // The same as bytes of indefinite length, in empty chunks.
    let chunks = frame(&[b"\x84\x0b\x01\x61a\xa1\x03\xa1\x61a\x5f", &b"\x40".repeat(4 * MIB), b"\xff\xa0"]);
    let extensions = frame(&[b"\x84\x0b\x01\x61a\xbf", &b"\x18\x64\xf6".repeat(MIB), b"\xff\xa0"]);
    let nested = frame(&[b"\x84\x0b\x01\x61a\xa1\x14", &b"\x81".repeat(4 * MIB), b"\xf6\xa0"]);
    let announced = [
        &b"\x5a\xff\xff\xff\xff"[..],
        &frame(&[b"\x9b\xff\xff\xff\xff\xff\xff\xff\xff"]),
        &frame(&[b"\x84\x0b\x01\x7b\xff\xff\xff\xff\xff\xff\xff\xff"]),
        &frame(&[b"\x84\x0b\x01\x61a\xbb\xff\xff\xff\xff\xff\xff\xff\xff"]),
        &frame(&[b"\x84\x0b\x01\x61a\xa1\x03\xbb\xff\xff\xff\xff\xff\xff\xff\xff"]),
    ];
    for bytes in [&metadata[..], &chunks, &extensions, &nested].into_iter().chain(announced) {
        let taken = taken(bytes);
        assert!(taken < 512 << 10, "{taken} bytes for {:x?}…", &bytes[..16.min(bytes.len())]);
    }
    // A text in chunks is joined before it is known to be too long, and that is all.
    let long = frame(&[b"\x83\x0b\x01\x7f\x7a\x00\x40\x00\x00", &b"x".repeat(4 * MIB), b"\xff"]);
    assert!(taken(&long) <= 9 * MIB);
}

#[test]
fn messages_that_are_half_sent_take_no_more_than_was_granted() {
    const CALLS: usize = 512;
    const PER_CALL: usize = 1 << 10;
    let _alone = alone();
    let limits = Limits {
        calls_open: CALLS as u32,
        initial_credit: 16 << 10,
        message_len: MIB as u32,
        receive_budget: 4 * MIB as u32,
        ..Limits::default()
    };
    let granted = CALLS * limits.initial_credit as usize + limits.receive_budget as usize;
    let mut server = server(limits.clone());
    server.take_outbox();
    let before = ALLOCATIONS.current_usage();
    ALLOCATIONS.reset_peak_usage();

    // Each call begins the longest of messages, and sends all that it has credit for, and then a little at a time
    // of what it was granted: all but the last byte.
    let now = Instant::now();
    let total = Value::Map(vec![(5_u64.into(), (MIB as u64).into())]);
    let id = |call: usize| 2 * call as u64 + 1;
    for call in 0..CALLS {
        let header = to_vec(&(11, id(call), "a/b", &total)).unwrap();
        let part = vec![0; limits.initial_credit as usize - 32];
        server.receive(now, &frame(&[&header, &part])).unwrap();
    }
    let admitted = limits.receive_budget as usize / MIB;
    for call in 0..admitted {
        let header = to_vec(&(15, id(call))).unwrap();
        let mut rest = MIB - (limits.initial_credit as usize - 32) - 1;
        while rest != 0 {
            let part = vec![0; rest.min(10_000)];
            server.receive(now, &frame(&[&header, &part])).unwrap();
            rest -= part.len();
        }
    }
    assert_eq!(server.calls_open(), CALLS);
    let held = ALLOCATIONS.current_usage() - before;
    assert!(granted - 16 * CALLS * 2 <= held, "{held} bytes of {granted}: they hold less than they might");
    // While one grows, it is there twice.
    let peak = ALLOCATIONS.peak_usage() - before;
    assert!(peak <= granted + CALLS * PER_CALL + MIB, "{peak} bytes at once, and {granted} were granted");

    // Whatever they are, they leave nothing behind.
    for call in 0..CALLS {
        server.receive(now, &frame(&[&to_vec(&(23, id(call))).unwrap()])).unwrap();
    }
    server.take_outbox();
    let left = ALLOCATIONS.current_usage().saturating_sub(before);
    assert!(left <= CALLS * PER_CALL, "{left} bytes are left");
}

#[test]
fn a_long_byte_string_is_copied_once_when_it_is_encoded_and_not_at_all_when_it_is_decoded() {
    // Of longer ones the memory would be kept for others.
    const LEN: usize = 60_000;
    // What the threads of other tests take while they begin, and far from another copy.
    const OTHERS: usize = 16 << 10;
    let _alone = alone();
    let long = Bytes::from(vec![7; LEN]);
    let peak = |work: &mut dyn FnMut()| {
        let before = ALLOCATIONS.current_usage();
        ALLOCATIONS.reset_peak_usage();
        work();
        ALLOCATIONS.peak_usage() - before
    };
    let mut payload = Vec::new();
    let taken = peak(&mut || payload = to_vec(&("name", &long)).unwrap());
    assert!(taken <= LEN + OTHERS, "{taken} bytes to encode {LEN}");
    let mut decoded = None;
    let taken = peak(&mut || decoded = from_owned::<(String, Bytes)>(std::mem::take(&mut payload)).ok());
    assert!(taken <= OTHERS, "{taken} bytes to decode {LEN} that are there");
    assert!(decoded.is_some_and(|(_, bytes)| bytes == long));
}

#[test]
fn calls_that_come_and_go_leave_nothing_behind_while_nobody_reads() {
    let _alone = alone();
    let mut now = Instant::now();
    let mut server = server(Limits::default());
    let mut round = |id: u64| {
        server.receive(now, &frame(&[&to_vec(&(11, id, "a/b")).unwrap(), b"\xa0"])).unwrap();
        server.attach(id, ()).unwrap();
        server.send(id, &[0; 60_000]).unwrap();
        // Soon more waits to be written than goes out at once, and each call for its turn.
        server.outbox();
        now += Duration::from_millis(10);
        server.receive(now, &frame(&[&to_vec(&(23, id)).unwrap()])).unwrap();
        assert!(server.poll_ended().is_some());
        while server.poll_sendable().is_some() {}
        // The handler has ended.
        server.reply(id, Ok(b"\xf6"));
        server.outbox().len()
    };
    let mut ids = (1..).step_by(2);
    let waiting = ids.by_ref().take(100).map(&mut round).last().unwrap();
    let before = ALLOCATIONS.current_usage();
    let still_waiting = ids.take(50_000).map(round).last().unwrap();
    assert_eq!(still_waiting, waiting);
    let more = ALLOCATIONS.current_usage().saturating_sub(before);
    assert!(more < 64 << 10, "{more} bytes more than at first");
}
