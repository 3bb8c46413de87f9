//! Latency under a load that does not wait: at shares of what each peer can do, at one rate for all, and
//! beside other work on the same connection.

use anyhow::{Context, Result};
use serde_json::json;

use super::contestant::{Contestant, ONE_THREAD};
use super::record::Record;
use super::turn::{Certificates, Extra, Line, figure, turn};
use crate::about::Kind;
use crate::args::Latency;
use crate::case::Case;

/// What each can do: as many calls as 64 callers on a connection get answered.
const CAPACITY: &str = "small:1x64";
/// The calls whose latency is measured: on one connection, when they are due.
const CALLS: &str = "small:1x1";

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

/// Percents of what is possible.
#[derive(Clone, Copy)]
enum Rate {
    /// Of what each can do.
    Own(f64),
    /// Of what tonic can do, or else whoever can do least: the same for all.
    Same(f64),
}

pub(crate) fn run(latency: &Latency) -> Result<()> {
    let turns = &latency.turns;
    let settings = settings();
    let takes_part = |setting: &Setting, peer: &str| setting.beside.is_none() || !peer.starts_with("floor");
    let both = |setting| latency.peers.iter().filter(move |peer| takes_part(setting, peer)).count();
    let runs = 2 * latency.peers.len() + turns.reps * settings.iter().map(both).sum::<usize>();
    let certificates = Certificates::of(turns)?;
    let mut record = Record::new(&latency.out, Kind::Latency, runs, runs as f64)?;
    let mut able = Vec::new();
    for peer in &latency.peers {
        able.push(capacity(peer, &certificates, latency, &mut record)?);
    }
    let case: Case = CALLS.parse()?;
    for round in 0..turns.reps {
        for setting in &settings {
            for one in able.iter().filter(|able| takes_part(setting, &able.contestant.name)) {
                let load = setting.load(one, &able);
                let extra = Extra { load, ..Extra::default() };
                let run = turn(&one.contestant, &case, &extra, &certificates, turns);
                let run = run.map(|line| named(line, &setting.title));
                record.note(&format!("{} {}", setting.title, one.contestant.name), round, 1.0, run)?;
            }
        }
    }
    record.close()
}

impl Setting {
    /// What is asked of a load beside its calls.
    fn load(&self, one: &Able, all: &[Able]) -> Vec<String> {
        let (of, percent) = match self.rate {
            Rate::Own(percent) => (one.capacity, percent),
            Rate::Same(percent) => (reference(all), percent),
        };
        let mut words = vec!["--rate".to_owned(), format!("{:.0}", of * percent / 100.0)];
        if let Some(beside) = self.beside {
            let streams = one.contestant.has_streams();
            let beside = if beside == BULK && !streams { BULK_WITHOUT_STREAMS } else { beside };
            words.extend(["--beside".to_owned(), beside.to_owned()]);
        }
        words
    }
}

/// What tonic can do, or else whoever can do least.
fn reference(all: &[Able]) -> f64 {
    let tonic = all.iter().find(|able| able.contestant.name.starts_with("tonic"));
    tonic.map_or_else(
        || all.iter().map(|able| able.capacity).fold(f64::INFINITY, f64::min),
        |able| able.capacity,
    )
}

fn settings() -> Vec<Setting> {
    let own = |percent: f64| (format!("{percent} % of what each can do"), Rate::Own(percent), None);
    let same = |percent: f64, title: &str, beside| (title.to_owned(), Rate::Same(percent), beside);
    let settings = [
        own(10.0),
        own(50.0),
        own(80.0),
        same(50.0, "The same rate for all: half of what tonic can do", None),
        same(10.0, "Alone, at a tenth of what tonic can do", None),
        same(10.0, "Beside a bulk transfer, at the same rate", Some(BULK)),
        same(10.0, "Beside 1,000 slow calls, at the same rate", Some(SLOW)),
    ];
    settings.into_iter().map(|(title, rate, beside)| Setting { title, rate, beside }).collect()
}

fn capacity(peer: &str, certificates: &Certificates, latency: &Latency, record: &mut Record) -> Result<Able> {
    let names = [peer.to_owned(), format!("{peer}{ONE_THREAD}")];
    let mut best: Option<Able> = None;
    for contestant in Contestant::all(&names, &latency.turns.ext)? {
        let line = turn(&contestant, &CAPACITY.parse()?, &Extra::default(), certificates, &latency.turns)?;
        let capacity = figure(&line, "rps").context("a run without calls")?;
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

fn named(mut line: Line, title: &str) -> Line {
    line.insert("case".into(), json!(title));
    line
}
