//! `countersign bench`: how many calls a second a server answers, and how fast.

mod bars;
mod connect;
mod live;
mod load;
mod mix;
mod numbers;
mod outcome;
mod pace;
mod score;
mod svg;
mod timer;
mod words;

use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;
use std::time::Instant;

use crate::args::Bench;
use crate::failure::Failure;
use crate::output;
use crate::signals::Stops;

use live::Live;
use load::{Pace, Run};
use mix::Mix;
use outcome::Outcome;
use pace::{Schedule, Turns};

pub(crate) use mix::Wanted;
pub(crate) use pace::Arrivals;

pub(crate) async fn run(bench: Bench, json: bool) -> Result<(), Failure> {
    if bench.duration.is_zero() {
        return Err(Failure::new("nothing can be measured in no time").or_try("--duration 5s"));
    }
    let mut stops = Stops::new()?;
    let mut live = Live::on_stderr(bench.progress, json);
    let bench = Arc::new(bench);
    let (mix, clients) = tokio::select! {
        ready = get_ready(&bench, &live) => ready?,
        () = stops.next() => {
            live.done();
            return Err(ended_too_early());
        }
    };
    let start = Instant::now();
    let begin = start + bench.warmup;
    let end = begin + bench.duration;
    let pace = match bench.rate {
        None => Pace::Closed,
        Some(rate) => {
            // Another one for each process: several that load one server must not call in the same moments.
            let seed = RandomState::new().hash_one(());
            let schedule = Schedule::new(rate, bench.arrivals, seed);
            Pace::Open(Arc::new(Turns::new(schedule, start, begin, end)))
        }
    };
    let run = Arc::new(Run::new(mix, pace, [start, begin, end]));
    let put = load::put(clients, bench.in_flight, &run, &mut stops, &mut live).await;
    live.done();
    put?;
    tell(&bench, &Outcome::of(&bench, &run), json)
}

/// Finds out what to call, and opens all connections.
async fn get_ready(bench: &Arc<Bench>, live: &Live) -> Result<(Mix, Vec<countersign::Client>), Failure> {
    let credentials = bench.dial.credentials()?;
    let client = bench.dial.connect_as(credentials.clone()).await?;
    let mix = Mix::of(bench, &client).await?;
    Ok((mix, connect::all(bench, &credentials, client, live).await?))
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
    outcome.doubts(bench).iter().for_each(output::warn);
    if outcome.cut_short {
        let what = format!("cut short: {:.1?} of {:?} were measured", outcome.elapsed, bench.duration);
        return Err(Failure::new(what).of_an_interrupt());
    }
    if outcome.total.latency.all.count() > 0 {
        return Ok(());
    }
    let names = outcome.names();
    let what = format!("no call of {names} was answered within {:?}", bench.duration);
    Err(match outcome.total.failed() {
        0 => Failure::new(what).or_try("a longer --duration"),
        _ => Failure::new(format!("{what}: {}", outcome.total.errors_in_words()))
            .or_try(bench.dial.command("call", &outcome.procedures[0].name)),
    })
}
