//! From counters since the server's start to what happened within the last seconds.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use countersign::builtin::stats::{Histogram, ProcedureStats, Snapshot};
use serde::{Serialize, Serializer};

use crate::time::us;

/// The states of the server's counters within the time that is looked at.
#[derive(Debug)]
pub(super) struct Window {
    snapshots: VecDeque<Snapshot>,
    span: Duration,
}

/// What happened between the first and the last of them.
#[derive(Debug, Default, PartialEq, Serialize)]
pub(super) struct Rates {
    /// How long that took.
    pub(super) seconds: f64,
    /// All procedures below together.
    #[serde(skip)]
    pub(super) total: Rate,
    /// Those with calls that ended or are in flight, the busiest first.
    pub(super) procedures: Vec<Rate>,
}

/// What happened to one procedure.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub(super) struct Rate {
    pub(super) procedure: String,
    /// Calls that ended.
    pub(super) calls: u64,
    /// Those that did not end with OK, by the name of their code.
    pub(super) errors: BTreeMap<String, u64>,
    /// Calls that have not ended.
    pub(super) in_flight: u64,
    /// Items of streams, both ways.
    pub(super) items: u64,
    #[serde(flatten, serialize_with = "percentiles")]
    pub(super) latency: Histogram,
}

impl Window {
    /// A window over so much time, or else from each state to the next.
    pub(super) fn new(span: Duration) -> Self {
        Self { snapshots: VecDeque::new(), span }
    }

    /// Takes in what changed in the server's counters.
    pub(super) fn record(&mut self, changes: Snapshot) {
        let mut now = self.snapshots.back().cloned().unwrap_or_default();
        if now.start_id != changes.start_id {
            self.snapshots.clear();
        }
        now.update(changes);
        let begin = now.monotonic_ns.saturating_sub(u64::try_from(self.span.as_nanos()).unwrap_or(u64::MAX));
        self.snapshots.push_back(now);
        // The one before the window begins is where it is counted from.
        while self.snapshots.len() > 2 && self.snapshots[1].monotonic_ns <= begin {
            self.snapshots.pop_front();
        }
    }

    /// Every procedure that the server has.
    pub(super) fn procedures(&self) -> &[ProcedureStats] {
        self.snapshots.back().map_or(&[], |last| &last.procedures)
    }

    /// What happened to the service or the procedure of this name, or else to all but the built-in ones; `None`
    /// until there is something to compare.
    pub(super) fn rates(&self, what: Option<&str>) -> Option<Rates> {
        let (first, last) = (self.snapshots.front()?, self.snapshots.back()?);
        let elapsed = last.monotonic_ns.checked_sub(first.monotonic_ns).filter(|ns| *ns > 0)?;
        let before: BTreeMap<_, _> = first.procedures.iter().map(|row| (&*row.procedure, row)).collect();
        let mut rates = Rates { seconds: Duration::from_nanos(elapsed).as_secs_f64(), ..Rates::default() };
        for now in last.procedures.iter().filter(|row| is_wanted(&row.procedure, what)) {
            let rate = Rate::between(before.get(&*now.procedure).copied(), now);
            if rate.calls + rate.in_flight + rate.items > 0 {
                rates.total.add(&rate);
                rates.procedures.push(rate);
            }
        }
        // Names decide among equals, so that idle rows keep their places.
        rates.procedures.sort_by(|a, b| b.calls.cmp(&a.calls).then_with(|| a.procedure.cmp(&b.procedure)));
        Some(rates)
    }
}

fn is_wanted(procedure: &str, what: Option<&str>) -> bool {
    match what {
        Some(name) if name.contains('/') => procedure == name,
        Some(name) => procedure.split_once('/').is_some_and(|(service, _)| service == name),
        None => !procedure.starts_with("countersign."),
    }
}

impl Rate {
    fn between(before: Option<&ProcedureStats>, now: &ProcedureStats) -> Self {
        let nothing = ProcedureStats::default();
        let before = before.unwrap_or(&nothing);
        let items = |stats: &ProcedureStats| stats.items_in.saturating_add(stats.items_out);
        let failed = |(code, calls): (&String, &u64)| {
            let new = calls.saturating_sub(before.errors.get(code).copied().unwrap_or(0));
            (new > 0).then(|| (code.clone(), new))
        };
        Self {
            procedure: now.procedure.clone(),
            calls: now.calls.saturating_sub(before.calls),
            errors: now.errors.iter().filter_map(failed).collect(),
            in_flight: now.in_flight,
            items: items(now).saturating_sub(items(before)),
            latency: now.latency.since(&before.latency),
        }
    }

    fn add(&mut self, other: &Self) {
        // What servers say may not add up.
        self.calls = self.calls.saturating_add(other.calls);
        self.in_flight = self.in_flight.saturating_add(other.in_flight);
        self.items = self.items.saturating_add(other.items);
        for (code, calls) in &other.errors {
            let sum = self.errors.entry(code.clone()).or_default();
            *sum = sum.saturating_add(*calls);
        }
        self.latency.merge(&other.latency);
    }

    pub(super) fn failed(&self) -> u64 {
        self.errors.values().fold(0, |sum, calls| sum.saturating_add(*calls))
    }
}

fn percentiles<S: Serializer>(latency: &Histogram, serializer: S) -> Result<S::Ok, S::Error> {
    #[derive(Serialize)]
    struct Percentiles {
        p50_us: Option<f64>,
        p90_us: Option<f64>,
        p99_us: Option<f64>,
    }
    let quantile = |q| latency.quantile(q).map(us);
    Percentiles { p50_us: quantile(0.5), p90_us: quantile(0.9), p99_us: quantile(0.99) }.serialize(serializer)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;

    fn snapshot(second: u64, rows: &[(&str, u64, u64)]) -> Snapshot {
        let row = |&(procedure, calls, failed): &(&str, u64, u64)| {
            let mut latency = Histogram::default();
            (0..calls).for_each(|_| latency.record(Duration::from_millis(1)));
            ProcedureStats {
                procedure: procedure.to_owned(),
                calls,
                errors: BTreeMap::from([("NOT_FOUND".to_owned(), failed)]),
                latency,
                ..ProcedureStats::default()
            }
        };
        Snapshot { start_id: 1, monotonic_ns: second * SECOND, procedures: rows.iter().map(row).collect() }
    }

    #[test]
    fn what_happened_lies_between_two_states() {
        let mut window = Window::new(Duration::ZERO);
        window.record(snapshot(1, &[("a.B/c", 10, 1), ("a.B/idle", 5, 0), ("countersign.Stats/get", 9, 0)]));
        assert_eq!(window.rates(None), None);
        window.record(snapshot(3, &[("a.B/c", 30, 4)]));
        let rates = window.rates(None).unwrap();
        assert_eq!((rates.seconds, rates.procedures.len()), (2.0, 1));
        let [only] = rates.procedures.as_slice() else { panic!("{rates:?}") };
        assert_eq!((only.calls, only.failed(), only.latency.count()), (20, 3, 20));
        assert_eq!((rates.total.calls, rates.total.failed()), (20, 3));
    }

    #[test]
    fn a_window_covers_its_span_and_not_more() {
        let mut window = Window::new(Duration::from_secs(10));
        for second in 0..30 {
            window.record(snapshot(second, &[("a.B/c", second, 0)]));
        }
        let rates = window.rates(None).unwrap();
        assert_eq!((rates.seconds, rates.total.calls), (10.0, 10));
    }

    #[test]
    fn a_server_that_was_started_anew_is_counted_anew() {
        let mut window = Window::new(Duration::ZERO);
        window.record(snapshot(5, &[("a.B/c", 100, 0)]));
        window.record(Snapshot { start_id: 2, ..snapshot(1, &[("a.B/c", 1, 0)]) });
        assert_eq!(window.rates(None), None);
    }

    #[test]
    fn a_service_or_a_procedure_can_be_chosen() {
        for (what, wanted) in [
            (None, [true, true, true, false]),
            (Some("a.B"), [true, true, false, false]),
            (Some("a.B/c"), [true, false, false, false]),
            (Some("countersign.Stats"), [false, false, false, true]),
        ] {
            let names = ["a.B/c", "a.B/d", "a.Bc/c", "countersign.Stats/get"];
            assert_eq!(names.map(|name| is_wanted(name, what)), wanted, "{what:?}");
        }
    }
}
