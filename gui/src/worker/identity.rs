//! The identity in a folder: loaded, watched, and told about whenever something else is true of it.

use std::time::Duration;

use countersign::Credentials;
use countersign_certs::Watched;
use tokio::sync::watch;
use tokio::task::{JoinHandle, spawn_blocking};
use tokio::time::sleep;

use super::Speaker;
use super::link::credentials_failure;
use crate::exchange::News;
use crate::model::connection::Failure;
use crate::model::identity::Identity;

/// How often to look for what is not announced: files that can be used at last, or not any more.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// The identity in a folder, until this is dropped.
pub(super) struct OwnIdentity {
    folder: String,
    loaded: watch::Receiver<Option<Loaded>>,
    task: JoinHandle<()>,
}

/// What came of loading it.
type Loaded = Result<Watched<Credentials>, Failure>;

/// Waits until it is known whether the identity can be used.
#[derive(Clone)]
pub(super) struct Ready(watch::Receiver<Option<Loaded>>);

impl OwnIdentity {
    /// Begins to load it.
    pub(super) fn start(folder: String, speaker: Speaker) -> Self {
        let (sender, loaded) = watch::channel(None);
        let task = tokio::spawn(follow(folder.clone(), sender, speaker));
        Self { folder, loaded, task }
    }

    /// Whether this is the one in `folder`, and nothing is known to be wrong with it.
    pub(super) fn serves(&self, folder: &str) -> bool {
        self.folder == folder && !matches!(*self.loaded.borrow(), Some(Err(_)))
    }

    /// What to wait for.
    pub(super) fn ready(&self) -> Ready {
        Ready(self.loaded.clone())
    }
}

impl Drop for OwnIdentity {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Ready {
    /// The identity, or why it cannot be used.
    pub(super) async fn wait(&mut self) -> Result<Watched<Credentials>, Failure> {
        match self.0.wait_for(Option::is_some).await {
            Ok(loaded) => loaded.clone().unwrap_or_else(|| Err(gone())),
            Err(_) => Err(gone()),
        }
    }
}

fn gone() -> Failure {
    Failure::new("The identity is not looked at any more.", "Connect again.")
}

/// Looks at the files now, and not only when it is time to.
pub(super) async fn look_now(credentials: &Watched<Credentials>) {
    let credentials = credentials.clone();
    // What is wrong with them is in the report, which is told.
    let _ = spawn_blocking(move || drop(credentials.reload())).await;
}

/// Loads the identity, as soon as it can be loaded, and tells what becomes of it.
async fn follow(folder: String, loaded: watch::Sender<Option<Loaded>>, speaker: Speaker) {
    let mut told = None;
    let credentials = loop {
        let failure = match watch(folder.clone()).await {
            Ok(credentials) => break credentials,
            Err(failure) => failure,
        };
        loaded.send_replace(Some(Err(failure.clone())));
        if told.as_ref() != Some(&failure) {
            speaker.say(News::Identity(folder.clone(), Err(failure.clone())));
            told = Some(failure);
        }
        sleep(LOOK_EVERY).await;
    };
    loaded.send_replace(Some(Ok(credentials.clone())));
    let mut changes = credentials.changes();
    let mut told = None;
    loop {
        let report = credentials.report();
        if told.as_ref() != Some(&report) {
            let identity = Identity::of(&credentials.current(), &report);
            speaker.say(News::Identity(folder.clone(), Ok(Box::new(identity))));
            told = Some(report);
        }
        tokio::select! {
            Some(_) = changes.next() => {}
            () = sleep(LOOK_EVERY) => {}
        }
    }
}

async fn watch(folder: String) -> Result<Watched<Credentials>, Failure> {
    match spawn_blocking(move || Credentials::watch(folder)).await {
        Ok(watched) => watched.map_err(|error| credentials_failure(&error)),
        Err(error) => Err(Failure::new(format!("The identity could not be loaded: {error}"), "")),
    }
}
