//! Many calls that are made to measure them: planned, confirmed, watched, stopped, compared.

use std::collections::BTreeMap;
use std::time::Duration;

use countersign::Code;
use countersign::builtin::stats::Histogram;
use countersign::load::Latencies;
use countersign::service::CallKind;
use egui::accesskit::Role;
use egui::{Event, Key, Modifiers};
use egui_kittest::kittest::Queryable as _;
use jiff::Timestamp;
use serde_json::{Value as Json, json};

use super::flow::{Shop, Window};
use super::forms::first_containing;
use super::stage::{Stage, ledger, procedure, target};
use crate::exchange::{LoadOrder, TabNews, TabOrder};
use crate::model::catalogue::{Procedure, Service};
use crate::model::connection::Failure;
use crate::model::journal::entry::{Kept, Server};
use crate::model::load::news::{LoadNews, Offered, Outcome, Phase, Progress};
use crate::model::load::plan::{Arrivals, Pace, Plan, Schedule, Span};
use crate::model::load::record::RECORDS_MAX;
use crate::model::load::run::Run;

/// Calls that took so many microseconds.
fn histogram(took: impl IntoIterator<Item = u64>) -> Histogram {
    let mut latency = Histogram::default();
    took.into_iter().for_each(|us| latency.record(Duration::from_micros(us)));
    latency
}

fn progress(phase: Phase, ms: u64, calls: u64) -> LoadNews {
    LoadNews::Progress(Box::new(Progress {
        phase,
        elapsed: Duration::from_millis(ms),
        latency: histogram((0..calls).map(|_| 2000)),
        errors: BTreeMap::new(),
        behind: None,
    }))
}

/// A thousand calls in two seconds, of which the slowest took so many milliseconds, and the server half of that.
fn outcome(slowest_ms: u64) -> Outcome {
    let longest = Duration::from_millis(slowest_ms);
    Outcome {
        elapsed: Duration::from_secs(2),
        stopped: false,
        client: Latencies { all: histogram((1..=1000).map(|us| us * slowest_ms)), longest },
        server: Ok(histogram((1..=1000).map(|us| us * slowest_ms / 2))),
        errors: BTreeMap::new(),
        offered: None,
        doubts: Vec::new(),
        arguments: Kept::Whole(r#"{"account": "it's 17"}"#.to_owned()),
    }
}

/// The page of loads in its richer states.
pub(super) fn pages() -> [(&'static str, Stage); 4] {
    let mut running = Stage::with_ledger();
    running.keys(Key::N);
    let run = running.load().run;
    running.tell(TabNews::Load(run, progress(Phase::Measuring, 500, 50)));
    let mut done = Stage::with_ledger();
    let doubts = vec!["the server, or this machine, did not keep up".to_owned()];
    done.ran(Outcome { doubts, errors: [(Code::NotFound, 3)].into(), ..outcome(10) });
    let mut compared = Stage::with_ledger();
    compared.ran(outcome(10));
    compared.ran(outcome(20));
    compared.click("Compare with run 1");
    let mut asked = Stage::with_ledger();
    asked.click("acme.Ledger/rename");
    asked.keys(Key::N);
    [("load, running", running), ("load, done", done), ("load, compared", compared), ("load, asked", asked)]
}

impl Stage {
    /// A window with a procedure that may be called as often as one likes, and one that may not.
    fn with_ledger() -> Self {
        let mut services = ledger();
        services[0].procedures[1].idempotent = false;
        let mut stage = Self::connected(services);
        stage.click("acme.Ledger/balance");
        stage
    }

    /// The run that the window asked for.
    fn load(&mut self) -> LoadOrder {
        match self.order() {
            Some(TabOrder::StartLoad(order)) => *order,
            other => panic!("a run was expected: {other:?}"),
        }
    }

    /// A run of a hundred calls that came to this.
    fn ran(&mut self, outcome: Outcome) -> LoadOrder {
        self.keys(Key::N);
        let order = self.load();
        self.tell(TabNews::Load(order.run, LoadNews::Done(Box::new(outcome))));
        order
    }

    /// Types this in the place of what is in a field.
    fn replace(&mut self, label: &str, text: &str) {
        self.window.get_by_role_and_label(Role::TextInput, label).focus();
        self.settle();
        self.window.key_press_modifiers(Modifiers::COMMAND, Key::A);
        self.type_into(label, text);
    }

    fn is_enabled(&self, button: &str) -> bool {
        use egui_kittest::kittest::NodeT as _;
        !self.window.get_by_role_and_label(Role::Button, button).accesskit_node().is_disabled()
    }
}

#[test]
fn a_load_is_planned_in_fields_and_started_by_a_key() {
    let mut stage = Stage::with_ledger();
    stage.fill("account", "17");
    stage.click("Load…");
    assert!(stage.shows("No run to show"), "it is empty, and says what to do");
    assert!(stage.shows("100 calls/s for 5 s, 16 at once: about 600 calls with warming up."));
    stage.replace("Rate", "2500");
    stage.click("Random");
    stage.replace("Duration", "10 s");
    stage.replace("Warm-up", "500 ms");
    stage.replace("Connections", "2");
    stage.replace("In flight", "8");
    stage.window.key_press_modifiers(Modifiers::COMMAND, Key::Enter);
    stage.settle();
    let order = stage.load();
    let schedule = Schedule { rate: 2500.0, arrivals: Arrivals::Random };
    let span = Span { warm_up: Duration::from_millis(500), duration: Duration::from_secs(10) };
    assert_eq!(order.plan, Plan { pace: Pace::Open(schedule, span), connections: 2, in_flight: 8 });
    assert_eq!(order.procedure, "acme.Ledger/balance");
    assert_eq!(super::forms::typed(&order.arguments).json, json!({ "account": "17" }));
    assert_eq!(stage.order(), None, "the keys of a call start a load here, and no call");
}

#[test]
fn keys_pressed_right_after_typing_count_what_was_typed() {
    let mut stage = Stage::with_ledger();
    stage.fill("account", "17");
    stage.click("Load…");
    stage.replace("Rate", "0");
    let (none, command) = (Modifiers::NONE, Modifiers::COMMAND);
    let press =
        |key, modifiers| Event::Key { key, physical_key: None, pressed: true, repeat: false, modifiers };
    // One frame has them all.
    let events = [press(Key::End, none), press(Key::Backspace, none), Event::Text("2500".to_owned())];
    stage.window.input_mut().events.extend(events);
    stage.window.input_mut().events.push(press(Key::Enter, command));
    stage.settle();
    assert!(matches!(stage.load().plan.pace, Pace::Open(Schedule { rate: 2500.0, .. }, _)));
}

#[test]
fn as_fast_as_it_goes_and_so_many_times_are_other_plans() {
    let mut stage = Stage::with_ledger();
    stage.keys(Key::L);
    stage.press("As fast as it goes");
    stage.click("Start");
    let order = stage.load();
    let span = Span { warm_up: Duration::from_secs(1), duration: Duration::from_secs(5) };
    assert_eq!(order.plan.pace, Pace::Closed(span));
    stage.tell(TabNews::Load(order.run, LoadNews::Done(Box::new(outcome(1)))));
    stage.press("So many times");
    stage.replace("Calls", "250");
    stage.click("Start");
    assert_eq!(stage.load().plan, Plan { pace: Pace::Times(250), connections: 1, in_flight: 16 });
}

#[test]
fn a_field_that_cannot_be_meant_says_why_and_nothing_starts() {
    let mut stage = Stage::with_ledger();
    stage.keys(Key::L);
    for (field, typed, mistake) in [
        ("Rate", "fast", "Write a number from 0.01 to 100000000"),
        ("Duration", "2 h", "From 100 ms to 3600 s"),
        ("Warm-up", "soon", "Write 0, 500 ms or 5 s"),
        ("Connections", "0", "Write a number from 1 to 1000"),
        ("In flight", "many", "Write a number from 1 to 65536"),
    ] {
        let before = stage.window.get_by_role_and_label(Role::TextInput, field);
        let before = egui_kittest::kittest::NodeT::accesskit_node(&before).value().unwrap();
        assert!(!stage.shows(mistake), "{field}");
        stage.replace(field, typed);
        assert!(stage.shows(mistake), "{field}");
        assert!(!stage.is_enabled("Start"), "{field}");
        stage.keys(Key::Enter);
        assert_eq!(stage.order(), None, "{field}");
        stage.replace(field, &before);
    }
    assert!(stage.is_enabled("Start"));
}

#[test]
fn a_request_that_cannot_be_sent_is_not_sent_many_times_either() {
    let account = json!({ "type": "object", "properties": { "account": { "type": "integer" } },
        "required": ["account"], "additionalProperties": false });
    let procedures = vec![procedure("acme.Ledger/balance", account)];
    let service = Service { name: "acme.Ledger".to_owned(), procedures, ..Service::default() };
    let mut stage = Stage::connected(vec![service]);
    stage.type_into("account", "none");
    stage.click("Call 100 times");
    assert!(stage.shows("Not sent."), "it is said where the request is written");
    stage.click("Load…");
    stage.click("Start");
    assert!(stage.shows("The request cannot be sent as it is written."));
    assert_eq!(stage.order(), None);
    stage.click("Edit request");
    assert!(stage.shows("account"));
}

#[test]
fn a_hundred_calls_are_one_press_and_how_many_can_be_chosen() {
    let mut stage = Stage::with_ledger();
    stage.click("Call 100 times");
    let order = stage.load();
    assert_eq!(order.plan, Plan { pace: Pace::Times(100), connections: 1, in_flight: 1 });
    assert!(stage.shows("Opening connections: 0 of 1"));
    stage.tell(TabNews::Load(order.run, LoadNews::Done(Box::new(outcome(10)))));
    stage.keys(Key::Num1);
    stage.click("How many times");
    stage.press("1,000 times");
    stage.click("Call 1,000 times");
    assert_eq!(stage.load().plan.pace, Pace::Times(1000));
}

#[test]
fn what_is_not_idempotent_is_confirmed_by_name_server_and_number_of_calls() {
    let mut stage = Stage::with_ledger();
    stage.click("acme.Ledger/rename");
    stage.click("Call 100 times");
    assert_eq!(stage.order(), None);
    assert!(stage.shows("Call acme.Ledger/rename at localhost:7443 100 times?"));
    assert!(stage.shows("The server does not say that it is idempotent"));
    stage.click("Do not start");
    assert!(!stage.shows("100 times?"));
    stage.click("Start");
    assert_eq!(stage.order(), None);
    assert!(stage.shows("Call acme.Ledger/rename at localhost:7443 about 600 times?"));
    stage.press("As fast as it goes");
    stage.click("Start");
    assert!(stage.shows("Call acme.Ledger/rename at localhost:7443 as often as it goes in 6 s?"));
    stage.click("Start anyway");
    assert_eq!(stage.load().procedure, "acme.Ledger/rename");
}

#[test]
fn how_it_goes_is_told_while_it_goes() {
    let mut stage = Stage::with_ledger();
    stage.keys(Key::L);
    stage.click("Start");
    let run = stage.load().run;
    stage.tell(TabNews::Load(run, LoadNews::Connecting { done: 0, wanted: 1 }));
    assert!(stage.shows("Opening connections: 0 of 1"));
    stage.tell(TabNews::Load(run, progress(Phase::WarmingUp, 500, 50)));
    assert!(stage.shows("warming up") && stage.shows("Progress: 8 %, 6 s left"));
    assert!(stage.shows("calls, not counted 50"));
    stage.tell(TabNews::Load(run, progress(Phase::Measuring, 2000, 200)));
    stage.tell(TabNews::Load(run, progress(Phase::Measuring, 2500, 400)));
    assert!(stage.shows("measuring") && stage.shows("Progress: 58 %, 3 s left"));
    assert!(stage.shows("calls/s 400") && stage.shows("p50 2.0 ms") && stage.shows("failed 0"));
    assert!(stage.shows("Latency graph, latest: p50 2.0 ms, p99 2.0 ms"));
    assert!(stage.shows("Calls/s graph, latest: answered 400, failed 0.0"));
    let failing = Progress {
        phase: Phase::Measuring,
        elapsed: Duration::from_secs(3),
        latency: histogram((0..400).map(|_| 2000)),
        errors: [(Code::ResourceExhausted, 7)].into(),
        behind: Some(12),
    };
    stage.tell(TabNews::Load(run, LoadNews::Progress(Box::new(failing))));
    assert!(stage.shows("failed 7") && stage.shows("7 RESOURCE_EXHAUSTED"));
    assert!(stage.shows("due, not started 12"));
    // News of another run changes nothing.
    let other = crate::model::load::RunNumber(run.0 + 1);
    stage.tell(TabNews::Load(other, LoadNews::Done(Box::new(outcome(1)))));
    assert!(stage.shows("due, not started 12"));
}

#[test]
fn stop_stops_and_what_was_measured_is_kept() {
    let mut stage = Stage::with_ledger();
    stage.keys(Key::L);
    stage.keys(Key::Enter);
    let run = stage.load().run;
    stage.tell(TabNews::Load(run, progress(Phase::Measuring, 500, 50)));
    stage.keys(Key::Period);
    assert_eq!(stage.order(), Some(TabOrder::StopLoad(run)));
    assert!(stage.shows("stopping") && !stage.is_enabled("Stop"));
    stage.keys(Key::Period);
    assert_eq!(stage.order(), None, "once is enough");
    let stopped = Outcome { stopped: true, elapsed: Duration::from_millis(700), ..outcome(10) };
    stage.tell(TabNews::Load(run, LoadNews::Done(Box::new(stopped))));
    assert!(stage.shows("stopped") && stage.shows("#1 was stopped after 0.70 s."));
    assert!(stage.shows("measured 0.70 s") && stage.is_enabled("Start"));
}

#[test]
fn a_stop_is_a_button_where_start_was() {
    let mut stage = Stage::with_ledger();
    stage.keys(Key::L);
    stage.click("Start");
    let run = stage.load().run;
    stage.click("Stop");
    assert_eq!(stage.order(), Some(TabOrder::StopLoad(run)));
}

#[test]
fn client_and_server_lie_over_each_other_with_numbers_beside() {
    let mut stage = Stage::with_ledger();
    stage.ran(outcome(10));
    assert!(stage.shows("done") && stage.shows("calls/s 500") && stage.shows("calls 1,000"));
    assert!(stage.shows("Percentiles graph, p99: client 9.8 ms, server 4.9 ms"));
    assert!(stage.shows("p50: client 5.0 ms, server 2.5 ms, between +2.5 ms"));
    assert!(stage.shows("p99: client 9.8 ms, server 4.9 ms, between +4.9 ms"));
    assert!(stage.shows("max: client 10 ms"));
    assert!(stage.shows("calls: client 1,000, server 1,000"));
}

#[test]
fn doubts_and_errors_are_said_and_why_the_server_has_no_numbers() {
    let mut stage = Stage::with_ledger();
    let lateness = Latencies { all: histogram([900]), longest: Duration::from_micros(900) };
    stage.ran(Outcome {
        server: Err("your identity may not call countersign.Stats/get".to_owned()),
        errors: [(Code::NotFound, 3), (Code::Unavailable, 47)].into(),
        offered: Some(Offered { due: 1100, held_up: 300, not_started: 40, unanswered: 10, lateness }),
        doubts: vec![
            "the server, or this machine, did not keep up: 50 of 1,100 calls have no answer".to_owned(),
        ],
        ..outcome(10)
    });
    assert!(stage.shows("failed 50 (4.8 %)"));
    assert!(stage.shows("3 NOT_FOUND") && stage.shows("47 UNAVAILABLE"));
    assert!(stage.shows("#1: the server, or this machine, did not keep up"));
    assert!(stage.shows("not known: your identity may not call countersign.Stats/get"));
    assert!(stage.shows("p50: client 5.0 ms, server –"));
    assert!(stage.shows("begun late, p99 8"));
}

#[test]
fn a_run_that_came_to_nothing_says_why_and_what_to_do() {
    let mut stage = Stage::with_ledger();
    stage.keys(Key::N);
    let run = stage.load().run;
    let failure = Failure::new("The connection broke.", "Start it again.");
    stage.tell(TabNews::Load(run, LoadNews::Failed(failure)));
    assert!(stage.shows("failed") && stage.shows("The connection broke.") && stage.shows("Start it again."));
    assert!(stage.shows("Run 1, failed: acme.Ledger/balance"));
}

#[test]
fn two_runs_are_compared_in_percent_and_curves() {
    let mut stage = Stage::with_ledger();
    stage.ran(outcome(10));
    stage.ran(Outcome { elapsed: Duration::from_secs(4), ..outcome(20) });
    assert!(
        stage.shows("Run 1, done: acme.Ledger/balance, 100 calls, one at a time, 500 calls/s, p50 5.0 ms")
    );
    assert!(
        stage.shows("Run 2, done: acme.Ledger/balance, 100 calls, one at a time, 250 calls/s, p50 10 ms")
    );
    stage.click("Compare with run 1");
    assert!(stage.shows("#2 compared with #1"));
    assert!(stage.shows("calls/s: #2 250, #1 500, difference -50 %"));
    assert!(stage.shows("p50: #2 10 ms, #1 5.0 ms, difference +10"), "a little off: buckets have a width");
    assert!(stage.shows("failed: #2 0 %, #1 0 %, difference same"));
    assert!(stage.shows("Percentiles graph, p99: #2 client 20 ms, #2 server 9.8 ms, #1 client 9.8 ms"));
    stage.click("Show alone");
    assert!(stage.shows("p50: client 10 ms, server 5.0 ms"));
    stage.click("Compare with run 1");
    first_containing(&stage.window, "Run 1, done").click();
    stage.settle();
    assert!(stage.shows("p50: client 5.0 ms, server 2.5 ms"), "a run is not compared with itself");
    stage.click("Forget run 1");
    assert!(!stage.shows("Run 1, done") && stage.shows("Run 2, done"));
}

#[test]
fn runs_are_listed_in_any_order_and_only_so_many() {
    let mut stage = Stage::with_ledger();
    stage.ran(outcome(20));
    stage.ran(outcome(10));
    let height = |stage: &Stage, words: &str| first_containing(&stage.window, words).rect().top();
    assert!(height(&stage, "Run 2, done") < height(&stage, "Run 1, done"), "the latest first");
    stage.click("Sort by p99");
    assert!(height(&stage, "Run 1, done") < height(&stage, "Run 2, done"), "the slowest first");
    let order = stage.ran(outcome(1));
    let load = &mut stage.window.state_mut().model.tab_mut().load;
    for _ in 0..RECORDS_MAX {
        load.running = Some(Run::new(&order, Server::of(&target("localhost:7443")), Timestamp::now()));
        load.learn(order.run, LoadNews::Done(Box::new(outcome(1))));
    }
    assert_eq!(load.records.len(), RECORDS_MAX);
    stage.settle();
    assert!(stage.shows("100 runs are kept"));
}

#[test]
fn a_run_is_copied_as_text_json_and_command() {
    let mut stage = Stage::with_ledger();
    stage.keys(Key::L);
    stage.replace("Rate", "1000");
    stage.click("Start");
    let run = stage.load().run;
    stage.tell(TabNews::Load(run, LoadNews::Done(Box::new(outcome(10)))));
    let text = stage.copied("Copy load result as text");
    assert!(text.starts_with("acme.Ledger/balance at localhost:7443, 2"), "{text}");
    assert!(text.contains("500 calls/s over 2.00 s\n"), "{text}");
    assert!(text.contains("p50         5.0 ms    2.5 ms   +2.5 ms\n"), "{text}");
    let json: Json = serde_json::from_str(&stage.copied("Copy load result as JSON")).unwrap();
    assert_eq!(
        (&json["requests_per_s"], &json["calls"], &json["errors"]),
        (&json!(500.0), &json!(1000), &json!(0))
    );
    assert!((json["server"]["p50_us"].as_f64().unwrap() - 2500.0).abs() < 80.0, "{json}");
    let command = stage.copied("Copy load as command");
    let (start, rest) = command.split_once(" --identity ").unwrap();
    let arguments = r#"--procedure acme.Ledger/balance --arguments '{"account":"it'\''s 17"}'"#;
    assert_eq!(start, format!("countersign bench localhost:7443 {arguments}"));
    let plan = "--rate 1000 --arrivals even --connections 1 --in-flight 16 --warmup 1s --duration 5s";
    assert!(rest.ends_with(plan), "{rest}");
}

#[test]
fn so_many_calls_with_metadata_and_a_deadline_are_copied_as_a_command() {
    let mut stage = Stage::with_ledger();
    stage.press("Metadata");
    for (key, value, text) in [("1", "trace", "it's 7"), ("2", "authorization", "Bearer of news")] {
        stage.press("Add metadata");
        stage.type_into(&format!("Metadata key {key}"), value);
        stage.type_into(&format!("Metadata value {key}"), text);
    }
    stage.type_into("Deadline", "250 ms");
    stage.ran(outcome(10));
    let command = stage.copied("Copy load as command");
    let beside =
        r#"--deadline 250ms --metadata 'trace=it'\''s 7' --metadata "authorization=${AUTHORIZATION:?}""#;
    let plan = "--calls 100 --connections 1 --in-flight 1";
    assert!(command.ends_with(&format!(" {beside} {plan}")), "{command}");
}

#[test]
fn what_no_command_does_is_not_copied_as_one() {
    let mut stage = Stage::with_ledger();
    stage.ran(Outcome { arguments: Kept::TooLong(70_000), ..outcome(10) });
    stage.click("Copy load as command");
    assert!(stage.shows("This run cannot be copied so."));
    assert!(stage.shows("Its arguments were too long to be kept."));
}

#[test]
fn load_is_for_calls_with_one_result() {
    let watch = Procedure {
        kind: CallKind::ServerStream,
        ..procedure("acme.Feed/watch", json!({ "type": "object" }))
    };
    let procedures = vec![watch];
    let mut stage =
        Stage::connected(vec![Service { name: "acme.Feed".to_owned(), procedures, ..Service::default() }]);
    assert!(!stage.shows("Call 100 times"), "the buttons are not there where they would do nothing");
    stage.keys(Key::N);
    stage.keys(Key::L);
    assert!(stage.shows("Load is for calls with one result"));
    stage.keys(Key::Enter);
    assert_eq!(stage.order(), None);
}

#[test]
fn a_run_goes_on_while_other_pages_are_shown_and_leaving_the_server_asks_for_nothing_more() {
    let mut stage = Stage::with_ledger();
    stage.keys(Key::N);
    let run = stage.load().run;
    stage.keys(Key::Num1);
    assert!(!stage.is_enabled("Call 100 times"), "one at a time");
    stage.tell(TabNews::Load(run, progress(Phase::Measuring, 500, 50)));
    stage.keys(Key::L);
    assert!(stage.shows("Progress: 50 %"));
    stage.click("Disconnect");
    assert_eq!(stage.order(), Some(TabOrder::Disconnect));
    let stopped = Outcome { stopped: true, ..outcome(10) };
    stage.tell(TabNews::Load(run, LoadNews::Done(Box::new(stopped))));
    assert!(stage.window.state().model.tab().load.running.is_none(), "what comes after the server is heard");
}

#[test]
fn the_palette_starts_and_stops_a_load() {
    let mut stage = Stage::with_ledger();
    stage.keys(Key::L);
    for (words, stops) in [("start load", false), ("stop load", true)] {
        stage.keys(Key::K);
        stage.type_into("Filter commands", words);
        stage.window.key_press(Key::Enter);
        stage.settle();
        match stage.order() {
            Some(TabOrder::StartLoad(_)) => assert!(!stops),
            Some(TabOrder::StopLoad(_)) => assert!(stops),
            other => panic!("{words}: {other:?}"),
        }
    }
}

#[test]
fn a_real_server_is_called_many_times_and_a_stop_ends_it() {
    let shop = Shop::open();
    let mut window = Window::open(shop.target());
    window.wait_for("demo.Math/divide");
    window.find("demo.Echo/record");
    window.press("Example");
    window.press("Call 100 times");
    window.wait_for("Run 1, done: demo.Echo/record, 100 calls, one at a time");
    let load = |window: &Window| {
        let record = window.harness.state().model.tab().load.shown_record().unwrap().clone();
        record.outcome.clone().unwrap()
    };
    let times = load(&window);
    let server = times.server.as_ref().unwrap().count();
    assert_eq!((times.client.all.count(), times.failed(), server), (100, 0, 100));
    window.press("Start");
    window.wait_for("measuring");
    window.press("Stop");
    window.wait_for("Run 2, stopped: demo.Echo/record, 100 calls/s for 5 s");
    let stopped = load(&window);
    assert!(stopped.stopped && stopped.elapsed < Duration::from_secs(5), "{:?}", stopped.elapsed);
    window.press("Compare with run 1");
    window.wait_for("#2 compared with #1");
}
