//! The Countersign protocol as a value: bytes and time go in, bytes and events come out.
//!
//! Nothing here opens a socket, spawns a task or asks what time it is, so that every race and every
//! timeout of the protocol is a plain unit test. `SPEC.md` beside this crate says what travels.

pub mod cbor;
mod connection;
mod frame;
pub mod limits;
pub mod metadata;
#[doc(hidden)]
pub mod spare;
mod status;
mod violation;

pub use connection::{
    Beside, CallId, Closing, Connection, Ended, Event, Opened, Opening, Payload, PeerHello, Received, Role,
    Sending,
};
pub use frame::Times;
pub use limits::Limits;
pub use metadata::{Metadata, MetadataValue};
pub use status::{Code, HandlerRan, Status};
pub use violation::Violation;
