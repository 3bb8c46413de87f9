//! What a hostile server does to a window, and what a user does before it, frame by frame.

use std::time::{Duration, Instant};

use countersign::builtin::stats::Snapshot;
use countersign::cbor::Value;
use countersign::{CallError, Code, Metadata, Status};
use egui::Key;

use super::super::deeds::{FORM, REPLY};
use super::super::{Rehearsal, Watch, told};
use super::disk::{EXPORT, JOURNAL, SHELF};
use super::kept::{ALERTS, RECORDING};
use super::loads::LOADS;
use super::watched::{CONNECTIONS, IDENTITY, TABS, TRACES};
use super::{NUISANCES, count_on, counters, forbidden, megabyte, results, services};
use crate::command::Command;
use crate::exchange::{CallOrder, Order, TabNews, TabOrder, Update};
use crate::lens::hex;
use crate::model::calls::Ended;
use crate::model::draft;
use crate::model::graphs::MOST_COMPARED;
use crate::model::history::MOST_PROCEDURES;
use crate::model::manual::{Manual, Notation};
use crate::model::reply::{Beside, Body, Problem};
use crate::model::stream::{Batch, ITEMS_KEPT, Item, Newest};
use crate::model::tab::TabId;
use crate::model::view::{Lens, Page, TimeRange};
use crate::worker;

/// The size of the window.
const SIZE: (f32, f32) = (1280.0, 800.0);

/// Something that a hostile server does.
pub struct Case {
    /// What.
    pub name: &'static str,
    /// Has it done before a window of its own.
    pub run: fn(&mut Watch),
}

/// All of it.
pub const CASES: [Case; 19] = [
    Case { name: "100,000 procedures come, again and again", run: catalogue },
    Case { name: "a filter among 130,000 procedures", run: filter },
    Case { name: "a minute of counters of 2,000 procedures", run: counters_for_a_minute },
    Case { name: "graphs of such counters", run: graphs },
    Case { name: "a server that starts anew each second", run: restarts },
    Case { name: "forms and pages of hostile schemas", run: schemas },
    Case { name: "replies of 4 MiB under every lens", run: replies },
    Case { name: "an error message of megabytes, metadata by the thousand", run: messages },
    Case { name: "a flood of items", run: items },
    CONNECTIONS,
    TRACES,
    IDENTITY,
    TABS,
    JOURNAL,
    SHELF,
    EXPORT,
    RECORDING,
    ALERTS,
    LOADS,
];

/// Somebody does something, and what comes of it is drawn.
pub(super) fn act(window: &mut Rehearsal, watch: &mut Watch, command: Command) {
    watch.note(&command);
    watch.frame(|| {
        window.wish(command);
        window.rest();
    });
    rest(window, watch);
}

/// The worker says something, and what comes of it is drawn.
pub(super) fn come(window: &mut Rehearsal, watch: &mut Watch, news: TabNews) {
    hear(window, watch, news);
    rest(window, watch);
}

/// The worker says something, and a frame is drawn.
pub(super) fn hear(window: &mut Rehearsal, watch: &mut Watch, news: TabNews) {
    let update = told(TabId::default(), Instant::now(), news);
    hear_update(window, watch, update);
}

/// The worker says something of any tab or of none, and a frame is drawn.
pub(super) fn hear_update(window: &mut Rehearsal, watch: &mut Watch, update: Update) {
    watch.frame(|| {
        window.tell_window(update);
        window.rest();
    });
}

/// Some frames in which nothing happens.
pub(super) fn rest(window: &mut Rehearsal, watch: &mut Watch) {
    for _ in 0..3 {
        watch.frame(|| window.rest());
    }
}

/// A window before a server with all of the nuisances, and little else.
pub(super) fn window() -> Rehearsal {
    let mut window = Rehearsal::new(SIZE, 10);
    window.tell(Instant::now(), TabNews::Catalogue(Ok(worker::services(services(50), None))));
    window.read_aloud();
    (0..5).for_each(|_| window.rest());
    window
}

fn select(window: &mut Rehearsal, watch: &mut Watch, name: &'static str) {
    act(window, watch, Command::Select(format!("evil.Nuisance/{name}")));
    assert!(window.dashboard.model.tab().procedure().is_some_and(|it| it.name == name), "{name} is there");
}

fn catalogue(watch: &mut Watch) {
    let mut window = Rehearsal::new(SIZE, 10);
    for _ in 0..5 {
        watch.note(&"come");
        let catalogue = watch.work(|| worker::services(services(30_000), Some(forbidden(100_000))));
        come(&mut window, watch, TabNews::Catalogue(Ok(catalogue)));
    }
    watch.note(&"scroll");
    for _ in 0..10 {
        watch.frame(|| window.scroll(-100_000.0));
    }
    watch.note(&"keys");
    // Unfolds and folds whatever the cursor comes to.
    watch.frame(|| window.press(Key::Tab));
    for key in [Key::Home, Key::ArrowRight, Key::ArrowDown, Key::ArrowRight, Key::End, Key::ArrowLeft] {
        watch.frame(|| window.press(key));
    }
}

fn filter(watch: &mut Watch) {
    let mut window = Rehearsal::new(SIZE, 10);
    let come = worker::services(services(30_000), Some(forbidden(100_000)));
    window.tell(Instant::now(), TabNews::Catalogue(Ok(come)));
    window.go_to_filter();
    for letter in "aebvilo".chars() {
        watch.note(&letter);
        watch.frame(|| window.type_text(&letter.to_string()));
        rest(&mut window, watch);
        rest(&mut window, watch);
    }
    watch.note(&"long");
    watch.frame(|| window.type_text(&"evil line abc ".repeat(10_000)));
    (0..7).for_each(|_| rest(&mut window, watch));
    watch.note(&"clear");
    watch.frame(|| window.press(Key::Escape));
    rest(&mut window, watch);
}

/// The server's counters come, as far as the worker lets them.
fn learn(window: &mut Rehearsal, watch: &mut Watch, counters: &Snapshot) {
    let mut counters = counters.clone();
    counters.procedures.truncate(MOST_PROCEDURES);
    let counters = watch.work(|| worker::tame(counters));
    hear(window, watch, TabNews::Stats(Ok(counters)));
}

fn counters_for_a_minute(watch: &mut Watch) {
    for (latencies, seconds) in [(30, 65), (400, 20)] {
        watch.note(&(latencies, "latencies each"));
        let (mut window, mut counters) = (window(), counters(MOST_PROCEDURES));
        for _ in 0..seconds {
            count_on(&mut counters, latencies);
            learn(&mut window, watch, &counters);
            watch.frame(|| window.rest());
        }
    }
}

fn graphs(watch: &mut Watch) {
    let (mut window, mut counters) = (window(), counters(200));
    let mut idle = Watch::new(|| Duration::ZERO);
    for _ in 0..120 {
        count_on(&mut counters, 400);
        learn(&mut window, &mut idle, &counters);
    }
    act(&mut window, watch, Command::Show(Page::Graphs));
    for range in TimeRange::ALL {
        act(&mut window, watch, Command::SetRange(range));
    }
    act(&mut window, watch, Command::SetRange(TimeRange::OneMinute));
    let names: Vec<String> = counters.procedures.iter().map(|row| row.procedure.clone()).collect();
    for name in names.into_iter().take(MOST_COMPARED) {
        act(&mut window, watch, Command::Compare(crate::text::line(&name, 400)));
    }
    watch.note(&"updated");
    for _ in 0..5 {
        count_on(&mut counters, 400);
        learn(&mut window, watch, &counters);
    }
    act(&mut window, watch, Command::TogglePause);
}

fn restarts(watch: &mut Watch) {
    let (mut window, mut counters) = (window(), counters(MOST_PROCEDURES));
    act(&mut window, watch, Command::Show(Page::Graphs));
    for _ in 0..150 {
        count_on(&mut counters, 4);
        counters.start_id += 1;
        learn(&mut window, watch, &counters);
    }
}

fn schemas(watch: &mut Watch) {
    let mut window = window();
    for name in NUISANCES {
        select(&mut window, watch, name);
        watch.frame(|| window.scroll_at(FORM, -3000.0));
        act(&mut window, watch, Command::FillExample);
        act(&mut window, watch, Command::Call);
        for lens in [draft::Lens::Notation, draft::Lens::Hex, draft::Lens::Form] {
            act(&mut window, watch, Command::WriteIn(lens));
        }
        watch.frame(|| window.wish(Command::ResetForm));
        page(&mut window, watch);
    }
}

/// Somebody reads the page about the selected procedure, and closes it.
fn page(window: &mut Rehearsal, watch: &mut Watch) {
    let order = window.dashboard.model.obey(Command::ToggleManual, Instant::now());
    let Some(Order::Tab(_, TabOrder::Explain(procedure))) = order else { panic!("no page was asked for") };
    let page = watch.work(|| Box::new(Manual::of(&procedure)));
    come(window, watch, TabNews::Explained(procedure.path, page));
    for notation in [Notation::JsonSchema, Notation::Types] {
        act(window, watch, Command::SetNotation(notation));
        watch.frame(|| window.scroll_at(FORM, -100_000.0));
    }
    act(window, watch, Command::ToggleManual);
}

/// The call is answered so.
fn answer(window: &mut Rehearsal, watch: &mut Watch, call: &CallOrder, result: &[u8]) {
    let body = watch.work(|| Body::new(result, call.earlier.as_ref()));
    let ended = Ended::alone(Duration::from_millis(3), Ok(body.expect("it is a value")));
    come(window, watch, TabNews::Ended(call.number, ended));
}

/// What is shown of the last call.
fn body(window: &mut Rehearsal) -> &mut Body {
    let tab = window.dashboard.model.tab_mut();
    let path = tab.selected.clone().expect("a procedure is selected");
    let ended = tab.calls.last_mut(&path).and_then(|call| call.ended.as_mut()).expect("the call has ended");
    ended.outcome.as_mut().expect("it was answered")
}

fn replies(watch: &mut Watch) {
    let mut window = window();
    select(&mut window, watch, "faulty");
    let mut before = Vec::new();
    for (name, result) in results(1) {
        watch.note(&name);
        // The same again, and each after another one, so that there is something to compare.
        for result in [&result, &before, &result] {
            if !result.is_empty() {
                let call = window.call();
                answer(&mut window, watch, &call, result);
            }
        }
        before = result;
        look(&mut window, watch, name);
    }
}

/// Somebody looks at the reply through each lens, scrolls, selects and copies.
fn look(window: &mut Rehearsal, watch: &mut Watch, name: &str) {
    for lens in Lens::ALL {
        act(window, watch, Command::SetLens(lens));
        watch.note(&(name, lens, "scroll"));
        for by in [-1000.0, -1e8, 1e8] {
            watch.frame(|| window.scroll_at(REPLY, by));
        }
        let items = body(window).outline.len();
        for item in [items - 1, items / 2, 0] {
            act(window, watch, Command::SelectItem(Some(item)));
            watch.note(&(name, lens, "copy"));
            watch.frame(|| body(window).copied(item));
            watch.frame(|| {
                let body = body(window);
                body.outline.path(item, &body.bytes)
            });
        }
        act(window, watch, Command::ToggleItem(0));
        act(window, watch, Command::ToggleItem(0));
        act(window, watch, Command::SelectItem(None));
    }
    watch.note(&(name, "copy all"));
    watch.frame(|| hex::all(&body(window).bytes));
    watch.frame(|| body(window).diagnostic.text().to_owned());
}

fn messages(watch: &mut Watch) {
    let mut window = window();
    select(&mut window, watch, "faulty");
    let mut status = Status::new(Code::Internal, megabyte());
    for (name, result) in results(1) {
        watch.note(&(name, "as details"));
        status.details = result.into();
        let call = window.call();
        let problem: Problem = watch.work(|| worker::problem(CallError::Status(status.clone())));
        come(&mut window, watch, TabNews::Ended(call.number, Ended::alone(Duration::MAX, Err(problem))));
    }
    watch.note(&"metadata");
    let mut metadata = Metadata::new();
    for i in 0..5000 {
        let value = "\u{202e}evil\n".repeat(500);
        metadata.insert(format!("key-{i:0>120}"), value).expect("it is a key");
    }
    let call = window.call();
    let beside = watch.work(|| Beside::new(None, &metadata, &metadata));
    let body = Body::new(vec![0xf6], None).expect("it is null");
    let ended = Ended { beside, ..Ended::alone(Duration::ZERO, Ok(body)) };
    come(&mut window, watch, TabNews::Ended(call.number, ended));
    // All that folds is unfolded.
    window.context.all_styles_mut(|style| style.animation_time = 0.0);
    for title in ["Metadata", "Trailing metadata"] {
        assert!(window.click(title), "{title} is there");
        rest(&mut window, watch);
    }
}

fn items(watch: &mut Watch) {
    let small = |number: u64| vec![0x1b, 0, 0, 0, 0, 0, 0, (number >> 8) as u8, number as u8];
    let text = Value::Text("\u{202e}evil\n".repeat(30)); // so long as a row, and longer when it is escaped
    let text = countersign::cbor::to_vec(&text).expect("it is a value");
    let large = countersign::cbor::to_vec(&vec![0_u8; 32_000]).expect("it is a value");
    let mut window = window();
    select(&mut window, watch, "streaming");
    for (round, filter) in [(0, ""), (1, "e"), (2, "00")] {
        let call = window.call();
        watch.note(&(round, "batches"));
        act(&mut window, watch, Command::FilterItems(filter.to_owned()));
        for batch in 1..=20 {
            let mut newest = Newest::default();
            watch.work(|| {
                for i in 0..2 * ITEMS_KEPT as u64 {
                    let number = (batch - 1) * 100_000 + i + 1;
                    let bytes = [small(number), text.clone(), large.clone()][round].clone();
                    newest.push(Item::new(number, Duration::from_millis(number), bytes));
                }
                newest.summarise();
            });
            let batch = Batch { received: batch * 100_000, bytes: u64::MAX, newest, ..Batch::default() };
            hear(&mut window, watch, TabNews::Items(call.number, batch));
        }
        watch.frame(|| window.scroll_at(REPLY, 3000.0));
        act(&mut window, watch, Command::PauseItems);
        let last = 19 * 100_000 + 2 * ITEMS_KEPT as u64;
        act(&mut window, watch, Command::LookAt(last));
        let body = watch.work(|| Body::new([small(last), text.clone(), large.clone()][round].clone(), None));
        let looked = body.map_err(|error| error.to_string());
        come(&mut window, watch, TabNews::Looked(call.number, last, looked));
        act(&mut window, watch, Command::LookAway);
        let ended = Ended::alone(Duration::MAX, Ok(Body::new(vec![0xf6], None).expect("it is null")));
        come(&mut window, watch, TabNews::Ended(call.number, ended));
    }
}
