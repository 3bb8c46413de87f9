//! How the procedures of a server are doing.

mod counters;
mod histogram;
mod pace;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use tokio::time::{self, MissedTickBehavior};

use counters::Told;
pub(crate) use counters::{Counters, Registry};
pub use histogram::{AtomicHistogram, Histogram};

use crate::server::Connections;
use crate::{Context, Sender, Status};

/// How often a subscriber is told what changed who does not say.
const INTERVAL: Duration = Duration::from_secs(1);

/// And how often at most: each time costs some microseconds for each procedure that is called.
const INTERVAL_MIN: Duration = Duration::from_millis(100);

/// How the procedures of this server are doing.
#[countersign::service(package = "countersign")]
pub trait Stats {
    /// The counters of every procedure since the server was started.
    ///
    /// Two snapshots with the same `start_id` can be subtracted: the difference is what happened between.
    #[rpc(idempotent)]
    async fn get(&self, cx: &Context) -> Result<Snapshot, Status>;

    /// The counters at once and then again and again, until the server stops.
    ///
    /// The first snapshot has every procedure, and each further one those whose counters changed since the one
    /// before; the counters themselves are always those since the server was started. There is one every
    /// `interval_ms`, which is 1000 if absent and at least 100. Nothing is queued for a caller that has no room: the
    /// next snapshot is taken when it has, and tells of all that changed meanwhile.
    #[rpc(idempotent)]
    async fn watch(
        &self,
        cx: &Context,
        interval_ms: Option<u32>,
        changes: Sender<Snapshot>,
    ) -> Result<(), Status>;
}

/// The counters of a server at one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Snapshot {
    /// Which start of the server this is: all counters begin anew with another.
    pub start_id: u64,
    /// Nanoseconds since the server was started, by a clock that nobody sets.
    pub monotonic_ns: u64,
    /// Every procedure of the server, also those of `countersign.*`, which no total should include.
    pub procedures: Vec<ProcedureStats>,
}

/// The counters of one procedure since the server was started.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ProcedureStats {
    /// Its name, such as `acme.Ledger/balance`.
    pub procedure: String,
    /// Calls that ended, however they did.
    pub calls: u64,
    /// Calls that have not ended.
    pub in_flight: u64,
    /// Calls that ended with an error, by the name of its code, such as `NOT_FOUND`.
    pub errors: BTreeMap<String, u64>,
    /// Bytes of arguments and of items.
    pub bytes_in: u64,
    /// Bytes of results, of faults and of items.
    pub bytes_out: u64,
    /// Items that callers sent.
    #[serde(default)]
    pub items_in: u64,
    /// Items that handlers sent.
    #[serde(default)]
    pub items_out: u64,
    /// From the complete request to the reply handed to TLS, or to the first item if there is one.
    pub latency: Histogram,
    /// Whether each call gets a task of its own from the start, since handlers kept their connections too long.
    #[serde(default)]
    pub own_task: bool,
}

impl Snapshot {
    /// Takes in what changed since.
    ///
    /// A snapshot of another start of the server takes the place of this one: everything began anew.
    pub fn update(&mut self, changes: Snapshot) {
        if changes.start_id != self.start_id {
            *self = changes;
            return;
        }
        self.monotonic_ns = changes.monotonic_ns;
        let places: HashMap<_, _> =
            self.procedures.iter().enumerate().map(|(at, row)| (row.procedure.clone(), at)).collect();
        for row in changes.procedures {
            match places.get(&row.procedure) {
                Some(at) => self.procedures[*at] = row,
                None => self.procedures.push(row),
            }
        }
    }
}

/// The service on top of a server's registry.
pub(crate) struct Counted {
    registry: Arc<Registry>,
    connections: Arc<Connections>,
}

impl Counted {
    pub(crate) fn new(registry: Arc<Registry>, connections: Arc<Connections>) -> Self {
        Self { registry, connections }
    }

    /// Tells a subscriber what changed, at each tick at which it has room for it.
    async fn tell(&self, interval: Duration, changes: &Sender<Snapshot>) -> Status {
        let (mut told, mut ticks) = (Told::default(), time::interval(interval));
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            if let Err(left) = changes.send(self.registry.changes(&mut told)).await {
                return left;
            }
        }
    }
}

impl Stats for Counted {
    async fn get(&self, _: &Context) -> Result<Snapshot, Status> {
        Ok(self.registry.snapshot())
    }

    async fn watch(
        &self,
        _: &Context,
        interval_ms: Option<u32>,
        changes: Sender<Snapshot>,
    ) -> Result<(), Status> {
        let interval = interval_ms.map_or(INTERVAL, |ms| Duration::from_millis(ms.into()).max(INTERVAL_MIN));
        tokio::select! {
            left = self.tell(interval, &changes) => Err(left),
            () = self.connections.stopping() => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(procedure: &str, calls: u64) -> ProcedureStats {
        ProcedureStats { procedure: procedure.to_owned(), calls, ..ProcedureStats::default() }
    }

    #[test]
    fn changes_take_the_place_of_what_they_change() {
        let mut all = Snapshot { start_id: 7, monotonic_ns: 1, procedures: vec![row("a", 1), row("b", 1)] };
        all.update(Snapshot { start_id: 7, monotonic_ns: 2, procedures: vec![row("b", 2), row("c", 1)] });
        let expected = vec![row("a", 1), row("b", 2), row("c", 1)];
        assert_eq!(all, Snapshot { start_id: 7, monotonic_ns: 2, procedures: expected });
        let anew = Snapshot { start_id: 8, monotonic_ns: 1, procedures: vec![row("a", 0)] };
        all.update(anew.clone());
        assert_eq!(all, anew);
    }
}
