//! From an address to a connection on which both sides proved who they are.

use std::future::{Future, pending, poll_fn};
use std::io::{self, Write};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use countersign_certs::Changes;
use countersign_certs::{Credentials, SpiffeId, Watched};
use countersign_proto::Limits;
use rustls::pki_types::ServerName;
use rustls::{ClientConnection, CommonState};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, lookup_host};
use tokio::task::AbortHandle;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::in_force::InForce;
use super::keeper::{Post, Way};
use super::{Client, ConnectError};
use crate::link::buffer::{Buffered, TLS_WRITE_LEN};
use crate::link::client::{ClientEnd, Handle, pair};
use crate::link::{ConnectionError, End, Tenure, drive};
use crate::peer::Peer;
use crate::tls::{ClientSide, ExpectedServer, Refusal, Seen, TrustedByServer};

/// The longest that a connection may take to stand, from dialling to the server's hello.
const CONNECT_MAX: Duration = Duration::from_secs(10);

/// What a client needs before it connects. Credentials are not optional.
#[derive(Debug, Clone)]
pub struct ClientBuilder {
    credentials: Watched<Credentials>,
    expected: ExpectedServer,
    limits: Limits,
    connect_timeout: Duration,
    fail_fast: bool,
}

impl Client {
    /// A client that shows these credentials, and believes the servers that they trust.
    ///
    /// They may be fixed or watched: `Credentials::load` and `Credentials::watch` fit alike.
    pub fn builder(credentials: impl Into<Watched<Credentials>>) -> ClientBuilder {
        ClientBuilder {
            credentials: credentials.into(),
            expected: ExpectedServer::Host,
            limits: Limits::default(),
            connect_timeout: CONNECT_MAX,
            fail_fast: false,
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

    /// How long one attempt to connect may take, hello included; 10 s by default.
    #[must_use]
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// Lets calls fail at once while there is no connection, rather than wait for one within their deadline.
    #[must_use]
    pub fn fail_fast(mut self) -> Self {
        self.fail_fast = true;
        self
    }

    /// Connects to `host:port`, and returns when the server has accepted us. From then on the client connects
    /// again by itself whenever it has to.
    pub async fn connect(self, address: &str) -> Result<Client, ConnectError> {
        let fail_fast = self.fail_fast;
        let mut target = Target::new(self, address)?;
        let link = target.connect().await?;
        Ok(Client::keep(target, Some(link), Post::new(address), fail_fast))
    }

    /// As [`connect`](Self::connect), and returns before anything was done: calls wait for the connection. To be
    /// called within a tokio runtime. Fails only if the address is none.
    pub fn connect_lazy(self, address: &str) -> Result<Client, ConnectError> {
        let fail_fast = self.fail_fast;
        let target = Target::new(self, address)?;
        Ok(Client::keep(target, None, Post::new(address), fail_fast))
    }

    /// A client over a stream that is there already. Calls wait until both sides have proved who they are.
    #[cfg(feature = "testing")]
    pub(crate) fn start_over<S>(self, io: S, host: ServerName<'static>) -> Result<Client, ConnectError>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let (in_force, _) = InForce::new(&self.credentials)?;
        let attempt = Attempt { host, peer_address: None, trusted: TrustedByServer::default() };
        let (link, _) = self.start(io, &in_force, in_force.side(), attempt)?;
        Ok(Client::keep(OneStream(link), None, Post::new("the stream"), false))
    }

    fn start<S>(
        &self,
        io: S,
        in_force: &Arc<InForce>,
        side: Arc<ClientSide>,
        attempt: Attempt,
    ) -> Result<(Arc<Handle>, AbortHandle), ConnectError>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let seen = Seen::default();
        let config = side.config(self.expected.clone(), attempt.trusted.clone(), seen.clone())?;
        let (link, end) = pair(self.limits.clone(), crate::SOFTWARE);
        let (tls, weak, in_force) =
            (TlsConnector::from(Arc::new(config)), Arc::downgrade(&link), in_force.clone());
        let begun = move |tls: &CommonState, address| {
            let session = side.side.session(tls, &seen, address)?;
            let tenure = in_force.begin(weak, &side, &session);
            Ok((session.peer, tenure))
        };
        let task = tokio::spawn(run(tls, io, attempt, end, begun));
        Ok((link, task.abort_handle()))
    }
}

/// One attempt to connect.
struct Attempt {
    host: ServerName<'static>,
    peer_address: Option<SocketAddr>,
    trusted: TrustedByServer,
}

/// Where a client connects to, as whom, and whom it expects there.
struct Target {
    address: String,
    host: ServerName<'static>,
    settings: ClientBuilder,
    in_force: Arc<InForce>,
    changes: Option<Changes<Credentials>>,
}

impl Target {
    fn new(settings: ClientBuilder, address: &str) -> Result<Self, ConnectError> {
        let host = host_of(address).ok_or_else(|| ConnectError::Address(address.to_owned()))?;
        let (in_force, changes) = InForce::new(&settings.credentials)?;
        Ok(Self { address: address.to_owned(), host, settings, in_force, changes: Some(changes) })
    }

    /// The first of the host's addresses that answers.
    async fn reach(&self) -> Result<(TcpStream, SocketAddr), ConnectError> {
        let unknown = |source| ConnectError::HostUnknown { address: self.address.clone(), source };
        let addresses = lookup_host(&self.address).await.map_err(unknown)?;
        let mut failure = io::Error::new(io::ErrorKind::NotFound, "the host has no address");
        for address in addresses {
            match TcpStream::connect(address).await {
                Ok(tcp) => return Ok((tcp, address)),
                Err(error) => failure = error,
            }
        }
        Err(ConnectError::Unreachable { address: self.address.clone(), source: failure })
    }

    async fn dial(&self) -> Result<Arc<Handle>, ConnectError> {
        let unreachable = |source| ConnectError::Unreachable { address: self.address.clone(), source };
        let (tcp, address) = self.reach().await?;
        // Small calls must not wait for the acknowledgement of earlier ones.
        tcp.set_nodelay(true).map_err(unreachable)?;
        let (side, trusted) = (self.in_force.side(), TrustedByServer::default());
        let attempt =
            Attempt { host: self.host.clone(), peer_address: Some(address), trusted: trusted.clone() };
        let (link, task) = self.settings.start(tcp, &self.in_force, side.clone(), attempt)?;
        let task = AbortOnDrop(Some(task));
        match poll_fn(|cx| link.poll_connected(cx.waker())).await {
            Ok(()) => {
                task.keep();
                Ok(link)
            }
            Err(reason) => {
                let identity = side.side.credentials.identity();
                Err(ConnectError::before_hello(&self.address, &reason, identity, &trusted))
            }
        }
    }
}

impl Way for Target {
    const LEADS_BACK: bool = true;

    async fn connect(&mut self) -> Result<Arc<Handle>, ConnectError> {
        let waited = self.settings.connect_timeout;
        match timeout(waited, self.dial()).await {
            Ok(connected) => connected,
            Err(_) => Err(ConnectError::Silent { address: self.address.clone(), waited }),
        }
    }

    fn keep_up(&mut self, post: &Post) -> impl Future<Output = ()> + Send + 'static {
        let followed = self.changes.take().map(|changes| self.in_force.clone().follow(changes, post.clone()));
        async { if let Some(followed) = followed { followed.await } else { pending().await } }
    }
}

/// A stream that was there already, and is not made again.
#[cfg(feature = "testing")]
struct OneStream(Arc<Handle>);

#[cfg(feature = "testing")]
impl Way for OneStream {
    const LEADS_BACK: bool = false;

    async fn connect(&mut self) -> Result<Arc<Handle>, ConnectError> {
        match poll_fn(|cx| self.0.poll_connected(cx.waker())).await {
            Ok(()) => Ok(self.0.clone()),
            Err(reason) => Err(ConnectError::Lost { address: "the stream".to_owned(), reason }),
        }
    }
}

/// TLS, and then the connection to its end. `begun` says of a session who is there, and how long it may go on.
async fn run<S>(
    tls: TlsConnector,
    io: S,
    Attempt { host, peer_address, .. }: Attempt,
    mut end: ClientEnd,
    begun: impl FnOnce(&CommonState, Option<SocketAddr>) -> Result<(Peer, Tenure), Refusal>,
) where
    S: AsyncRead + AsyncWrite + Unpin,
{
    // Our hello goes out with the end of the handshake, by which the server has proved who it is.
    let mut hello = Vec::new();
    end.take_outbox(&mut hello);
    let begin = |session: &mut ClientConnection| {
        session
            .writer()
            .write_all(&hello)
            .expect("until it stands, a session keeps more than a hello is long");
    };
    // What a handshake takes is given back once it is done, and the stream stays where it is then.
    let mut stream = match Box::pin(tls.connect_with(host, Buffered::new(io), begin)).await {
        Ok(stream) => Box::new(stream),
        Err(error) => return end.failed(error.into()),
    };
    stream.get_mut().1.set_buffer_limit(Some(TLS_WRITE_LEN));
    match begun(stream.get_ref().1, peer_address) {
        Ok((peer, tenure)) => {
            end.authenticated(Arc::new(peer), tenure);
            drive(&mut *stream, &mut end).await;
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
