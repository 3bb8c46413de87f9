//! Connections at rest: what each of them costs the server in memory.

use std::time::Duration;

use anyhow::Result;

use super::figures::Figures;
use super::{Client, Dial, Plan};
use crate::os;

/// How long a server gets to give back what it needed only while connections were made.
const SETTLE: Duration = Duration::from_secs(2);

pub(super) async fn run(dial: impl Dial, plan: &Plan) -> Result<()> {
    let resident = || plan.server_pid.and_then(os::resident_kib);
    // The first connection pays for what all share.
    let mut clients = vec![connected(&dial, 0).await?];
    tokio::time::sleep(SETTLE / 4).await;
    let before = resident();
    for id in 0..plan.case.connections {
        clients.push(connected(&dial, id as u64).await?);
    }
    tokio::time::sleep(SETTLE).await;
    let grown = before.zip(resident()).map(|(before, after)| after as f64 - before as f64);
    let mut figures = Figures::at_rest(plan);
    figures.kib_per_conn = grown.map(|kib| kib / plan.case.connections as f64);
    drop(clients);
    figures.print()
}

/// A connection that made one call.
async fn connected<D: Dial>(dial: &D, id: u64) -> Result<D::Client> {
    let client = dial.dial().await?;
    client.small(id).await?;
    Ok(client)
}
