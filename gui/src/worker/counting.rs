//! The server's counters, told by the server as they change.

use std::convert::Infallible;

use countersign::CallError;
use countersign::builtin::stats::{ProcedureStats, Snapshot, StatsClient};
use countersign::call::ServerStream;
use tokio::time::timeout;

use super::link::{Link, PATIENCE, refused};
use crate::model::catalogue::is_builtin;
use crate::model::connection::Failure;
use crate::model::history::MOST_PROCEDURES;

/// How often to be told: what a graph shows is a second wide.
const INTERVAL_MS: u32 = 1000;

/// All counters of a server.
pub(crate) struct Counted {
    pub(crate) all: Snapshot,
    /// Whether anything happened but that we, and others who ask, were told.
    pub(crate) is_news: bool,
}

/// The counters of a server from now on.
pub(crate) struct Counting {
    changes: ServerStream<Snapshot, (), Infallible>,
    all: Snapshot,
}

impl Counting {
    /// Asks to be told. The first counters say whether we are.
    pub(crate) async fn begin(link: &Link) -> Result<Self, Option<Failure>> {
        let stats = StatsClient::new(link.client().clone());
        let changes = stats.watch(Some(INTERVAL_MS)).await.map_err(unheard)?;
        Ok(Self { changes, all: Snapshot::default() })
    }

    /// The next state of all counters, about a second after the last one. A failure is worth telling, unless it is
    /// that the connection has ended, which others tell.
    pub(crate) async fn next(&mut self) -> Result<Counted, Option<Failure>> {
        let change = match timeout(PATIENCE, self.changes.next()).await {
            Ok(change) => change.map_err(unheard)?,
            Err(_) => return Err(Some(Failure::new("The server does not tell its counters any more.", ""))),
        };
        // It only ends by itself when the server stops.
        let change = change.ok_or(None)?;
        let is_ordinary = |row: &ProcedureStats| !is_builtin(&row.procedure);
        let is_news = change.start_id != self.all.start_id || change.procedures.iter().any(is_ordinary);
        self.all.update(change);
        // What nobody follows neither fills the memory nor costs the window a look.
        self.all.procedures.truncate(MOST_PROCEDURES);
        Ok(Counted { all: self.all.clone(), is_news })
    }
}

fn unheard(error: CallError) -> Option<Failure> {
    match error {
        CallError::Lost(_) | CallError::NotConnected(_) => None,
        error => Some(refused("tell its counters", &error)),
    }
}
