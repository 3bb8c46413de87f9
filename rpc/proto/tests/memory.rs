//! What a peer sends takes no memory beyond what it is worth. A binary of its own, since it counts allocations.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

use std::time::Instant;

use countersign_proto::{Connection, Limits};
use peak_alloc::PeakAlloc;

#[global_allocator]
static ALLOCATIONS: PeakAlloc = PeakAlloc;

/// A frame with a header of these parts.
fn frame(parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    [&[0x5a][..], &u32::try_from(content.len()).unwrap().to_be_bytes(), &content].concat()
}

/// The most that was allocated at once while a fresh server took these bytes.
fn taken(bytes: &[u8]) -> usize {
    let now = Instant::now();
    let limits = Limits::default();
    let mut server = Connection::<()>::server(limits.clone(), "tested", None, now);
    let mut client = Connection::<()>::client(limits, "test", now);
    server.receive(now, &client.take_outbox()).unwrap();
    let before = ALLOCATIONS.current_usage();
    ALLOCATIONS.reset_peak_usage();
    // What it makes of them is told elsewhere.
    let _ = server.receive(now, bytes);
    ALLOCATIONS.peak_usage() - before
}

#[test]
fn what_is_over_a_limit_takes_no_memory() {
    const MIB: usize = 1 << 20;
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
