//! How cost grows with one thing while all else stays.

use anyhow::Result;
use clap::ValueEnum;
use serde_json::{Value, json};

use super::contestant::Contestant;
use super::record::Record;
use super::turn::{Certificates, Extra, Line, figure, turn};
use crate::about::Kind;
use crate::args::Growth;
use crate::case::{Case, Work};

/// What grows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Curve {
    /// Calls in flight on one connection.
    InFlight,
    /// Bytes of a call's argument and result, four calls in flight.
    Payload,
    /// Streams of 1 KiB messages at once on one connection.
    Streams,
}

impl Curve {
    fn name(self) -> &'static str {
        match self {
            Self::InFlight => "in-flight",
            Self::Payload => "payload",
            Self::Streams => "streams",
        }
    }

    /// What x and y are.
    fn units(self) -> (&'static str, &'static str) {
        match self {
            Self::InFlight => ("calls in flight", "calls/s"),
            Self::Payload => ("bytes each way", "calls/s"),
            Self::Streams => ("streams at once", "messages/s"),
        }
    }

    /// Whether a contestant takes part.
    fn has(self, contestant: &Contestant) -> bool {
        self != Self::Streams || contestant.has_streams()
    }

    /// How much of it there is, and the case with so much.
    fn points(self) -> Vec<(usize, Case)> {
        let case = |work, size, in_flight| Case { work, size, connections: 1, in_flight };
        match self {
            Self::InFlight => fourfold(1, 4096).map(|x| (x, case(Work::Small, 0, x))).collect(),
            Self::Payload => fourfold(16, 64 << 20).map(|x| (x, case(Work::Blob, x, 4))).collect(),
            Self::Streams => {
                fourfold(1, 256).chain([1000]).map(|x| (x, case(Work::Stream, 1024, x))).collect()
            }
        }
    }
}

fn fourfold(from: usize, to: usize) -> impl Iterator<Item = usize> {
    std::iter::successors(Some(from), move |x| Some(x * 4).filter(|x| *x <= to))
}

pub(crate) fn run(growth: &Growth) -> Result<()> {
    let turns = &growth.turns;
    let certificates = Certificates::of(turns)?;
    let contestants = Contestant::all(&growth.peers, &turns.ext)?;
    let mut all = Vec::new();
    for curve in &growth.curves {
        for (x, case) in curve.points() {
            all.extend(
                contestants.iter().filter(|one| curve.has(one)).map(|one| (*curve, x, case.clone(), one)),
            );
        }
    }
    let runs = all.len() * turns.reps;
    let mut record = Record::new(&growth.out, Kind::Growth, runs, runs as f64)?;
    for round in 0..turns.reps {
        for (curve, x, case, contestant) in &all {
            let large = || if *curve == Curve::Payload { vec!["--large".to_owned()] } else { Vec::new() };
            let extra = Extra { serve: large(), load: large() };
            let run = turn(contestant, case, &extra, &certificates, turns);
            let memory = run.as_ref().ok().map(|line| memory(*curve, *x, round, line));
            let calls = run.map(|line| calls(*curve, *x, line));
            record.note(&format!("{case} {}", contestant.name), round, 1.0, calls)?;
            if let Some(memory) = memory {
                record.add(memory)?;
            }
        }
    }
    record.close()
}

/// A run as a point of its curve.
fn calls(curve: Curve, x: usize, mut line: Line) -> Line {
    let (x_unit, y_unit) = curve.units();
    let y = line.get("rps").cloned();
    line.extend(point(curve.name(), (x, x_unit), (y, y_unit)));
    line
}

/// The server's memory at its end, as a point of a curve of its own.
fn memory(curve: Curve, x: usize, round: usize, line: &Line) -> Line {
    let mib = figure(line, "server_rss_kib").map(|kib| json!(kib / 1024.0));
    let mut memory =
        point(&format!("{}-memory", curve.name()), (x, curve.units().0), (mib, "MiB of the server's memory"));
    memory.insert("peer".into(), line.get("peer").cloned().unwrap_or_default());
    memory.insert("rep".into(), json!(round));
    memory
}

fn point(curve: &str, (x, x_unit): (usize, &str), (y, y_unit): (Option<Value>, &str)) -> Line {
    let figures = [
        ("curve", json!(curve)),
        ("x", json!(x)),
        ("x_unit", json!(x_unit)),
        ("y", y.unwrap_or_default()),
        ("y_unit", json!(y_unit)),
    ];
    figures.map(|(name, value)| (name.to_owned(), value)).into_iter().collect()
}
