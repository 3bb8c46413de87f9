//! The histories of servers whose counters the test turns.

use std::collections::BTreeMap;

use countersign::Code;
use countersign::builtin::stats::ProcedureStats;
use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

/// A server whose counters the test turns.
struct Server {
    start_id: u64,
    seconds: u64,
    stats: ProcedureStats,
}

impl Server {
    fn new(start_id: u64) -> Self {
        let stats = ProcedureStats { procedure: "acme.Ledger/balance".to_owned(), ..Default::default() };
        Self { start_id, seconds: 0, stats }
    }

    fn call(&mut self, count: u64, took: Duration) -> &mut Self {
        self.stats.calls += count;
        for _ in 0..count {
            self.stats.latency.record(took);
        }
        self
    }

    fn fail(&mut self, count: u64, code: &str) -> &mut Self {
        *self.stats.errors.entry(code.to_owned()).or_default() += count;
        self.call(count, Duration::from_millis(1))
    }

    /// A second passes, and the dashboard asks.
    fn tick(&mut self, history: &mut History, start: Instant) -> Instant {
        self.tick_after(1, history, start)
    }

    fn tick_after(&mut self, seconds: u64, history: &mut History, start: Instant) -> Instant {
        self.seconds += seconds;
        let at = start + Duration::from_secs(self.seconds);
        let procedures = vec![self.stats.clone()];
        let monotonic_ns = self.seconds * SECOND_NS;
        history.record(Snapshot { start_id: self.start_id, monotonic_ns, procedures }, at);
        at
    }
}

fn points(history: &History, procedure: Option<&str>, range: TimeRange, now: Instant) -> Vec<Point> {
    let (stretch, mut room) = (Stretch { to: now, length: range.duration() }, usize::MAX);
    history.points(procedure, history.scale(stretch, now), stretch, 0, &mut room)
}

fn rates(history: &History, now: Instant) -> Vec<f64> {
    points(history, None, TimeRange::OneMinute, now).iter().map(|point| point.rate).collect()
}

#[test]
fn counters_since_the_start_become_calls_per_second() {
    let (mut history, start, mut server) = (History::default(), Instant::now(), Server::new(1));
    server.call(1000, Duration::from_millis(1)).tick(&mut history, start);
    server.call(7, Duration::from_millis(1)).tick(&mut history, start);
    server.stats.bytes_in += 300;
    let now = server.call(9, Duration::from_millis(1)).fail(3, "NOT_FOUND").tick(&mut history, start);
    assert_eq!(rates(&history, now), [7.0, 12.0], "what was counted before we came is no rate");
    let last = &points(&history, None, TimeRange::OneMinute, now)[1];
    assert_eq!(last.errors, BTreeMap::from([(Code::NotFound, 3.0)]));
    assert_eq!((last.bytes_in, last.bytes_out), (300.0, 0.0));
    let other = points(&history, Some("acme.Ledger/other"), TimeRange::OneMinute, now);
    assert_eq!(other[0].rate, 0.0);
}

#[test]
fn a_percentile_is_that_of_the_calls_in_its_point() {
    let (mut history, start, mut server) = (History::default(), Instant::now(), Server::new(1));
    server.call(1000, Duration::from_secs(9)).tick(&mut history, start);
    let now = server
        .call(95, Duration::from_millis(1))
        .call(5, Duration::from_millis(100))
        .tick(&mut history, start);
    let point = &points(&history, None, TimeRange::OneMinute, now)[0];
    let latency = point.latency.unwrap();
    assert!(latency.p50 < 0.0011 && latency.p90 < 0.0011, "{latency:?}");
    assert!((0.05..0.11).contains(&latency.p99) && latency.p999 == latency.p99, "{latency:?}");
    let calls: Vec<u64> = point.heat.iter().map(|heat| heat.calls).collect();
    assert_eq!(calls, [95, 5]);
}

#[test]
fn a_restarted_server_begins_anew_and_never_counts_backwards() {
    let (mut history, start, mut server) = (History::default(), Instant::now(), Server::new(1));
    server.call(100, Duration::from_millis(1)).tick(&mut history, start);
    server.call(5, Duration::from_millis(1)).tick(&mut history, start);
    let mut again = Server::new(2);
    again.seconds = server.seconds;
    again.call(3, Duration::from_millis(1)).tick(&mut history, start);
    let now = again.call(4, Duration::from_millis(1)).tick(&mut history, start);
    assert_eq!(rates(&history, now), [5.0, 4.0]);
    assert_eq!(points(&history, None, TimeRange::OneDay, now).len(), 2, "however wide a point is");
    assert_eq!(history.restarts().len(), 1);
}

#[test]
fn history_is_bounded_and_a_clone_stays_as_it_was() {
    let (mut history, start, mut server) = (History::default(), Instant::now(), Server::new(1));
    for _ in 0..10 {
        server.call(1, Duration::from_millis(1)).tick(&mut history, start);
    }
    let frozen = history.clone();
    for _ in 0..WIDTHS[1].kept * 11 {
        server.tick(&mut history, start);
    }
    let kept: Vec<usize> = history.tiers.iter().map(|tier| tier.cells.len()).collect();
    assert_eq!(kept, [WIDTHS[0].kept, WIDTHS[1].kept, WIDTHS[1].kept * 11 / 60 + 1]);
    assert_eq!(frozen.tiers[0].cells.len(), 9);
    assert_eq!(frozen.tiers[2].cells[0].total.calls, 9, "also in the cell that grew on");
}

#[test]
fn a_day_is_kept_in_minutes_and_loses_no_call() {
    let (mut history, start, mut server) = (History::default(), Instant::now(), Server::new(1));
    let mut now = server.tick(&mut history, start);
    for _ in 0..24 * 360 {
        now = server.call(3, Duration::from_millis(7)).tick_after(10, &mut history, start);
    }
    for range in TimeRange::ALL {
        let points = points(&history, None, range, now);
        assert!((6..=601).contains(&points.len()), "{range:?}: {}", points.len());
        let covered = points[points.len() - 1].to.duration_since(points[0].from);
        assert!(covered >= range.duration(), "{range:?}: {covered:?}");
        let calls: u64 = points.iter().map(|point| point.calls).sum();
        assert_eq!(calls * 10, covered.as_secs() * 3, "{range:?}");
    }
}

#[test]
fn points_that_are_known_need_not_be_worked_out_again() {
    let (mut history, start, mut server) = (History::default(), Instant::now(), Server::new(1));
    for _ in 0..100 {
        server.call(2, Duration::from_millis(7)).tick(&mut history, start);
    }
    let now = server.tick(&mut history, start);
    let all = points(&history, None, TimeRange::OneMinute, now);
    let stretch = Stretch { to: now, length: TimeRange::OneMinute.duration() };
    let (scale, mut room) = (history.scale(stretch, now), usize::MAX);
    let tail = history.points(None, scale, stretch, all[50].number, &mut room);
    assert_eq!(tail, all[50..]);
}

#[test]
fn built_in_procedures_are_outside_the_totals() {
    let (mut history, start, mut server) = (History::default(), Instant::now(), Server::new(1));
    server.stats.procedure = "countersign.Stats/get".to_owned();
    server.call(1, Duration::from_millis(1)).tick(&mut history, start);
    let now = server.call(1, Duration::from_millis(1)).tick(&mut history, start);
    assert_eq!(rates(&history, now), [0.0]);
    assert_eq!(history.trends(now)["countersign.Stats/get"].calls, 1);
}

#[test]
fn a_server_that_counts_everything_fills_no_memory() {
    let (mut history, start) = (History::default(), Instant::now());
    let named =
        |i: u64, calls| ProcedureStats { procedure: format!("a.B/c{i}"), calls, ..Default::default() };
    for second in 0..110 {
        let mut procedures: Vec<_> = (0..5000).map(|i| named(i, second)).collect();
        procedures[0].errors.insert("\u{202e}GNP".to_owned(), second);
        let at = start + Duration::from_secs(second);
        history.record(Snapshot { start_id: 1, monotonic_ns: second * SECOND_NS, procedures }, at);
    }
    assert!(history.tiers.iter().all(|tier| tier.weight() <= HEAVIEST));
    assert!(history.tiers[0].cells.len() < 100, "{}", history.tiers[0].cells.len());
    let newest = history.tiers[0].cells.back().unwrap();
    assert_eq!(newest.procedures.len(), MOST_PROCEDURES);
    assert_eq!(newest.total.errors, BTreeMap::from([(Code::Unknown, 1)]));
}

#[test]
fn a_procedure_that_rests_takes_no_room() {
    let (mut history, start, mut server) = (History::default(), Instant::now(), Server::new(1));
    server.call(1, Duration::from_millis(1)).tick(&mut history, start);
    let now = server.tick(&mut history, start);
    assert!(history.tiers[0].cells[0].procedures.is_empty());
    assert_eq!(points(&history, Some("acme.Ledger/balance"), TimeRange::OneMinute, now)[0].rate, 0.0);
}

/// What is shown of any range is what sorting all durations gives, to within the bucket of the exact one.
#[test]
fn percentiles_on_the_graphs_agree_with_exact_ones() {
    proptest!(|(
        seconds in vec(vec((any::<u64>(), 20..64_u32).prop_map(|(ns, shift)| ns >> shift), 0..40), 2..90),
        range in prop::sample::select(TimeRange::ALL.to_vec()),
    )| {
        let (mut history, start, mut server) = (History::default(), Instant::now(), Server::new(1));
        let mut now = server.tick(&mut history, start);
        for durations in &seconds {
            server.stats.calls += durations.len() as u64;
            durations.iter().for_each(|ns| server.stats.latency.record(Duration::from_nanos(*ns)));
            now = server.tick(&mut history, start);
        }
        let (mut seen, mut shown) = (0, points(&history, None, range, now));
        shown.retain(|point| point.calls > 0);
        for point in shown {
            let second = |at: Instant| at.duration_since(start).as_secs() as usize - 1;
            let mut exact: Vec<u64> = seconds[second(point.from)..second(point.to)].concat();
            exact.sort_unstable();
            seen += exact.len();
            prop_assert_eq!(exact.len() as u64, point.calls);
            let latency = point.latency.unwrap();
            for (q, displayed) in
                [(0.5, latency.p50), (0.9, latency.p90), (0.99, latency.p99), (0.999, latency.p999)]
            {
                let rank = (q * exact.len() as f64).ceil() as usize;
                let exact = exact[rank - 1] as f64 / 1e9;
                // A bucket is a 32nd of its durations wide, and a nanosecond at least.
                prop_assert!((displayed - exact).abs() <= exact / 32.0 + 1e-9, "{displayed} for {exact}");
            }
        }
        let reach = range.duration().as_secs() as usize + 1;
        let latest = seconds.len().saturating_sub(reach);
        prop_assert!(seen >= seconds[latest..].concat().len(), "no call was left out");
    });
}
