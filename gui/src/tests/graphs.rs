//! The graphs, read and handled as people do.

use std::time::{Duration, Instant};

use countersign::Code;
use countersign::cbor::Value;
use egui::accesskit::Role;
use egui::{Key, Pos2, Rect, pos2, vec2};
use egui_kittest::kittest::{NodeT as _, Queryable as _};

use super::stage::{Stage, ledger, session, target};
use crate::exchange::{TabNews, TabOrder};
use crate::model::connection::Failure;
use crate::model::graphs::export::Format;
use crate::model::view::TimeRange;

const BALANCE: &str = "acme.Ledger/balance";
const RENAME: &str = "acme.Ledger/rename";

impl Stage {
    /// Where a graph draws.
    fn plot(&self, title: &str) -> Rect {
        self.window.get_by_label_contains(&format!("{title} graph, ")).rect()
    }

    /// What a graph says to those who do not see it.
    fn reading(&self, title: &str) -> String {
        let title = format!("{title} graph, ");
        let node = self.window.get_by_label_contains(&title);
        node.accesskit_node().label().unwrap_or_default()
    }

    fn point_at(&mut self, place: Pos2) {
        self.window.hover_at(place);
        self.settle();
    }
}

/// A window that has seen half a minute of a server, in whose second of number `n` there were `n` calls.
fn busy() -> Stage {
    let mut stage = Stage::connected(ledger());
    let now = Instant::now();
    let start = now - Duration::from_secs(30);
    for second in 1..=30 {
        let at = start + Duration::from_secs(second);
        stage.count_at(at, BALANCE, second, Duration::from_millis(second), None);
    }
    // On a busy machine a test may take seconds.
    stage.window.state_mut().still = Some(now);
    stage.settle();
    stage
}

/// The place of the middle of that second in a graph that shows a minute.
fn second(stage: &Stage, plot: Rect, number: u64) -> Pos2 {
    let newest = stage.window.state().model.tab().graphs.sheet.as_ref().unwrap();
    let point = &newest.main().points[number as usize - 1];
    let ago = newest.stretch.to.duration_since(point.middle()).as_secs_f32();
    pos2(plot.right() - ago / 60.0 * plot.width(), plot.center().y)
}

#[test]
fn every_graph_says_what_it_was_at_the_moment_under_the_pointer() {
    let mut stage = busy();
    stage.click("Pause");
    assert!(stage.reading("Calls per second").contains("latest: calls/s 30.0"));
    let plot = stage.plot("Errors per second");
    stage.point_at(second(&stage, plot, 12));
    assert!(stage.reading("Calls per second").contains("ago: calls/s 12.0"), "{}", stage.reading("Calls"));
    assert!(stage.reading("Latency").contains("p50 12 ms, p90 12 ms, p99 12 ms, p99.9 12 ms"));
    assert!(stage.reading("Latency heatmap").contains("calls 12"));
    let moment =
        |title| stage.reading(title).split_once(", ").unwrap().1.split_once(':').unwrap().0.to_owned();
    assert_eq!(moment("Latency"), moment("In flight"));
    stage.point_at(pos2(plot.left() + 2.0, plot.center().y));
    assert!(stage.reading("Calls per second").contains("calls/s –"), "nothing was counted before we came");
    stage.point_at(pos2(5.0, 5.0));
    assert!(stage.reading("Calls per second").contains("latest: calls/s 30.0"));
}

#[test]
fn the_heatmap_says_how_many_calls_took_how_long() {
    let mut stage = busy();
    stage.click("Pause");
    let plot = stage.plot("Latency heatmap");
    let mut place = second(&stage, plot, 20);
    let mut readings = Vec::new();
    for y in plot.top() as i32..plot.bottom() as i32 {
        place.y = y as f32;
        stage.window.hover_at(place);
        stage.window.run_steps(2);
        readings.push(stage.reading("Latency heatmap"));
    }
    let cell = readings.iter().find(|reading| reading.contains(" to ")).expect("one cell has the calls");
    assert!(cell.contains("17 ms to 21 ms 20"), "{cell}");
}

#[test]
fn a_dragged_stretch_is_zoomed_to_and_left_again() {
    let mut stage = busy();
    let plot = stage.plot("Latency");
    let (from, to) = (second(&stage, plot, 5), second(&stage, plot, 20));
    stage.window.drag_at(from);
    stage.window.run_steps(2);
    for share in [0.3, 0.6, 1.0] {
        stage.window.hover_at(from + (to - from) * share);
        stage.window.run_steps(2);
    }
    stage.window.drop_at(to);
    stage.settle();
    assert!(stage.shows("zoomed"));
    let points =
        |stage: &Stage| stage.window.state().model.tab().graphs.sheet.as_ref().unwrap().main().points.len();
    assert!((14..=18).contains(&points(&stage)), "{}", points(&stage));
    let before = points(&stage);
    stage.count(BALANCE, 99, Duration::from_millis(1), None);
    assert_eq!(points(&stage), before, "it stands still");
    stage.click("Zoom out");
    assert!(!stage.shows("zoomed") && points(&stage) >= 30);
}

#[test]
fn keys_zoom_and_go_from_point_to_point() {
    let mut stage = busy();
    let label = stage.reading("Calls per second");
    stage.window.get_by_label(&label).focus();
    stage.settle();
    for _ in 0..3 {
        stage.window.key_press(Key::ArrowLeft);
        stage.settle();
    }
    assert!(stage.reading("Calls per second").contains("ago: calls/s 27.0"), "{}", stage.reading("Calls"));
    stage.window.key_press(Key::ArrowRight);
    stage.settle();
    assert!(stage.reading("Latency").contains("p50 28 ms"));
    stage.window.key_press(Key::Plus);
    stage.settle();
    assert!(stage.shows("zoomed"));
    stage.window.key_press(Key::Minus);
    stage.window.key_press(Key::Escape);
    stage.settle();
    assert!(stage.reading("Latency").contains("latest"));
}

#[test]
fn ranges_go_from_a_minute_to_a_day() {
    let mut stage = busy();
    for range in TimeRange::ALL {
        stage.window.get_by_label("Time range").click();
        stage.settle();
        stage.click(range.text());
        let sheet = stage.window.state().model.tab().graphs.sheet.as_ref().unwrap();
        assert_eq!(sheet.stretch.length, range.duration());
        let calls: u64 = sheet.main().points.iter().map(|point| point.calls).sum();
        assert_eq!(calls, 465, "{range:?} shows every call");
    }
}

#[test]
fn one_key_makes_the_graphs_large_and_adds_bytes() {
    let mut stage = busy();
    let small = stage.plot("Latency");
    assert!(!stage.shows("Bytes per second graph"));
    stage.keys(Key::G);
    let large = stage.plot("Latency");
    assert!(large.width() > 1.8 * small.width() && stage.shows("Bytes per second graph"));
    stage.click("Back");
    assert!(!stage.shows("Bytes per second graph"));
    stage.click("Large graphs");
    assert!(stage.shows("Bytes per second graph"));
}

#[test]
fn a_click_on_the_mark_of_my_call_leads_to_it() {
    let mut stage = busy();
    stage.click("Call");
    let call = stage.call();
    stage.answer(&call, &Value::Text("twelve".to_owned()));
    stage.click("All procedures");
    stage.click(RENAME);
    let mark = "My call 1 of acme.Ledger/balance, answered after 3.1 ms";
    stage.window.get_by_role_and_label(Role::Button, mark).click();
    stage.settle();
    assert_eq!(stage.selected(), Some(BALANCE));
    assert!(stage.shows("twelve"));
    stage.click("Call");
    let call = stage.call();
    stage.refuse(&call, Code::NotFound, "no such account");
    let (first, second) = (mark, "My call 2 of acme.Ledger/balance, failed after 2.0 ms");
    for (mark, is_past) in [(first, true), (second, false)] {
        // Both are at the same place, nearly.
        stage.window.get_by_role_and_label(Role::Button, mark).click_accesskit();
        stage.settle();
        assert_eq!(stage.window.state().model.tab().recall.is_open, is_past, "{mark}");
    }
    assert!(stage.shows("no such account"));
}

#[test]
fn a_click_on_a_spike_asks_for_the_traces_of_that_moment() {
    let mut stage = busy();
    stage.click("Pause");
    let plot = stage.plot("Errors per second");
    let place = second(&stage, plot, 12);
    stage.point_at(place);
    stage.window.drag_at(place);
    stage.window.run_steps(1);
    stage.window.drop_at(place);
    stage.settle();
    let tab = stage.window.state().model.tab();
    let moment = tab.traces.moment.as_ref().unwrap();
    let point = &tab.graphs.sheet.as_ref().unwrap().main().points[11];
    assert_eq!(moment.procedure.as_deref(), Some(BALANCE));
    assert_eq!((moment.stretch.to, moment.stretch.length), (point.to, Duration::from_secs(1)));
}

#[test]
fn procedures_are_compared_in_one_graph_each_in_its_colour() {
    let mut stage = busy();
    stage.count(RENAME, 7, Duration::from_millis(70), None);
    stage.click("Compare…");
    stage.type_into("Filter what to compare with", "rename");
    assert!(!stage.shows("Compare acme.Ledger/balance"), "nothing is compared with itself");
    stage.window.get_by_role_and_label(Role::CheckBox, "Compare acme.Ledger/rename").click();
    stage.point_at(pos2(5.0, 5.0));
    let reading = stage.reading("Calls per second");
    assert!(
        reading.contains("acme.Ledger/balance 0.0, acme.Ledger/rename 7.0"),
        "{reading} {:?}",
        stage.window.state().model.tab().graphs.comparison
    );
    assert!(stage.reading("Latency p99").contains("acme.Ledger/rename 70 ms"));
    assert!(stage.reading("Errors per second").contains("acme.Ledger/balance 0.0, acme.Ledger/rename 0.0"));
    stage.click("p50");
    stage.point_at(pos2(5.0, 5.0));
    assert!(stage.reading("Latency p50").contains("acme.Ledger/rename 70 ms"));
    stage.click("Compare nothing");
    stage.point_at(pos2(5.0, 5.0));
    assert!(stage.reading("Calls per second").contains("calls/s 0.0"));
}

#[test]
fn servers_are_compared_across_tabs() {
    let mut stage = busy();
    stage.keys(Key::T);
    stage.window.state_mut().model.tab_mut().entry.target = target("elsewhere:7443");
    stage.settle();
    stage.click("Connect");
    assert!(matches!(stage.order(), Some(TabOrder::Connect(..))));
    stage.tell(TabNews::Connected(session()));
    stage.tell(TabNews::Catalogue(Ok(ledger().into())));
    stage.restart_server();
    for calls in [0, 4, 5] {
        stage.count(BALANCE, calls, Duration::from_millis(9), None);
    }
    stage.click("Compare…");
    stage.window.get_by_role_and_label(Role::CheckBox, "Compare servers").click();
    stage.point_at(pos2(5.0, 5.0));
    let reading = stage.reading("Calls per second");
    assert!(reading.contains("elsewhere:7443 5.0, localhost:7443 30.0"), "{reading}");
}

#[test]
fn a_window_at_rest_asks_for_no_frame() {
    let wanted = |stage: &mut Stage| {
        stage.window.run_steps(30);
        stage.window.output().viewport_output.values().map(|viewport| viewport.repaint_delay).min().unwrap()
    };
    let mut stage = Stage::connected(ledger());
    stage.count(BALANCE, 0, Duration::ZERO, None);
    assert_eq!(wanted(&mut stage), Duration::MAX, "nothing was called, and nothing moves");
    stage.count(BALANCE, 3, Duration::from_millis(2), None);
    assert!((1..=2).contains(&wanted(&mut stage).as_secs()), "lines go by with the time");
    stage.click("Pause");
    assert_eq!(wanted(&mut stage), Duration::MAX, "a view that stands still is not drawn again");
}

#[test]
fn graphs_are_exported_as_table_and_as_picture() {
    let mut stage = busy();
    stage.click("Export graphs…");
    stage.window.state_mut().model.tab_mut().graphs.exporting.as_mut().unwrap().file =
        "/tmp/spike".to_owned();
    stage.settle();
    for (button, expected, name) in
        [("Save as CSV", Format::Csv, "/tmp/spike.csv"), ("Save as PNG", Format::Png, "/tmp/spike.png")]
    {
        stage.click(button);
        let Some(TabOrder::Export(path, format, export)) = stage.order() else {
            panic!("{button} orders nothing")
        };
        assert_eq!((path.to_str(), format), (Some(name), expected));
        assert_eq!(export.sheet.main().points.len(), 30);
        assert!(
            export.title.contains(BALANCE) && export.title.contains("localhost:7443"),
            "{}",
            export.title
        );
        stage.tell(TabNews::Exported(Ok(path)));
        assert!(stage.shows(&format!("Saved as {name}")));
    }
    stage.tell(TabNews::Exported(Err(Failure::new("The disk is full.", "Choose another folder."))));
    assert!(stage.shows("The disk is full.") && stage.shows("Choose another folder."));
    stage.click("Close");
    assert!(!stage.shows("Save as CSV"));
}

#[test]
fn an_exported_picture_shows_what_the_window_shows() {
    let mut stage = busy();
    stage.click("Export graphs…");
    stage.click("Save as PNG");
    let Some(TabOrder::Export(_, _, export)) = stage.order() else { panic!("nothing is ordered") };
    let file = crate::picture::png(&export).unwrap();
    let mut reader = png::Decoder::new(std::io::Cursor::new(file)).read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let frame = reader.next_frame(&mut pixels).unwrap();
    assert_eq!((frame.width, frame.height), (2560, 1800));
    // The median's line, the ground of the dark theme, and the hottest cell of the heatmap.
    for (color, least) in
        [([0x4c, 0x9f, 0xfe], 1000), ([0x15, 0x18, 0x1e], 1_000_000), ([0xfb, 0xe9, 0x5e], 100)]
    {
        let (found, _) = pixels.as_chunks::<3>();
        let found = found.iter().filter(|pixel| **pixel == color).count();
        assert!(found > least, "{found} pixels of {color:02x?}");
    }
}

#[test]
fn a_legend_that_grows_moves_no_graph() {
    let mut stage = busy();
    let before = ["Latency", "Errors per second"].map(|title| stage.plot(title));
    for code in [Code::NotFound, Code::DeadlineExceeded, Code::ResourceExhausted, Code::Unavailable] {
        stage.count(BALANCE, 3, Duration::from_millis(2), Some(code.name()));
    }
    assert_eq!(before, ["Latency", "Errors per second"].map(|title| stage.plot(title)));
    assert!(stage.reading("Errors per second").contains("UNAVAILABLE 3.0"));
}

#[test]
fn a_graph_too_narrow_for_the_words_at_its_cursor_is_pointed_at_all_the_same() {
    let mut stage = busy();
    stage.window.set_size(vec2(400.0, 700.0));
    stage.settle();
    stage.point_at(stage.plot("Errors per second").center());
    assert!(stage.reading("Errors per second").contains(" ago: none"));
}
