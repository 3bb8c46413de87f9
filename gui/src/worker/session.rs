//! Staying connected to one server: learn what it can do, hear its counters every second, tell when it is gone
//! and when it is back. Coming back is the client's work.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use countersign::Credentials;
use countersign_certs::Watched;
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;
use tokio::time::sleep;

use super::counting::Counting;
use super::identity::{self, Ready};
use super::link::{Link, Standing, Standings};
use super::seat::Voice;
use super::watching;
use crate::exchange::{Sight, TabNews};
use crate::model::connection::{self, Failure, Retry, Target};

/// The wait before the server's counters are asked for again, when they were not to be had.
const PAUSE: Duration = Duration::from_secs(1);

/// After so many states of the counters in a row that tell nothing new the window is left at rest.
const QUIET_AFTER: u32 = 3;

/// How often the server is asked who it is: its files may be replaced at any time.
const IDENTITY_EVERY: Duration = Duration::from_secs(5);

/// A server to stay connected to, until this is dropped.
pub(super) struct Session {
    link: watch::Receiver<Option<Link>>,
    retry: Arc<Notify>,
    reload: Arc<Notify>,
    task: JoinHandle<()>,
}

impl Session {
    /// Begins to connect, as soon as the identity is there.
    pub(super) fn start(
        target: Target,
        ready: Ready,
        sights: watch::Receiver<Option<Sight>>,
        voice: Voice,
    ) -> Self {
        let (link_sender, link) = watch::channel(None);
        let (retry, reload) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let keeper = Keeper {
            target,
            ready,
            sights,
            voice,
            link: link_sender,
            retry: retry.clone(),
            reload: reload.clone(),
        };
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
    ready: Ready,
    sights: watch::Receiver<Option<Sight>>,
    voice: Voice,
    link: watch::Sender<Option<Link>>,
    retry: Arc<Notify>,
    reload: Arc<Notify>,
}

impl Keeper {
    async fn stay_connected(mut self) {
        match self.connect().await {
            Ok((link, credentials)) => self.follow(&link, &credentials).await,
            // Nothing worked yet: the user has to change something first.
            Err(failure) => self.voice.say(TabNews::Failed(failure)),
        }
    }

    async fn connect(&mut self) -> Result<(Link, Watched<Credentials>), Failure> {
        let credentials = self.ready.wait().await?;
        let link = Link::connect(&self.target, credentials.clone()).await?;
        Ok((link, credentials))
    }

    /// Tells how the connection stands and what is learned over it.
    async fn follow(&self, link: &Link, credentials: &Watched<Credentials>) {
        let mut standings = link.standings();
        let mut standing = standings.next().await;
        loop {
            standing = match standing {
                Standing::Connected(session) => self.use_until_lost(link, session, &mut standings).await,
                Standing::Lost(retry) => self.wait(link, credentials, retry, &mut standings).await,
            }
        }
    }

    /// Tells what is learned over this connection until it ends, and how it stands then.
    async fn use_until_lost(
        &self,
        link: &Link,
        session: connection::Session,
        standings: &mut Standings,
    ) -> Standing {
        // Whoever hears that there is a connection may make a call.
        self.link.send_replace(Some(link.clone()));
        self.voice.say(TabNews::Connected(session));
        let standing = tokio::select! {
            standing = standings.next() => standing,
            never = self.list(link) => match never {},
            never = self.count(link) => match never {},
            never = self.ask_identity(link) => match never {},
            never = watching::watch(link, self.sights.clone(), &self.voice) => match never {},
        };
        self.link.send_replace(None);
        standing
    }

    async fn wait(
        &self,
        link: &Link,
        credentials: &Watched<Credentials>,
        retry: Retry,
        standings: &mut Standings,
    ) -> Standing {
        self.voice.say(TabNews::Reconnecting(retry));
        tokio::select! {
            standing = standings.next() => standing,
            () = self.retry.notified() => {
                identity::look_now(credentials).await;
                link.reconnect_now();
                standings.next().await
            }
        }
    }

    async fn list(&self, link: &Link) -> Infallible {
        loop {
            self.voice.say(TabNews::Catalogue(link.services().await));
            self.reload.notified().await;
        }
    }

    /// Tells what the server says of its own identity, as long as it does: who may not ask does not go on asking.
    async fn ask_identity(&self, link: &Link) -> Infallible {
        let mut known = None;
        loop {
            let said = link.server().await.map(Box::new);
            let is_refused = said.is_err();
            if known.as_ref() != Some(&said) {
                known = Some(said.clone());
                self.voice.say(TabNews::Server(said));
            }
            if is_refused {
                return std::future::pending().await;
            }
            sleep(IDENTITY_EVERY).await;
        }
    }

    async fn count(&self, link: &Link) -> Infallible {
        loop {
            if let Some(failure) = self.count_on(link).await {
                self.voice.say(TabNews::Stats(Err(failure)));
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
        let mut without_news = 0;
        loop {
            let counted = match counting.next().await {
                Ok(counted) => counted,
                Err(failure) => return failure,
            };
            without_news = if counted.is_news { 0 } else { without_news + 1 };
            let news = TabNews::Stats(Ok(counted.all));
            if without_news < QUIET_AFTER { self.voice.say(news) } else { self.voice.say_quietly(news) }
        }
    }
}
