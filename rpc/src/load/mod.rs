//! Load: calls in numbers, as many as a server answers or as many as were asked for, and how long each took.
//!
//! A [`Plan`] says what to call, how fast and for how long; a [`Run`] carries it out over connections of its own,
//! is read while it goes on, and ends with an [`Outcome`]. `countersign bench` and the dashboard are faces of this.
//!
//! ```no_run
//! use std::time::Duration;
//!
//! use countersign::load::{self, Pace, Plan, Run, Target};
//! use countersign::{Client, Credentials, cbor};
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let builder = Client::builder(Credentials::load("pki/alice")?).fail_fast();
//! let clients = load::connect(8, || builder.clone().connect("localhost:7443"), |_| {}).await?;
//! let arguments = cbor::to_vec(&cbor::Value::Map(Vec::new()))?;
//! let plan = Plan {
//!     targets: vec![Target::new("demo.Clock/now", arguments)],
//!     pace: Pace::Closed,
//!     in_flight: 16,
//!     warm_up: Duration::from_secs(1),
//!     duration: Duration::from_secs(5),
//!     calls: None,
//! };
//! let mut run = Run::start(plan, clients)?;
//! run.ended().await?;
//! let outcome = run.outcome();
//! println!("{:.0} calls/s, p99 {:?}", outcome.per_second(&outcome.total), outcome.total.latency.quantile(0.99));
//! # Ok(())
//! # }
//! ```

mod connect;
mod outcome;
mod pace;
mod plan;
mod run;
mod score;
mod timer;

#[cfg(all(test, feature = "testing"))]
mod tests;

pub use connect::{NotAll, connect};
pub use outcome::{Doubt, Ending, Kept, Outcome, Part};
pub use pace::{Arrivals, Counts};
pub use plan::{Pace, Plan, PlanError, RATES, TARGETS_MAX, Target, WEIGHT_MAX};
pub use run::{Phase, Reading, Run};
pub use score::{Latencies, Tally};
