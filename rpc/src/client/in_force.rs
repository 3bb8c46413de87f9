//! What a client shows and whom it believes, while it lives: the next connection is made with what is in force, and
//! those that there are are judged by it.

use std::future::pending;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Instant;

use arc_swap::ArcSwap;
use countersign_certs::Changes;
use countersign_certs::{Credentials, Watched};
use countersign_proto::Role;
use jiff::Timestamp;
use tokio::task::spawn_blocking;

use super::ConnectError;
use super::keeper::Post;
use crate::backoff::jitter;
use crate::link::Tenure;
use crate::link::client::Handle;
use crate::tls::{ClientSide, Known, Life, Session, Shown};

/// The credentials of a client, and the connections that were made with them.
pub(super) struct InForce {
    side: ArcSwap<ClientSide>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    known: Known,
    live: Vec<Live>,
}

/// A connection, for as long as anybody holds it.
struct Live {
    link: Weak<Handle>,
    shown: Shown,
    life: Life,
}

impl InForce {
    /// Takes what is in force now. What will be is to be [followed](Self::follow).
    pub(super) fn new(
        credentials: &Watched<Credentials>,
    ) -> Result<(Arc<Self>, Changes<Credentials>), ConnectError> {
        let changes = credentials.changes();
        let side = ArcSwap::from_pointee(ClientSide::new(credentials.current())?);
        Ok((Arc::new(Self { side, state: Mutex::default() }), changes))
    }

    pub(super) fn side(&self) -> Arc<ClientSide> {
        self.side.load_full()
    }

    /// A connection stands, made with `side`. How long it may go on.
    pub(super) fn begin(&self, link: Weak<Handle>, side: &Arc<ClientSide>, session: &Session) -> Tenure {
        let now = (Instant::now(), Timestamp::now());
        let live = Live { link, shown: session.shown.clone(), life: session.life };
        let mut state = self.lock();
        state.live.retain(|live| live.link.strong_count() > 0);
        state.live.push(live);
        let tenure = session.life.tenure(Role::Client, &mut state.known, now, jitter());
        drop(state);
        // What was in force when the handshake began may have been replaced, and the others judged, by now.
        let in_force = self.side();
        if !Arc::ptr_eq(side, &in_force)
            && let Err(refusal) = in_force.side.still_good(&session.shown)
        {
            return Tenure { due: None, end: now.0, why: refusal.lapse(Role::Server) };
        }
        tenure
    }

    /// Takes over what replaces the credentials, for as long as they are replaced.
    pub(super) async fn follow(self: Arc<Self>, mut changes: Changes<Credentials>, post: Post) {
        while let Some(next) = changes.next().await {
            let own = self.clone();
            // A signature for each connection, and as long as it takes to read a list of revocations.
            if spawn_blocking(move || own.replace(next)).await.is_ok_and(|replaced| replaced) {
                // What was refused so far may not be now.
                post.now.notify_waiters();
            }
        }
        pending().await
    }

    fn replace(&self, next: Arc<Credentials>) -> bool {
        let next = match ClientSide::new(next) {
            Ok(next) => Arc::new(next),
            Err(error) => {
                tracing::warn!(%error, "the old credentials stay in force");
                return false;
            }
        };
        let before = self.side.swap(next.clone());
        let renewed = before.side.is_renewed_by(&next.side);
        let now = (Instant::now(), Timestamp::now());
        for Live { link, shown, life } in &self.lock().live {
            let Some(link) = link.upgrade() else { continue };
            if let Err(refusal) = next.side.still_good(shown) {
                tracing::warn!(reason = %refusal, "leaving a server");
                link.lapse(refusal.lapse(Role::Server));
            } else if renewed && life.of == Role::Client {
                link.retire_at(life.due_for_renewed(Role::Client, now, jitter()));
            }
        }
        true
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
