//! One encoded value under several lenses: where each of its items lies in the bytes and in the notation, and
//! what is different from another value. Knows nothing of how any of it is drawn.
//!
//! All of this is made once, on the worker; drawing only looks things up.

pub(crate) mod difference;
mod head;
pub(crate) mod hex;
pub(crate) mod notation;
pub(crate) mod outline;
