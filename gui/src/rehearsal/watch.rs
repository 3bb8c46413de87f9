//! A clock for what the window's thread and the worker do.

use std::fmt::Debug;
use std::time::Duration;

/// Takes the time of frames and of the worker's work, by a clock of the caller's.
#[derive(Debug)]
pub struct Watch {
    clock: fn() -> Duration,
    /// What is done just now.
    doing: String,
    /// What each frame took, in the order in which they were drawn, and what was done.
    pub frames: Vec<(Duration, String)>,
    /// What each piece of the worker's work took.
    pub works: Vec<(Duration, String)>,
}

impl Watch {
    /// A watch that goes by this clock, such as the time that a thread was at work.
    pub fn new(clock: fn() -> Duration) -> Self {
        Self { clock, doing: String::new(), frames: Vec::new(), works: Vec::new() }
    }

    /// What follows is this.
    pub(super) fn note(&mut self, what: &impl Debug) {
        self.doing = format!("{what:.60?}").chars().take(60).collect();
    }

    /// The window's thread does this before anybody can do anything else.
    pub(super) fn frame<R>(&mut self, run: impl FnOnce() -> R) -> R {
        let (done, took) = self.timed(run);
        self.frames.push((took, self.doing.clone()));
        done
    }

    /// The worker does this while the window goes on.
    pub(super) fn work<R>(&mut self, run: impl FnOnce() -> R) -> R {
        let (done, took) = self.timed(run);
        self.works.push((took, self.doing.clone()));
        done
    }

    fn timed<R>(&self, run: impl FnOnce() -> R) -> (R, Duration) {
        let began = (self.clock)();
        let done = run();
        (done, (self.clock)().saturating_sub(began))
    }
}
