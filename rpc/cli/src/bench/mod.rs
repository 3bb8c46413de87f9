//! `countersign bench`: how many calls a second a server answers, and how fast. The load itself is the library's.

mod bars;
mod doubts;
mod live;
mod mix;
mod numbers;
mod svg;
mod words;

use std::time::{Duration, Instant};

use countersign::load::{self, Ending, NotAll, Outcome, Pace, Plan, Run, Target};
use countersign::{CallError, Client};
use tokio::time::{MissedTickBehavior, interval};

use crate::args::Bench;
use crate::failure::Failure;
use crate::output;
use crate::signals::Stops;

use live::Live;

pub(crate) use mix::Wanted;

/// How often it is told how many connections there are.
const CONNECTIONS_TOLD_EVERY: Duration = Duration::from_millis(200);

/// How long so many calls may take: nobody waits for that, and who has enough of it ends it.
const CALLS_WITHIN: Duration = Duration::from_secs(365 * 24 * 3600);

pub(crate) async fn run(bench: Bench, json: bool) -> Result<(), Failure> {
    if bench.duration.is_zero() {
        return Err(Failure::new("nothing can be measured in no time").or_try("--duration 5s"));
    }
    let mut stops = Stops::new()?;
    let mut live = Live::on_stderr(bench.progress, json, bench.calls);
    let (targets, clients) = tokio::select! {
        ready = get_ready(&bench, &live) => ready?,
        () = stops.next() => {
            live.done();
            return Err(ended_too_early());
        }
    };
    let mut run =
        Run::start(plan(&bench, targets), clients).map_err(|error| Failure::new(error.to_string()))?;
    let ended = follow(&mut run, &mut stops, &mut live).await;
    live.done();
    ended?;
    tell(&bench, &run.outcome(), json)
}

/// Finds out what to call, and opens all connections.
async fn get_ready(bench: &Bench, live: &Live) -> Result<(Vec<Target>, Vec<Client>), Failure> {
    let credentials = bench.dial.credentials()?;
    let client = bench.dial.connect_as(credentials.clone()).await?;
    let targets = mix::targets(bench, &client).await?;
    let wanted = bench.connections as usize;
    let dial = || {
        let (dial, credentials) = (bench.dial.clone(), credentials.clone());
        async move { dial.connect_as(credentials).await }
    };
    let mut told = Instant::now();
    // The first one stands.
    let others = load::connect(wanted - 1, dial, |others| {
        if told.elapsed() >= CONNECTIONS_TOLD_EVERY {
            told = Instant::now();
            live.connecting(others + 1, wanted);
        }
    });
    let mut clients = others
        .await
        .map_err(|NotAll { stood, error, .. }| error.at(format!("connection {} of {wanted}", stood + 2)))?;
    clients.insert(0, client);
    Ok((targets, clients))
}

fn plan(bench: &Bench, targets: Vec<Target>) -> Plan {
    let arrivals = bench.arrivals.into();
    Plan {
        targets,
        pace: bench.rate.map_or(Pace::Closed, |rate| Pace::Open { rate, arrivals }),
        in_flight: bench.in_flight,
        warm_up: bench.warmup,
        duration: bench.calls.map_or(bench.duration, |_| CALLS_WITHIN),
        calls: bench.calls,
    }
}

/// Tells how it goes until it is over, which an interrupt brings about too.
async fn follow(run: &mut Run, stops: &mut Stops, live: &mut Live) -> Result<(), CallError> {
    let mut ticks = interval(live.every());
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            ended = run.ended() => return ended,
            () = stops.next() => run.stop(),
            _ = ticks.tick() => live.tell(run.reading()),
        }
    }
}

fn ended_too_early() -> Failure {
    Failure::new("ended before anything was measured").of_an_interrupt()
}

/// Tells what came of it. Fails if no call was answered, since then nothing was measured, and if it was cut short.
fn tell(bench: &Bench, outcome: &Outcome, json: bool) -> Result<(), Failure> {
    if outcome.elapsed.is_zero() {
        return Err(ended_too_early());
    }
    if json {
        output::json(&numbers::of(bench, outcome))?;
    } else {
        output::say(&words::of(bench, outcome))?;
    }
    if let Some(file) = &bench.svg {
        std::fs::write(file, svg::of(bench, outcome))
            .map_err(|error| Failure::new(format!("{}: cannot be written: {error}", file.display())))?;
    }
    doubts::of(outcome).iter().for_each(output::warn);
    if outcome.ending == Ending::Stopped {
        let what = format!("cut short: {} were measured", words::part_done(bench, outcome));
        return Err(Failure::new(what).of_an_interrupt());
    }
    if outcome.total.latency.all.count() > 0 {
        return Ok(());
    }
    let names = words::names(outcome);
    let within = bench.calls.map_or_else(|| format!(" within {:?}", bench.duration), |_| String::new());
    let what = format!("no call of {names} was answered{within}");
    Err(match outcome.total.failed() {
        0 => Failure::new(what).or_try("a longer --duration"),
        _ => Failure::new(format!("{what}: {}", words::errors(&outcome.total)))
            .or_try(bench.dial.command("call", &outcome.parts[0].procedure)),
    })
}
