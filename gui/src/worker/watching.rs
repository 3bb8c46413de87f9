//! What only a page shows that is not always looked at: asked for again and again, but only while it is.

use std::convert::Infallible;
use std::time::{Duration, Instant};

use countersign::builtin::connections::{ConnectionInfo, ConnectionsClient, LISTED_MAX};
use countersign::builtin::trace::TraceClient;
use countersign::{CallError, Code};
use tokio::sync::watch;
use tokio::time::sleep;

use super::link::{Link, PATIENCE, refused};
use super::seat::Voice;
use crate::exchange::{Sight, TabNews};
use crate::model::connection::Failure;
use crate::model::connections::{CONNECTIONS_MAX, Listing};
use crate::model::traces::{TRACES_MAX, Trace};
use crate::model::unanswered::Unanswered;

/// How often a page that is looked at is brought up to date.
const EVERY: Duration = Duration::from_secs(2);

/// What is looked at just now. To send it again is to ask again at once.
pub(super) type Sights = watch::Sender<Option<Sight>>;

/// Tells what is looked at, as it changes.
pub(super) async fn watch(
    link: &Link,
    mut sights: watch::Receiver<Option<Sight>>,
    voice: &Voice,
) -> Infallible {
    sights.mark_changed();
    while sights.changed().await.is_ok() {
        let Some(sight) = sights.borrow_and_update().clone() else { continue };
        tokio::select! {
            changed = sights.changed() => match changed {
                Ok(()) => sights.mark_changed(),
                Err(_) => break,
            },
            never = tell(link, &sight, voice) => match never {},
        }
    }
    // The tab is closed.
    std::future::pending().await
}

async fn tell(link: &Link, sight: &Sight, voice: &Voice) -> Infallible {
    loop {
        let is_denied = match sight {
            Sight::Connections => {
                let listed = connections(link).await;
                let is_denied = matches!(listed, Err(Unanswered::Denied));
                voice.say(TabNews::Connections(listed));
                is_denied
            }
            Sight::Traces(procedure) => {
                let listed = traces(link, procedure.as_deref()).await;
                let is_denied = matches!(listed, Err(Unanswered::Denied));
                voice.say(TabNews::Traces(procedure.clone(), listed));
                is_denied
            }
        };
        if is_denied {
            // Each refusal is an event in the server's log.
            return std::future::pending().await;
        }
        sleep(EVERY).await;
    }
}

async fn connections(link: &Link) -> Result<Listing, Unanswered> {
    let client = ConnectionsClient::new(link.client().clone());
    let mut all = Vec::new();
    loop {
        let after = all.last().map(|last: &ConnectionInfo| last.number);
        let listed = client.list(after).timeout(PATIENCE).await;
        let page = listed.map_err(|error| unanswered("say who is connected", &error))?;
        // A server that does not count upwards would be asked for ever.
        let goes_on = LISTED_MAX <= page.len() && after < page.last().map(|last| last.number);
        all.extend(page);
        if !goes_on || CONNECTIONS_MAX < all.len() {
            return Ok(Listing::new(all, Instant::now()));
        }
    }
}

async fn traces(link: &Link, procedure: Option<&str>) -> Result<Vec<Trace>, Unanswered> {
    let client = TraceClient::new(link.client().clone());
    let listed = client.list(procedure.map(str::to_owned), Some(TRACES_MAX)).timeout(PATIENCE).await;
    let calls = listed.map_err(|error| unanswered("tell of slow and failed calls", &error))?;
    let at = Instant::now();
    Ok(calls.iter().take(TRACES_MAX as usize).map(|call| Trace::of(call, at)).collect())
}

/// Closes the connection with this number, which may be our own. Says whether there was one.
pub(super) async fn close(link: &Link, number: u64, is_own: bool) -> Result<bool, Unanswered> {
    let client = ConnectionsClient::new(link.client().clone());
    match client.close(number).timeout(PATIENCE).await {
        Ok(()) => Ok(true),
        // The answer may go with the connection.
        Err(CallError::Lost(_)) if is_own => Ok(true),
        Err(error) if error.code() == Some(Code::NotFound) => Ok(false),
        Err(error) => Err(unanswered("close the connection", &error)),
    }
}

/// What comes of asking nobody.
pub(super) fn no_connection() -> Unanswered {
    Unanswered::Failed(Failure::new("There is no connection to the server.", "It comes back by itself."))
}

fn unanswered(what: &str, error: &CallError) -> Unanswered {
    match error.code() {
        Some(Code::PermissionDenied) => Unanswered::Denied,
        _ => Unanswered::Failed(refused(what, error)),
    }
}
