//! The lines of runs by case and peer, and medians of them.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};
use serde::Deserialize;
use serde_json::Value;

use crate::about::{About, Kind};
use crate::run::ONE_THREAD;

/// What files of runs hold.
#[derive(Default)]
pub(super) struct Figures {
    /// The latest file's first line.
    pub(super) about: Option<About>,
    pub(super) cases: Vec<Case>,
    pub(super) points: Vec<Point>,
}

/// A point of a curve: how much of one thing, and what came of it. Any program may write such lines.
#[derive(Deserialize)]
pub(super) struct Point {
    pub(super) curve: String,
    pub(super) peer: String,
    pub(super) x: f64,
    pub(super) x_unit: String,
    pub(super) y: f64,
    pub(super) y_unit: String,
}

impl Figures {
    pub(super) fn kind(&self) -> Option<Kind> {
        let of_points = (!self.points.is_empty()).then_some(Kind::Growth);
        self.about.as_ref().map(|about| about.kind).or(of_points)
    }

    pub(super) fn case(&self, name: &str) -> Option<&Case> {
        self.cases.iter().find(|case| case.name == name)
    }
}

/// All runs of a case, by peer, in the order in which they were first seen.
pub(super) struct Case {
    pub(super) name: String,
    pub(super) pinned: bool,
    pub(super) peers: Vec<Peer>,
}

/// All runs of a peer in a case, by round.
pub(super) struct Peer {
    pub(super) name: String,
    runs: Vec<Value>,
}

impl Case {
    pub(super) fn peer(&self, name: &str) -> Option<&Peer> {
        self.peers.iter().find(|peer| peer.name == name)
    }

    /// A peer on the runtime on which it makes more calls.
    pub(super) fn better(&self, name: &str) -> Option<&Peer> {
        let candidates = [self.peer(name), self.peer(&format!("{name}{ONE_THREAD}"))];
        let rate = |peer: &&Peer| peer.median("rps").unwrap_or_default();
        candidates.into_iter().flatten().max_by(|a, b| rate(a).total_cmp(&rate(b)))
    }
}

impl Peer {
    /// One figure of each round in which it is known.
    pub(super) fn all(&self, figure: &str) -> Vec<f64> {
        self.runs.iter().filter_map(|run| run[figure].as_f64()).collect()
    }

    /// Whether it ran on tokio's one-thread runtime.
    pub(super) fn has_one_thread(&self) -> bool {
        self.name.ends_with(ONE_THREAD)
    }

    pub(super) fn median(&self, figure: &str) -> Option<f64> {
        median(self.all(figure))
    }

    /// The least and the greatest.
    pub(super) fn range(&self, figure: &str) -> Option<(f64, f64)> {
        range(&self.all(figure))
    }

    /// The median of the ratios within each round, in which both met the same machine.
    pub(super) fn ratio(&self, other: &Peer, figure: &str) -> Option<f64> {
        let ratio = |run: &Value| {
            let same = other.runs.iter().find(|candidate| candidate["rep"] == run["rep"])?;
            Some(run[figure].as_f64()? / same[figure].as_f64()?).filter(|ratio| ratio.is_finite())
        };
        median(self.runs.iter().filter_map(ratio).collect())
    }
}

/// Reads files of lines.
pub(super) fn read(files: &[PathBuf]) -> Result<Figures> {
    let mut figures = Figures::default();
    for file in files {
        let text = fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
        for (number, line) in text.lines().enumerate() {
            let place = || format!("{}:{}: not a line of a run", file.display(), number + 1);
            let mut line: Value = serde_json::from_str(line).with_context(place)?;
            if let Some(about) = line.get_mut("about") {
                figures.about = serde_json::from_value(about.take()).with_context(place)?;
            } else if line.get("curve").is_some() {
                figures.points.push(serde_json::from_value(line).with_context(place)?);
            } else {
                add(&mut figures.cases, line).with_context(place)?;
            }
        }
    }
    Ok(figures)
}

fn add(cases: &mut Vec<Case>, run: Value) -> Option<()> {
    let (case, peer) = (run["case"].as_str()?.to_owned(), run["peer"].as_str()?.to_owned());
    let pinned = run["pin"].as_bool().unwrap_or(true);
    let position = cases.iter().position(|known| known.name == case && known.pinned == pinned);
    let position = position.unwrap_or_else(|| {
        cases.push(Case { name: case, pinned, peers: Vec::new() });
        cases.len() - 1
    });
    let peers = &mut cases[position].peers;
    match peers.iter_mut().find(|known| known.name == peer) {
        Some(known) => known.runs.push(run),
        None => peers.push(Peer { name: peer, runs: vec![run] }),
    }
    Some(())
}

pub(super) fn median(mut figures: Vec<f64>) -> Option<f64> {
    figures.sort_by(f64::total_cmp);
    let middle = figures.len() / 2;
    let upper = *figures.get(middle)?;
    Some(if figures.len() % 2 == 1 { upper } else { f64::midpoint(figures[middle - 1], upper) })
}

/// The least and the greatest.
pub(super) fn range(figures: &[f64]) -> Option<(f64, f64)> {
    let figures = figures.iter().copied();
    Some((figures.clone().reduce(f64::min)?, figures.reduce(f64::max)?))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn ratios_are_taken_within_rounds() {
        let mut cases = Vec::new();
        for (rep, peer, rps) in
            [(0, "a", 10.0), (0, "b", 5.0), (1, "a", 100.0), (1, "b", 25.0), (2, "a", 9.0)]
        {
            add(&mut cases, json!({"case": "small:1x1", "peer": peer, "rep": rep, "rps": rps})).unwrap();
        }
        let [a, b] = ["a", "b"].map(|name| cases[0].peer(name).unwrap());
        assert_eq!(a.ratio(b, "rps"), Some(3.0));
        assert_eq!(a.median("rps"), Some(10.0));
        assert_eq!(b.range("rps"), Some((5.0, 25.0)));
        assert_eq!(a.median("p50_us"), None);
    }
}
