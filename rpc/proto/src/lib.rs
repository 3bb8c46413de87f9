//! The Countersign protocol as a value: bytes and time go in, bytes and events come out.
//!
//! Nothing here opens a socket, spawns a task or asks what time it is, so that every race and every
//! timeout of the protocol is a plain unit test. `SPEC.md` beside this crate says what travels.

pub mod cbor;
mod status;

pub use status::{Code, HandlerRan, Status};
