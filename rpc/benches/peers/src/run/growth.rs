//! How cost grows with one thing while all else stays.

use anyhow::Result;
use clap::ValueEnum;
use serde_json::{Value, json};

use super::contestant::Contestant;
use super::record::Record;
use super::turn::{Certificates, Extra, Line, figure, turn};
use crate::about::Kind;
use crate::args::{Growth, Turns};
use crate::case::{Case, Work};

/// What grows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Curve {
    /// Connections, one call in flight on each.
    Connections,
    /// Connections that rest beside one with 64 calls in flight.
    AtRest,
    /// Procedures, 64 calls in flight on one connection.
    Procedures,
    /// Calls in flight on one connection.
    InFlight,
    /// Bytes of a call's argument and result, four calls in flight.
    Payload,
    /// Streams of 1 KiB messages at once on one connection.
    Streams,
}

/// From this payload on a window is longer, since a short one may see none of its calls end.
const LONG: usize = 4 << 20;

impl Curve {
    fn name(self) -> &'static str {
        match self {
            Self::Connections => "connections",
            Self::AtRest => "at-rest",
            Self::Procedures => "procedures",
            Self::InFlight => "in-flight",
            Self::Payload => "payload",
            Self::Streams => "streams",
        }
    }

    /// What x and y are.
    fn units(self) -> (&'static str, &'static str) {
        match self {
            Self::Connections => ("connections", "calls/s"),
            Self::AtRest => ("connections at rest", "calls/s"),
            Self::Procedures => ("procedures", "calls/s"),
            Self::InFlight => ("calls in flight", "calls/s"),
            Self::Payload => ("bytes each way", "calls/s"),
            Self::Streams => ("streams at once", "messages/s"),
        }
    }

    /// Whether a contestant takes part.
    fn has(self, contestant: &Contestant) -> bool {
        match self {
            Self::Streams => contestant.has_streams(),
            Self::Procedures => contestant.has_procedures(),
            _ => true,
        }
    }

    /// How much of it there is, and the case with so much.
    fn points(self) -> Vec<(usize, Case)> {
        let of = |xs: &[usize], case: fn(usize) -> (Work, usize, usize, usize)| {
            let point = |&x: &usize| {
                let (work, size, connections, in_flight) = case(x);
                (x, Case { work, size, connections, in_flight })
            };
            xs.iter().map(point).collect()
        };
        match self {
            Self::Connections => of(&[1, 10, 100, 1_000, 5_000], |x| (Work::Small, 0, x, 1)),
            Self::AtRest => of(&[1, 100, 1_000, 5_000], |_| (Work::Small, 0, 1, 64)),
            Self::Procedures => of(&[1, 10, 100, 1_000, 10_000], |_| (Work::Small, 0, 1, 64)),
            Self::InFlight => of(&[1, 4, 16, 64, 256, 1_024, 4_096], |x| (Work::Small, 0, 1, x)),
            Self::Payload => {
                let sizes = [16, 1 << 10, 16 << 10, 256 << 10, 4 << 20, 16 << 20, 64 << 20];
                of(&sizes, |x| (Work::Blob, x, 1, 4))
            }
            Self::Streams => of(&[1, 4, 16, 64, 256, 1_000], |x| (Work::Stream, 1024, 1, x)),
        }
    }

    /// Words for both ends, and for the load alone.
    fn extra(self, x: usize) -> Extra {
        let (both, load) = match self {
            Self::Payload => (vec!["--large".to_owned()], Vec::new()),
            Self::Procedures => (vec!["--procedures".to_owned(), x.to_string()], Vec::new()),
            Self::AtRest => (Vec::new(), vec!["--at-rest".to_owned(), x.to_string()]),
            Self::Connections | Self::InFlight | Self::Streams => (Vec::new(), Vec::new()),
        };
        Extra { serve: both.clone(), load: [both, load].concat() }
    }

    /// How long a run takes.
    fn turns(self, x: usize, turns: &Turns) -> Turns {
        let mut turns = turns.clone();
        if self == Self::Payload && LONG <= x {
            turns.secs *= 4.0;
        }
        turns
    }
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
            let (extra, turns) = (curve.extra(*x), curve.turns(*x, turns));
            let run = turn(contestant, case, &extra, &certificates, &turns);
            let more = run.as_ref().map(|line| more(*curve, *x, round, line)).unwrap_or_default();
            let calls = run.map(|line| calls(*curve, *x, line));
            record.note(&format!("{case} {}", contestant.name), round, 1.0, calls)?;
            for line in more {
                record.add(line)?;
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

/// Points of curves of their own: the server's memory at the end of a run, and latency where others share the server.
fn more(curve: Curve, x: usize, round: usize, line: &Line) -> Vec<Line> {
    let point = |what: &str, unit: &str, y: Option<f64>| {
        let name = format!("{}-{what}", curve.name());
        let mut point = point(&name, (x, curve.units().0), (y.map(Value::from), unit));
        point.insert("peer".into(), line.get("peer").cloned().unwrap_or_default());
        point.insert("rep".into(), json!(round));
        point
    };
    let mib = figure(line, "server_rss_kib").map(|kib| kib / 1024.0);
    let mut points = vec![point("memory", "MiB of the server's memory", mib)];
    if matches!(curve, Curve::Connections | Curve::AtRest) {
        points.push(point("p99", "p99 in µs", figure(line, "p99_us")));
    }
    points
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
