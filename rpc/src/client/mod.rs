//! The calling side: one secure connection, from any number of tasks.

#[cfg(feature = "tls")]
mod connect;
#[cfg(feature = "tls")]
mod error;

use std::future::poll_fn;
use std::sync::Arc;

use countersign_proto::PeerHello;

use crate::call::RawCall;
use crate::link::ConnectionError;
use crate::link::client::Handle;
use crate::peer::Peer;

#[cfg(feature = "tls")]
pub use connect::ClientBuilder;
#[cfg(feature = "tls")]
pub use error::ConnectError;

/// A connection to a server, both sides of which proved who they are. Cheap to clone; closed when the last
/// clone is dropped.
#[derive(Debug, Clone)]
pub struct Client {
    link: Arc<Handle>,
}

impl Client {
    /// The server at the other end, once it has proved who it is; also after the connection has ended.
    pub fn peer(&self) -> Option<Arc<Peer>> {
        self.link.peer()
    }

    /// The software that the server says it is, escaped; `None` until the connection stands.
    pub fn server_software(&self) -> Option<String> {
        self.link.hello().map(|PeerHello { software, .. }| crate::text::escaped(&software))
    }

    /// Calls a procedure that is known only at run time, with arguments that are a CBOR map by name.
    pub fn call_raw(&self, procedure: &str, arguments: Vec<u8>) -> RawCall {
        RawCall::new(self, procedure.to_owned(), arguments)
    }

    /// Waits until the connection is over, and says why.
    pub async fn closed(&self) -> Arc<ConnectionError> {
        poll_fn(|cx| self.link.poll_ended(cx.waker())).await
    }

    /// Closes the connection for all clones; calls that are open fail.
    pub fn close(&self) {
        self.link.close();
    }

    /// A client that never connects.
    #[cfg(test)]
    pub(crate) fn of_a_test() -> Self {
        Self { link: crate::link::client::pair(countersign_proto::Limits::default(), "test").0 }
    }

    pub(crate) fn link(&self) -> &Arc<Handle> {
        &self.link
    }
}
