//! The load itself: so many tasks, each of which makes a call as soon as its last one is answered.
//!
//! What is to be measured is the server and the client, so nothing is done here for a call but to copy its
//! arguments, to read the clock once, and to count.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use countersign::builtin::stats::Histogram;
use countersign::{CallError, Client};
use tokio::task::JoinSet;
use tokio::time::sleep_until;

/// What the last calls may take after the end before their connections are closed.
const STRAGGLERS: Duration = Duration::from_secs(1);

/// What to call, and when what counts.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) procedure: String,
    pub(super) arguments: Vec<u8>,
    /// Calls count that end from here on,
    pub(super) begin: Instant,
    /// and before this.
    pub(super) end: Instant,
}

/// What came of it.
#[derive(Debug, Default)]
pub(super) struct Tally {
    /// How long those calls took that were answered with a result.
    pub(super) latency: Histogram,
    /// How many were not, by what they ended with instead.
    pub(super) errors: BTreeMap<String, u64>,
}

/// Keeps `in_flight` calls open on each connection until the end of the plan. Fails if a connection does.
pub(super) async fn put(clients: Vec<Client>, in_flight: u32, plan: Plan) -> Result<Tally, CallError> {
    let overdue = sleep_until((plan.end + STRAGGLERS).into());
    let mut overdue = std::pin::pin!(overdue);
    let plan = Arc::new(plan);
    let mut slots = JoinSet::new();
    for client in &clients {
        for _ in 0..in_flight {
            slots.spawn(slot(client.clone(), plan.clone()));
        }
    }
    let mut tally = Tally::default();
    loop {
        tokio::select! {
            slot = slots.join_next() => match slot {
                None => return Ok(tally),
                Some(slot) => tally.add(slot.expect("a slot neither panics nor is aborted")?),
            },
            // Nothing that a call could still bring would count.
            () = &mut overdue, if clients.iter().any(|client| client.peer().is_some()) => {
                clients.iter().for_each(Client::close);
            }
        }
    }
}

async fn slot(client: Client, plan: Arc<Plan>) -> Result<Tally, CallError> {
    let mut tally = Tally::default();
    let mut called = Instant::now();
    while called < plan.end {
        let outcome = client.call_raw(&plan.procedure, plan.arguments.clone()).await;
        let ended = Instant::now();
        let counts = (plan.begin..plan.end).contains(&ended);
        match outcome {
            Ok(_) if counts => tally.latency.record(ended - called),
            Ok(_) => {}
            Err(lost @ CallError::Lost(_)) if ended < plan.end => return Err(lost),
            Err(error) => {
                if counts {
                    *tally.errors.entry(named(&error)).or_default() += 1;
                }
                // What fails on this side fails at once, and would never let anything else run.
                tokio::task::yield_now().await;
            }
        }
        called = ended;
    }
    Ok(tally)
}

fn named(error: &CallError) -> String {
    error.code().map_or_else(|| error.to_string(), |code| code.to_string())
}

impl Tally {
    fn add(&mut self, other: Self) {
        self.latency.merge(&other.latency);
        for (name, count) in other.errors {
            *self.errors.entry(name).or_default() += count;
        }
    }
}
