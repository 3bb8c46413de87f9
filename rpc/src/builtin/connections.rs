//! Who is connected.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use countersign_certs::SpiffeId;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Status;
use crate::audit;
use crate::context::Context;
use crate::peer::Peer;
use crate::server;

/// The most connections that are listed at once: so many fit into one message also where IDs are as long as they may
/// be, which is 2 KiB.
pub const LISTED_MAX: usize = 1000;

/// Who is connected to this server.
#[countersign::service(package = "countersign")]
pub trait Connections {
    /// Live connections, oldest first, and at most 1000 of them. Where there are as many, there may be more: those
    /// after the one with this number.
    #[rpc(idempotent)]
    async fn list(&self, cx: &Context, after: Option<u64>) -> Result<Vec<ConnectionInfo>, Status>;

    /// Ends the connection with this number and all of its calls. Its client may connect again. Only a rule of the
    /// policy that names this procedure in full allows it.
    async fn close(&self, cx: &Context, number: u64) -> Result<(), Status>;
}

/// One live connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct ConnectionInfo {
    /// Its number, which no other connection of this server has had.
    pub number: u64,
    /// The peer's SPIFFE ID.
    pub peer: String,
    /// Where the peer is.
    pub address: Option<SocketAddr>,
    /// Milliseconds since the connection was accepted.
    pub age_ms: u64,
    /// The cipher suite.
    pub cipher: String,
    /// How the keys were agreed on.
    pub key_exchange: String,
    /// SHA-256 of the peer's certificate, in hexadecimal.
    pub fingerprint: String,
    /// When the peer's certificate expires, as RFC 3339 text.
    pub not_after: String,
    /// Calls that are open.
    pub calls_open: u64,
    /// Bytes received, before TLS.
    pub bytes_in: u64,
    /// Bytes sent, before TLS.
    pub bytes_out: u64,
    /// Calls that were opened so far, by the numbers that the peer gave them.
    #[serde(default)]
    pub calls: u64,
    /// Whether it is the one over which this list was asked for.
    #[serde(default)]
    pub is_yours: bool,
}

/// The connections of one server.
pub(crate) struct Listed(Arc<server::Connections>);

impl Listed {
    pub(crate) fn new(connections: Arc<server::Connections>) -> Self {
        Self(connections)
    }
}

impl Connections for Listed {
    async fn list(&self, cx: &Context, after: Option<u64>) -> Result<Vec<ConnectionInfo>, Status> {
        let page = self.0.list_after(after, LISTED_MAX);
        Ok(page.into_iter().map(|(number, live)| info(number, &live, cx.peer())).collect())
    }

    async fn close(&self, cx: &Context, number: u64) -> Result<(), Status> {
        match self.0.close(number) {
            Some(closed) => {
                audit::connection_closed(cx.peer(), number, &closed);
                Ok(())
            }
            None => Err(Status::not_found(format!("there is no connection {number} any more"))),
        }
    }
}

fn info(number: u64, live: &server::Live, asking: &Peer) -> ConnectionInfo {
    let server::Live { peer, since, mailbox, .. } = live;
    ConnectionInfo {
        number,
        peer: SpiffeId::to_string(peer.id()),
        address: peer.address(),
        age_ms: u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX),
        cipher: peer.cipher().to_owned(),
        key_exchange: peer.key_exchange().to_owned(),
        fingerprint: peer.fingerprint().to_owned(),
        not_after: peer.not_after().to_string(),
        calls_open: mailbox.calls_open.load(Ordering::Relaxed),
        bytes_in: mailbox.bytes_in.load(Ordering::Relaxed),
        bytes_out: mailbox.bytes_out.load(Ordering::Relaxed),
        calls: mailbox.calls_opened.load(Ordering::Relaxed),
        // Each connection has a value of its own, also where one peer has several.
        is_yours: std::ptr::eq(Arc::as_ptr(peer), asking),
    }
}
