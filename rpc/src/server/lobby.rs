//! Where strangers wait until they are peers: each has a place and a deadline. Who has to go is for
//! [`Strangers`] to say; here they go, and whoever does not become a peer is told of.

use std::fmt;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::strangers::Strangers;
use super::{OnRefusal, RefusedPeer, RefusedPeerReason};
use crate::link::ConnectionError;
use crate::tls::{Refusal, Seen};

/// What all strangers of a server share.
pub(crate) struct Lobby {
    table: Mutex<Table>,
    handshake_timeout: Duration,
    /// Hears of whoever did not become a peer.
    tell: OnRefusal,
}

struct Table {
    strangers: Strangers<Stranger>,
    /// When descriptors count as plentiful again, after they were short.
    relaxes: Option<Instant>,
}

struct Stranger {
    address: SocketAddr,
    seen: Seen,
    /// Aborted, it lets go of everything that the stranger has here.
    task: Option<JoinHandle<()>>,
}

/// A stranger's place in the lobby, for as long as this is kept.
pub(crate) struct Place {
    lobby: Arc<Lobby>,
    /// None for a stream that came from within this process.
    number: Option<u64>,
    address: Option<SocketAddr>,
    seen: Seen,
    /// Until when the peer must have said hello.
    by: Instant,
}

impl Lobby {
    pub(super) fn new(handshake_timeout: Duration, tell: OnRefusal) -> Arc<Self> {
        let table = Mutex::new(Table { strangers: Strangers::new(), relaxes: None });
        Arc::new(Self { table, handshake_timeout, tell })
    }

    /// Takes a stranger in, once whoever makes room for it has gone; `begin` starts the task that does its handshake.
    pub(super) async fn enter(
        self: &Arc<Self>,
        address: SocketAddr,
        begin: impl FnOnce(Place) -> JoinHandle<()>,
    ) {
        let seen = Seen::default();
        let (number, gone) = self.admit(address, seen.clone());
        if let Some(stranger) = gone {
            self.dismiss([stranger]).await;
        }
        // Not under the lock: a runtime that stops drops what is spawned at once, and its place with it.
        let task = begin(self.place(Some(number), Some(address), seen));
        if let Some(stranger) = self.lock().strangers.get_mut(number) {
            stranger.task = Some(task);
        }
    }

    /// A place for a stream that came from within this process, which nobody has to make room for.
    #[cfg(feature = "testing")]
    pub(crate) fn place_within(self: &Arc<Self>) -> Place {
        self.place(None, None, Seen::default())
    }

    /// The system has no descriptor left: some strangers go. Whether there were any.
    pub(super) async fn make_room(&self) -> bool {
        let gone = {
            let mut table = self.lock();
            table.relaxes = Some(Instant::now() + self.handshake_timeout);
            table.strangers.shed()
        };
        let any = !gone.is_empty();
        self.dismiss(gone).await;
        any
    }

    fn admit(&self, address: SocketAddr, seen: Seen) -> (u64, Option<Stranger>) {
        let mut table = self.lock();
        if table.relaxes.is_some_and(|at| at <= Instant::now()) {
            table.relaxes = None;
            table.strangers.relax();
        }
        table.strangers.admit(address.ip(), Stranger { address, seen, task: None })
    }

    /// Sends them away, and returns when they have let go of their descriptors: without that a flood would be
    /// accepted faster than it is sent away.
    async fn dismiss(&self, strangers: impl IntoIterator<Item = Stranger>) {
        let mut tasks = Vec::new();
        for Stranger { address, seen, task } in strangers {
            self.tell(Some(address), &seen, RefusedPeerReason::Crowded);
            tasks.extend(task.inspect(JoinHandle::abort));
        }
        for task in tasks {
            // It may have ended by itself just now, which is as good.
            let _ = task.await;
        }
    }

    fn place(self: &Arc<Self>, number: Option<u64>, address: Option<SocketAddr>, seen: Seen) -> Place {
        Place { lobby: self.clone(), number, address, seen, by: Instant::now() + self.handshake_timeout }
    }

    fn tell(&self, address: Option<SocketAddr>, seen: &Seen, reason: RefusedPeerReason) {
        let fingerprint = seen.fingerprint().map(str::to_owned);
        (self.tell)(&RefusedPeer { address, fingerprint, reason });
    }

    fn lock(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    pub(super) fn address(&self) -> Option<SocketAddr> {
        self.address
    }

    /// What is noted of its certificate.
    pub(super) fn seen(&self) -> &Seen {
        &self.seen
    }

    /// Until when TLS and the peer's hello must be done: one budget for both.
    pub(super) fn by(&self) -> Instant {
        self.by
    }

    /// The stranger was not done by then.
    pub(super) fn too_slow(self) {
        let waited = self.lobby.handshake_timeout;
        self.refuse(RefusedPeerReason::Silent(waited));
    }

    /// The connection ended before the peer's hello.
    pub(crate) fn ended(self, reason: ConnectionError) {
        match reason {
            // This server stops, or the stranger had to make room: neither says anything about the peer. Of one whose
            // certificate was revoked just now the sweep has told.
            ConnectionError::ClosedHere | ConnectionError::Lapsed(_) => {}
            ConnectionError::Silent => self.too_slow(),
            ConnectionError::Violation(_) | ConnectionError::ClosedByPeer { .. } => {
                self.refuse(RefusedPeerReason::Refused(Refusal::NotCountersign));
            }
            ConnectionError::Cut => self.refuse(RefusedPeerReason::Closed),
            ConnectionError::Io(error) => self.refuse(RefusedPeerReason::Io(error)),
        }
    }

    /// The stranger is a peer from now on; `false` if it had to make room before.
    pub(crate) fn becomes_peer(mut self) -> bool {
        self.leave()
    }

    /// The stranger does not become a peer.
    pub(super) fn refuse(mut self, reason: RefusedPeerReason) {
        // Of one that had to make room, that was told.
        if self.leave() {
            self.lobby.tell(self.address, &self.seen, reason);
        }
    }

    /// Whether it was still there.
    fn leave(&mut self) -> bool {
        match self.number.take() {
            Some(number) => self.lobby.lock().strangers.leave(number).is_some(),
            None => true,
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.leave();
    }
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Place").field("address", &self.address).finish_non_exhaustive()
    }
}
