//! Remote procedure call where both sides prove who they are.

// The macro's output names this crate by its full path, also within it.
extern crate self as countersign;

pub mod builtin;
pub mod schema;
pub mod service;

pub use countersign_proto::{Code, HandlerRan, Status, cbor};
pub use schemars::Schema;
mod stand_in;
pub use stand_in::{Call, Client, Context};

pub use countersign_macros::{Fault, message, service};
pub use countersign_proto::cbor::Bytes;
#[doc(hidden)]
pub use service::__private;
pub use service::{Fault, OrStatus};
