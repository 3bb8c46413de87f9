//! The task that keeps a client connected: it connects, notices when the server is gone or goes away, and
//! comes back, for as long as the client lives.

#[cfg(test)]
mod tests;

use std::future::{Future, pending, poll_fn};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio::time::{Instant, sleep, sleep_until};

use super::ConnectError;
use super::standing::{Board, Standing};
use crate::backoff::{Backoff, jitter};
use crate::link::ConnectionError;
use crate::link::client::{Handle, Worn};

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

    /// What is to be done beside, for as long as the client lives.
    fn keep_up(&mut self, _post: &Post) -> impl Future<Output = ()> + Send + 'static {
        pending()
    }

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

    /// The same, unless nothing went wrong.
    pub(super) fn loss(&self, reason: &Arc<ConnectionError>) -> Option<Arc<ConnectError>> {
        (!reason.is_in_order()).then(|| self.lost(reason.clone()))
    }

    /// Waits until a connection is needed again, which may be at once.
    async fn rest(&self) {
        self.board.send_if_modified(|board| board.link().is_some() && board.turn(Standing::Idle));
        // The client would be gone, and this task with it.
        let _ = self.board.subscribe().wait_for(|board| !matches!(board.standing, Standing::Idle)).await;
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
        let error = match connected {
            Ok(link) => {
                let end = use_up(&mut way, link, &post).await;
                if !W::LEADS_BACK {
                    let error = post.lost(end.reason.clone());
                    return post.turn(Standing::Closed { reason: end.reason, error });
                }
                if end.reason.is_in_order() && !end.busy {
                    post.rest().await;
                }
                if end.sound {
                    failed = 0;
                    post.turn(Standing::Connecting { failed, error: post.loss(&end.reason) });
                    continue;
                }
                post.lost(end.reason)
            }
            Err(error) if !W::LEADS_BACK => {
                let reason = match &error {
                    ConnectError::Lost { reason, .. } => reason.clone(),
                    _ => Arc::new(ConnectionError::ClosedHere),
                };
                return post.turn(Standing::Closed { reason, error: Arc::new(error) });
            }
            Err(error) => Arc::new(error),
        };
        failed += 1;
        let waits = if error.is_permanent() { REFUSED } else { CONNECTING };
        let until = Instant::now() + waits.wait(failed, jitter());
        // It hears from here on: whoever is told that we wait may say at once that we shall not.
        let now = post.now.notified();
        post.turn(Standing::Waiting { failed, until: until.into(), error: error.clone() });
        tokio::select! {
            () = sleep_until(until) => {}
            () = now => {}
        }
        post.turn(Standing::Connecting { failed, error: Some(error) });
    }
}

/// How a connection came to take no more calls.
struct End {
    reason: Arc<ConnectionError>,
    /// It was one to count on; what follows is a first attempt again.
    sound: bool,
    /// There are calls on it still.
    busy: bool,
}

/// Uses a connection, and each one that takes the place of another in time, until one is over before the next.
async fn use_up<W: Way>(way: &mut W, mut link: Arc<Handle>, post: &Post) -> End {
    let mut since = Instant::now();
    let reason = loop {
        match poll_fn(|cx| link.poll_worn(cx.waker())).await {
            Worn::Out(reason) => break reason,
            Worn::Due if !W::LEADS_BACK => break poll_fn(|cx| link.poll_leaving(cx.waker())).await,
            Worn::Due => {}
        }
        tokio::select! {
            reason = poll_fn(|cx| link.poll_leaving(cx.waker())) => break reason,
            next = successor(way, post) => {
                post.connected(&next);
                link.drain();
                (link, since) = (next, Instant::now());
            }
        }
    };
    let sound = link.has_answered() || SOUND_AFTER <= since.elapsed();
    End { reason, sound, busy: link.is_busy() }
}

/// The next connection, while there is one still: nobody has to know of attempts that fail.
async fn successor<W: Way>(way: &mut W, post: &Post) -> Arc<Handle> {
    let mut failed = 0;
    loop {
        let error = match way.connect().await {
            Ok(next) => return next,
            Err(error) => error,
        };
        failed += 1;
        tracing::warn!(%error, "cannot move to another connection yet, and stays with the old one");
        let waits = if error.is_permanent() { REFUSED } else { CONNECTING };
        tokio::select! {
            () = sleep(waits.wait(failed, jitter())) => {}
            () = post.now.notified() => {}
        }
    }
}
