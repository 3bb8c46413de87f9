//! What the system asks of a server while it runs: to stop, or to read its files again.

use std::convert::Infallible;
use std::fmt;
use std::io;

use countersign::{Credentials, Policy, Watched};
use countersign_certs::ReloadError;

/// Reads credentials and policy again at every hangup, and says what came of it in a line.
pub(crate) async fn reload_on_hangup(
    mut hangups: Hangups,
    credentials: Watched<Credentials>,
    policy: Watched<Policy>,
) -> Infallible {
    loop {
        hangups.next().await;
        let (credentials, policy) = (credentials.clone(), policy.clone());
        // Files may be slow, and the connections must not wait for them.
        let outcomes =
            tokio::task::spawn_blocking(move || (Outcome(credentials.reload()), Outcome(policy.reload())));
        // It fails only if it panics, which has been told then.
        let Ok((credentials, policy)) = outcomes.await else { continue };
        if credentials.0.is_err() || policy.0.is_err() {
            tracing::warn!("asked to reload: credentials {credentials}, policy {policy}");
        } else {
            tracing::info!("asked to reload: credentials {credentials}, policy {policy}");
        }
    }
}

/// What came of a reload, in words.
struct Outcome(Result<bool, ReloadError>);

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Ok(true) => f.write_str("replaced"),
            Ok(false) => f.write_str("unchanged"),
            Err(error) => write!(f, "kept ({error})"),
        }
    }
}

/// The requests of the system to read files again.
#[cfg(unix)]
pub(crate) struct Hangups(tokio::signal::unix::Signal);

#[cfg(unix)]
impl Hangups {
    pub(crate) fn new() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        signal(SignalKind::hangup()).map(Self)
    }

    async fn next(&mut self) {
        if self.0.recv().await.is_none() {
            std::future::pending().await
        }
    }
}

/// Elsewhere the system has none: files are looked at twice a second anyway.
#[cfg(not(unix))]
pub(crate) struct Hangups;

#[cfg(not(unix))]
impl Hangups {
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) {
        std::future::pending().await
    }
}

/// The requests of the system to stop.
#[cfg(unix)]
pub(crate) struct Stops {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Stops {
    pub(crate) fn new() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    pub(crate) async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

/// The requests of the system to stop.
#[cfg(windows)]
pub(crate) struct Stops {
    ctrl_c: tokio::signal::windows::CtrlC,
    close: tokio::signal::windows::CtrlClose,
}

#[cfg(windows)]
impl Stops {
    pub(crate) fn new() -> io::Result<Self> {
        use tokio::signal::windows::{ctrl_c, ctrl_close};
        Ok(Self { ctrl_c: ctrl_c()?, close: ctrl_close()? })
    }

    pub(crate) async fn next(&mut self) {
        tokio::select! {
            _ = self.ctrl_c.recv() => {}
            _ = self.close.recv() => {}
        }
    }
}
