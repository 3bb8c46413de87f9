//! From a stranger on a socket to a peer whose calls are served. Strangers cost little and cannot stay.

use std::convert::Infallible;
use std::fmt;
use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use bytes::Bytes;
use countersign_proto::{Connection, Limits};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::AbortHandle;
use tokio::time::{sleep, timeout, timeout_at};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::sweep::InForce;
use super::{
    BindError, Connections, Entry, Live, Lobby, Place, RefusedPeer, RefusedPeerReason, Router, ServerBuilder,
    Stopped,
};
use crate::audit::Audit;
use crate::backoff::jitter;
use crate::builtin;
use crate::link::buffer::{Buffered, TLS_WRITE_LEN};
use crate::link::mailbox::{Mailbox, Stop};
use crate::link::server::ServerEnd;
use crate::link::{drive, is_cut};
use crate::tls::{self, Refusal, ServerSide, Session};

/// How long a refused peer may take to read why: a reset would throw the alert away.
const LAST_WORDS_MAX: Duration = Duration::from_millis(250);

/// A pause after the system had no descriptor left and nobody could make room, so that the loop does not spin.
const EXHAUSTED_PAUSE: Duration = Duration::from_millis(50);

/// How long nothing more is said of that in the log.
const WARNING_PAUSE: Duration = Duration::from_secs(60);

/// What a connection whose peer was told to stop may still take to say goodbye.
const GOODBYE_MAX: Duration = Duration::from_secs(1);

/// What all connections of a server share.
pub(crate) struct Hub {
    in_force: Arc<InForce>,
    /// What follows the credentials, for as long as the hub is there.
    follower: AbortHandle,
    router: Arc<Router>,
    revision: Bytes,
    limits: Limits,
    pub(crate) lobby: Arc<Lobby>,
    connections: Arc<Connections>,
}

/// A peer that is served.
struct Met<S> {
    stream: TlsStream<S>,
    end: ServerEnd,
    _entry: Entry,
}

/// Accepts for ever. No error of one peer, nor of the system, ends it.
pub(super) async fn accept_all(listener: &TcpListener, hub: &Arc<Hub>) -> Infallible {
    let mut warned: Option<Instant> = None;
    loop {
        match listener.accept().await {
            Ok((tcp, address)) => {
                // Small replies must not wait for the acknowledgement of earlier ones.
                let _ = tcp.set_nodelay(true);
                let begin = |place| {
                    let hub = hub.clone();
                    tokio::spawn(async move { hub.serve(tcp, place).await })
                };
                hub.lobby.enter(address, begin).await;
            }
            Err(error) if is_cut(&error) => {}
            // Mostly there is no descriptor left. Those who were here first and said nothing make room.
            Err(error) => {
                if warned.is_none_or(|at| WARNING_PAUSE <= at.elapsed()) {
                    warned = Some(Instant::now());
                    tracing::warn!(%error, "cannot accept; sending strangers away");
                }
                if !hub.lobby.make_room().await {
                    sleep(EXHAUSTED_PAUSE).await;
                }
            }
        }
    }
}

impl Hub {
    pub(super) fn new(builder: &ServerBuilder) -> Result<Arc<Self>, BindError> {
        let (in_force, changes) = InForce::new(&builder.credentials)?;
        let connections = Arc::new(Connections::default());
        let (told, policy) = (Some(&builder.credentials), &builder.policy);
        let audit = Audit::new(builder.audit_calls);
        let services = builtin::with(&builder.services, told, policy, &connections, audit)?;
        let (router, on_refusal) = (services.router.clone(), builder.on_refusal.clone());
        let tell = move |refused: &RefusedPeer| {
            router.audit().peer_refused(refused);
            on_refusal.iter().for_each(|tell| tell(refused));
        };
        let followed = in_force.clone().follow(changes, connections.clone(), services.router.clone());
        Ok(Arc::new(Self {
            in_force,
            follower: tokio::spawn(followed).abort_handle(),
            router: services.router,
            revision: services.revision,
            limits: builder.limits.clone(),
            lobby: Lobby::new(builder.handshake_timeout, Arc::new(tell)),
            connections,
        }))
    }

    /// Says in the log by which policy the server goes that listens now.
    pub(super) fn announce_policy(&self) {
        self.router.announce();
    }

    /// Lets the connections know of each policy that takes the place of another.
    pub(super) async fn follow_policy(&self) -> Infallible {
        self.router.follow_policy(&self.connections).await
    }

    /// Serves one peer to the end of its connection.
    pub(crate) async fn serve<S>(&self, io: S, place: Place)
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let mut io = Buffered::new(io);
        match timeout_at(place.by(), io.arrived()).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => return place.refuse(refused(error, &self.in_force.side())),
            Err(_) => return place.too_slow(),
        }
        // What a session takes is for those who say something, and what a handshake takes only while it lasts.
        if let Some(mut met) = Box::pin(self.meet(io, place)).await {
            met.stream.get_mut().1.set_buffer_limit(Some(TLS_WRITE_LEN));
            drive(&mut met.stream, &mut met.end).await;
        }
    }

    /// Shakes hands with a stranger. What comes back is large, and in a box for as long as the peer stays.
    async fn meet<S>(&self, io: Buffered<S>, place: Place) -> Option<Box<Met<Buffered<S>>>>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        match timeout_at(place.by(), self.handshake(io, &place)).await {
            Ok(Ok((stream, side, session))) => {
                let (end, entry) = self.welcome(side, session, place);
                return Some(Box::new(Met { stream, end, _entry: entry }));
            }
            Ok(Err(reason)) => place.refuse(reason),
            Err(_) => place.too_slow(),
        }
        None
    }

    async fn handshake<S>(
        &self,
        io: Buffered<S>,
        place: &Place,
    ) -> Result<(TlsStream<Buffered<S>>, Arc<ServerSide>, Session), RefusedPeerReason>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let side = self.in_force.side();
        let config = side.config(place.seen().clone());
        let tls = TlsAcceptor::from(Arc::new(
            config.map_err(|error| RefusedPeerReason::Io(io::Error::other(error)))?,
        ));
        let mut stream = match tls.accept(io).into_fallible().await {
            Ok(stream) => stream,
            Err((error, mut io)) => {
                let _ = timeout(LAST_WORDS_MAX, last_words(&mut io)).await;
                return Err(refused(error, &side));
            }
        };
        match side.side.session(stream.get_ref().1, place.seen(), place.address()) {
            Ok(session) => Ok((stream, side, session)),
            Err(refusal) => {
                let _ = timeout(LAST_WORDS_MAX, stream.shutdown()).await;
                Err(RefusedPeerReason::Refused(refusal))
            }
        }
    }

    /// Takes a peer in among those that are served.
    fn welcome(&self, side: Arc<ServerSide>, session: Session, place: Place) -> (ServerEnd, Entry) {
        let tenure = self.in_force.tenure(&session);
        let Session { peer, shown, life } = session;
        tracing::debug!(peer = %peer.id(), address = ?peer.address(), "connection accepted");
        let (peer, mailbox) = (Arc::new(peer), Arc::new(Mailbox::default()));
        let live = Live { peer: peer.clone(), since: Instant::now(), mailbox: mailbox.clone(), shown, life };
        let entry = self.connections.add(live.clone());
        self.in_force.recheck(side, live, self.router.audit());
        let gate = self.router.gate(peer);
        let revision = Some(gate.revision(&self.revision));
        let mut proto = Connection::server(self.limits.clone(), crate::SOFTWARE, revision, Instant::now());
        proto.scatter_age(jitter());
        proto.expect_hello_by(place.by().into_std());
        let window = self.limits.initial_credit;
        (ServerEnd::new(proto, window, gate, mailbox, place, tenure), entry)
    }

    /// Drains every connection, and cuts those that are left after the grace.
    pub(super) async fn stop(&self, grace: Duration) -> Stopped {
        self.connections.stop(Stop::Drain);
        if timeout(grace, self.connections.emptied()).await.is_ok() {
            return Stopped::default();
        }
        let left = self.connections.list();
        let calls_open = left.iter().map(|(_, live)| live.mailbox.calls_open.load(Ordering::Relaxed));
        let stopped = Stopped { connections_cut: left.len(), calls_cut: calls_open.sum() };
        self.connections.stop(Stop::Cut);
        let _ = timeout(GOODBYE_MAX, self.connections.emptied()).await;
        stopped
    }
}

impl fmt::Debug for Hub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hub").field("connections", &self.connections.len()).finish_non_exhaustive()
    }
}

impl Drop for Hub {
    fn drop(&mut self) {
        self.follower.abort();
    }
}

/// Why a peer in handshake is not served.
fn refused(error: io::Error, side: &ServerSide) -> RefusedPeerReason {
    match error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
        Some(rustls::Error::AlertReceived(alert)) => {
            let identity = side.side.credentials.identity();
            RefusedPeerReason::RefusedUs(tls::refused_by_client(*alert, identity))
        }
        Some(error) => RefusedPeerReason::Refused(Refusal::of(error, "client")),
        None if is_cut(&error) => RefusedPeerReason::Closed,
        None => RefusedPeerReason::Io(error),
    }
}

/// Half-closes, and reads what the peer still sends, so that our alert is not lost to a reset.
async fn last_words<S: AsyncRead + AsyncWrite + Unpin>(io: &mut S) -> io::Result<()> {
    io.shutdown().await?;
    let mut scrap = [0; 1024];
    while io.read(&mut scrap).await? > 0 {}
    Ok(())
}
