//! The open loop: a call is made at the instant at which it is due, whoever still waits, and its latency
//! counts from that instant. So a server that stands still for a moment is charged with every call that was
//! due meanwhile.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};
use bytes::Bytes;

use super::closed::start_callers;
use super::figures::Figures;
use super::{Client, Connected, Dial, Gauge, Plan, Task};
use crate::case::Case;

/// When calls are due.
#[derive(Clone, Copy)]
pub(crate) struct Pace {
    /// Calls per second.
    pub(crate) rate: f64,
    pub(crate) arrivals: Arrivals,
}

/// How the instants are spread.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Arrivals {
    /// At random, as those of many callers who know nothing of each other.
    Poisson,
    /// At equal distances.
    Fixed,
}

/// Calls open at once, above which a load is given up: the server will never catch up.
const OPEN_MAX: usize = 200_000;

/// How long calls may go on that were due before the end.
const GRACE: Duration = Duration::from_secs(5);

pub(super) async fn run(dial: impl Dial, plan: &Plan, pace: Pace) -> Result<()> {
    let Connected { clients, _at_rest } = super::connect(&dial, plan).await?;
    let gauge = Arc::new(Gauge::default());
    if let Some(beside) = &plan.beside {
        start_callers(&clients, beside, &gauge, false);
    }
    let shared = Arc::new(Shared {
        case: plan.case.clone(),
        data: super::blob(plan.case.size),
        gauge: gauge.clone(),
        open: AtomicUsize::new(0),
    });
    let first = clients[0].clone();
    first.start(Task::Pacer(Box::new(Pacer { clients, pace, shared: shared.clone() })));
    let seen = gauge.measure(plan).await?;
    let stopped = Instant::now();
    while shared.open.load(Ordering::SeqCst) > 0 && stopped.elapsed() < GRACE {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let unanswered = shared.open.load(Ordering::SeqCst);
    Figures::of_calls(plan, &seen).due(pace.rate, unanswered, plan.beside.as_ref()).print()
}

/// What the calls of a load share.
struct Shared {
    case: Case,
    data: Bytes,
    gauge: Arc<Gauge>,
    /// Calls made and not answered.
    open: AtomicUsize,
}

/// Makes calls when they are due.
pub(crate) struct Pacer<C> {
    clients: Vec<C>,
    pace: Pace,
    shared: Arc<Shared>,
}

impl<C: Client> Pacer<C> {
    /// Looks at the clock whenever nothing else is to be done, rather than sleep: tokio's timers have a
    /// granularity of a millisecond, and calls would be due in bursts.
    pub(super) async fn run(self) {
        let mut gaps = Gaps::new(self.pace);
        let mut due = Instant::now();
        let mut id = 0;
        while !self.shared.gauge.has_stopped() {
            let now = Instant::now();
            while due <= now {
                let client = &self.clients[id as usize % self.clients.len()];
                let shared = self.shared.clone();
                shared.open.fetch_add(1, Ordering::Relaxed);
                client.clone().start(Task::Due(Due { shared, id, at: due }));
                id += 1;
                due += gaps.next();
            }
            if self.shared.open.load(Ordering::Relaxed) > OPEN_MAX {
                let failure =
                    anyhow!("more than {OPEN_MAX} calls are open: the rate is above what is possible");
                return self.shared.gauge.fail(failure);
            }
            tokio::task::yield_now().await;
        }
    }
}

/// One call, and when it was due.
pub(crate) struct Due {
    shared: Arc<Shared>,
    id: u64,
    at: Instant,
}

impl Due {
    pub(super) async fn run(self, client: impl Client) {
        let Shared { case, data, gauge, open } = &*self.shared;
        let counts = gauge.is_measuring();
        let answered = super::call(&client, case, self.id, data).await;
        open.fetch_sub(1, Ordering::SeqCst);
        match answered {
            Ok(()) if counts => super::record(self.at.elapsed()),
            Ok(()) => (),
            Err(error) => gauge.fail(error),
        }
    }
}

/// The times between calls that are due.
struct Gaps {
    pace: Pace,
    /// Of a generator whose numbers need only be spread (xorshift64*), and always the same: every peer gets
    /// the same arrivals.
    state: u64,
}

impl Gaps {
    fn new(pace: Pace) -> Self {
        Self { pace, state: 0x9e37_79b9_7f4a_7c15 }
    }

    fn next(&mut self) -> Duration {
        let mean = 1.0 / self.pace.rate;
        Duration::from_secs_f64(match self.pace.arrivals {
            Arrivals::Fixed => mean,
            Arrivals::Poisson => -mean * self.share().ln(),
        })
    }

    /// Above zero, and at most one.
    fn share(&mut self) -> f64 {
        self.state ^= self.state >> 12;
        self.state ^= self.state << 25;
        self.state ^= self.state >> 27;
        let bits = self.state.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 11;
        (bits + 1) as f64 / (1u64 << 53) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_due_as_often_as_the_rate_says() {
        for arrivals in [Arrivals::Fixed, Arrivals::Poisson] {
            let mut gaps = Gaps::new(Pace { rate: 1000.0, arrivals });
            let together: Duration = (0..100_000).map(|_| gaps.next()).sum();
            assert!((together.as_secs_f64() - 100.0).abs() < 1.0, "{arrivals:?}: {together:?}");
        }
    }
}
