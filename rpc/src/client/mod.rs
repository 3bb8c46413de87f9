//! The calling side: one target, and a connection to it whenever there can be one, for any number of tasks.

#[cfg(feature = "tls")]
mod budget;
#[cfg(feature = "tls")]
mod connect;
#[cfg(feature = "tls")]
mod error;
#[cfg_attr(not(feature = "tls"), path = "absent.rs")]
mod handle;
#[cfg(feature = "tls")]
mod in_force;
#[cfg(feature = "tls")]
mod keeper;
#[cfg(feature = "tls")]
mod standing;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use crate::call::{CallError, RawCall, RawStreamCall};
use crate::link;

#[cfg(feature = "tls")]
pub use connect::ClientBuilder;
#[cfg(feature = "tls")]
pub use error::ConnectError;
pub use handle::Client;
#[cfg(feature = "tls")]
pub use standing::{ClientState, ClientStates};

/// A connection for a call, and the call's turn on it if it had to wait for that.
pub(crate) type Found = (Arc<link::client::Handle>, Option<link::client::Turn>);

/// A call that waits for a connection, or for its turn.
pub(crate) type Waiting = Pin<Box<dyn Future<Output = Result<Found, CallError>> + Send>>;

impl Client {
    /// Calls a procedure that is known only at run time, with arguments that are a CBOR map by name.
    pub fn call_raw(&self, procedure: &str, arguments: Vec<u8>) -> RawCall {
        RawCall::new(self, procedure.to_owned(), arguments)
    }

    /// Opens a streaming call of a procedure that is known only at run time, with arguments that are a CBOR map
    /// by name.
    pub fn stream_raw(&self, procedure: &str, arguments: Vec<u8>) -> RawStreamCall {
        RawStreamCall::new(self, procedure.to_owned(), arguments)
    }
}
