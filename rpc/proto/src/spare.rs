//! Memory of long messages, to be used again: an allocator gives blocks of their size back to the system, and to have
//! them mapped and zeroed for the next message takes longer than to copy it.

use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;

/// What is shorter is left to the allocator.
pub const LEN_MIN: usize = 64 << 10;

/// Bytes that the process keeps: as many as the messages of a busy connection.
const KEPT_MAX: usize = 16 << 20;

static SPARE: Mutex<Spare> = Mutex::new(Spare(Vec::new()));

/// The buffers that are kept, the latest last.
struct Spare(Vec<Vec<u8>>);

impl Spare {
    fn take(&mut self, len: usize) -> Option<Vec<u8>> {
        let fitting = self.0.iter().rposition(|buffer| (len..2 * len).contains(&buffer.capacity()))?;
        Some(self.0.remove(fitting))
    }

    /// Keeps a buffer. The oldest go, of lengths that do not come any more.
    fn keep(&mut self, buffer: Vec<u8>) {
        let mut len = buffer.capacity();
        self.0.push(buffer);
        let fits = |buffer: &&Vec<u8>| {
            len += buffer.capacity();
            len <= KEPT_MAX
        };
        let fitting = self.0.iter().rev().skip(1).take_while(fits).count();
        self.0.drain(..self.0.len() - 1 - fitting);
    }
}

/// An empty buffer for a message of this length, if there is one that is not twice as long.
pub(crate) fn take(len: usize) -> Option<Vec<u8>> {
    if len < LEN_MIN { None } else { spare().take(len) }
}

/// Makes room for so many bytes more, of a message that ends with them or soon after.
#[inline]
pub(crate) fn reserve(message: &mut Vec<u8>, more: usize) {
    const END_LEN: usize = 64;
    if LEN_MIN <= more && message.capacity() - message.len() < more {
        let len = message.len() + more + END_LEN;
        let mut longer = take(len).unwrap_or_else(|| Vec::with_capacity(len));
        longer.extend_from_slice(message);
        *message = longer;
    }
}

/// A message whose memory is used again when its last slice is dropped, if it is a long one.
#[derive(Debug)]
pub struct Shared(pub Bytes);

impl From<Vec<u8>> for Shared {
    fn from(message: Vec<u8>) -> Self {
        Self(match message.capacity() < LEN_MIN {
            true => message.into(),
            false => Bytes::from_owner(Lent(message)),
        })
    }
}

impl From<Bytes> for Shared {
    fn from(message: Bytes) -> Self {
        Self(message)
    }
}

/// The message as bytes whose memory is used again.
pub fn share(message: Vec<u8>) -> Bytes {
    Shared::from(message).0
}

struct Lent(Vec<u8>);

impl AsRef<[u8]> for Lent {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        self.0.clear();
        spare().keep(std::mem::take(&mut self.0));
    }
}

fn spare() -> MutexGuard<'static, Spare> {
    SPARE.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of a length that no other test asks for.
    const LEN: usize = 3_333_333;

    #[test]
    fn memory_of_a_message_serves_the_next_one_of_about_its_length() {
        let mut message = vec![7; LEN];
        let memory = message.as_ptr();
        let shared = share(message);
        let slice = shared.slice(1..2);
        drop(shared);
        assert_eq!(take(LEN), None, "a slice of it is in use");
        drop(slice);
        assert_eq!(take(LEN + 1), None, "it is too short");
        assert_eq!(take(LEN / 2), None, "it is too long");
        message = take(LEN - 1).expect("it fits");
        assert_eq!((message.as_ptr(), message.len()), (memory, 0));
    }

    #[test]
    fn what_is_kept_is_bounded_and_the_oldest_goes_first() {
        let mut spare = Spare(Vec::new());
        for len in 1..2 * KEPT_MAX / LEN_MIN {
            spare.keep(Vec::with_capacity(LEN_MIN + len));
        }
        let kept: Vec<_> = spare.0.iter().map(Vec::capacity).collect();
        assert!(kept.iter().sum::<usize>() <= KEPT_MAX && kept.is_sorted(), "{kept:?}");
        assert_eq!(kept.last(), Some(&(LEN_MIN + 2 * KEPT_MAX / LEN_MIN - 1)));
    }

    #[test]
    fn room_is_made_once_and_keeps_what_was_there() {
        let mut message = b"head".to_vec();
        reserve(&mut message, LEN_MIN);
        assert_eq!(message, b"head");
        assert!(4 + LEN_MIN <= message.capacity());
        let memory = message.as_ptr();
        reserve(&mut message, LEN_MIN);
        assert_eq!(message.as_ptr(), memory);
    }
}
