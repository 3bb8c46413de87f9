//! One process of a run: pinned to a core, at a nice value, and gone when it is dropped.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::os;

/// How a process is run. The commands that see to it take each other's place, so that the process is the last
/// one's.
#[derive(Clone, Copy)]
pub(super) struct Placing {
    pub(super) core: Option<usize>,
    pub(super) nice: i32,
}

pub(super) struct Process {
    child: Child,
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

impl Process {
    pub(super) fn start(words: &[String], placing: Placing) -> Result<Self> {
        let mut all = Vec::new();
        if let Some(core) = placing.core {
            all.extend(["taskset".to_owned(), "--cpu-list".to_owned(), core.to_string()]);
        }
        if placing.nice != 0 {
            all.extend(["nice".to_owned(), "-n".to_owned(), placing.nice.to_string(), "setsid".to_owned()]);
        }
        all.extend_from_slice(words);
        let (program, arguments) = all.split_first().context("a command without words")?;
        let child = Command::new(program)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot run {program}"))?;
        let process = Self { child };
        if placing.nice != 0 {
            process.rank_session(placing.nice);
        }
        Ok(process)
    }

    pub(super) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Waits for the line READY, and leaves the rest unread.
    pub(super) fn wait_until_ready(&mut self) -> Result<()> {
        let mut lines = BufReader::new(self.stdout()?).lines();
        while let Some(line) = lines.next().transpose()? {
            if line.trim() == "READY" {
                return Ok(());
            }
        }
        bail!("the server ended before it was ready")
    }

    /// All that it prints, if it ends well and within this time.
    pub(super) fn output(mut self, within: Duration) -> Result<String> {
        let mut stdout = self.stdout()?;
        let (sender, receiver) = mpsc::channel();
        thread::spawn(move || {
            let mut text = String::new();
            let read = stdout.read_to_string(&mut text).map(|_| text);
            // Nobody listens any more to a process that took too long.
            drop(sender.send(read));
        });
        let text = receiver.recv_timeout(within).context("the load went on past its time")??;
        let status = self.child.wait()?;
        if !status.success() {
            bail!("the load ended with {status}");
        }
        Ok(text)
    }

    fn stdout(&mut self) -> Result<ChildStdout> {
        self.child.stdout.take().context("the output is read once")
    }

    /// Where Linux groups tasks by session, a nice value ranks them only among those of their own; so the
    /// session, which `setsid` has made, is ranked too. That fails harmlessly where there are no such groups.
    fn rank_session(&self, nice: i32) {
        let (pid, began) = (self.pid(), Instant::now());
        while os::session(pid) != Some(pid) && began.elapsed() < Duration::from_secs(1) {
            thread::yield_now();
        }
        if os::session(pid) == Some(pid) {
            drop(fs::write(format!("/proc/{pid}/autogroup"), nice.to_string()));
        }
    }
}
