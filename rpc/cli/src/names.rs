//! Names that a server does not have, and which of those that it has may be meant.

use std::collections::BTreeSet;

use countersign::builtin::stats::ProcedureStats;
use countersign::text::escaped;

use crate::args::Dial;
use crate::failure::Failure;

/// More suggestions would be a list.
const SUGGESTED: usize = 3;

/// Fails if none of a server's procedures has this name, or is of the service of this name.
pub(crate) fn check(dial: &Dial, wanted: &str, procedures: &[ProcedureStats]) -> Result<(), Failure> {
    let procedures = procedures.iter().map(|row| row.procedure.as_str());
    let (kind, known): (_, BTreeSet<&str>) = match wanted.contains('/') {
        true => ("procedure", procedures.collect()),
        false => ("service", procedures.filter_map(|name| Some(name.split_once('/')?.0)).collect()),
    };
    if known.contains(wanted) {
        return Ok(());
    }
    let nearest = nearest(wanted, known.into_iter());
    let nearest =
        if nearest.is_empty() { String::new() } else { format!("; nearest: {}", nearest.join(", ")) };
    let what = format!("{} has no {kind} {}{nearest}", dial.address, escaped(wanted));
    Err(Failure::new(what).or_try(dial.command("list", "")))
}

/// Those that take the fewest changes to be `wanted`, the nearest first.
fn nearest<'k>(wanted: &str, known: impl Iterator<Item = &'k str>) -> Vec<String> {
    let mut known: Vec<_> = known.map(|name| (distance(wanted, name), name)).collect();
    known.sort_unstable();
    known.into_iter().take(SUGGESTED).map(|(_, name)| escaped(name)).collect()
}

/// How many letters must be changed, added or left out to make one of the other.
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    // For each beginning of `other`, how far it is from what was read of `one`.
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (read, letter) in one.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], read + 1);
        for (at, &own) in other.iter().enumerate() {
            let changed = diagonal + usize::from(own != letter);
            diagonal = row[at + 1];
            row[at + 1] = changed.min(diagonal + 1).min(row[at] + 1);
        }
    }
    row[other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_distance_is_a_number_of_changes() {
        for (one, other, changes) in [
            ("", "", 0),
            ("", "abc", 3),
            ("abc", "abc", 0),
            ("abc", "axc", 1),
            ("abc", "bc", 1),
            ("sitting", "kitten", 3),
        ] {
            assert_eq!((distance(one, other), distance(other, one)), (changes, changes), "{one} {other}");
        }
    }

    #[test]
    fn the_nearest_name_comes_first() {
        let known = ["demo.Clock/now", "demo.Math/divide", "demo.Math/sum", "demo.Orders/find"];
        assert_eq!(nearest("demo.Maths/divide", known.into_iter())[0], "demo.Math/divide");
        assert_eq!(nearest("demo.Math/sun", known.into_iter()).len(), SUGGESTED);
    }
}
