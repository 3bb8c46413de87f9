//! Recordings: made, opened and gone through. The worker is the test, but for what reads and writes the file.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use countersign::builtin::stats::{ProcedureStats, Snapshot};
use countersign::cbor::Value;
use egui::Key;
use egui::accesskit::Role;
use egui_kittest::kittest::{NodeT as _, Queryable as _};

use super::flow::{Shop, Window};
use super::stage::{Stage, ledger};
use crate::exchange::{Order, Purpose, TabNews, TabOrder};
use crate::model::calls::{CallNumber, Mark};
use crate::model::connection::Failure;
use crate::model::graphs::Sheet;
use crate::model::history::{History, Trend};
use crate::model::recording::{Recorded, RecordingNews, RecordingOrder, Written};
use crate::model::view::{Page, Scope, Stretch, TimeRange};
use crate::worker::recording::tests::{Film, record, record_at_most};

const BALANCE: &str = "acme.Ledger/balance";
const SECOND: Duration = Duration::from_secs(1);

/// A recording that is looked at, and how one is begun, goes on and ends.
pub(super) fn pages() -> [(&'static str, Stage); 5] {
    let mut asked = Stage::connected(ledger());
    asked.keys(Key::M);
    let [mut running, mut saved, mut full] = std::array::from_fn(|_| Stage::connected(ledger()));
    running.tell_of_recording(RecordingNews::Started(PathBuf::from("stage.csrec"), Written::default()));
    for (stage, is_full) in [(&mut saved, false), (&mut full, true)] {
        let path = PathBuf::from("/home/me/stage.csrec");
        let recorded = Recorded { path, bytes: 3 << 20, length: 125 * SECOND, is_full };
        stage.tell_of_recording(RecordingNews::Ended(Ok(recorded)));
    }
    let (looked_at, _) = Stage::with_film(600, &[100, 300]);
    [
        ("recording, asked", asked),
        ("recording, running", running),
        ("recording, saved", saved),
        ("recording, full", full),
        ("recording, looked at", looked_at),
    ]
}

impl Stage {
    /// What was asked of recordings; whatever else was asked is passed over.
    fn recording_order(&mut self) -> RecordingOrder {
        loop {
            match self.any_order() {
                Some(Order::Tab(_, TabOrder::Recording(order))) => return order,
                Some(_) => {}
                None => panic!("nothing was asked of recordings"),
            }
        }
    }

    /// What stands in a field.
    fn typed(&self, name: &str) -> String {
        self.control(name).accesskit_node().value().unwrap_or_default()
    }

    fn tell_of_recording(&mut self, news: RecordingNews) {
        self.tell(TabNews::Recording(news));
    }

    /// A window that shows the end of a recording of so many seconds, and what reads that. Calls were made so many
    /// seconds after it began.
    fn with_film(seconds: u64, calls: &[u32]) -> (Self, Film) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("stage.csrec");
        let began = Instant::now();
        let marks: Vec<Mark> =
            (1..).zip(calls).map(|(number, after)| mark(number, began + *after * SECOND)).collect();
        record(&path, began, &told(began, seconds), &marks);
        let mut stage = Self::new();
        let film = stage.open_film(&path, began);
        (stage, film)
    }

    /// Chooses a file, which is a recording, and shows its end.
    fn open_film(&mut self, path: &Path, base: Instant) -> Film {
        self.keys(Key::O);
        while self.any_order().is_some() {}
        self.tell(TabNews::Picked(Purpose::Recording, path.to_owned()));
        assert_eq!(self.recording_order(), RecordingOrder::Open(path.to_owned()));
        let (mut film, overview) = Film::open(path, base).unwrap();
        let end = overview.length;
        self.tell_of_recording(RecordingNews::Opened(Box::new(overview)));
        self.tell_of_recording(film.at(end));
        film
    }

    /// Goes to a moment by the key that leads there from where we are.
    fn goes_to(&mut self, film: &mut Film, at: Duration) {
        assert_eq!(self.recording_order(), RecordingOrder::GoTo(at));
        self.tell_of_recording(film.at(at));
    }

    fn press_on_time_line(&mut self, key: Key) {
        self.window.get_by_label("Time line").focus();
        self.settle();
        self.window.key_press(key);
        self.settle();
    }

    /// Where the time line says that it is.
    fn time_line(&self) -> f64 {
        self.window.get_by_label("Time line").accesskit_node().numeric_value().unwrap()
    }

    fn picture(&self) -> (Sheet, Vec<(String, Trend)>, Vec<Mark>) {
        let tab = self.window.state().model.tab();
        let trends = tab.graphs.trends.iter().map(|(name, trend)| (name.clone(), trend.clone())).collect();
        (tab.graphs.sheet.clone().unwrap(), trends, tab.calls.marks(None).cloned().collect())
    }
}

/// Some minutes of a server that is started anew in between, and tells each second a little late.
fn told(began: Instant, seconds: u64) -> Vec<(Instant, Snapshot)> {
    let mut counters = Snapshot { start_id: 7, monotonic_ns: 123_456_789_000, procedures: Vec::new() };
    let row = |name: &str| ProcedureStats { procedure: name.to_owned(), ..ProcedureStats::default() };
    let fresh = || [BALANCE, "acme.Ledger/rename", "countersign.Stats/watch"].map(row).to_vec();
    counters.procedures = fresh();
    let second = |number: u64| {
        if number == seconds / 2 {
            counters = Snapshot { start_id: 8, monotonic_ns: 0, procedures: fresh() };
        }
        counters.monotonic_ns += 1_000_000_000 + number % 7 * 1_000_000;
        for (place, row) in (1..).zip(&mut counters.procedures) {
            let calls = number * place % 5;
            row.calls += calls;
            row.bytes_in += 10 * calls;
            row.in_flight = number % 3;
            (0..calls)
                .for_each(|call| row.latency.record(Duration::from_micros(100 + number * 37 % 9000 + call)));
            if number.is_multiple_of(11) {
                *row.errors.entry("NOT_FOUND".to_owned()).or_default() += 1;
            }
        }
        (began + Duration::from_nanos(number * 1_003_000_000 + 17), counters.clone())
    };
    (0..seconds).map(second).collect()
}

fn mark(number: u64, at: Instant) -> Mark {
    let procedure = BALANCE.to_owned();
    Mark {
        number: CallNumber(number),
        procedure,
        at,
        took: Duration::from_millis(3),
        answered: number % 2 == 1,
    }
}

#[test]
fn a_recording_shows_the_same_picture_at_any_moment() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("stage.csrec");
    let began = Instant::now();
    let told = told(began, 2100);
    record(&path, began, &told, &[]);
    let mut recorded = Stage::new();
    let mut film = recorded.open_film(&path, began);
    // Forwards, far back, and forwards again.
    for moment in [2095, 400, 1500].map(Duration::from_secs) {
        let mut live = Stage::connected(ledger());
        let history = &mut live.window.state_mut().model.tab_mut().history;
        *history = History::default();
        let heard = told.iter().take_while(|(at, _)| *at <= began + moment);
        heard.for_each(|(at, snapshot)| history.record(snapshot.clone(), *at));
        live.window.state_mut().still = Some(began + moment);
        live.click("Pause");
        recorded.tell_of_recording(film.at(moment));
        for range in TimeRange::ALL {
            for scope in [Scope::All, Scope::Selected] {
                for stage in [&mut live, &mut recorded] {
                    let tab = stage.window.state_mut().model.tab_mut();
                    (tab.range, tab.scope, tab.page) = (range, scope, Page::Calls);
                    stage.settle();
                }
                assert_eq!(live.selected(), recorded.selected());
                // Its points would fill many screens.
                assert!(live.picture() == recorded.picture(), "{moment:?}, {range:?}, {scope:?}");
                assert!(!live.picture().0.main().points.is_empty());
            }
        }
    }
}

#[test]
fn a_recording_that_begins_later_has_points_at_the_same_moments() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("stage.csrec");
    let began = Instant::now();
    let told = told(began, 900);
    // Also later than the restart, after which the server's clock is another one.
    for first in [137, 613] {
        let _ = std::fs::remove_file(&path);
        record(&path, began, &told[first..], &[]);
        let (mut film, _) = Film::open(&path, began).unwrap();
        let RecordingNews::At(at, history) = film.at(Duration::from_secs(890)) else { panic!() };
        let mut live = History::default();
        let heard = told.iter().take_while(|(moment, _)| *moment <= began + at);
        heard.for_each(|(at, snapshot)| live.record(snapshot.clone(), *at));
        let stretch = Stretch { to: began + at, length: TimeRange::OneHour.duration() };
        let points = |history: &History| {
            let (scale, mut room) = (history.scale(stretch, stretch.to), usize::MAX);
            let points = history.points(None, scale, stretch, 0, &mut room);
            points.into_iter().map(|point| (point.from, point.to, point.calls)).collect::<Vec<_>>()
        };
        // What the first point of it lacks was counted before.
        let recorded = points(&history);
        assert!(recorded.len() > 20 && points(&live).ends_with(&recorded[1..]), "{first}");
    }
}

#[test]
fn a_recording_is_begun_under_a_name_that_nobody_has_to_think_of_and_ended() {
    let mut stage = Stage::connected(ledger());
    while stage.any_order().is_some() {}
    stage.click("Record…");
    let file = stage.typed("Recording file");
    assert!(file.contains("localhost-7443-20") && file.ends_with(".csrec"), "{file}");
    stage.click("Start recording");
    let RecordingOrder::Record(path, head) = stage.recording_order() else { panic!("it is to begin") };
    assert_eq!((path.to_string_lossy().as_ref(), head.address.as_str()), (file.as_str(), "localhost:7443"));
    assert_eq!(head.peer, "spiffe://countersign.internal/server");
    let written = Written::default();
    stage.tell_of_recording(RecordingNews::Started(path.clone(), written.clone()));
    assert!(!stage.shows("Start recording"));
    written.set(3 << 20);
    stage.settle();
    let button = stage.window.get_by_role_and_label(Role::Button, "Stop recording");
    let description = button.accesskit_node().description().unwrap_or_default();
    assert!(description.starts_with("Recording 0:0") && description.ends_with("3.0 MiB"), "{description}");

    stage.fill("account", "17");
    stage.press("Call");
    let call = stage.call();
    stage.answer(&call, &Value::Null);
    let RecordingOrder::Note(mark) = stage.recording_order() else { panic!("the call is a mark of it") };
    assert_eq!((mark.procedure.as_str(), mark.answered), (BALANCE, true));

    stage.click("Stop recording");
    assert_eq!(stage.recording_order(), RecordingOrder::Stop);
    let recorded = Recorded { path: path.clone(), bytes: 3 << 20, length: 125 * SECOND, is_full: false };
    stage.tell_of_recording(RecordingNews::Ended(Ok(recorded)));
    assert!(stage.shows("Recording saved") && stage.shows("2:05 · 3.0 MiB"));
    stage.click("Look at it");
    assert_eq!(stage.recording_order(), RecordingOrder::Open(path));
    assert_eq!(stage.window.state().model.tabs.len(), 2, "in a tab of its own");
}

#[test]
fn a_recording_that_cannot_be_written_says_what_to_do_and_loses_nothing_else() {
    let mut stage = Stage::connected(ledger());
    stage.fill("account", "17");
    stage.click("Record…");
    stage.rewrite("Recording file", "/nowhere/x.csrec");
    stage.click("Start recording");
    let failure = || Failure::new("/nowhere/x.csrec could not be written.", "Choose a folder that exists.");
    stage.tell_of_recording(RecordingNews::Ended(Err(failure())));
    assert!(stage.shows("Choose a folder that exists."));
    assert_eq!(stage.typed("Recording file"), "/nowhere/x.csrec", "it can be mended");
    stage.click("Start recording");
    stage.tell_of_recording(RecordingNews::Started(PathBuf::from("x"), Written::default()));
    stage.tell_of_recording(RecordingNews::Ended(Err(Failure::new(
        "The disk is full.",
        "Make room on the disk.",
    ))));
    assert!(stage.shows("The recording ended") && stage.shows("Make room on the disk."));
    stage.click("Close");
    assert!(!stage.shows("Make room on the disk.") && stage.typed("account") == "17");
}

#[test]
fn a_recording_that_has_as_many_bytes_as_it_may_says_so_and_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("stage.csrec");
    let (began, limit) = (Instant::now(), 5 << 10);
    let told = told(began, 16);
    let recorded = record_at_most(limit, &path, began, &told);
    let bytes = path.metadata().unwrap().len();
    assert!(recorded.is_full && recorded.bytes == bytes && bytes <= limit, "{recorded:?}");
    assert!(!record_at_most(1 << 20, &folder.path().join("whole"), began, &told).is_full);

    let mut stage = Stage::connected(ledger());
    while stage.any_order().is_some() {}
    stage.tell_of_recording(RecordingNews::Started(path.clone(), Written::default()));
    stage.tell_of_recording(RecordingNews::Ended(Ok(recorded)));
    assert!(stage.shows("The recording ended") && stage.shows("That is as much as one recording may have."));
    assert!(stage.shows("Record…"), "another one can be started");
    stage.click("Look at it");
    assert_eq!(stage.recording_order(), RecordingOrder::Open(path.clone()));
    let (mut film, overview) = Film::open(&path, began).unwrap();
    assert_eq!(overview.remark, None, "it ended in good order");
    let RecordingNews::At(_, history) = film.at(overview.length.max(16 * SECOND)) else { panic!() };
    assert!((3..15).contains(&history.len()), "{} seconds of it", history.len());
}

#[test]
fn keys_on_the_time_line_go_through_a_recording() {
    let (mut stage, mut film) = Stage::with_film(600, &[100, 300]);
    let end = stage.time_line();
    assert!(end > 590.0);
    stage.press_on_time_line(Key::Home);
    stage.goes_to(&mut film, Duration::ZERO);
    assert!(stage.shows("Nothing was counted yet") && stage.time_line() == 0.0);
    stage.press_on_time_line(Key::ArrowRight);
    stage.goes_to(&mut film, SECOND);
    let page = Duration::from_secs(end as u64 / 20);
    (1..=8).for_each(|pages| {
        stage.press_on_time_line(Key::PageDown);
        stage.goes_to(&mut film, SECOND + page * pages);
    });
    assert!(stage.shows("of 10:0"), "the moment in words");
    assert!(stage.window.query_by_label_contains("My call 1 of").is_none(), "a minute shows later ones");
    stage.choose("Time range", "5 min");
    assert!(stage.window.query_by_label_contains("My call 1 of").is_some());
    assert!(stage.window.query_by_label_contains("My call 2 of").is_none(), "it was not made yet");
    stage.press_on_time_line(Key::ArrowLeft);
    stage.goes_to(&mut film, page * 8);
    // A mark leads to its moment.
    stage.window.get_by_label_contains("My call 1 of").click();
    stage.settle();
    stage.goes_to(&mut film, 100 * SECOND);
    stage.press_on_time_line(Key::End);
    assert!(matches!(stage.recording_order(), RecordingOrder::GoTo(at) if at.as_secs_f64() == end));
}

#[test]
fn a_click_on_the_time_line_goes_there() {
    let (mut stage, _) = Stage::with_film(600, &[]);
    let end = stage.time_line();
    stage.window.get_by_label("Time line").click();
    stage.settle();
    let RecordingOrder::GoTo(at) = stage.recording_order() else { panic!("it goes somewhere") };
    assert!((at.as_secs_f64() - end / 2.0).abs() < 1.0, "{at:?}");
}

#[test]
fn a_recording_is_played_at_three_speeds_and_stands_still_at_its_end() {
    let (mut stage, mut film) = Stage::with_film(300, &[]);
    let now = Instant::now();
    stage.window.state_mut().still = Some(now);
    stage.click("Play the recording");
    stage.goes_to(&mut film, Duration::ZERO);
    stage.window.state_mut().still = Some(now + 2 * SECOND);
    stage.settle();
    stage.goes_to(&mut film, 2 * SECOND);
    for (speed, seconds, moment) in [("10×", 3, 22), ("60×", 4, 82)] {
        stage.click(speed);
        stage.window.state_mut().still = Some(now + seconds * SECOND);
        stage.settle();
        stage.goes_to(&mut film, Duration::from_secs(if speed == "10×" { 12 } else { moment - 10 }));
    }
    stage.window.state_mut().still = Some(now + 60 * SECOND);
    stage.settle();
    assert!(stage.shows("Play the recording"), "the end was reached");
}

#[test]
fn nothing_can_be_called_in_a_recording_and_the_buttons_say_why() {
    let (mut stage, _) = Stage::with_film(60, &[]);
    assert!(stage.window.state().title().starts_with("Recording of stage"));
    let tab = stage.window.get_by_role_and_label(Role::Tab, "Recording of stage");
    assert_eq!(tab.accesskit_node().description().as_deref(), Some("recording"));
    for name in ["Call", "Pause", "Record…"] {
        assert!(
            stage.window.get_by_role_and_label(Role::Button, name).accesskit_node().is_disabled(),
            "{name}"
        );
    }
    stage.window.get_by_role_and_label(Role::Button, "Call").hover();
    stage.settle();
    assert!(stage.shows("there is no server to call"));
    for key in [Key::Enter, Key::R, Key::Num2, Key::Num3, Key::H, Key::S, Key::P] {
        stage.keys(key);
    }
    assert!(stage.any_order().is_none(), "and no key does");
    assert_eq!(stage.window.state().model.tab().page, Page::Calls);
    stage.keys(Key::G);
    assert!(stage.shows("Time line") && stage.window.query_by_label_contains("Bytes per second").is_some());
}

#[test]
fn a_file_that_is_no_recording_is_refused_in_one_line() {
    let mut stage = Stage::new();
    stage.keys(Key::O);
    assert_eq!(stage.order(), Some(TabOrder::Browse(Purpose::Recording)));
    stage.tell(TabNews::Picked(Purpose::Recording, PathBuf::from("/home/me/cat.png")));
    assert!(stage.shows("Reading cat.png"));
    stage.tell_of_recording(RecordingNews::Opening(0.4));
    assert!(stage.shows("Read so far"));
    let reason = "/home/me/cat.png cannot be shown: it is no recording of a dashboard";
    stage.tell_of_recording(RecordingNews::Unreadable(Failure::new(
        reason,
        "Recordings are made with “Record…”.",
    )));
    assert!(stage.shows(reason) && stage.shows("Open a recording…"));
}

#[test]
fn what_a_real_server_tells_is_recorded_and_looked_at_again() {
    let shop = Shop::open();
    let mut window = Window::open(shop.target());
    window.wait_for("demo.Orders/place");
    const NOW: &str = "demo.Clock/now";
    let path = shop.folder.path().join("shop.csrec");
    window.press("Record…");
    let asking = &mut window.harness.state_mut().model.tab_mut().recording.asking;
    *asking = Some(path.to_string_lossy().into_owned());
    window.press("Start recording");
    window.wait_for("Stop recording");
    window.find(NOW);
    let counts = |calls: std::ops::RangeInclusive<u64>| {
        move |window: &Window| {
            let trends = &window.harness.state().model.tab().graphs.trends;
            trends.get(NOW).is_some_and(|trend| calls.contains(&trend.calls))
        }
    };
    // What was counted when the first snapshot was recorded is not told by it.
    for calls in 1..=2 {
        window.press("Call");
        window.wait_until("the call in the graphs", counts(calls..=2));
    }
    window.press("Stop recording");
    window.wait_for("Recording saved");
    window.press("Look at it");
    window.wait_for("Time line");
    let tab = window.harness.state().model.tab();
    let overview = &tab.playing().unwrap().overview;
    assert_eq!(overview.remark, None);
    assert!(tab.catalogue.procedure("demo.Orders/place").is_some(), "the worker asked the server once more");
    window.wait_until("the same in the recording", counts(1..=2));
    let tab = window.harness.state().model.tab();
    assert_eq!(tab.calls.marks(Some(NOW)).count(), 2);
    let bytes = std::fs::read(&path).unwrap();
    assert!(!bytes.windows(10).any(|part| part == b"PRIVATE KE"));
}
