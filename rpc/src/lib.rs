//! Remote procedure call where both sides prove who they are.
//!
//! A service is a trait. The attribute [`macro@service`] makes of it a typed client, a server skeleton and a
//! description of itself; this crate carries the calls as CBOR over TLS 1.3, on which both sides showed a
//! certificate. There is no anonymous mode, no plaintext, and no switch that turns verification off.
//!
//! - To call: [`Client::builder`], then the generated `…Client`.
//! - To answer: [`Server::builder`] with [`Policy`] and the generated `…Server`.
//! - To send many items in one call, either way: [`Sender`] and [`Receiver`] in a handler, [`call`] at its caller.
//! - To find out how many calls a server answers, and how fast: `load`, behind the feature of that name.
//! - To be called from anything else: `SPEC.md` in the crate `countersign-proto`.
//!
//! Without the feature `tls` there are contracts alone: traits, types and clients that cannot connect.

// The macro's output names this crate by its full path, also within it.
#[cfg(any(feature = "tls", test))]
extern crate self as countersign;

#[cfg(feature = "tls")]
mod audit;
mod backoff;
#[cfg(feature = "tls")]
pub mod builtin;
pub mod call;
mod client;
mod context;
mod encode_buffer;
#[cfg(feature = "tls")]
pub mod failure;
mod link;
#[cfg(feature = "load")]
pub mod load;
mod peer;
pub mod schema;
mod scope;
#[cfg(feature = "tls")]
mod server;
pub mod service;
mod stopwatch;
mod stream;
#[cfg(feature = "testing")]
pub mod testing;
pub mod text;
#[cfg(feature = "tls")]
mod tls;

pub use call::{Answer, Call, CallError, RawCall, Reply};
pub use client::Client;
#[cfg(feature = "tls")]
pub use client::{ClientBuilder, ClientState, ClientStates, ConnectError};
pub use context::Context;
pub use countersign_certs::SpiffeId;
#[cfg(feature = "workload-api")]
pub use countersign_certs::WorkloadApiError;
#[cfg(feature = "tls")]
pub use countersign_certs::{Credentials, Watched};
pub use countersign_proto::{Code, HandlerRan, Limits, Metadata, MetadataValue, Status, Times, cbor};
#[cfg(feature = "tls")]
pub use failure::FailureKind;
pub use link::{ConnectionError, Lapse};
pub use peer::Peer;
pub use schemars::Schema;
#[cfg(feature = "tls")]
pub use server::{
    BindError, Explanation, Policy, PolicyBuilder, PolicyError, PolicyProblem, RefusedPeer,
    RefusedPeerReason, Server, ServerBuilder, Stopped,
};
pub use stream::{Receiver, Sender};
#[cfg(feature = "tls")]
pub use tls::{ProbableCause, Refusal, RefusedByPeer, TlsSetupError};

/// What we say in our hello.
#[cfg(feature = "tls")]
pub(crate) const SOFTWARE: &str = concat!("countersign/", env!("CARGO_PKG_VERSION"));
pub use countersign_macros::{Fault, message, service};
pub use countersign_proto::cbor::Bytes;
#[doc(hidden)]
pub use service::__private;
pub use service::{Fault, OrStatus};
