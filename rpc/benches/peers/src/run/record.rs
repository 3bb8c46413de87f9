//! The file that the lines of a run go to, and what is said while it is written.

use std::fs::{self, File};
use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use jiff::Zoned;
use serde_json::{Value, json};

use super::in_words;
use super::turn::Line;
use crate::about::{About, Kind};
use crate::args::Out;
use crate::report;

pub(super) struct Record {
    path: PathBuf,
    file: File,
    failed: usize,
    done: usize,
    total: usize,
    /// Work by the shares that were said of each run: done, and in all.
    shares: (f64, f64),
    began: Instant,
}

impl Record {
    /// A new file, `results/DATE.jsonl` if none is named, for so many runs that take so long together. A file
    /// that is there already is left as it is: figures of two runs are not mixed without being asked to.
    pub(super) fn new(out: &Out, kind: Kind, total: usize, share: f64) -> Result<Self> {
        let dated = || Zoned::now().strftime("results/%Y-%m-%dT%H%M.jsonl").to_string().into();
        let path = out.file.clone().unwrap_or_else(dated);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        let mut file = File::create_new(&path)
            .with_context(|| format!("cannot begin {}; --out names another file", path.display()))?;
        writeln!(file, "{}", json!({"about": About::this(kind)}))?;
        Ok(Self { path, file, failed: 0, done: 0, total, shares: (0.0, share), began: Instant::now() })
    }

    /// Notes what came of a run which took this share of the whole.
    pub(super) fn note(&mut self, name: &str, round: usize, share: f64, run: Result<Line>) -> Result<()> {
        self.done += 1;
        self.shares.0 += share;
        let progress = format!("{} of {}, {} left", self.done, self.total, self.left());
        match run {
            Ok(mut line) => {
                line.insert("rep".into(), json!(round));
                self.say(&format!("{progress} · {}", in_words(&line)), false);
                writeln!(self.file, "{}", Value::Object(line))?;
            }
            Err(error) => {
                self.failed += 1;
                self.say(&format!("{progress} · {name}: {error:#}"), true);
            }
        }
        Ok(())
    }

    /// Writes a line that belongs to a run which is noted by itself.
    pub(super) fn add(&mut self, line: Line) -> Result<()> {
        Ok(writeln!(self.file, "{}", Value::Object(line))?)
    }

    /// Prints what came of it all, and fails if a run did.
    pub(super) fn close(self) -> Result<()> {
        self.say(&format!("written to {}", self.path.display()), true);
        report::print(&self.path)?;
        if self.failed > 0 {
            bail!("{} of {} runs failed", self.failed, self.total);
        }
        Ok(())
    }

    fn left(&self) -> String {
        let (done, all) = self.shares;
        let left = self.began.elapsed().as_secs_f64() / done.max(f64::EPSILON) * (all - done).max(0.0);
        let left = Duration::from_secs_f64(left).as_secs();
        if left < 90 { format!("{left} s") } else { format!("{} min", left.div_ceil(60)) }
    }

    /// On a terminal each line takes the place of the one before, unless it is to stay.
    fn say(&self, line: &str, stays: bool) {
        let mut out = std::io::stderr().lock();
        let (before, after) = match (out.is_terminal(), stays) {
            (true, true) => ("\r\x1b[K", "\n"),
            (true, false) => ("\r\x1b[K", ""),
            (false, _) => ("", "\n"),
        };
        // Who closed standard error does not want to know.
        drop(write!(out, "{before}{line}{after}").and_then(|()| out.flush()));
    }
}
