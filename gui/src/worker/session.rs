//! Staying connected to one server: connect, learn what it can do, ask for its counters every second, notice
//! when it is gone, and come back.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval, sleep};

use super::Speaker;
use super::link::Link;
use crate::exchange::News;
use crate::model::connection::{Failure, Retry, Target};

/// How often the server's counters are asked for.
const POLL: Duration = Duration::from_secs(1);
/// The wait before the first attempt to reconnect; it doubles up to `LONGEST_WAIT`.
const FIRST_WAIT: Duration = Duration::from_millis(250);
/// The longest wait between attempts.
const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// A server to stay connected to, until this is dropped.
pub(super) struct Session {
    link: watch::Receiver<Option<Link>>,
    retry: Arc<Notify>,
    reload: Arc<Notify>,
    task: JoinHandle<()>,
}

impl Session {
    /// Begins to connect.
    pub(super) fn start(target: Target, speaker: Speaker) -> Self {
        let (link_sender, link) = watch::channel(None);
        let (retry, reload) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let keeper =
            Keeper { target, speaker, link: link_sender, retry: retry.clone(), reload: reload.clone() };
        Self { link, retry, reload, task: tokio::spawn(keeper.stay_connected()) }
    }

    /// The connection, while there is one.
    pub(super) fn link(&self) -> Option<Link> {
        self.link.borrow().clone()
    }

    /// Does not wait for the next attempt.
    pub(super) fn retry_now(&self) {
        self.retry.notify_waiters();
    }

    /// Asks again what the server can do.
    pub(super) fn reload(&self) {
        self.reload.notify_one();
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.task.abort();
    }
}

struct Keeper {
    target: Target,
    speaker: Speaker,
    link: watch::Sender<Option<Link>>,
    retry: Arc<Notify>,
    reload: Arc<Notify>,
}

impl Keeper {
    async fn stay_connected(self) {
        let (mut was_connected, mut attempt) = (false, 0);
        loop {
            let failure = match Link::connect(&self.target).await {
                Ok(link) => {
                    (was_connected, attempt) = (true, 0);
                    self.use_until_lost(link).await
                }
                // Nothing worked yet: the user has to change something first.
                Err(failure) if !was_connected => return self.speaker.say(News::Failed(failure)),
                Err(failure) => failure,
            };
            attempt += 1;
            self.wait(failure, attempt).await;
        }
    }

    /// Tells what is learned over this connection until it ends, and why it ended.
    async fn use_until_lost(&self, link: Link) -> Failure {
        self.speaker.say(News::Connected(link.session().clone()));
        self.link.send_replace(Some(link.clone()));
        let failure = tokio::select! {
            failure = link.closed() => failure,
            never = self.list(&link) => match never {},
            never = self.poll(&link) => match never {},
        };
        self.link.send_replace(None);
        failure
    }

    async fn list(&self, link: &Link) -> Infallible {
        loop {
            self.speaker.say(News::Catalogue(link.services().await));
            self.reload.notified().await;
        }
    }

    async fn poll(&self, link: &Link) -> Infallible {
        let mut ticks = interval(POLL);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            self.speaker.say(News::Stats(link.stats().await));
        }
    }

    async fn wait(&self, failure: Failure, attempt: u32) {
        let wait = backoff(attempt, jitter());
        let say = |failure, next| self.speaker.say(News::Reconnecting(Retry { failure, attempt, next }));
        say(failure.clone(), Some(Instant::now() + wait));
        tokio::select! {
            () = sleep(wait) => {}
            () = self.retry.notified() => {}
        }
        say(failure, None);
    }
}

/// The wait before an attempt: doubling, with up to half of it left to chance, so that the dashboards of a
/// whole team do not come back at once.
fn backoff(attempt: u32, jitter: f64) -> Duration {
    let doubled = FIRST_WAIT.saturating_mul(1 << attempt.saturating_sub(1).min(10));
    doubled.min(LONGEST_WAIT).mul_f64(0.5 + 0.5 * jitter)
}

/// A number from 0 to 1 that differs from process to process and from call to call.
fn jitter() -> f64 {
    use std::hash::{BuildHasher as _, RandomState};
    f64::from(RandomState::new().hash_one(()) as u32) / f64::from(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_a_limit_and_are_never_the_whole_crowds() {
        assert_eq!(backoff(1, 1.0), FIRST_WAIT);
        assert_eq!(backoff(2, 1.0), FIRST_WAIT * 2);
        assert_eq!(backoff(40, 1.0), LONGEST_WAIT);
        assert_eq!(backoff(40, 0.0), LONGEST_WAIT / 2);
        assert!((0.0..=1.0).contains(&jitter()));
    }
}
