//! `conformance.Test`: a service that shows whether another implementation talks as we do.
//!
//! In the style of gRPC's interoperability service. `tests/conformance.json` has the calls to make of it, and what
//! must come back; each implementation has a driver for that list. Ours is in [`cases`].

pub mod cases;
mod service;
pub mod spoilt;
mod types;
mod values;

pub use service::{Bench, Test, TestClient, TestServer};
pub use types::{Everything, Shape, TestFault};
