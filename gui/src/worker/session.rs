//! Staying connected to one server: learn what it can do, hear its counters every second, tell when it is gone
//! and when it is back. Coming back is the client's work.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use countersign::Credentials;
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;
use tokio::time::{sleep, sleep_until};

use super::Speaker;
use super::counting::Counting;
use super::identity;
use super::link::{self, Link, Standing, Standings};
use crate::exchange::News;
use crate::model::connection::{Failure, Retry, Target};

/// The wait before the server's counters are asked for again, when they were not to be had.
const PAUSE: Duration = Duration::from_secs(1);

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
        let mut link = match self.connect().await {
            Ok(link) => link,
            // Nothing worked yet: the user has to change something first.
            Err(failure) => return self.speaker.say(News::Failed(failure)),
        };
        loop {
            self.follow(&link).await;
            // Refused for a reason that may have gone by now, such as an identity that was renewed: with another
            // look at its files.
            let again = self.load().await.and_then(|found| Link::lazy(&self.target.address, found));
            if let Ok(again) = again {
                link = again;
            }
        }
    }

    async fn connect(&self) -> Result<Link, Failure> {
        Link::connect(&self.target.address, self.load().await?).await
    }

    /// The identity as its folder has it now.
    async fn load(&self) -> Result<Credentials, Failure> {
        let loaded = link::load(self.target.identity.clone()).await;
        identity::say(&self.target.identity, loaded.as_ref(), &self.speaker);
        loaded
    }

    /// Tells how the connection stands and what is learned over it, until the server refuses us for good and enough
    /// time has passed since.
    async fn follow(&self, link: &Link) {
        let mut standings = link.standings();
        let mut standing = standings.next().await;
        loop {
            standing = match standing {
                Standing::Connected(session) => {
                    self.speaker.say(News::Connected(session));
                    self.use_until_lost(link, &mut standings).await
                }
                Standing::Lost(retry) => self.wait(link, retry, &mut standings).await,
                Standing::Refused(retry) => return self.wait_to_be_let_in(retry).await,
            }
        }
    }

    /// Tells what is learned over this connection until it ends, and how it stands then.
    async fn use_until_lost(&self, link: &Link, standings: &mut Standings) -> Standing {
        self.link.send_replace(Some(link.clone()));
        let standing = tokio::select! {
            standing = standings.next() => standing,
            never = self.list(link) => match never {},
            never = self.count(link) => match never {},
        };
        self.link.send_replace(None);
        standing
    }

    async fn wait(&self, link: &Link, retry: Retry, standings: &mut Standings) -> Standing {
        self.speaker.say(News::Reconnecting(retry));
        tokio::select! {
            standing = standings.next() => standing,
            () = self.retry.notified() => {
                link.reconnect_now();
                standings.next().await
            }
        }
    }

    async fn wait_to_be_let_in(&self, retry: Retry) {
        let next = retry.next;
        self.speaker.say(News::Reconnecting(retry.clone()));
        tokio::select! {
            () = async { if let Some(next) = next { sleep_until(next.into()).await } } => {}
            () = self.retry.notified() => {}
        }
        self.speaker.say(News::Reconnecting(Retry { next: None, ..retry }));
    }

    async fn list(&self, link: &Link) -> Infallible {
        loop {
            self.speaker.say(News::Catalogue(link.services().await));
            self.reload.notified().await;
        }
    }

    async fn count(&self, link: &Link) -> Infallible {
        loop {
            if let Some(failure) = self.count_on(link).await {
                self.speaker.say(News::Stats(Err(failure)));
            }
            sleep(PAUSE).await;
        }
    }

    /// Tells the server's counters until that fails.
    async fn count_on(&self, link: &Link) -> Option<Failure> {
        let mut counting = match Counting::begin(link).await {
            Ok(counting) => counting,
            Err(failure) => return failure,
        };
        loop {
            match counting.next().await {
                Ok(snapshot) => self.speaker.say(News::Stats(Ok(snapshot))),
                Err(failure) => return failure,
            }
        }
    }
}
