//! What only time shows: memory under streams without end, small calls beside a bulk transfer, how fast a chain of
//! handlers stops, what restarts cost, whether strangers keep a good client out, whether renewed certificates fail a
//! call. Prints one JSON object for each, and fails where a promise is broken.
//!
//! ```sh
//! cargo run --release --package countersign-tests --example soak -- producer 600s
//! ```

mod bulk;
mod certificates;
mod chain;
mod producer;
mod restarts;
mod strangers;
mod yard;

use std::error::Error;
use std::process::ExitCode;
use std::time::Duration;

const USAGE: &str = "soak producer TIME | bulk TIME | chain TIMES | restarts TIMES | certificates TIME LIFE | strangers COUNT
  producer      streams whose producer is a hundred times faster than their consumer; memory of both sides
  bulk          small calls beside messages of 64 MiB on the same connection; their latency
  chain         a caller that leaves, and when the last of three handlers has stopped
  restarts      a server that restarts under load; calls made, made again and lost
  certificates  certificates that live so long, renewed under load, root rollover included; calls made and failed
  strangers     strangers who say nothing, and a good client beside them; its waits and the server's memory
TIME and LIFE are numbers of seconds with their unit, such as 600s";

#[tokio::main]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let outcome = match arguments[..] {
        ["serve", folder] => yard::serve(folder).await,
        ["producer", time] => with(seconds(time), producer::run).await,
        ["bulk", time] => with(seconds(time), bulk::run).await,
        ["chain", times] => with(times.parse().ok(), chain::run).await,
        ["certificates", time, life] => match (seconds(time), seconds(life)) {
            (Some(time), Some(life)) => certificates::run(time, life).await,
            _ => Err(USAGE.into()),
        },
        ["restarts", times] => with(times.parse().ok(), restarts::run).await,
        ["strangers", count] => with(count.parse().ok(), strangers::run).await,
        _ => Err(USAGE.into()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn with<T>(argument: Option<T>, run: impl AsyncFnOnce(T) -> Outcome) -> Outcome {
    match argument {
        Some(argument) => run(argument).await,
        None => Err(USAGE.into()),
    }
}

type Outcome = Result<(), Box<dyn Error>>;

fn seconds(text: &str) -> Option<Duration> {
    text.strip_suffix('s')?.parse().ok().map(Duration::from_secs)
}

/// The value below which this share of sorted values lies.
fn quantile(sorted: &[Duration], share: f64) -> Duration {
    let last = sorted.len().saturating_sub(1);
    sorted.get((share * last as f64).round() as usize).copied().unwrap_or_default()
}
