//! `demo.Clock`: calls that take as long as you say, to see a deadline pass or a graph rise.

use std::time::{Duration, Instant};

use countersign::{Context, Sender, Status};
use jiff::Timestamp;
use tokio::time::MissedTickBehavior;

/// Time: what it is, and how it passes.
#[countersign::service(package = "demo")]
pub trait Clock {
    /// The server's time.
    #[rpc(idempotent)]
    async fn now(&self, cx: &Context) -> Result<Timestamp, Status>;

    /// Sleeps for so many milliseconds, and says how many it really slept. Set a shorter deadline to see it cut.
    #[rpc(idempotent)]
    async fn sleep(&self, cx: &Context, ms: u64) -> Result<u64, Status>;

    /// A tick at once and then one every so many milliseconds, for as long as you listen or as often as you say.
    ///
    /// Ticks that nobody had room for are left out, and not made up for.
    #[rpc(idempotent)]
    async fn ticks(
        &self,
        cx: &Context,
        interval_ms: Interval,
        count: Option<u32>,
        ticks: Sender<Tick>,
    ) -> Result<(), Status>;
}

/// The time between two ticks, in milliseconds.
#[countersign::message]
#[schemars(example = 1000)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Interval(#[schemars(range(min = 1, max = 3_600_000))] pub u32);

/// One tick.
#[countersign::message]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tick {
    /// Which one it is, from 1.
    pub number: u64,
    /// The server's time.
    pub at: Timestamp,
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

    async fn ticks(
        &self,
        _: &Context,
        interval_ms: Interval,
        count: Option<u32>,
        ticks: Sender<Tick>,
    ) -> Result<(), Status> {
        let Interval(ms @ 1..=3_600_000) = interval_ms else {
            let found = interval_ms.0;
            return Err(Status::invalid_argument(format!(
                "interval_ms: expected 1 to 3600000, found {found}"
            )));
        };
        let mut interval = tokio::time::interval(Duration::from_millis(ms.into()));
        interval.set_missed_tick_behavior(MissedTickBehavior::Skip);
        for number in 1..=count.map_or(u64::MAX, u64::from) {
            interval.tick().await;
            ticks.send(Tick { number, at: Timestamp::now() }).await?;
        }
        Ok(())
    }
}
