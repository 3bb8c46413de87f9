//! Latencies, one histogram for each thread, so that noting one shares nothing.

use std::cell::OnceCell;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hdrhistogram::Histogram;

type Shared = Arc<Mutex<Histogram<u64>>>;

static ALL: Mutex<Vec<Shared>> = Mutex::new(Vec::new());

thread_local! {
    static MINE: OnceCell<Shared> = const { OnceCell::new() };
}

/// Notes how long a call took.
pub(crate) fn record(latency: Duration) {
    MINE.with(|mine| {
        let mine = mine.get_or_init(|| {
            let mine = Shared::new(Mutex::new(empty()));
            lock(&ALL).push(mine.clone());
            mine
        });
        lock(mine).saturating_record(u64::try_from(latency.as_nanos()).unwrap_or(u64::MAX));
    });
}

/// What all threads noted, in nanoseconds.
pub(super) fn merged() -> Histogram<u64> {
    let mut all = empty();
    for one in lock(&ALL).iter() {
        all.add(&*lock(one)).expect("all histograms have the same bounds");
    }
    all
}

/// From 100 ns to a minute, to three digits.
fn empty() -> Histogram<u64> {
    Histogram::new_with_bounds(100, 60_000_000_000, 3).expect("these bounds are fit for a histogram")
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
