//! The identity in a folder: loaded, watched, and told about whenever something else is true of it.

use std::time::Duration;

use countersign::Credentials;
use countersign_certs::Watched;
use countersign_certs::check::{Check, Role, Severity};
use tokio::sync::watch;
use tokio::task::{JoinHandle, spawn_blocking};
use tokio::time::{Instant, sleep};

use super::link::credentials_failure;
use super::seat::Voice;
use crate::exchange::TabNews;
use crate::model::connection::Failure;
use crate::model::identity::{Identity, Remark};
use crate::text;

/// How often to look for what is not announced: files that can be used at last, or not any more.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// How often to check files that have not changed: they grow old.
const CHECK_EVERY: Duration = Duration::from_secs(60);
/// The longest remark that is shown.
const REMARK_SHOWN: usize = 1000;

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
    pub(super) fn start(folder: String, voice: Voice) -> Self {
        let (sender, loaded) = watch::channel(None);
        let task = tokio::spawn(follow(folder.clone(), sender, voice));
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
async fn follow(folder: String, loaded: watch::Sender<Option<Loaded>>, voice: Voice) {
    let mut told = None;
    let credentials = loop {
        let failure = match watch(folder.clone()).await {
            Ok(credentials) => break credentials,
            Err(failure) => failure,
        };
        loaded.send_replace(Some(Err(failure.clone())));
        let found = (failure, check(folder.clone()).await);
        if told.as_ref() != Some(&found) {
            let (failure, remarks) = found.clone();
            voice.say(TabNews::Identity(folder.clone(), Err(failure), remarks));
            told = Some(found);
        }
        sleep(LOOK_EVERY).await;
    };
    loaded.send_replace(Some(Ok(credentials.clone())));
    let mut changes = credentials.changes();
    let mut told = None;
    let mut check_at = Instant::now();
    loop {
        let report = credentials.report();
        if told.as_ref() != Some(&report) || check_at <= Instant::now() {
            let identity = Box::new(Identity::of(&credentials.current(), &report));
            let remarks = check(folder.clone()).await;
            voice.say(TabNews::Identity(folder.clone(), Ok(identity), remarks));
            (told, check_at) = (Some(report), Instant::now() + CHECK_EVERY);
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

/// What `countersign certs check` says of the folder, but for what is only good to know.
async fn check(folder: String) -> Vec<Remark> {
    let report = spawn_blocking(move || Check::of(folder).used_as(Role::Client).run()).await;
    let findings = report.map(|report| report.findings).unwrap_or_default();
    let worse = findings.iter().filter(|finding| finding.severity() != Severity::Note);
    worse
        .map(|finding| Remark {
            is_error: finding.severity() == Severity::Error,
            words: text::line(&finding.to_string(), REMARK_SHOWN),
        })
        .collect()
}
