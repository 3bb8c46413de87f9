//! The buffer of a reply that was sent, for the next one: most are short, and end where the one before them did.

#![cfg_attr(not(feature = "tls"), expect(dead_code, reason = "contracts alone send no replies"))]

use std::cell::Cell;

use countersign_proto::cbor;

/// A longer buffer is not kept: its allocation is a small part of what the reply costs.
const KEPT_MAX: usize = 4 << 10;

thread_local! {
    static SPARE: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// An empty buffer.
pub(super) fn take() -> Vec<u8> {
    let spare = SPARE.take();
    if spare.capacity() == 0 { cbor::buffer() } else { spare }
}

/// Keeps the buffer of a reply that was sent.
pub(crate) fn give_back(mut reply: Vec<u8>) {
    if reply.capacity() <= KEPT_MAX {
        reply.clear();
        SPARE.set(reply);
    }
}
