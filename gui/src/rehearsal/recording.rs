//! A long recording of a busy server: what the benchmark of recordings measures.

use std::path::Path;
use std::time::{Duration, Instant};

use countersign::builtin::stats::{ProcedureStats, Snapshot};
use jiff::Timestamp;

use super::twenty_calls;
use crate::model::recording::format::{FILE_MAX, Head};
use crate::worker::recording::{Heard, Reel, Tape};

/// A recording that is open.
pub struct Film {
    reel: Reel,
    length: Duration,
}

impl Film {
    /// Records so many seconds, in each of which every procedure ends some calls.
    pub fn record(path: &Path, seconds: u64, procedures: usize) -> Result<(), String> {
        let head = Head {
            began: Timestamp::UNIX_EPOCH,
            name: "a busy server".to_owned(),
            address: "localhost:7443".to_owned(),
            peer: "spiffe://countersign.internal/server".to_owned(),
            recorder: "a benchmark".to_owned(),
        };
        let began = Instant::now();
        let mut tape = Tape::create(path, &head, began, FILE_MAX).map_err(|failure| failure.reason)?;
        let row = |number: usize| ProcedureStats {
            procedure: format!("acme.Service{}/method{number}", number / 10),
            ..ProcedureStats::default()
        };
        let mut counters =
            Snapshot { start_id: 1, monotonic_ns: 0, procedures: (0..procedures).map(row).collect() };
        let mut random = 0x9e37_79b9_7f4a_7c15_u64;
        for second in 0..seconds {
            counters.monotonic_ns += 1_000_000_000;
            for row in &mut counters.procedures {
                // Any will do that are spread over a power of two or three.
                twenty_calls(row, &mut random, |random| (1 << 20) + (random >> (42 + random % 3)));
            }
            let at = began + Duration::from_secs(second);
            let heard = tape.hear(Heard::Snapshot(counters.clone(), at));
            heard.map_err(|error| error.to_string())?;
        }
        tape.end("It was enough.").map_err(|error| error.to_string())?;
        Ok(())
    }

    /// Opens a recording.
    pub fn open(path: &Path) -> Result<Self, String> {
        let opened = Reel::open(path, Instant::now(), &mut |_| true)?;
        let (reel, overview) = opened.ok_or("nobody waits for it")?;
        Ok(Self { reel, length: overview.length })
    }

    /// From its beginning to its end.
    pub fn length(&self) -> Duration {
        self.length
    }

    /// Goes to a moment, and says how many seconds of it are kept one by one.
    pub fn go_to(&mut self, at: Duration) -> Result<usize, String> {
        self.reel.go_to(at).map(|history| history.clone().len())
    }
}
