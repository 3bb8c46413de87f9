//! The buffer of a message that was sent, for the thread's next one: most are short, and end where the one before them
//! did.

use std::cell::Cell;

use countersign_proto::cbor;

/// A longer buffer is not kept: its allocation is a small part of what the message costs.
const KEPT_MAX: usize = 64 << 10;

thread_local! {
    static SPARE: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// An empty buffer.
pub(crate) fn take() -> Vec<u8> {
    let spare = SPARE.take();
    if spare.capacity() == 0 { cbor::buffer() } else { spare }
}

/// Keeps the buffer of a message that was sent, unless somebody took its memory.
pub(crate) fn give_back(mut message: Vec<u8>) {
    if (1..=KEPT_MAX).contains(&message.capacity()) {
        message.clear();
        // A thread that ends needs no spare.
        let _ = SPARE.try_with(|spare| spare.set(message));
    }
}
