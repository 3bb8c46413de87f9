//! One run: a fresh server, a load on it, and the line that comes of it.

use std::net::TcpListener;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use serde_json::{Map, Value, json};
use tempfile::TempDir;

use super::contestant::{Contestant, Filling};
use super::process::{Placing, Process};
use crate::args::Turns;
use crate::case::Case;
use crate::{certs, os};

/// The figures of one run by name, as the load and this program have them.
pub(super) type Line = Map<String, Value>;

pub(super) fn figure(line: &Line, name: &str) -> Option<f64> {
    line.get(name)?.as_f64()
}

/// The certificates of all runs, and for how long.
pub(super) struct Certificates {
    dir: PathBuf,
    /// Removed with it, where they were made for this run.
    _made: Option<TempDir>,
}

impl Certificates {
    pub(super) fn of(turns: &Turns) -> Result<Self> {
        if let Some(dir) = &turns.certs {
            return Ok(Self { dir: dir.clone(), _made: None });
        }
        let made = tempfile::tempdir()?;
        let dir = made.path().join("pki");
        certs::generate(&dir)?;
        Ok(Self { dir, _made: Some(made) })
    }
}

/// Words that a run adds to the commands of its contestant.
#[derive(Default)]
pub(super) struct Extra {
    pub(super) serve: Vec<String>,
    pub(super) load: Vec<String>,
}

/// Runs one contestant once.
pub(super) fn turn(
    contestant: &Contestant,
    case: &Case,
    extra: &Extra,
    certificates: &Certificates,
    turns: &Turns,
) -> Result<Line> {
    // Free now, and for as long as nobody else on this machine asks for any port in the next milliseconds.
    let addr = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    let mut filling = Filling {
        peer: &contestant.name,
        case,
        addr: addr.to_string(),
        certs: certificates.dir.display().to_string(),
        secs: turns.secs,
        warmup: turns.warmup,
        server_pid: 0,
    };
    let place = |core: usize| Placing { core: turns.pin.then_some(core), nice: turns.nice };
    let mut server =
        Process::start(&[filling.fill(&contestant.serve), extra.serve.clone()].concat(), place(0))?;
    server.wait_until_ready()?;
    filling.server_pid = server.pid();
    let began = Instant::now();
    let load = Process::start(&[filling.fill(&contestant.load), extra.load.clone()].concat(), place(1))?;
    let text = load.output(Duration::from_secs_f64(turns.secs * 4.0 + 60.0))?;
    let last =
        text.lines().rev().find(|line| line.starts_with('{')).context("the load printed no figures")?;
    let mut line: Line = serde_json::from_str(last)?;
    complete(&mut line, server.pid(), began.elapsed());
    line.insert("peer".into(), json!(contestant.name));
    line.insert("case".into(), json!(case.to_string()));
    line.insert("pin".into(), json!(turns.pin));
    Ok(line)
}

/// Adds what programs of another kind leave out, seen from outside: over the whole life of the server, and so
/// a little too much.
fn complete(line: &mut Line, server: u32, lasted: Duration) {
    let is_missing = |line: &Line, name: &str| line.get(name).is_none_or(Value::is_null);
    let calls = figure(line, "rps").unwrap_or_default() * lasted.as_secs_f64();
    if is_missing(line, "server_cpu_s_per_m") {
        let per_million = os::cpu_seconds(server).map(|cpu| cpu / calls.max(1.0) * 1e6);
        line.insert("server_cpu_s_per_m".into(), json!(per_million));
    }
    if is_missing(line, "server_rss_kib") {
        line.insert("server_rss_kib".into(), json!(os::resident_kib(server)));
    }
}
