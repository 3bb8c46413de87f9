//! What is counted while calls run: a row of atomic numbers for each procedure.

use std::collections::BTreeMap;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::histogram::AtomicHistogram;
use super::pace::Pace;
use super::{ProcedureStats, Snapshot};
use crate::Code;

/// What is counted of one procedure.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    in_flight: AtomicU64,
    /// Calls that ended, by the number of their code.
    ended: [AtomicU64; Code::ALL.len()],
    bytes_in: AtomicU64,
    bytes_out: AtomicU64,
    items_in: AtomicU64,
    items_out: AtomicU64,
    latency: AtomicHistogram,
    pace: Pace,
}

impl Counters {
    /// A call arrived.
    pub(crate) fn begin(&self) {
        self.in_flight.fetch_add(1, Ordering::Relaxed);
    }

    /// It was answered: with its end or, if that is earlier, with its first item.
    pub(crate) fn answered(&self, latency: Duration) {
        self.latency.record(latency);
    }

    /// It ended. The bytes are those of its messages, without what carries them, and without those of items.
    pub(crate) fn end(&self, code: Code, bytes_in: u64, bytes_out: u64) {
        self.ends(code, 1, bytes_in, bytes_out);
    }

    /// So many calls were answered with their ends, and ended well; the bytes are those of all.
    pub(crate) fn ended_well(&self, calls: u64, latency: Duration, bytes_in: u64, bytes_out: u64) {
        self.latency.record_calls(latency, calls);
        self.ends(Code::Ok, calls, bytes_in, bytes_out);
    }

    fn ends(&self, code: Code, calls: u64, bytes_in: u64, bytes_out: u64) {
        self.in_flight.fetch_sub(calls, Ordering::Relaxed);
        self.ended[usize::from(code.number())].fetch_add(calls, Ordering::Relaxed);
        self.bytes_in.fetch_add(bytes_in, Ordering::Relaxed);
        self.bytes_out.fetch_add(bytes_out, Ordering::Relaxed);
    }

    /// Its caller sent an item of so many bytes.
    pub(crate) fn item_in(&self, bytes: u64) {
        self.items_in.fetch_add(1, Ordering::Relaxed);
        self.bytes_in.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Its handler sent one.
    pub(crate) fn item_out(&self, bytes: u64) {
        self.items_out.fetch_add(1, Ordering::Relaxed);
        self.bytes_out.fetch_add(bytes, Ordering::Relaxed);
    }

    /// What differs from an earlier mark if anything has been counted since.
    fn mark(&self) -> Mark {
        let ended = self.ended.iter().map(|calls| calls.load(Ordering::Relaxed)).sum();
        let [in_flight, items_in, items_out] =
            [&self.in_flight, &self.items_in, &self.items_out].map(|number| number.load(Ordering::Relaxed));
        Mark { ended, in_flight, items_in, items_out, own_task: self.pace.is_slow() }
    }

    /// How long its handlers keep their connections.
    pub(crate) fn pace(&self) -> &Pace {
        &self.pace
    }

    /// The state at about this moment: what ends meanwhile may be in one number and not in another.
    fn snapshot(&self, procedure: &str) -> ProcedureStats {
        let ended =
            Code::ALL.map(|code| (code, self.ended[usize::from(code.number())].load(Ordering::Relaxed)));
        let errors = ended.iter().filter(|(code, calls)| *code != Code::Ok && *calls > 0);
        ProcedureStats {
            procedure: procedure.to_owned(),
            calls: ended.iter().map(|(_, calls)| calls).sum(),
            in_flight: self.in_flight.load(Ordering::Relaxed),
            errors: errors.map(|(code, calls)| (code.name().to_owned(), *calls)).collect::<BTreeMap<_, _>>(),
            bytes_in: self.bytes_in.load(Ordering::Relaxed),
            bytes_out: self.bytes_out.load(Ordering::Relaxed),
            items_in: self.items_in.load(Ordering::Relaxed),
            items_out: self.items_out.load(Ordering::Relaxed),
            latency: self.latency.snapshot(),
            own_task: self.pace.is_slow(),
        }
    }
}

/// How far the counters of a procedure had come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Mark {
    ended: u64,
    in_flight: u64,
    items_in: u64,
    items_out: u64,
    own_task: bool,
}

/// What one subscriber knows: how far each row had come when it was last told.
#[derive(Debug, Default)]
pub(crate) struct Told(Vec<Mark>);

/// The counters of every procedure of a server.
///
/// The rows are made when a server starts. A call never adds one: names that a server does not have would
/// otherwise be a way to use up its memory.
#[derive(Debug)]
pub(crate) struct Registry {
    start_id: u64,
    started: Instant,
    /// Not touched by calls, which hold their row.
    rows: Mutex<Vec<(String, Arc<Counters>)>>,
}

impl Registry {
    pub(crate) fn new() -> Self {
        // The standard library keys its hashers from the system's randomness, and each anew, so that the hash
        // of nothing is a random number that needs no further crate. It must differ, not be secret.
        let start_id = RandomState::new().build_hasher().finish();
        Self { start_id, started: Instant::now(), rows: Mutex::default() }
    }

    /// Adds a row for a procedure, `package.Service/method`.
    pub(crate) fn counters(&self, procedure: &str) -> Arc<Counters> {
        let counters = Arc::new(Counters::default());
        let mut rows = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
        rows.push((procedure.to_owned(), counters.clone()));
        counters
    }

    /// The state of all rows at about this moment, in the order in which they were added.
    pub(crate) fn snapshot(&self) -> Snapshot {
        self.changes(&mut Told::default())
    }

    /// The state of the rows of which a subscriber has not been told yet, and that it is told now.
    pub(crate) fn changes(&self, told: &mut Told) -> Snapshot {
        let rows = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
        let mut procedures = Vec::new();
        for (at, (procedure, counters)) in rows.iter().enumerate() {
            // Taken first: what is counted from here on is told next time, if not now.
            let mark = counters.mark();
            match told.0.get_mut(at) {
                Some(known) if *known == mark => continue,
                Some(known) => *known = mark,
                None => told.0.push(mark),
            }
            procedures.push(counters.snapshot(procedure));
        }
        let monotonic_ns = u64::try_from(self.started.elapsed().as_nanos()).unwrap_or(u64::MAX);
        Snapshot { start_id: self.start_id, monotonic_ns, procedures }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn a_call_is_in_flight_until_it_ends() {
        let registry = Registry::new();
        let counters = registry.counters("acme.Ledger/balance");
        counters.begin();
        counters.begin();
        counters.answered(3 * MS);
        counters.end(Code::Ok, 10, 20);
        let ledger = &registry.snapshot().procedures[0];
        assert_eq!(
            (ledger.procedure.as_str(), ledger.calls, ledger.in_flight),
            ("acme.Ledger/balance", 1, 1)
        );
        assert_eq!((ledger.bytes_in, ledger.bytes_out, ledger.latency.count()), (10, 20, 1));
    }

    #[test]
    fn calls_that_are_counted_together_are_counted_each() {
        let registry = Registry::new();
        let counters = registry.counters("acme.Ledger/balance");
        (0..5).for_each(|_| counters.begin());
        counters.ended_well(4, MS, 40, 80);
        let ledger = &registry.snapshot().procedures[0];
        assert_eq!((ledger.calls, ledger.in_flight, ledger.latency.count()), (4, 1, 4));
        assert_eq!((ledger.bytes_in, ledger.bytes_out), (40, 80));
        assert!(ledger.latency.mean().is_some_and(|mean| mean == MS));
    }

    #[test]
    fn errors_are_counted_by_their_code() {
        let registry = Registry::new();
        let counters = registry.counters("acme.Ledger/balance");
        for code in [Code::Ok, Code::NotFound, Code::NotFound, Code::Unauthenticated] {
            counters.begin();
            counters.end(code, 0, 0);
        }
        let ledger = &registry.snapshot().procedures[0];
        assert_eq!(ledger.calls, 4);
        assert_eq!(ledger.errors, BTreeMap::from([("NOT_FOUND".into(), 2), ("UNAUTHENTICATED".into(), 1)]));
    }

    #[test]
    fn every_start_has_its_own_id_and_time_goes_on() {
        let (one, other) = (Registry::new(), Registry::new());
        assert_ne!(one.snapshot().start_id, other.snapshot().start_id);
        assert_eq!(one.snapshot().start_id, one.snapshot().start_id);
        assert!(one.snapshot().monotonic_ns <= one.snapshot().monotonic_ns);
    }

    #[test]
    fn a_procedure_that_was_never_called_is_listed() {
        let registry = Registry::new();
        drop(registry.counters("acme.Ledger/rename"));
        let expected = ProcedureStats { procedure: "acme.Ledger/rename".into(), ..ProcedureStats::default() };
        assert_eq!(registry.snapshot().procedures, [expected]);
    }

    #[test]
    fn items_and_their_bytes_are_counted_as_they_pass() {
        let registry = Registry::new();
        let counters = registry.counters("acme.Ledger/import");
        counters.begin();
        counters.item_in(5);
        counters.item_in(6);
        counters.item_out(7);
        let import = &registry.snapshot().procedures[0];
        assert_eq!((import.items_in, import.items_out), (2, 1));
        assert_eq!((import.bytes_in, import.bytes_out, import.in_flight), (11, 7, 1));
    }

    #[test]
    fn a_subscriber_is_told_of_everything_once_and_then_of_what_changed() {
        let registry = Registry::new();
        let [balance, rename] = ["balance", "rename"].map(|name| registry.counters(name));
        let mut told = Told::default();
        let names = |snapshot: Snapshot| -> Vec<String> {
            snapshot.procedures.into_iter().map(|row| row.procedure).collect()
        };
        assert_eq!(names(registry.changes(&mut told)), ["balance", "rename"]);
        assert_eq!(names(registry.changes(&mut told)), [""; 0]);
        rename.begin();
        assert_eq!(names(registry.changes(&mut told)), ["rename"]);
        rename.end(Code::Ok, 0, 0);
        balance.item_out(1);
        assert_eq!(names(registry.changes(&mut told)), ["balance", "rename"]);
        assert_eq!(names(registry.changes(&mut Told::default())), ["balance", "rename"], "others are apart");
    }
}
