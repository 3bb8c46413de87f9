//! Any peers and any cases, in turns: in each round every case, and in each case every peer.

use std::fs::OpenOptions;
use std::io::Write;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use super::contestant::Contestant;
use super::turn::{Certificates, Extra, Line, turn};
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

/// A line as it is shown while the rest goes on.
pub(super) fn in_words(line: &Line) -> String {
    let text = |name: &str| line.get(name).and_then(Value::as_str).unwrap_or_default();
    let figure = |name: &str| line.get(name).and_then(Value::as_f64).unwrap_or_default();
    let (case, peer) = (text("case"), text("peer"));
    if let Some(kib) = line.get("kib_per_conn").and_then(Value::as_f64) {
        return format!("{case:<18} {peer:<18} {kib:>10.1} KiB a connection");
    }
    format!(
        "{case:<18} {peer:<18} {:>10.0}/s  p50 {:>8.1}  p99 {:>8.1} µs  client {:>6.2}  server {:>6.2} µs/call  load {:.1}",
        figure("rps"),
        figure("p50_us"),
        figure("p99_us"),
        figure("client_cpu_s_per_m"),
        figure("server_cpu_s_per_m"),
        figure("load1"),
    )
}
