//! Strangers from one address who say nothing, on a server with few descriptors, and a good client from another one.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::io::AsyncReadExt;
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinSet;

use crate::yard::{YardClient, Yarder};
use crate::{Outcome, quantile};

/// What the server's process may have, as by default on Linux.
const DESCRIPTORS: u32 = 1_024;

/// Where strangers come from; the good client comes from 127.0.0.1.
const ELSEWHERE: &str = "127.0.0.2:0";

/// Connections of the good client, one after the other.
const VISITS: usize = 20;

/// What half of them may take at most. A machine with other work may well be late now and then.
const WAIT_MAX: Duration = Duration::from_millis(250);

/// What the strangers may cost the server.
const GROWTH_MAX_KIB: u64 = 16 << 10;

pub(crate) async fn run(count: usize) -> Outcome {
    let yard = Yarder::with_descriptors(DESCRIPTORS)?;
    let address: SocketAddr =
        format!("127.0.0.1:{}", yard.address().rsplit(':').next().unwrap_or_default()).parse()?;
    // What a server has once it has served anybody is not the strangers' doing.
    visits(&yard).await?;
    let alone_kib = yard.memory_kib()?;

    let mut silent = Vec::new();
    for _ in 0..count {
        let stranger = stranger(address).await;
        silent.push(stranger.map_err(|error| {
            format!("{error}; this process needs a descriptor for each stranger: see ulimit -n")
        })?);
    }
    let (waits, growth_kib) = (visits(&yard).await?, yard.memory_kib()?.saturating_sub(alone_kib));
    report("silent", count, &waits, growth_kib, 0);
    drop(silent);
    if WAIT_MAX < quantile(&waits, 0.5) {
        return Err("strangers keep a good client waiting".into());
    }
    if GROWTH_MAX_KIB < growth_kib {
        return Err("strangers cost the server too much memory".into());
    }

    // And now they come again as soon as they are sent away. How long that takes says more about the machine, since
    // they run on it as well; what counts is that the good client gets in at all.
    let comings = Arc::new(AtomicU64::new(0));
    let mut storm = JoinSet::new();
    for _ in 0..count {
        let comings = comings.clone();
        storm.spawn(async move {
            loop {
                comings.fetch_add(1, Ordering::Relaxed);
                if let Ok(mut tcp) = stranger(address).await {
                    let _ = tcp.read(&mut [0; 1]).await;
                }
            }
        });
    }
    let waits = visits(&yard).await?;
    let growth_kib = yard.memory_kib()?.saturating_sub(alone_kib);
    report("returning", count, &waits, growth_kib, comings.load(Ordering::Relaxed));
    Ok(())
}

async fn stranger(server: SocketAddr) -> std::io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.bind(ELSEWHERE.parse().map_err(std::io::Error::other)?)?;
    socket.connect(server).await
}

/// How long each visit took from dialling to the first answer, sorted.
async fn visits(yard: &Yarder) -> Result<Vec<Duration>, Box<dyn std::error::Error>> {
    let mut waits = Vec::new();
    for number in 0..VISITS as u64 {
        let began = Instant::now();
        let visitor = YardClient::new(yard.connect().await?);
        waits.push(began.elapsed());
        visitor.echo(number).await?;
    }
    waits.sort_unstable();
    Ok(waits)
}

fn report(strangers: &str, count: usize, waits: &[Duration], growth_kib: u64, comings: u64) {
    let [median, longest] = [0.5, 1.0].map(|share| quantile(waits, share));
    println!(
        r#"{{"soak":"strangers","strangers":"{strangers}","count":{count},"comings":{comings},"connect_p50_ms":{},"connect_max_ms":{},"growth_kib":{growth_kib}}}"#,
        median.as_millis(),
        longest.as_millis(),
    );
}
