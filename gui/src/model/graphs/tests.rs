//! What is drawn of the histories of servers that exist in the test alone.

use countersign::builtin::stats::{Histogram, ProcedureStats, Snapshot};
use jiff::Timestamp;

use super::*;

const SECOND: Duration = Duration::from_secs(1);

/// A server of two procedures that are called evenly, and what was seen of it.
struct Server {
    history: History,
    counters: Snapshot,
    now: Instant,
}

impl Server {
    fn new(start: Instant) -> Self {
        let named = |name: &str| ProcedureStats { procedure: name.to_owned(), ..Default::default() };
        let procedures = vec![named("a.B/one"), named("a.B/two")];
        let counters = Snapshot { start_id: 1, procedures, ..Snapshot::default() };
        let mut server = Self { history: History::default(), counters, now: start };
        server.run(1, 0);
        server
    }

    /// So many seconds pass, with so many calls of the first procedure in each and twice as many of the second.
    fn run(&mut self, seconds: u64, calls: u64) {
        for _ in 0..seconds {
            self.now += SECOND;
            self.counters.monotonic_ns += 1_000_000_000;
            for (row, calls) in self.counters.procedures.iter_mut().zip([calls, 2 * calls]) {
                row.calls += calls;
                (0..calls).for_each(|_| row.latency.record(Duration::from_millis(calls)));
            }
            self.history.record(self.counters.clone(), self.now);
        }
    }

    fn source(&self) -> Source<'_> {
        Source { name: "here", history: &self.history }
    }

    fn show(&self, graphs: &mut Graphs) -> Vec<Vec<f64>> {
        let wanted = Wanted { procedure: Some("a.B/one"), range: TimeRange::OneMinute, frozen: None };
        graphs.refresh(&[self.source()], wanted, self.now);
        rates(graphs)
    }
}

fn rates(graphs: &Graphs) -> Vec<Vec<f64>> {
    let sheet = graphs.sheet.as_ref().unwrap();
    sheet.series.iter().map(|series| series.points.iter().map(|point| point.rate).collect()).collect()
}

#[test]
fn going_on_shows_what_working_everything_out_would() {
    let (mut server, mut graphs) = (Server::new(Instant::now()), Graphs::default());
    for calls in 0..100 {
        server.run(1, calls % 7);
        let shown = server.show(&mut graphs);
        assert_eq!(shown, server.show(&mut Graphs::default()));
    }
    assert_eq!(rates(&graphs)[0].len(), 61, "and no more than is in view");
}

#[test]
fn a_range_of_many_buckets_is_worked_out_over_several_frames_that_show_what_was_there() {
    let (mut server, mut graphs) = (Server::new(Instant::now()), Graphs::default());
    for _ in 0..800 {
        let row = &mut server.counters.procedures[0];
        row.calls += 1000;
        (0..1000)
            .for_each(|bucket| row.latency.record(Duration::from_nanos(*Histogram::bounds(bucket).start())));
        server.run(1, 0);
    }
    let minute = server.show(&mut graphs);
    let range = TimeRange::FifteenMinutes;
    let wanted = Wanted { procedure: Some("a.B/one"), range, frozen: None };
    let mut frames = 1;
    graphs.refresh(&[server.source()], wanted, server.now);
    while graphs.is_behind() {
        assert_eq!(rates(&graphs), minute);
        // News do not make it begin anew.
        server.run(1, 0);
        graphs.refresh(&[server.source()], wanted, server.now);
        frames += 1;
    }
    assert!((3..5).contains(&frames), "{frames}");
    let (stretch, mut room) = (Stretch { to: server.now, length: range.duration() }, usize::MAX);
    let scale = server.history.scale(stretch, server.now);
    let all = server.history.points(Some("a.B/one"), scale, stretch, 0, &mut room);
    assert_eq!(graphs.sheet.as_ref().unwrap().main().points, all);
    // Whoever goes back before it is done sees that at once.
    graphs.refresh(&[server.source()], Wanted { procedure: None, ..wanted }, server.now);
    assert!(graphs.is_behind());
    graphs.refresh(&[server.source()], wanted, server.now);
    assert!(!graphs.is_behind() && graphs.sheet.as_ref().unwrap().main().points == all);
}

#[test]
fn a_zoom_stands_still_while_counting_goes_on() {
    let (mut server, mut graphs) = (Server::new(Instant::now()), Graphs::default());
    server.run(50, 3);
    graphs.zoom_to(Stretch { to: server.now - 10 * SECOND, length: 18 * SECOND });
    let before = server.show(&mut graphs);
    assert_eq!(before, [vec![3.0; 20]]);
    server.run(5, 9);
    assert_eq!(server.show(&mut graphs), before);
    graphs.zoom = None;
    assert_eq!(server.show(&mut graphs)[0][50..], [9.0; 5]);
}

#[test]
fn a_zoom_is_never_too_narrow_to_leave() {
    let mut graphs = Graphs::default();
    graphs.zoom_to(Stretch { to: Instant::now(), length: Duration::ZERO });
    assert_eq!(graphs.zoom.map(|zoom| zoom.length), Some(SHORTEST));
}

#[test]
fn procedures_are_compared_each_with_its_own_numbers() {
    let (mut server, mut graphs) = (Server::new(Instant::now()), Graphs::default());
    server.run(3, 5);
    graphs.compare("a.B/two".to_owned());
    assert_eq!(server.show(&mut graphs), [[5.0; 3], [10.0; 3]]);
    graphs.compare("a.B/one".to_owned());
    assert_eq!(rates(&graphs).len(), 2, "the selected one is drawn once");
    graphs.compare("a.B/two".to_owned());
    graphs.compare("a.B/one".to_owned());
    assert_eq!(graphs.comparison, Comparison::Nothing);
}

#[test]
fn no_more_is_compared_than_can_be_told_apart() {
    let mut graphs = Graphs::default();
    (0..99).for_each(|i| graphs.compare(format!("a.B/c{i}")));
    let server = Server::new(Instant::now());
    let subjects = graphs.subjects(&[server.source()], Some("a.B/one"));
    assert_eq!(subjects.len(), MOST_COMPARED);
}

#[test]
fn servers_are_compared_on_one_axis_of_time() {
    let start = Instant::now();
    let (mut one, mut other, mut graphs) = (Server::new(start), Server::new(start), Graphs::default());
    graphs.toggle_servers();
    one.run(4, 5);
    other.run(2, 7);
    let wanted = Wanted { procedure: Some("a.B/two"), range: TimeRange::OneMinute, frozen: None };
    let sources = [one.source(), Source { name: "there", ..other.source() }];
    graphs.refresh(&sources, wanted, one.now);
    assert_eq!(rates(&graphs), [vec![10.0; 4], vec![14.0; 2]]);
    let sheet = graphs.sheet.as_ref().unwrap();
    let names: Vec<&str> = sheet.series.iter().map(|series| series.name.as_str()).collect();
    assert_eq!(names, ["here", "there"]);
    assert_eq!(sheet.series[0].points[0].to, sheet.series[1].points[0].to);
    // The other server is known anew, and its history is shorter than what was drawn of it.
    let mut anew = Server::new(start);
    anew.run(1, 1);
    let sources = [one.source(), Source { name: "there", ..anew.source() }];
    graphs.refresh(&sources, wanted, one.now);
    assert_eq!(rates(&graphs)[1], [2.0]);
}

#[test]
fn the_table_has_a_line_for_each_point_and_says_its_units() {
    let (mut server, mut graphs) = (Server::new(Instant::now()), Graphs::default());
    server.run(2, 5);
    server.counters.procedures[0].errors.insert("NOT_FOUND".to_owned(), 2);
    server.run(1, 0);
    server.show(&mut graphs);
    let table = csv::csv(graphs.sheet.as_ref().unwrap(), (server.now, Timestamp::UNIX_EPOCH));
    let lines: Vec<&str> = table.lines().collect();
    assert_eq!(
        lines[0],
        "from [UTC],to [UTC],series,calls,rate [1/s],in flight at most,p50 [s],p90 [s],p99 [s],p99.9 [s],\
         bytes in [1/s],bytes out [1/s],NOT_FOUND [1/s]"
    );
    let p = "0.005046271";
    let expected =
        format!("1969-12-31T23:59:57.000Z,1969-12-31T23:59:58.000Z,a.B/one,5,5,0,{p},{p},{p},{p},0,0,0");
    assert_eq!(lines[1], expected);
    assert!(lines[3].ends_with("1970-01-01T00:00:00.000Z,a.B/one,0,0,0,,,,,0,0,2"), "{}", lines[3]);
    assert_eq!(lines.len(), 4);
}

#[test]
fn the_point_of_a_moment_is_the_one_that_tells_of_it() {
    let (mut server, mut graphs) = (Server::new(Instant::now()), Graphs::default());
    server.run(3, 5);
    server.show(&mut graphs);
    let series = &graphs.sheet.as_ref().unwrap().series[0];
    let half = SECOND / 2;
    assert_eq!(series.point(Some(server.now - SECOND - half)), Some(&series.points[1]));
    assert_eq!(series.point(Some(server.now + half)), None);
    assert_eq!(series.point(Some(server.now - 9 * SECOND)), None);
    assert_eq!(series.point(None), series.points.last());
}
