//! Any peers and any cases, in turns: in each round every case, and in each case every peer.

use std::fs::OpenOptions;
use std::io::Write;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use super::contestant::Contestant;
use super::in_words;
use super::turn::{Certificates, Extra, turn};
use crate::args::Matrix;

pub(crate) fn run(matrix: &Matrix) -> Result<()> {
    let contestants = Contestant::all(&matrix.peers, &matrix.turns.ext)?;
    let certificates = Certificates::of(&matrix.turns)?;
    let mut out = OpenOptions::new()
        .create(true)
        .append(true)
        .open(&matrix.out)
        .with_context(|| format!("cannot write {}", matrix.out.display()))?;
    let mut failed = 0;
    for round in 0..matrix.turns.reps {
        for case in &matrix.cases {
            for contestant in &contestants {
                match turn(contestant, case, &Extra::default(), &certificates, &matrix.turns) {
                    Ok(mut line) => {
                        line.insert("rep".into(), json!(round));
                        eprintln!("{round} {}", in_words(&line));
                        writeln!(out, "{}", Value::Object(line))?;
                    }
                    Err(error) => {
                        eprintln!("{round} {case} {}: {error:#}", contestant.name);
                        failed += 1;
                    }
                }
            }
        }
    }
    if failed > 0 {
        bail!("{failed} runs failed");
    }
    Ok(())
}
