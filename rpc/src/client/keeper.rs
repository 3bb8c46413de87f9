//! The task that keeps a client connected: it connects, notices when the server is gone or goes away, and
//! comes back, for as long as the client lives.

use std::future::{Future, poll_fn};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{Notify, watch};
use tokio::time::sleep_until;

use super::ConnectError;
use super::standing::{Board, Standing};
use crate::backoff::{Backoff, jitter};
use crate::link::ConnectionError;
use crate::link::client::Handle;

/// Between attempts to connect. The first wait is short, since a server that restarts is back soon; the
/// longest is what a person still waits for, and what a server can bear of each of ten thousand clients.
const CONNECTING: Backoff = Backoff { first: Duration::from_millis(100), longest: Duration::from_secs(10) };

/// After a refusal that only a person can do something about; once they did, nobody has to restart a client.
const REFUSED: Backoff = Backoff { first: Duration::from_secs(30), longest: Duration::from_secs(30) };

/// A connection that stood for so long was sound, even if no call was answered over it. One that was not counts
/// as a failed attempt, or a server that accepts and hangs up would be dialled in a loop.
const SOUND_AFTER: Duration = Duration::from_secs(2);

/// How connections to the server come about.
pub(super) trait Way: Send + 'static {
    /// Makes one, and returns when the server has accepted us.
    fn connect(&mut self) -> impl Future<Output = Result<Arc<Handle>, ConnectError>> + Send;

    /// Whether there can be another one.
    const LEADS_BACK: bool;
}

/// What the task and its client share.
#[derive(Debug, Clone)]
pub(super) struct Post {
    pub(super) address: Arc<str>,
    pub(super) board: watch::Sender<Board>,
    /// Told when the next attempt is to begin at once.
    pub(super) now: Arc<Notify>,
}

impl Post {
    pub(super) fn new(address: &str) -> Self {
        Self { address: address.into(), board: watch::Sender::new(Board::new()), now: Arc::default() }
    }

    /// From now on calls go over this connection.
    pub(super) fn connected(&self, link: &Arc<Handle>) {
        if let Some(peer) = link.peer() {
            self.turn(Standing::Connected { link: link.clone(), peer });
        }
    }

    pub(super) fn turn(&self, next: Standing) {
        self.board.send_if_modified(|board| board.turn(next));
    }

    /// The end of a connection, as the reason why there is none.
    pub(super) fn lost(&self, reason: Arc<ConnectionError>) -> Arc<ConnectError> {
        Arc::new(ConnectError::Lost { address: self.address.to_string(), reason })
    }
}

/// Connects, unless that was done already, and then again whenever the connection is lost.
pub(super) async fn keep<W: Way>(mut way: W, mut made: Option<Arc<Handle>>, post: Post) {
    let mut failed = 0;
    loop {
        let connected = match made.take() {
            Some(link) => Ok(link),
            None => way.connect().await.inspect(|link| post.connected(link)),
        };
        let (error, sound) = match connected {
            Ok(link) => {
                let (reason, sound) = use_up(link).await;
                let error = post.lost(reason.clone());
                if !W::LEADS_BACK {
                    return post.turn(Standing::Closed { reason, error });
                }
                (error, sound)
            }
            Err(error) if !W::LEADS_BACK => {
                let reason = match &error {
                    ConnectError::Lost { reason, .. } => reason.clone(),
                    _ => Arc::new(ConnectionError::ClosedHere),
                };
                return post.turn(Standing::Closed { reason, error: Arc::new(error) });
            }
            Err(error) => (Arc::new(error), false),
        };
        failed = if sound { 0 } else { failed + 1 };
        if !sound {
            let waits = if error.is_permanent() { REFUSED } else { CONNECTING };
            let until = Instant::now() + waits.wait(failed, jitter());
            post.turn(Standing::Waiting { failed, until, error: error.clone() });
            tokio::select! {
                () = sleep_until(until.into()) => {}
                () = post.now.notified() => {}
            }
        }
        post.turn(Standing::Connecting { failed, error: Some(error) });
    }
}

/// Waits until a connection takes no more calls; then says why, and whether it was a sound one.
async fn use_up(link: Arc<Handle>) -> (Arc<ConnectionError>, bool) {
    let since = Instant::now();
    let reason = poll_fn(|cx| link.poll_leaving(cx.waker())).await;
    (reason, link.has_answered() || SOUND_AFTER <= since.elapsed())
}
