//! The closed loop: on each connection so many callers, each of which makes its next call when the last one
//! is answered.

use std::sync::Arc;
use std::time::Instant;

use anyhow::Result;
use bytes::Bytes;

use super::{Client, Dial, Gauge, Plan, Task};
use crate::case::Case;

pub(super) async fn run(dial: impl Dial, plan: &Plan) -> Result<()> {
    let gauge = Arc::new(Gauge::default());
    let connected = super::connect(&dial, plan).await?;
    start_callers(&connected.clients, &plan.case, &gauge, true);
    super::measure(&gauge, plan).await
}

/// Starts the callers of a case on its connections, which are these in turn.
pub(super) fn start_callers(clients: &[impl Client], case: &Case, gauge: &Arc<Gauge>, noted: bool) {
    let data = super::blob(case.size);
    for (connection, client) in clients.iter().cycle().take(case.connections).enumerate() {
        for caller in 0..case.in_flight {
            let number = (connection * case.in_flight + caller) as u64;
            let caller =
                Caller { case: case.clone(), data: data.clone(), gauge: gauge.clone(), number, noted };
            client.clone().start(Task::Caller(caller));
        }
    }
}

/// One caller of a closed loop.
pub(crate) struct Caller {
    case: Case,
    data: Bytes,
    gauge: Arc<Gauge>,
    number: u64,
    /// Whether the latencies of its calls are.
    noted: bool,
}

impl Caller {
    /// Makes calls until the load ends, or one of them fails.
    pub(super) async fn run(self, client: impl Client) {
        let mut id = self.number << 32;
        while !self.gauge.has_stopped() {
            id += 1;
            let began = Instant::now();
            if let Err(error) = super::call(&client, &self.case, id, &self.data).await {
                return self.gauge.fail(error);
            }
            if self.noted && self.gauge.is_measuring() {
                super::record(began.elapsed());
            }
        }
    }
}
