//! What becomes of a server's connections when its credentials are replaced: later handshakes go by the new ones, and
//! whoever is connected is judged again.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use arc_swap::ArcSwap;
use countersign_certs::{Changes, Credentials, Watched};
use countersign_proto::Role;
use jiff::Timestamp;
use tokio::task::spawn_blocking;

use super::{BindError, Connections, Live, Router};
use crate::audit::Audit;
use crate::backoff::jitter;
use crate::link::Tenure;
use crate::link::mailbox::Stop;
use crate::tls::{Known, Refusal, ServerSide, Session};

/// The credentials of a server, and since when it knows those of its peers.
pub(super) struct InForce {
    side: ArcSwap<ServerSide>,
    known: Mutex<Known>,
}

impl InForce {
    /// Takes what is in force now. What will be is to be [followed](Self::follow).
    pub(super) fn new(
        credentials: &Watched<Credentials>,
    ) -> Result<(Arc<Self>, Changes<Credentials>), BindError> {
        let changes = credentials.changes();
        let side = ArcSwap::from_pointee(usable(credentials.current())?);
        Ok((Arc::new(Self { side, known: Mutex::default() }), changes))
    }

    pub(super) fn side(&self) -> Arc<ServerSide> {
        self.side.load_full()
    }

    /// How long a connection may go on that begins now.
    pub(super) fn tenure(&self, session: &Session) -> Tenure {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        session.life.tenure(Role::Server, &mut known, (Instant::now(), Timestamp::now()), jitter())
    }

    /// Judges a connection again if the credentials were replaced since its handshake began. To be called when it is
    /// among those that are swept, so that none slips through between the two.
    pub(super) fn recheck(&self, side: Arc<ServerSide>, live: Live, audit: &Audit) {
        let in_force = self.side();
        if !Arc::ptr_eq(&side, &in_force)
            && let Err(refusal) = in_force.side.still_good(&live.shown)
        {
            cut(&live, &refusal, audit);
        }
    }

    /// Takes over what replaces the credentials, for as long as they are replaced.
    pub(super) async fn follow(
        self: Arc<Self>,
        mut changes: Changes<Credentials>,
        connections: Arc<Connections>,
        router: Arc<Router>,
    ) {
        while let Some(next) = changes.next().await {
            let (own, connections, router) = (self.clone(), connections.clone(), router.clone());
            // A signature for each peer, and as long as it takes to read a list of revocations: calls go on meanwhile.
            let replaced = spawn_blocking(move || own.replace(next, &connections, router.audit()));
            // It ends early only with the runtime.
            let _ = replaced.await;
        }
    }

    fn replace(&self, next: Arc<Credentials>, connections: &Connections, audit: &Audit) {
        let next = match usable(next) {
            Ok(next) => Arc::new(next),
            Err(error) => return tracing::warn!(%error, "the old credentials stay in force"),
        };
        let before = self.side.swap(next.clone());
        let renewed = before.side.is_renewed_by(&next.side);
        let now = (Instant::now(), Timestamp::now());
        // Many connections are often of few peers, and a verdict costs two signatures.
        let mut verdicts: HashMap<_, Result<(), Refusal>> = HashMap::new();
        for (_, live) in connections.list() {
            let verdict =
                verdicts.entry(live.shown.clone()).or_insert_with(|| next.side.still_good(&live.shown));
            if let Err(refusal) = verdict {
                cut(&live, refusal, audit);
            } else if renewed && live.life.of == Role::Server {
                live.mailbox.retire_at(live.life.due_for_renewed(Role::Server, now, jitter()));
            }
        }
    }
}

fn cut(live: &Live, refusal: &Refusal, audit: &Audit) {
    audit.peer_cut(&live.peer, refusal);
    live.mailbox.stop(Stop::Lapsed(refusal.lapse(Role::Client)));
}

/// What a server can be with these credentials.
fn usable(credentials: Arc<Credentials>) -> Result<ServerSide, BindError> {
    let identity = credentials.identity();
    if !identity.certificate().has_server_auth() {
        return Err(BindError::ClientIdentity(identity.id().clone()));
    }
    Ok(ServerSide::new(credentials)?)
}
