//! `demo.Clock`: calls that take as long as you say, to see a deadline pass or a graph rise.

use std::time::{Duration, Instant};

use countersign::{Context, Status};
use jiff::Timestamp;

/// Time: what it is, and how it passes.
#[countersign::service(package = "demo")]
pub trait Clock {
    /// The server's time.
    #[rpc(idempotent)]
    async fn now(&self, cx: &Context) -> Result<Timestamp, Status>;

    /// Sleeps for so many milliseconds, and says how many it really slept. Set a shorter deadline to see it cut.
    #[rpc(idempotent)]
    async fn sleep(&self, cx: &Context, ms: u64) -> Result<u64, Status>;
}

/// Clock, as the demo serves it.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    async fn now(&self, _: &Context) -> Result<Timestamp, Status> {
        Ok(Timestamp::now())
    }

    async fn sleep(&self, _: &Context, ms: u64) -> Result<u64, Status> {
        let start = Instant::now();
        tokio::time::sleep(Duration::from_millis(ms)).await;
        Ok(u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX))
    }
}
