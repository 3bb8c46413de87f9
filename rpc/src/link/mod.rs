//! A connection at work: the driver moves bytes between the socket and the protocol, and an *end* — the
//! client's or the server's — moves calls between the protocol and the application.

#![cfg_attr(not(feature = "tls"), expect(dead_code, reason = "contracts alone have nothing to drive"))]

#[cfg(feature = "tls")]
pub(crate) mod buffer;
pub(crate) mod client;
#[cfg(feature = "tls")]
mod driver;
mod error;
#[cfg(feature = "tls")]
mod handler;
#[cfg(feature = "tls")]
pub(crate) mod mailbox;
#[cfg(feature = "tls")]
pub(crate) mod server;
mod slots;
pub(crate) mod stream_slot;
mod tenure;

use std::task::Waker;
use std::time::Instant;

use countersign_proto::Code;

#[cfg(feature = "tls")]
pub(crate) use driver::drive;
pub use error::ConnectionError;
#[cfg(feature = "tls")]
pub(crate) use error::is_cut;
pub use tenure::Lapse;
pub(crate) use tenure::Tenure;

/// A message of so many bytes is sent in parts, and not copied for that where other calls wait.
pub(crate) const LONG_LEN: usize = 64 << 10;

/// What the driver asks of the client's or the server's side of a connection.
pub(crate) trait End {
    /// Takes frames off the front of what arrived, up to where writing should come first.
    fn receive(&mut self, now: Instant, bytes: &[u8]) -> Result<Step, ConnectionError>;

    /// Takes what the application left since the last time, and wakes `waker` when it leaves more.
    fn collect(&mut self, waker: &Waker) -> Wish;

    /// Moves the bytes for the peer into `outbox`, which is empty.
    fn take_outbox(&mut self, outbox: &mut Vec<u8>);

    /// The same, unless somebody is expected to add to them soon. Returns whether nobody is.
    fn take_complete(&mut self, outbox: &mut Vec<u8>) -> bool;

    /// When time matters next.
    fn poll_timeout(&mut self) -> Instant;

    /// Time has passed.
    fn handle_timeout(&mut self, now: Instant) -> Result<(), ConnectionError>;

    /// Says why the connection ends now.
    fn close(&mut self, code: Code, words: &str);

    /// Bytes that came and went since the last time, for statistics.
    fn count(&mut self, bytes_in: u64, bytes_out: u64);

    /// The connection is over, and so is every call that is still open.
    fn end(&mut self, reason: ConnectionError);
}

/// How far `receive` came.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Step {
    /// Bytes taken.
    pub(crate) taken: usize,
    /// It stopped early, so that what there is to say is written first.
    pub(crate) more: bool,
    /// How many bytes there are for the peer.
    pub(crate) output_len: usize,
    /// Nobody else is expected to add to them.
    pub(crate) replies: bool,
}

/// What the application wants of its connection.
#[derive(Debug)]
pub(crate) enum Wish {
    /// To go on.
    GoOn,
    /// To end it, once what is queued has been written.
    Close,
    /// To end it now, and to say why.
    Fail(ConnectionError),
}
