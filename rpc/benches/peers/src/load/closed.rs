//! The closed loop: on each connection so many callers, each of which makes its next call when the last one
//! is answered.

use std::sync::Arc;
use std::time::Instant;

use anyhow::Result;

use super::{Client, Dial, Gauge, Plan, Task};
use crate::case::Case;

pub(super) async fn run(dial: impl Dial, plan: &Plan) -> Result<()> {
    let gauge = Arc::new(Gauge::default());
    // All connect before any of them calls, or the last ones would hardly come to it.
    let mut clients = Vec::new();
    for _ in 0..plan.case.connections {
        clients.push(dial.dial().await?);
    }
    for (connection, client) in clients.into_iter().enumerate() {
        for caller in 0..plan.case.in_flight {
            let number = (connection * plan.case.in_flight + caller) as u64;
            let caller = Caller { noted: true, ..Caller::unnoted(plan.case.clone(), gauge.clone(), number) };
            client.clone().start(Task::Caller(caller));
        }
    }
    super::measure(&gauge, plan).await
}

/// One caller of a closed loop.
pub(crate) struct Caller {
    case: Case,
    gauge: Arc<Gauge>,
    number: u64,
    /// Whether the latencies of its calls are.
    noted: bool,
}

impl Caller {
    /// One whose calls are not what is measured.
    pub(super) fn unnoted(case: Case, gauge: Arc<Gauge>, number: u64) -> Self {
        Self { case, gauge, number, noted: false }
    }

    /// Makes calls until the load ends, or one of them fails.
    pub(super) async fn run(self, client: impl Client) {
        let data = super::blob(self.case.size);
        let mut id = self.number << 32;
        while !self.gauge.has_stopped() {
            id += 1;
            let began = Instant::now();
            if let Err(error) = super::call(&client, &self.case, id, &data).await {
                return self.gauge.fail(error);
            }
            if self.noted && self.gauge.is_measuring() {
                super::record(began.elapsed());
            }
        }
    }
}
