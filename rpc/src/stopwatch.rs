//! How long a handler's result took to encode, which is seen only deep within the poll that ends the handler.

#![cfg_attr(not(feature = "tls"), expect(dead_code, reason = "contracts alone run no handlers"))]

use std::cell::Cell;
use std::time::{Duration, Instant};

thread_local! {
    static ENCODING: Cell<Encoding> = const { Cell::new(Encoding::Unwatched) };
}

#[derive(Clone, Copy)]
enum Encoding {
    /// Nobody wants to know, so that the clock is not read.
    Unwatched,
    Watched,
    Took(Duration),
}

/// Does `work`, one poll of a handler, and says how long a result took to encode if one was.
pub(crate) fn watch<T>(work: impl FnOnce() -> T) -> (T, Option<Duration>) {
    ENCODING.set(Encoding::Watched);
    let done = work();
    match ENCODING.replace(Encoding::Unwatched) {
        Encoding::Took(took) => (done, Some(took)),
        Encoding::Unwatched | Encoding::Watched => (done, None),
    }
}

/// Encodes a result.
pub(crate) fn encode<T>(work: impl FnOnce() -> T) -> T {
    if let Encoding::Unwatched = ENCODING.get() {
        return work();
    }
    let began = Instant::now();
    let done = work();
    ENCODING.set(Encoding::Took(began.elapsed()));
    done
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_encoding_that_is_watched_is_measured() {
        assert_eq!(watch(|| encode(|| 1)).0, 1);
        assert!(watch(|| encode(|| ())).1.is_some());
        assert!(watch(|| ()).1.is_none());
        encode(|| ());
        assert!(watch(|| ()).1.is_none(), "what nobody watched is forgotten");
    }
}
