//! From an address to a connection on which both sides proved who they are.

use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use countersign_certs::{Credentials, SpiffeId};
use countersign_proto::Limits;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::task::AbortHandle;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::{Client, ConnectError};
use crate::link::buffer::Buffered;
use crate::link::client::{ClientEnd, Handle, pair};
use crate::link::{ConnectionError, drive};
use crate::tls::{self, ExpectedServer, TrustedByServer};

/// The longest that a connection may take to stand, from dialling to the server's hello.
const CONNECT_MAX: Duration = Duration::from_secs(10);

/// What a client needs before it connects. Credentials are not optional.
#[derive(Debug, Clone)]
pub struct ClientBuilder {
    credentials: Credentials,
    expected: ExpectedServer,
    limits: Limits,
    connect_timeout: Duration,
}

impl Client {
    /// A client that shows these credentials, and believes the servers that they trust.
    pub fn builder(credentials: Credentials) -> ClientBuilder {
        ClientBuilder {
            credentials,
            expected: ExpectedServer::Host,
            limits: Limits::default(),
            connect_timeout: CONNECT_MAX,
        }
    }
}

impl ClientBuilder {
    /// Expects the server with this ID, wherever it answers, instead of one whose certificate names the host.
    #[must_use]
    pub fn expect_peer(mut self, id: SpiffeId) -> Self {
        self.expected = ExpectedServer::Id(id);
        self
    }

    /// Other limits than the default ones.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// How long connecting may take, hello included; 10 s by default.
    #[must_use]
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// Connects to `host:port`, and returns when the server has accepted us.
    pub async fn connect(self, address: &str) -> Result<Client, ConnectError> {
        let host = host_of(address).ok_or_else(|| ConnectError::Address(address.to_owned()))?;
        let connect_timeout = self.connect_timeout;
        let connected = timeout(connect_timeout, async {
            let unreachable = |source| ConnectError::Unreachable { address: address.to_owned(), source };
            let tcp = TcpStream::connect(address).await.map_err(unreachable)?;
            // Small calls must not wait for the acknowledgement of earlier ones.
            tcp.set_nodelay(true).map_err(unreachable)?;
            let peer_address = tcp.peer_addr().ok();
            self.connect_over(tcp, host, address, peer_address).await
        });
        match connected.await {
            Ok(connected) => connected,
            Err(_) => Err(ConnectError::Silent { address: address.to_owned(), waited: connect_timeout }),
        }
    }

    async fn connect_over<S>(
        self,
        io: S,
        host: ServerName<'static>,
        address: &str,
        peer_address: Option<SocketAddr>,
    ) -> Result<Client, ConnectError>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let trusted = TrustedByServer::default();
        let identity = self.credentials.identity().clone();
        let (link, task) = self.start(io, host, peer_address, trusted.clone())?;
        let task = AbortOnDrop(Some(task));
        let connected = poll_fn(|cx| link.poll_connected(cx.waker())).await;
        match connected {
            Ok(()) => {
                task.keep();
                Ok(Client { link })
            }
            Err(reason) => Err(ConnectError::before_hello(address, &reason, &identity, &trusted)),
        }
    }

    /// A client over a stream that is there already. Calls wait until both sides have proved who they are.
    #[cfg(feature = "testing")]
    pub(crate) fn start_over<S>(self, io: S, host: ServerName<'static>) -> Result<Client, ConnectError>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let (link, _) = self.start(io, host, None, TrustedByServer::default())?;
        Ok(Client { link })
    }

    fn start<S>(
        self,
        io: S,
        host: ServerName<'static>,
        peer_address: Option<SocketAddr>,
        trusted: TrustedByServer,
    ) -> Result<(Arc<Handle>, AbortHandle), ConnectError>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let config = tls::client_config(&self.credentials, self.expected, trusted)?;
        let (link, end) = pair(self.limits, crate::SOFTWARE);
        let task = tokio::spawn(run(TlsConnector::from(Arc::new(config)), io, host, peer_address, end));
        Ok((link, task.abort_handle()))
    }
}

/// TLS, and then the connection to its end.
async fn run<S>(
    tls: TlsConnector,
    io: S,
    host: ServerName<'static>,
    peer_address: Option<SocketAddr>,
    end: ClientEnd,
) where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let stream = match tls.connect(host, Buffered::new(io)).await {
        Ok(stream) => stream,
        Err(error) => return end.failed(error.into()),
    };
    match tls::peer_of(stream.get_ref().1, peer_address) {
        Ok(peer) => {
            end.authenticated(Arc::new(peer));
            drive(stream, end).await;
        }
        Err(refusal) => {
            end.failed(ConnectionError::Io(io::Error::new(io::ErrorKind::InvalidData, refusal)));
        }
    }
}

/// A connection that nobody waits for any more must not go on in the background.
struct AbortOnDrop(Option<AbortHandle>);

impl AbortOnDrop {
    fn keep(mut self) {
        self.0 = None;
    }
}

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        if let Some(task) = &self.0 {
            task.abort();
        }
    }
}

/// The host of `host:port`, also where it is an address in brackets.
fn host_of(address: &str) -> Option<ServerName<'static>> {
    let (host, port) = address.rsplit_once(':')?;
    port.parse::<u16>().ok()?;
    let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    ServerName::try_from(host.to_owned()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_host_and_a_port() {
        for good in ["localhost:7443", "127.0.0.1:1", "[::1]:7443", "ledger.acme.internal:443"] {
            assert!(host_of(good).is_some(), "{good}");
        }
        for bad in ["localhost", "localhost:", "localhost:http", ":7443", "a b:1", "localhost:70000"] {
            assert!(host_of(bad).is_none(), "{bad}");
        }
    }
}
