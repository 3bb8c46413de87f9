//! The closed loop: on each connection so many callers, each of which makes its next call when the last one is
//! answered.

use std::sync::Arc;
use std::time::Instant;

use anyhow::Result;

use super::{Client, Dial, Gauge, Plan};
use crate::case::Case;

pub(super) async fn run(dial: impl Dial, plan: &Plan) -> Result<()> {
    let gauge = Arc::new(Gauge::default());
    for connection in 0..plan.case.connections {
        let client = dial.dial().await?;
        for caller in 0..plan.case.in_flight {
            let number = (connection * plan.case.in_flight + caller) as u64;
            client.clone().start(Caller { case: plan.case.clone(), gauge: gauge.clone(), number });
        }
    }
    super::measure(&gauge, plan).await
}

/// One caller of a closed loop.
pub(crate) struct Caller {
    case: Case,
    gauge: Arc<Gauge>,
    number: u64,
}

impl Caller {
    /// Makes calls until the load ends, or one of them fails.
    pub(crate) async fn run(self, client: impl Client) {
        let data = super::blob(self.case.size);
        let mut id = self.number << 32;
        while !self.gauge.has_stopped() {
            id += 1;
            let began = Instant::now();
            if let Err(error) = super::call(&client, &self.case, id, &data).await {
                return self.gauge.fail(error);
            }
            if self.gauge.is_measuring() {
                super::record(began.elapsed());
            }
        }
    }
}
