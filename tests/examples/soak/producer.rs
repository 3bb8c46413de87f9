//! A producer a hundred times faster than its consumer, in both directions at once.

use std::time::{Duration, Instant};

use countersign::{Bytes, CallError};
use tokio::time::sleep;

use crate::Outcome;
use crate::yard::{PAUSE, YardClient, Yarder, memory_kib};

/// Streams in each direction.
const STREAMS: usize = 8;

const ITEM_LEN: u32 = 1 << 10;

/// How much memory may move about without being a leak, in KiB.
const FLAT_KIB: u64 = 8 << 10;

pub(crate) async fn run(time: Duration) -> Outcome {
    let yard = Yarder::start()?;
    let visitor = YardClient::new(yard.connect().await?);
    for _ in 0..STREAMS {
        tokio::spawn(take(visitor.clone()));
        tokio::spawn(give(visitor.clone()));
    }
    let begun = Instant::now();
    // What there is at the start has time to come to rest.
    let mut samples = Vec::new();
    for tenth in 1..=10 {
        sleep((time * tenth / 10).saturating_sub(begun.elapsed())).await;
        let (client, server) = (memory_kib("self")?, yard.memory_kib()?);
        samples.push((client, server));
        println!(
            r#"{{"soak":"producer","seconds":{},"client_kib":{client},"server_kib":{server}}}"#,
            begun.elapsed().as_secs()
        );
    }
    let ((client_first, server_first), (client_last, server_last)) = (samples[0], samples[9]);
    if client_first + FLAT_KIB < client_last || server_first + FLAT_KIB < server_last {
        return Err("memory grows while streams go on".into());
    }
    Ok(())
}

/// Takes an item now and then of what the server sends without end.
async fn take(visitor: YardClient) -> Result<(), CallError> {
    let mut items = visitor.pour(ITEM_LEN).await?;
    while items.next().await?.is_some() {
        sleep(PAUSE).await;
    }
    Ok(())
}

/// Sends without end what the server takes slowly.
async fn give(visitor: YardClient) -> Result<(), CallError> {
    let mut items = visitor.store().await?;
    loop {
        items.send(Bytes::from(vec![7; ITEM_LEN as usize])).await?;
    }
}
