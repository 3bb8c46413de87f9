//! How the procedures of a server are doing.

mod counters;
mod histogram;
mod pace;

use std::collections::BTreeMap;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub(crate) use counters::{Counters, Registry};
pub use histogram::Histogram;

use crate::{Context, Status};

/// How the procedures of this server are doing.
#[countersign::service(package = "countersign")]
pub trait Stats {
    /// The counters of every procedure since the server was started.
    ///
    /// Two snapshots with the same `start_id` can be subtracted: the difference is what happened between.
    #[rpc(idempotent)]
    async fn get(&self, cx: &Context) -> Result<Snapshot, Status>;
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
    /// Bytes of arguments.
    pub bytes_in: u64,
    /// Bytes of results and faults.
    pub bytes_out: u64,
    /// From the complete request to the reply handed to TLS.
    pub latency: Histogram,
    /// Whether each call gets a task of its own from the start, since handlers kept their connections too long.
    #[serde(default)]
    pub own_task: bool,
}

/// The service on top of a server's registry.
pub(crate) struct Counted(Arc<Registry>);

impl Counted {
    pub(crate) fn new(registry: Arc<Registry>) -> Self {
        Self(registry)
    }
}

impl Stats for Counted {
    async fn get(&self, _: &Context) -> Result<Snapshot, Status> {
        Ok(self.0.snapshot())
    }
}
