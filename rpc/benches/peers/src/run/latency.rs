//! Latency under a load that does not wait: at shares of what each peer can do, at one rate for all, and beside other
//! work on the same connection.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::contestant::{Contestant, ONE_THREAD};
use super::record::Record;
use super::turn::{Certificates, Extra, Line, turn};
use crate::about::Kind;
use crate::args::Latency;
use crate::case::Case;
use crate::report;

/// What each can do: as many calls as 64 callers on a connection get answered.
const CAPACITY: &str = "small:1x64";
/// The calls whose latency is measured: on one connection, when they are due.
const CALLS: &str = "small:1x1";

const SHARES: [u32; 3] = [10, 50, 80];

/// What goes on beside the calls, and whose it is where the first has no such thing.
const BULK: &str = "stream262144:1x1";
const BULK_WITHOUT_STREAMS: &str = "blob1048576:1x1";
const SLOW: &str = "sleep100:1x1000";

/// A peer on the runtime on which it makes more calls, and how many.
struct Able {
    contestant: Contestant,
    capacity: f64,
}

/// A rate for each peer, and what goes on beside.
struct Setting {
    title: String,
    rate: Rate,
    beside: Option<&'static str>,
}

enum Rate {
    /// Of what each can do, in percent.
    Share(u32),
    /// The same for all.
    Fixed(f64),
}

pub(crate) fn run(latency: &Latency) -> Result<()> {
    let turns = &latency.turns;
    let certificates = Certificates::of(turns)?;
    let runs = latency.peers.len() * (2 + 7 * turns.reps);
    let mut record = Record::new(latency.out.as_deref(), Kind::Latency, runs, runs as f64)?;
    let mut able = Vec::new();
    for peer in &latency.peers {
        able.push(capacity(peer, &certificates, latency, &mut record)?);
    }
    let settings = settings(&able)?;
    let case: Case = CALLS.parse()?;
    for round in 0..turns.reps {
        for setting in &settings {
            for Able { contestant, capacity } in &able {
                if setting.beside.is_some() && contestant.name.starts_with("floor") {
                    record.skip(1.0);
                    continue;
                }
                let rate = match setting.rate {
                    Rate::Share(percent) => capacity * f64::from(percent) / 100.0,
                    Rate::Fixed(rate) => rate,
                };
                let mut load = vec!["--rate".to_owned(), format!("{rate:.0}")];
                if let Some(beside) = setting.beside {
                    let has_streams = !contestant.name.starts_with("tarpc");
                    let beside = if beside == BULK && !has_streams { BULK_WITHOUT_STREAMS } else { beside };
                    load.extend(["--beside".to_owned(), beside.to_owned()]);
                }
                let run = turn(contestant, &case, &Extra { load, ..Extra::default() }, &certificates, turns);
                let run = run.map(|line| named(line, &setting.title));
                record.note(&format!("{} {}", setting.title, contestant.name), round, 1.0, run)?;
            }
        }
    }
    report::print(&record.close()?)
}

fn capacity(peer: &str, certificates: &Certificates, latency: &Latency, record: &mut Record) -> Result<Able> {
    let names = [peer.to_owned(), format!("{peer}{ONE_THREAD}")];
    let mut best: Option<Able> = None;
    for contestant in Contestant::all(&names, &latency.turns.ext)? {
        let line = turn(&contestant, &CAPACITY.parse()?, &Extra::default(), certificates, &latency.turns)?;
        let capacity = line.get("rps").and_then(Value::as_f64).context("a run without calls")?;
        record.note(
            &contestant.name,
            0,
            1.0,
            Ok(named(line, "What each can do: 64 callers on a connection")),
        )?;
        if best.as_ref().is_none_or(|best| best.capacity < capacity) {
            best = Some(Able { contestant, capacity });
        }
    }
    best.context("no runtime")
}

fn settings(able: &[Able]) -> Result<Vec<Setting>> {
    ensure!(!able.is_empty(), "latency of nobody");
    let tonic = able.iter().find(|able| able.contestant.name.starts_with("tonic"));
    let least = able.iter().map(|able| able.capacity).fold(f64::INFINITY, f64::min);
    let reference = tonic.map_or(least, |able| able.capacity);
    let share = |percent: u32| Setting {
        title: format!("{percent} % of what each can do"),
        rate: Rate::Share(percent),
        beside: None,
    };
    let same = |percent: f64, title: &str, beside| Setting {
        title: title.to_owned(),
        rate: Rate::Fixed(reference * percent / 100.0),
        beside,
    };
    let mut settings: Vec<_> = SHARES.into_iter().map(share).collect();
    settings.extend([
        same(50.0, "The same rate for all: half of what tonic can do", None),
        same(10.0, "Alone, at a tenth of what tonic can do", None),
        same(10.0, "Beside a bulk transfer, at the same rate", Some(BULK)),
        same(10.0, "Beside 1,000 slow calls, at the same rate", Some(SLOW)),
    ]);
    Ok(settings)
}

fn named(mut line: Line, title: &str) -> Line {
    line.insert("case".into(), json!(title));
    line
}
