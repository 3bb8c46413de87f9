//! A server that restarts again and again under load. Its clients may wait, but not lose a call.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use countersign::{CallError, Context, Policy, Sender, Server, ServerBuilder, Status};
use countersign_tests::{Office, Running};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::Outcome;

/// Callers of short calls, of calls that take their time, and of streams.
const CALLERS: [(Load, u32); 3] = [(Load::Short, 32), (Load::Slow, 32), (Load::Stream, 8)];
/// How long the load has a server to itself.
const BETWEEN: Duration = Duration::from_secs(1);
/// How long there is no server at all.
const DOWN: Duration = Duration::from_millis(200);

#[countersign::service(package = "soak")]
trait Mill {
    /// Answers after so long.
    async fn grind(&self, cx: &Context, ms: u32) -> Result<u32, Status>;
    /// So many numbers, one a millisecond.
    async fn count(&self, cx: &Context, to: u32, numbers: Sender<u32>) -> Result<u32, Status>;
}

struct Miller;

impl Mill for Miller {
    async fn grind(&self, _: &Context, ms: u32) -> Result<u32, Status> {
        if 0 < ms {
            tokio::time::sleep(Duration::from_millis(ms.into())).await;
        }
        Ok(ms)
    }

    async fn count(&self, _: &Context, to: u32, numbers: Sender<u32>) -> Result<u32, Status> {
        for number in 0..to {
            numbers.send(number).await?;
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        Ok(to)
    }
}

#[derive(Debug, Clone, Copy)]
enum Load {
    Short,
    Slow,
    Stream,
}

#[derive(Debug, Default)]
struct Tally {
    calls: AtomicU64,
    lost: AtomicU64,
    /// The longest that any call took, in microseconds.
    longest_us: AtomicU64,
}

pub(crate) async fn run(restarts: u32) -> Outcome {
    let office = Office::of("soak.internal");
    let credentials = office.server("mill", &["localhost"]);
    let builder = || -> ServerBuilder {
        Server::builder(credentials.clone(), Policy::any_trusted_peer()).service(MillServer::new(Miller))
    };
    let mut running = Running::start(builder()).await;
    let address = running.address;
    let client = running.connect(office.client("carter")).await?;
    let (tally, stop) = (Arc::new(Tally::default()), watch::Sender::new(false));
    let mut callers = JoinSet::new();
    for (load, count) in CALLERS {
        for _ in 0..count {
            callers.spawn(call(load, MillClient::new(client.clone()), tally.clone(), stop.subscribe()));
        }
    }
    let mut cut = 0;
    for _ in 0..restarts {
        tokio::time::sleep(BETWEEN).await;
        cut += running.stop().await?.calls_cut;
        tokio::time::sleep(DOWN).await;
        running = Running::start_at(address, builder()).await;
    }
    tokio::time::sleep(BETWEEN).await;
    stop.send_replace(true);
    while let Some(ended) = callers.join_next().await {
        ended?;
    }
    let [calls, lost, longest_us] =
        [&tally.calls, &tally.lost, &tally.longest_us].map(|count| count.load(Ordering::Relaxed));
    println!(
        r#"{{"soak":"restarts","restarts":{restarts},"calls":{calls},"retried":{},"lost":{lost},"cut":{cut},"longest_ms":{}}}"#,
        client.retries(),
        longest_us / 1_000,
    );
    match lost {
        0 => Ok(()),
        _ => Err(format!("{lost} calls were lost").into()),
    }
}

async fn call(load: Load, mill: MillClient, tally: Arc<Tally>, stop: watch::Receiver<bool>) {
    while !*stop.borrow() {
        let began = Instant::now();
        let outcome = match load {
            Load::Short => mill.grind(0).await.map(drop),
            Load::Slow => mill.grind(20).await.map(drop),
            Load::Stream => count(&mill).await,
        };
        let took = u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX);
        tally.calls.fetch_add(1, Ordering::Relaxed);
        tally.longest_us.fetch_max(took, Ordering::Relaxed);
        if let Err(error) = outcome {
            tally.lost.fetch_add(1, Ordering::Relaxed);
            eprintln!("lost a call of {load:?}: {error}");
        }
    }
}

async fn count(mill: &MillClient) -> Result<(), CallError> {
    let mut numbers = mill.count(50).await?;
    while numbers.next().await?.is_some() {}
    numbers.finish().await.map(drop)
}
