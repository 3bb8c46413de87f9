//! How the procedures of a server are doing.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::{Code, Context, Status};

/// How the procedures of this server are doing.
#[countersign::service(package = "countersign")]
pub trait Stats {
    /// Calls that have ended, all procedures together.
    #[rpc(idempotent)]
    async fn get(&self, cx: &Context) -> Result<u64, Status>;
}

/// What is counted of one procedure.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    ended: AtomicU64,
}

impl Counters {
    /// A call arrived.
    pub(crate) fn begin(&self) {}

    /// It ended.
    pub(crate) fn end(&self, _code: Code, _latency: Duration, _bytes_in: u64, _bytes_out: u64) {
        self.ended.fetch_add(1, Ordering::Relaxed);
    }
}

/// The counters of every procedure of a server.
#[derive(Debug, Default)]
pub(crate) struct Registry(Mutex<HashMap<String, Arc<Counters>>>);

impl Registry {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// The counters of a procedure, `package.Service/method`.
    pub(crate) fn counters(&self, procedure: &str) -> Arc<Counters> {
        let mut rows = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        rows.entry(procedure.to_owned()).or_default().clone()
    }
}

/// The service on top of a server's registry.
pub(crate) struct Counted(Arc<Registry>);

impl Counted {
    pub(crate) fn new(registry: Arc<Registry>) -> Self {
        Self(registry)
    }
}

impl Stats for Counted {
    async fn get(&self, _: &Context) -> Result<u64, Status> {
        let rows = self.0.0.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(rows.values().map(|row| row.ended.load(Ordering::Relaxed)).sum())
    }
}
