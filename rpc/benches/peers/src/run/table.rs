//! The whole table: every case that has a goal, with everybody who takes part on each of their runtimes.

use anyhow::Result;

use super::contestant::{Contestant, ONE_THREAD};
use super::record::Record;
use super::turn::{Certificates, Extra, turn};
use crate::about::Kind;
use crate::args::{Table, Turns};
use crate::case::{Case, Work};
use crate::goals::{GOALS, Goal};

pub(crate) fn run(table: &Table) -> Result<()> {
    let chosen = |goal: &&Goal| table.cases.is_empty() || table.cases.iter().any(|case| case == goal.case);
    let rows = GOALS.iter().filter(chosen).map(row).collect::<Result<Vec<_>>>()?;
    let certificates = Certificates::of(&table.turns)?;
    let share = |case: &Case| expected(case, &table.turns);
    let once: f64 = rows.iter().map(|(case, peers)| share(case) * peers.len() as f64).sum();
    let runs = rows.iter().map(|(_, peers)| peers.len()).sum::<usize>() * table.turns.reps;
    let mut record = Record::new(&table.out, Kind::Table, runs, once * table.turns.reps as f64)?;
    for round in 0..table.turns.reps {
        for (case, contestants) in &rows {
            for contestant in contestants {
                let run = turn(contestant, case, &Extra::default(), &certificates, &table.turns);
                record.note(&format!("{case} {}", contestant.name), round, share(case), run)?;
            }
        }
    }
    record.close()
}

/// A case, and all who take part in it. Memory at rest does not depend on the runtime.
fn row(goal: &Goal) -> Result<(Case, Vec<Contestant>)> {
    let both = |peer: &&str| [(*peer).to_owned(), format!("{peer}{ONE_THREAD}")];
    let names: Vec<_> = if goal.counts_calls() {
        goal.peers().iter().flat_map(both).collect()
    } else {
        goal.peers().into_iter().map(str::to_owned).collect()
    };
    Ok((goal.case.parse()?, Contestant::all(&names, &[])?))
}

/// About how many seconds a run takes.
fn expected(case: &Case, turns: &Turns) -> f64 {
    match case.work {
        Work::Idle => 3.0 + case.connections as f64 / 700.0,
        _ => 0.2 + turns.warmup + turns.secs,
    }
}
