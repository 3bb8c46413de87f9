//! The server's counters, told by the server as they change.

use std::collections::BTreeMap;
use std::convert::Infallible;

use countersign::builtin::stats::{ProcedureStats, Snapshot, StatsClient};
use countersign::call::ServerStream;
use countersign::{CallError, Code};
use tokio::time::timeout;

use super::link::{Link, PATIENCE, refused};
use crate::model::catalogue::{NAME_SHOWN, is_builtin};
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
        self.all.update(tame(change));
        // What nobody follows neither fills the memory nor costs the window a look.
        self.all.procedures.truncate(MOST_PROCEDURES);
        Ok(Counted { all: self.all.clone(), is_news })
    }
}

/// Counters without what nobody reads: names that are longer than is shown, and codes that do not exist, of which each
/// row may have a message full.
pub(crate) fn tame(mut counters: Snapshot) -> Snapshot {
    for row in &mut counters.procedures {
        // A character takes four bytes at most, and one more says that the name goes on.
        row.procedure.truncate(row.procedure.floor_char_boundary(4 * NAME_SHOWN + 4));
        let mut errors = BTreeMap::new();
        for (name, count) in std::mem::take(&mut row.errors) {
            let code = Code::from_name(&name).unwrap_or(Code::Unknown);
            let sum: &mut u64 = errors.entry(code.name().to_owned()).or_default();
            *sum = sum.saturating_add(count);
        }
        row.errors = errors;
    }
    counters
}

fn unheard(error: CallError) -> Option<Failure> {
    match error {
        CallError::Lost(_) | CallError::NotConnected(_) => None,
        error => Some(refused("tell its counters", &error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_what_a_hostile_server_counts_only_what_is_read_is_kept() {
        let errors = (0..1000).map(|code| (format!("CODE {code}"), u64::MAX));
        let row = ProcedureStats {
            procedure: "é\u{202e}".repeat(1 << 20),
            errors: errors.chain([("NOT_FOUND".to_owned(), 3)]).collect(),
            ..ProcedureStats::default()
        };
        let tame = tame(Snapshot { procedures: vec![row], ..Snapshot::default() });
        let row = &tame.procedures[0];
        assert!(row.procedure.len() <= 4 * NAME_SHOWN + 4 && NAME_SHOWN < row.procedure.chars().count());
        let known = [("NOT_FOUND".to_owned(), 3), ("UNKNOWN".to_owned(), u64::MAX)];
        assert_eq!(row.errors, BTreeMap::from(known));
    }
}
