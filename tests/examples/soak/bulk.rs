//! Small calls on a connection on which messages of 64 MiB go both ways all the time.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use countersign::{Bytes, CallError};

use crate::yard::{YardClient, Yarder};
use crate::{Outcome, quantile};

const BULK_LEN: usize = 64 << 20;

pub(crate) async fn run(time: Duration) -> Outcome {
    let yard = Yarder::start()?;
    let visitor = YardClient::new(yard.connect().await?);
    let alone = small_calls(&visitor, time / 4).await?;
    print("alone", &alone, 0.0);
    let transfers = Arc::new(AtomicU64::new(0));
    let transferring = tokio::spawn(transfer(visitor.clone(), transfers.clone()));
    let beside = small_calls(&visitor, time).await?;
    if transferring.is_finished() {
        return Err(format!("the transfer ended: {:?}", transferring.await).into());
    }
    transferring.abort();
    let bytes = (2 * BULK_LEN) as f64 * transfers.load(Ordering::Relaxed) as f64;
    print("beside a bulk transfer", &beside, bytes / f64::from(1 << 20) / time.as_secs_f64());
    Ok(())
}

/// One small call after the other, and how long each took.
async fn small_calls(
    visitor: &YardClient,
    time: Duration,
) -> Result<Vec<Duration>, Box<dyn std::error::Error>> {
    let (begun, mut took) = (Instant::now(), Vec::new());
    while begun.elapsed() < time {
        let called = Instant::now();
        visitor.echo(7).await?;
        took.push(called.elapsed());
    }
    took.sort_unstable();
    Ok(took)
}

async fn transfer(visitor: YardClient, transfers: Arc<AtomicU64>) -> Result<(), CallError> {
    let bytes = Bytes::from(vec![7; BULK_LEN]);
    loop {
        visitor.bulk(&bytes).timeout(Duration::from_secs(60)).await?;
        transfers.fetch_add(1, Ordering::Relaxed);
    }
}

fn print(what: &str, took: &[Duration], mib_per_s: f64) {
    println!(
        r#"{{"soak":"bulk","small_calls":"{what}","bulk_mib_per_s":{mib_per_s:.0},"calls":{},"p50_us":{},"p99_us":{},"max_us":{}}}"#,
        took.len(),
        quantile(took, 0.5).as_micros(),
        quantile(took, 0.99).as_micros(),
        quantile(took, 1.0).as_micros(),
    );
}
