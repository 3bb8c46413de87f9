//! The thread that makes calls ready when they are due.
//!
//! It is one of its own since the runtime's timers have a grain of a millisecond, in which thousands of calls are
//! due. A thread that sleeps wakes up some 20 µs late, or 70 µs where the system does not let us say how exact we
//! need it, and until a task of the runtime has begun the call it takes about as long again. Latency has that in it,
//! and the report says how much it was.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use super::pace::Turns;

/// No sleep is longer, so that the thread ends soon after a run was ended early.
const SLEEP_MAX: Duration = Duration::from_millis(100);

/// No sleep is shorter: to wake up for each of 100,000 calls a second would take much of what it is to load with.
/// What becomes due meanwhile is made ready together.
const SLEEP_MIN: Duration = Duration::from_micros(50);

/// What it takes at most to begin a call that somebody is free for.
const SETTLE: Duration = Duration::from_millis(1);

/// Begins to make calls ready, until there are no more.
pub(super) fn start(turns: Arc<Turns>) {
    thread::spawn(move || {
        be_exact();
        while let Some(next) = turns.release(Instant::now()) {
            thread::sleep(next.saturating_duration_since(Instant::now()).clamp(SLEEP_MIN, SLEEP_MAX));
        }
        // What was due in the last moment may still be begun.
        thread::sleep(SETTLE);
        turns.close();
    });
}

/// Linux may end a sleep 50 µs late so as to wake up less often, unless a thread asks for better.
#[cfg(target_os = "linux")]
fn be_exact() {
    // It is only less exact if that is refused.
    let _ = rustix::thread::set_current_timer_slack(std::num::NonZeroU64::new(1_000));
}

#[cfg(not(target_os = "linux"))]
fn be_exact() {}
