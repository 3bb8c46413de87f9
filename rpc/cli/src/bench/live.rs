//! How a run goes while it does: a line on a terminal that is written again and again, or one after the other.

use std::io::{self, Write};
use std::time::{Duration, Instant};

use countersign::load::{Phase, Reading, Tally};

use super::words::{counted, grouped};
use crate::output;
use crate::time::shown;

/// Where it is told how a run goes.
#[derive(Debug)]
pub(super) struct Live {
    face: Face,
    /// How many calls are to be measured, if that is what ends the run.
    calls: Option<u64>,
    last: Option<Last>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Face {
    /// In one line of a terminal.
    Terminal,
    /// Line by line.
    Lines,
    Nowhere,
}

/// What had come when it was told last.
#[derive(Debug)]
struct Last {
    at: Instant,
    phase: Phase,
    tally: Tally,
}

impl Live {
    /// On standard error: if it is a terminal and a person reads what comes of the run, or if `asked`.
    pub(super) fn on_stderr(asked: bool, json: bool, calls: Option<u64>) -> Self {
        let face = match (asked, json) {
            (true, _) | (false, false) if output::is_screen(&io::stderr()) => Face::Terminal,
            (true, _) => Face::Lines,
            (false, _) => Face::Nowhere,
        };
        Self { face, calls, last: None }
    }

    /// How often to tell.
    pub(super) fn every(&self) -> Duration {
        Duration::from_secs(if self.face == Face::Lines { 2 } else { 1 })
    }

    /// So many of the connections stand.
    pub(super) fn connecting(&self, done: usize, wanted: usize) {
        self.show(&format!("connecting  {} of {}", grouped(done as f64), grouped(wanted as f64)));
    }

    /// What happened since it was told last, or since the present phase began.
    pub(super) fn tell(&mut self, reading: Reading) {
        let Reading { at, phase, began, ends, tallies, schedule } = reading;
        let name = match phase {
            _ if self.face == Face::Nowhere => return,
            Phase::WarmingUp => "warming up",
            Phase::Measuring => "measuring",
            Phase::Over => return,
        };
        let tally = Tally::sum(tallies);
        let left = match self.calls.filter(|_| phase == Phase::Measuring) {
            Some(calls) => counted(calls.saturating_sub(tally.ended())),
            None => format!("{:.0} s", (ends - at).as_secs_f64().ceil()),
        };
        let left = format!("{name}, {left} left");
        let last = self.last.take().filter(|last| last.phase == phase);
        let (since, before) = last.map_or((began, Tally::default()), |last| (last.at, last.tally));
        if at - since < self.every() / 4 {
            // A phase that has only just begun has nothing to tell.
            return self.show(&left);
        }
        let waiting = schedule.map_or(0, |counts| counts.not_started);
        self.show(&format!("{left}  {}", news(at - since, &tally, &before, waiting)));
        self.last = Some(Last { at, phase, tally });
    }

    /// Leaves no trace of a line that is written again and again.
    pub(super) fn done(&self) {
        if self.face == Face::Terminal {
            write(format_args!("\r\x1b[K"));
        }
    }

    fn show(&self, line: &str) {
        match self.face {
            // Cut off at the edge: a line that is wrapped would stay.
            Face::Terminal => write(format_args!("\r\x1b[?7l{line}\x1b[K\x1b[?7h")),
            Face::Lines => write(format_args!("{line}\n")),
            Face::Nowhere => {}
        }
    }
}

/// What happened in so much time. With the phase it fits into 80 columns, unless calls wait.
fn news(took: Duration, now: &Tally, before: &Tally, waiting: u64) -> String {
    let new = now.latency.all.since(&before.latency.all);
    let [p50, p99] = [0.5, 0.99].map(|q| shown(new.quantile(q)));
    let rate = grouped(new.count() as f64 / took.as_secs_f64());
    let waiting = if waiting > 0 { format!("  {waiting} wait") } else { String::new() };
    format!("{rate} calls/s  p50 {p50}  p99 {p99}  {} failed{waiting}", now.failed())
}

fn write(what: std::fmt::Arguments<'_>) {
    // Standard error is the last place to tell of anything.
    let _ = io::stderr().write_fmt(what);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_tells_what_happened_since_the_last_one() {
        let second = Duration::from_secs(1);
        let mut before = Tally::default();
        before.latency.longest = second;
        (0..1_000).for_each(|_| before.latency.all.record(second));
        let mut now = before.clone();
        (0..2_000).for_each(|_| now.latency.all.record(Duration::from_nanos(50)));
        assert_eq!(news(second, &now, &before, 0), "2,000 calls/s  p50 50 ns  p99 50 ns  0 failed");
        assert_eq!(news(second, &now, &now, 7), "0 calls/s  p50 –  p99 –  0 failed  7 wait");
    }
}
