//! When a load is measured: warm-up, a window, and its end.

use std::process;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Error, Result};
use tokio::sync::Notify;

use super::Plan;
use crate::os;

const WARM_UP: u8 = 0;
const MEASURE: u8 = 1;
const STOP: u8 = 2;

/// What the callers and the one who measures them share.
#[derive(Default)]
pub(crate) struct Gauge {
    phase: AtomicU8,
    failure: Mutex<Option<Error>>,
    failed: Notify,
}

/// What was seen in a window.
pub(super) struct Seen {
    pub(super) secs: f64,
    pub(super) client_cpu: Option<f64>,
    pub(super) server_cpu: Option<f64>,
    pub(super) messages: u64,
}

impl Gauge {
    pub(crate) fn is_measuring(&self) -> bool {
        self.phase.load(Ordering::Relaxed) == MEASURE
    }

    pub(crate) fn has_stopped(&self) -> bool {
        self.phase.load(Ordering::Relaxed) == STOP
    }

    /// Ends the load, unless it has ended: a run in which a call fails is no measurement.
    pub(crate) fn fail(&self, error: Error) {
        if !self.has_stopped() {
            self.failure.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
            self.failed.notify_one();
        }
    }

    /// Lets callers that have been started warm up, and then measures them.
    pub(super) async fn measure(&self, plan: &Plan) -> Result<Seen> {
        self.during(plan.warmup).await?;
        let cpu = || (os::cpu_seconds(process::id()), plan.server_pid.and_then(os::cpu_seconds));
        let (client, server) = cpu();
        let messages = super::counted();
        let began = Instant::now();
        self.phase.store(MEASURE, Ordering::SeqCst);
        self.during(plan.secs).await?;
        self.phase.store(STOP, Ordering::SeqCst);
        let secs = began.elapsed().as_secs_f64();
        let messages = super::counted() - messages;
        let (client_end, server_end) = cpu();
        let between = |from: Option<f64>, to: Option<f64>| Some(to? - from?);
        Ok(Seen {
            secs,
            client_cpu: between(client, client_end),
            server_cpu: between(server, server_end),
            messages,
        })
    }

    async fn during(&self, secs: f64) -> Result<()> {
        tokio::select! {
            () = tokio::time::sleep(Duration::from_secs_f64(secs)) => Ok(()),
            () = self.failed.notified() => {
                let failure = self.failure.lock().unwrap_or_else(PoisonError::into_inner).take();
                Err(failure.expect("who notifies has left a failure"))
            }
        }
    }
}

const _: () = assert!(WARM_UP == 0, "a gauge begins by warming up, as `Default` says");
