//! Calls of all kinds, one after the other, from many callers of one client: what must not fail whatever happens to
//! their connections.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use countersign::{CallError, Client, Context, Sender, Status};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// Callers of short calls, of calls that take their time, and of streams.
const CALLERS: [(Kind, u32); 3] = [(Kind::Short, 32), (Kind::Slow, 32), (Kind::Stream, 8)];

/// What is called.
#[countersign::service(package = "load")]
pub trait Yard {
    /// Answers after so long.
    async fn grind(&self, cx: &Context, ms: u32) -> Result<u32, Status>;
    /// So many numbers, one a millisecond.
    async fn count(&self, cx: &Context, to: u32, numbers: Sender<u32>) -> Result<u32, Status>;
}

/// Who answers.
#[derive(Debug, Clone, Copy)]
pub struct Yarder;

impl Yard for Yarder {
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
enum Kind {
    Short,
    Slow,
    Stream,
}

/// What became of the calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outcome {
    /// All of them.
    pub calls: u64,
    /// Those that failed.
    pub failed: u64,
    /// The longest that any call took.
    pub longest: Duration,
}

/// Calls that go on until they are told to stop.
pub struct Load {
    callers: JoinSet<()>,
    counts: Arc<Counts>,
    stop: watch::Sender<bool>,
}

#[derive(Debug, Default)]
struct Counts {
    calls: AtomicU64,
    failed: AtomicU64,
    longest_us: AtomicU64,
}

impl Load {
    /// Begins to call.
    pub fn begin(client: &Client) -> Self {
        let (counts, stop) = (Arc::<Counts>::default(), watch::Sender::new(false));
        let mut callers = JoinSet::new();
        for (kind, count) in CALLERS {
            for _ in 0..count {
                callers.spawn(call(kind, YardClient::new(client.clone()), counts.clone(), stop.subscribe()));
            }
        }
        Self { callers, counts, stop }
    }

    /// Ends when the calls that are open have.
    pub async fn end(mut self) -> Outcome {
        self.stop.send_replace(true);
        while let Some(ended) = self.callers.join_next().await {
            ended.expect("a caller does not panic");
        }
        let Counts { calls, failed, longest_us } = &*self.counts;
        let [calls, failed, longest_us] =
            [calls, failed, longest_us].map(|count| count.load(Ordering::Relaxed));
        Outcome { calls, failed, longest: Duration::from_micros(longest_us) }
    }
}

async fn call(kind: Kind, yard: YardClient, counts: Arc<Counts>, stop: watch::Receiver<bool>) {
    while !*stop.borrow() {
        let began = Instant::now();
        let outcome = match kind {
            Kind::Short => yard.grind(0).await.map(drop),
            Kind::Slow => yard.grind(20).await.map(drop),
            Kind::Stream => count(&yard).await,
        };
        let took = u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX);
        counts.calls.fetch_add(1, Ordering::Relaxed);
        counts.longest_us.fetch_max(took, Ordering::Relaxed);
        if let Err(error) = outcome {
            counts.failed.fetch_add(1, Ordering::Relaxed);
            eprintln!("a call of {kind:?} failed: {error}");
        }
    }
}

async fn count(yard: &YardClient) -> Result<(), CallError> {
    let mut numbers = yard.count(50).await?;
    while numbers.next().await?.is_some() {}
    numbers.finish().await.map(drop)
}
