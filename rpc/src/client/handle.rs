//! A client as its users and their calls hold it.

use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::runtime;
use tokio::task::AbortHandle;
use tokio::time::{sleep, timeout_at};

use super::budget::Budget;
use super::keeper::{self, Post, Way};
use super::standing::{Board, ClientState, ClientStates, Standing};
use super::{ConnectError, Found, Waiting};
use crate::call::CallError;
use crate::link::ConnectionError;
use crate::link::client::{Handle, Turn};
use crate::peer::Peer;

/// A client of one server. Cheap to clone; its connection is closed when the last clone is dropped.
///
/// When the connection is lost, or the server goes away, the client connects again by itself: at once, and then
/// at growing intervals. Calls wait for that within their deadline, unless they are to
/// [fail fast](crate::ClientBuilder::fail_fast). A refusal that waiting will not change they are told at once.
#[derive(Clone)]
pub struct Client(Arc<Shared>);

struct Shared {
    post: Post,
    fail_fast: bool,
    budget: Mutex<Budget>,
    retries: AtomicU64,
    /// The task that keeps the client connected, and where it runs.
    keeper: Option<(AbortHandle, runtime::Handle)>,
}

impl Client {
    /// A client that is kept connected, over `made` to begin with. To be called within a runtime.
    pub(super) fn keep<W: Way>(mut way: W, made: Option<Arc<Handle>>, post: Post, fail_fast: bool) -> Self {
        made.iter().for_each(|link| post.connected(link));
        let kept_up = way.keep_up(&post);
        let kept = keeper::keep(way, made, post.clone());
        let task = tokio::spawn(async {
            tokio::select! {
                () = kept => {}
                () = kept_up => {}
            }
        });
        Self::new(post, fail_fast, Some((task.abort_handle(), runtime::Handle::current())))
    }

    fn new(post: Post, fail_fast: bool, keeper: Option<(AbortHandle, runtime::Handle)>) -> Self {
        let (budget, retries) = (Mutex::default(), AtomicU64::new(0));
        Self(Arc::new(Shared { post, fail_fast, budget, retries, keeper }))
    }

    /// The server, once it has proved who it is; also after the connection has ended, until the next one.
    pub fn peer(&self) -> Option<Arc<Peer>> {
        self.0.post.board.borrow().server.as_ref().map(|server| server.peer.clone())
    }

    /// The software that the server says it is, escaped; `None` until the first connection stands.
    pub fn server_software(&self) -> Option<String> {
        self.0.post.board.borrow().server.as_ref().map(|server| server.software.clone())
    }

    /// How this client stands with its server at this moment.
    pub fn state(&self) -> ClientState {
        self.0.post.board.borrow().standing.told()
    }

    /// How this client stands with its server, now and whenever that changes.
    pub fn states(&self) -> ClientStates {
        ClientStates::new(self.0.post.board.subscribe())
    }

    /// Begins the next attempt to connect at once, if the client is waiting for it or idle.
    pub fn reconnect_now(&self) {
        self.0.post.board.send_if_modified(Board::wake);
        self.0.post.now.notify_waiters();
    }

    /// Calls that were made again so far, since they had not started or may be repeated.
    pub fn retries(&self) -> u64 {
        self.0.retries.load(Ordering::Relaxed)
    }

    /// Waits until this client is closed for good, and says why its connection ended. One that connects to an
    /// address comes back from everything but [`close`](Self::close).
    pub async fn closed(&self) -> Arc<ConnectionError> {
        let mut board = self.0.post.board.subscribe();
        let closed = board.wait_for(|board| matches!(board.standing, Standing::Closed { .. })).await;
        match closed.as_ref().map(|board| &board.standing) {
            Ok(Standing::Closed { reason, .. }) => reason.clone(),
            // It waited for just that, and this client holds the other end.
            _ => Arc::new(ConnectionError::ClosedHere),
        }
    }

    /// Closes the connection for all clones, and for good; calls that are open fail.
    pub fn close(&self) {
        if let Some((keeper, _)) = &self.0.keeper {
            keeper.abort();
        }
        if let Some(link) = self.link() {
            link.close();
        }
        let reason = Arc::new(ConnectionError::ClosedHere);
        self.0.post.turn(Standing::Closed { error: self.0.post.lost(reason.clone()), reason });
    }

    /// A client that never connects.
    #[cfg(test)]
    pub(crate) fn of_a_test() -> Self {
        Self::new(Post::new("test:1"), false, None)
    }
}

/// What calls ask of their client.
impl Client {
    /// The connection that calls go over, if there is one.
    pub(crate) fn link(&self) -> Option<Arc<Handle>> {
        self.0.post.board.borrow().link().cloned()
    }

    pub(crate) fn fails_fast(&self) -> bool {
        self.0.fail_fast
    }

    /// Waits for `pause`, and then for a connection, but no longer than until `give_up`.
    pub(crate) fn wait_for_link(&self, pause: Duration, give_up: Instant, fail_fast: bool) -> Waiting {
        let client = self.clone();
        self.in_runtime(async move {
            sleep(pause).await;
            let connected = client.connected(give_up, fail_fast).await;
            connected.map(|link| (link, None)).map_err(CallError::NotConnected)
        })
    }

    /// Waits for a turn, but no longer than until `give_up`.
    pub(crate) fn wait_for_turn(&self, turn: Turn, give_up: Instant) -> Waiting {
        self.in_runtime(async move {
            match timeout_at(give_up.into(), poll_fn(|cx| turn.poll(cx.waker()))).await {
                Ok(()) => Ok((turn.link().clone(), Some(turn))),
                Err(_) => Err(CallError::Status(turn.too_late())),
            }
        })
    }

    fn in_runtime(
        &self,
        waiting: impl Future<Output = Result<Found, CallError>> + Send + 'static,
    ) -> Waiting {
        let runtime = self.0.keeper.as_ref().map(|(_, runtime)| runtime.clone());
        Box::pin(async move {
            let mut waiting = pin!(waiting);
            poll_fn(|cx| {
                // Calls may be awaited outside of any runtime, and timers are the runtime's.
                let _within = runtime.as_ref().map(runtime::Handle::enter);
                waiting.as_mut().poll(cx)
            })
            .await
        })
    }

    async fn connected(&self, give_up: Instant, fail_fast: bool) -> Result<Arc<Handle>, Arc<ConnectError>> {
        let since = Instant::now();
        let mut board = self.0.post.board.subscribe();
        let connected = timeout_at(give_up.into(), async {
            loop {
                if let Some(connected) = board.borrow_and_update().standing.for_a_call(fail_fast) {
                    return connected;
                }
                self.0.post.board.send_if_modified(Board::wake);
                // This client holds the other end.
                let _ = board.changed().await;
            }
        });
        match connected.await {
            Ok(connected) => connected,
            Err(_) => Err(self.0.post.board.borrow().standing.error().cloned().unwrap_or_else(|| {
                let address = self.0.post.address.to_string();
                Arc::new(ConnectError::Silent { address, waited: give_up.saturating_duration_since(since) })
            })),
        }
    }

    /// A call has found that this connection takes no more: no other call is to find that out.
    pub(crate) fn leave(&self, link: &Arc<Handle>) {
        let Some(reason) = link.leaving() else { return };
        let error = self.0.post.loss(&reason);
        self.0.post.board.send_if_modified(|board| match board.link() {
            Some(current) if Arc::ptr_eq(current, link) => {
                board.turn(Standing::Connecting { failed: 0, error })
            }
            _ => false,
        });
    }

    /// Whether one more call may be made again whose handler may have run.
    pub(crate) fn spend_retry(&self) -> bool {
        let calls_made = self.0.post.board.borrow().calls_made();
        self.0.budget.lock().unwrap_or_else(PoisonError::into_inner).spend(calls_made)
    }

    pub(crate) fn count_retry(&self) {
        self.0.retries.fetch_add(1, Ordering::Relaxed);
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        if let Some((keeper, _)) = &self.keeper {
            keeper.abort();
        }
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("address", &self.0.post.address)
            .field("state", &self.state())
            .finish_non_exhaustive()
    }
}
