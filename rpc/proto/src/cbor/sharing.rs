//! Long byte strings as parts of the payload that they came in, rather than copies.
//!
//! Serde's visitors are given slices and not what those are slices of; so the thread notes, while it decodes,
//! the payload that owns them.

use std::cell::RefCell;

use serde::de::DeserializeOwned;

use super::decode::from_slice;
use super::error::DecodeError;
use crate::spare::Shared;

thread_local! {
    static PAYLOAD: RefCell<Option<bytes::Bytes>> = const { RefCell::new(None) };
}

/// Shorter payloads are copied sooner than they are shared.
const LONG: usize = 4096;

/// As [`from_slice`], of a payload that is given away: a byte string that is most of it is not copied.
pub fn from_owned<T: DeserializeOwned>(payload: impl AsRef<[u8]> + Into<Shared>) -> Result<T, DecodeError> {
    sharing(payload, |payload| from_slice(payload))
}

/// Decodes a payload that is given away: within `decode`, which is given all of it, a byte string that is most
/// of it becomes a part of it. [`Bytes`](super::Bytes) and [`Value`](super::Value) know how.
pub fn sharing<T>(payload: impl AsRef<[u8]> + Into<Shared>, decode: impl FnOnce(&[u8]) -> T) -> T {
    if payload.as_ref().len() < LONG {
        return decode(payload.as_ref());
    }
    let Shared(payload) = payload.into();
    let _noted = Noted(PAYLOAD.replace(Some(payload.clone())));
    decode(&payload)
}

/// Puts back, also where decoding panics, what was noted before.
struct Noted(Option<bytes::Bytes>);

impl Drop for Noted {
    fn drop(&mut self) {
        PAYLOAD.set(self.0.take());
    }
}

/// A byte string that was decoded, as its own value.
pub(super) fn owned(bytes: &[u8]) -> bytes::Bytes {
    let part = match bytes.len() {
        LONG.. => PAYLOAD.with_borrow(|payload| payload.as_ref().and_then(|payload| part_of(payload, bytes))),
        _ => None,
    };
    part.unwrap_or_else(|| bytes::Bytes::copy_from_slice(bytes))
}

/// `bytes` as a part of `payload`, if it is one, and at least half of it: who keeps it keeps the rest as well.
fn part_of(payload: &bytes::Bytes, bytes: &[u8]) -> Option<bytes::Bytes> {
    let start = bytes.as_ptr().addr().checked_sub(payload.as_ptr().addr())?;
    let is_part = start <= payload.len() && bytes.len() <= payload.len() - start;
    (is_part && payload.len() / 2 <= bytes.len()).then(|| payload.slice_ref(bytes))
}
