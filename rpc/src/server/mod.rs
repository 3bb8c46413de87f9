//! The answering side: accepts peers, judges them, and hands their calls to the services.

mod accept;
mod connections;
mod error;
mod gate;
mod lobby;
mod notices;
mod policy;
mod router;
mod strangers;
mod sweep;

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use countersign_certs::{Credentials, Watched};
use countersign_proto::Limits;
use tokio::net::{TcpListener, ToSocketAddrs};

use self::lobby::Lobby;
use crate::service::Service;

pub use error::{BindError, RefusedPeer, RefusedPeerReason};
pub use policy::{Explanation, Policy, PolicyBuilder, PolicyError, PolicyProblem};

pub(crate) use accept::Hub;
use connections::Entry;
pub(crate) use connections::{Connections, Live};
pub(crate) use gate::Gate;
pub(crate) use lobby::Place;
pub(crate) use router::{Route, Router};

/// The longest that a peer may take until TLS and its hello are done: one budget, whatever it says meanwhile.
const HANDSHAKE_MAX: Duration = Duration::from_secs(10);

/// How long calls may go on after the server was told to stop.
const GRACE: Duration = Duration::from_secs(10);

/// What is told of each peer that is refused.
type OnRefusal = Arc<dyn Fn(&RefusedPeer) + Send + Sync>;

/// What a server needs before it listens. Credentials and a policy are not optional.
pub struct ServerBuilder {
    credentials: Watched<Credentials>,
    policy: Watched<Policy>,
    services: Vec<Arc<dyn Service>>,
    limits: Limits,
    handshake_timeout: Duration,
    grace: Duration,
    on_refusal: Option<OnRefusal>,
    audit_calls: bool,
}

/// A server that listens, and answers while it [runs](Self::run_until).
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    hub: Arc<Hub>,
    credentials: Watched<Credentials>,
    grace: Duration,
}

/// What a graceful stop came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Stopped {
    /// Connections that had to be cut, since their calls did not end within the grace.
    pub connections_cut: usize,
    /// Calls that were open on them.
    pub calls_cut: u64,
}

impl Server {
    /// A server that shows these credentials, believes the peers that they trust, and lets them do what the
    /// policy allows.
    ///
    /// Either may be fixed or watched: `Credentials::load` and `Credentials::watch` fit alike.
    pub fn builder(
        credentials: impl Into<Watched<Credentials>>,
        policy: impl Into<Watched<Policy>>,
    ) -> ServerBuilder {
        ServerBuilder {
            credentials: credentials.into(),
            policy: policy.into(),
            services: Vec::new(),
            limits: Limits::default(),
            handshake_timeout: HANDSHAKE_MAX,
            grace: GRACE,
            on_refusal: None,
            audit_calls: false,
        }
    }

    /// Where it listens.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Answers calls until `stop` is ready; then tells every client that it goes away, takes no new calls, and
    /// lets those that are open end within the grace. What is left then is cut, and reported.
    pub async fn run_until(self, stop: impl Future) -> Stopped {
        tokio::select! {
            never = accept::accept_all(&self.listener, &self.hub) => match never {},
            never = self.hub.follow_policy() => match never {},
            never = notices::tell(&self.credentials) => match never {},
            _ = stop => {}
        }
        drop(self.listener);
        let stopped = self.hub.stop(self.grace).await;
        if stopped != Stopped::default() {
            let Stopped { connections_cut, calls_cut } = stopped;
            tracing::warn!(connections_cut, calls_cut, grace = ?self.grace, "the grace was over before all calls were");
        }
        stopped
    }
}

impl ServerBuilder {
    /// Adds a service.
    #[must_use]
    pub fn service(mut self, service: impl Service) -> Self {
        self.services.push(Arc::new(service));
        self
    }

    /// Other limits than the default ones.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// How long a peer may take from connecting to its hello, TLS included; 10 s by default.
    #[must_use]
    pub fn handshake_timeout(mut self, timeout: Duration) -> Self {
        self.handshake_timeout = timeout;
        self
    }

    /// How long calls may go on after the server was told to stop; 10 s by default.
    #[must_use]
    pub fn grace(mut self, grace: Duration) -> Self {
        self.grace = grace;
        self
    }

    /// Tells of each peer that is refused, beside the line in the log. Must return soon.
    #[must_use]
    pub fn on_refusal(mut self, tell: impl Fn(&RefusedPeer) + Send + Sync + 'static) -> Self {
        self.on_refusal = Some(Arc::new(tell));
        self
    }

    /// Whether the audit tells of every call, with its peer, procedure, status and duration. It always tells of who
    /// was refused: events of `tracing` with the target `countersign::audit`.
    ///
    /// Off by default: each call costs what the subscriber takes for one event. Refusals stay bounded, and calls
    /// are not: a peer that may call can fill the log.
    #[must_use]
    pub fn audit_calls(mut self, every_call: bool) -> Self {
        self.audit_calls = every_call;
        self
    }

    /// Listens on an address, such as `0.0.0.0:7443`; port 0 is any free one.
    pub async fn bind(self, address: impl ToSocketAddrs) -> Result<Server, BindError> {
        let hub = Hub::new(&self)?;
        let listener = TcpListener::bind(address).await?;
        Ok(self.listening(listener, hub))
    }

    /// Listens on a socket that is there already.
    pub fn serve(self, listener: TcpListener) -> Result<Server, BindError> {
        let hub = Hub::new(&self)?;
        Ok(self.listening(listener, hub))
    }

    fn listening(self, listener: TcpListener, hub: Arc<Hub>) -> Server {
        hub.announce_policy();
        Server { listener, hub, credentials: self.credentials, grace: self.grace }
    }

    /// The server without a listener, for streams that come from elsewhere.
    #[cfg(feature = "testing")]
    pub(crate) fn hub(self) -> Result<Arc<Hub>, BindError> {
        Hub::new(&self)
    }
}
