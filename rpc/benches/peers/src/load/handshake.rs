//! Connections made and dropped, as many at a time as the case says: full mutual handshakes.

use std::rc::Rc;
use std::time::Instant;

use anyhow::Result;
use tokio::task::LocalSet;

use super::{Dial, Gauge, Plan};

pub(super) async fn run(dial: impl Dial + 'static, plan: &Plan) -> Result<()> {
    let (dial, gauge) = (Rc::new(dial), Rc::new(Gauge::default()));
    // Not every peer's way of connecting may change threads.
    let diallers = LocalSet::new();
    for _ in 0..plan.case.connections {
        diallers.spawn_local(connect_again_and_again(dial.clone(), gauge.clone()));
    }
    diallers.run_until(super::measure(&gauge, plan)).await
}

async fn connect_again_and_again(dial: Rc<impl Dial>, gauge: Rc<Gauge>) {
    while !gauge.has_stopped() {
        let began = Instant::now();
        if let Err(error) = dial.dial().await {
            return gauge.fail(error);
        }
        if gauge.is_measuring() {
            super::record(began.elapsed());
        }
    }
}
