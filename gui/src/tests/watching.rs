//! Who is connected, and which calls were slow or failed: on the stage, and of a real server.

use std::time::{Duration, Instant};

use countersign::Policy;
use countersign::builtin::connections::ConnectionInfo;
use countersign::builtin::trace::TracedCall;
use egui::accesskit::Role;
use egui::{Key, Modifiers};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value as Json, json};

use super::flow::{Shop, Window};
use super::forms::first_containing;
use super::stage::{Stage, ledger};
use crate::command::Command;
use crate::exchange::{Sight, TabNews, TabOrder};
use crate::model::connection::Failure;
use crate::model::connections::Listing;
use crate::model::traces::Trace;
use crate::model::unanswered::Unanswered;
use crate::model::view::{Moment, Stretch};

pub(super) fn connection(number: u64, name: &str) -> Json {
    // Not the full hour: whether a second passes before it is shown would then be seen.
    let life = SignedDuration::from_hours(number as i64) - SignedDuration::from_secs(1);
    json!({
        "number": number, "peer": format!("spiffe://acme.internal/{name}"),
        "address": format!("127.0.0.1:{}", 4000 + number), "age_ms": 1000 * 100_u64.saturating_sub(number),
        "cipher": "TLS13_AES_256_GCM_SHA384", "key_exchange": "X25519MLKEM768",
        "fingerprint": "9f".repeat(32),
        "not_after": (Timestamp::now() + life).to_string(),
        "calls_open": 2, "calls": 1000 + number, "bytes_in": 2048, "bytes_out": 3_u64 << 30,
        "is_yours": name == "me",
    })
}

pub(super) fn trace(procedure: &str, code: &str, total_us: u64, age: Duration) -> Json {
    let age_us = age.as_micros() as u64;
    json!({
        "procedure": procedure, "peer": "spiffe://acme.internal/ann", "code": code, "age_us": age_us,
        "started": (Timestamp::now() - age).to_string(), "total_us": total_us, "queue_us": 10,
        "decode_us": 40, "handler_us": total_us - 80, "encode_us": 30, "write_us": 25, "bytes_in": 212,
        "bytes_out": 4096, "message": if code == "OK" { Json::Null } else { json!("no such account 17") },
    })
}

impl Stage {
    /// A window that shows who is connected: these.
    pub(super) fn with_connections(said: Vec<Json>) -> Self {
        let mut stage = Self::connected(ledger());
        stage.click("Connections");
        assert_eq!(stage.order(), Some(TabOrder::Watch(Some(Sight::Connections))));
        stage.tell_connections(said);
        stage
    }

    fn tell_connections(&mut self, said: Vec<Json>) {
        let said = said.into_iter().map(|info| serde_json::from_value::<ConnectionInfo>(info).unwrap());
        self.tell(TabNews::Connections(Ok(Listing::new(said.collect(), self.now()))));
    }

    /// A window that shows slow and failed calls: these.
    pub(super) fn with_traces(said: Vec<Json>) -> Self {
        let mut stage = Self::connected(ledger());
        stage.click("Traces");
        assert_eq!(stage.order(), Some(TabOrder::Watch(Some(Sight::Traces(None)))));
        stage.tell_traces(None, said);
        stage
    }

    fn tell_traces(&mut self, procedure: Option<&str>, said: Vec<Json>) {
        let said = said.into_iter().map(|call| serde_json::from_value::<TracedCall>(call).unwrap());
        let traces = said.map(|call| Trace::of(&call, self.now())).collect();
        self.tell(TabNews::Traces(procedure.map(str::to_owned), Ok(traces)));
    }

    /// The places from the top of what has these words in its name.
    fn height_of(&self, words: &str) -> f32 {
        first_containing(&self.window, words).rect().top()
    }

    /// Does what a panel would wish.
    fn obey(&mut self, command: Command) {
        let order = self.window.state_mut().model.obey(command, Instant::now());
        assert!(order.is_none(), "{order:?}");
        self.settle();
    }
}

#[test]
fn the_worker_asks_for_what_is_looked_at_and_for_nothing_else() {
    let mut stage = Stage::connected(ledger());
    stage.keys(Key::Num2);
    assert_eq!(stage.order(), Some(TabOrder::Watch(Some(Sight::Connections))));
    stage.keys(Key::Num3);
    assert_eq!(stage.order(), Some(TabOrder::Watch(Some(Sight::Traces(None)))));
    stage.keys(Key::Num1);
    assert_eq!(stage.order(), Some(TabOrder::Watch(None)));
    stage.click("Connections");
    stage.order();
    stage.keys(Key::T);
    assert_eq!(stage.order(), Some(TabOrder::Watch(None)), "another tab is shown");
    stage.keys(Key::PageUp);
    assert_eq!(stage.order(), Some(TabOrder::Watch(Some(Sight::Connections))));
    stage.keys(Key::K);
    stage.type_into("Filter commands", "traces");
    stage.window.key_press(Key::Enter);
    stage.settle();
    assert_eq!(stage.order(), Some(TabOrder::Watch(Some(Sight::Traces(None)))));
}

#[test]
fn each_connection_has_peer_address_age_expiry_calls_and_bytes() {
    let mut stage = Stage::with_connections(Vec::new());
    // On a busy machine a test may take seconds.
    stage.window.state_mut().still = Some(Instant::now());
    stage.tell_connections(vec![connection(1, "ann"), connection(2, "me"), connection(3, "ann")]);
    assert!(stage.shows("3 connections of 2 peers"));
    assert!(stage.shows("spiffe://acme.internal/ann from 127.0.0.1:4001, connected for 1 min 39 s"));
    assert!(stage.shows("certificate 59 min"), "an hour is nearly over");
    assert!(stage.shows("2 open of 1,001 calls, 2.0 KiB received, 3.0 GiB sent"));
    assert!(stage.shows("this window, spiffe://acme.internal/me from 127.0.0.1:4002"));
}

#[test]
fn connections_are_sorted_by_a_click_and_found_by_what_is_typed() {
    let mut stage = Stage::with_connections(vec![connection(1, "bob"), connection(2, "ann")]);
    assert!(stage.height_of("127.0.0.1:4001") < stage.height_of("127.0.0.1:4002"), "the oldest first");
    stage.click("Sort by peer");
    assert!(stage.height_of("127.0.0.1:4002") < stage.height_of("127.0.0.1:4001"));
    stage.click("Sort by peer");
    assert!(stage.height_of("127.0.0.1:4001") < stage.height_of("127.0.0.1:4002"));
    stage.keys(Key::F);
    stage.type_into("Filter connections", "ANN");
    assert!(stage.shows("1 of 2 connections") && !stage.shows("127.0.0.1:4001"));
    stage.type_into("Filter connections", "x");
    assert!(stage.shows("Nothing matches"));
}

#[test]
fn loading_empty_refused_and_failed_have_faces_of_their_own() {
    let mut stage = Stage::connected(ledger());
    for (page, asking, list) in [
        ("Connections", "Asking the server who is connected", "countersign.Connections/list"),
        ("Traces", "Asking the server for slow and failed calls", "countersign.Trace/list"),
    ] {
        stage.click(page);
        assert!(stage.shows(asking));
        stage.order();
        let said = |why: Unanswered| match page {
            "Traces" => TabNews::Traces(None, Err(why)),
            _ => TabNews::Connections(Err(why)),
        };
        stage.tell(said(Unanswered::Denied));
        assert!(stage.shows("Not allowed to see") && stage.shows(&format!("procedures = [\"{list}\"]")));
        stage.click("Ask again");
        assert!(stage.shows(asking) && matches!(stage.order(), Some(TabOrder::Watch(Some(_)))));
        stage.tell(said(Unanswered::Failed(Failure::new("It took too long.", ""))));
        assert!(stage.shows("It took too long.") && stage.shows("Ask again"));
    }
    stage.tell_traces(None, Vec::new());
    assert!(stage.shows("No call was slow or has failed"));
}

#[test]
fn closing_a_connection_asks_first_and_names_the_peer() {
    let mut stage = Stage::with_connections(vec![connection(1, "ann"), connection(2, "me")]);
    stage.click("Close spiffe://acme.internal/ann from 127.0.0.1:4001");
    assert!(stage.shows("Close the connection of spiffe://acme.internal/ann from 127.0.0.1:4001?"));
    assert!(stage.shows("The 2 calls that are open on it end."));
    assert_eq!(stage.order(), None);
    stage.click("Keep connection");
    assert!(!stage.shows("Close the connection of"));
    stage.click("Close spiffe://acme.internal/ann from 127.0.0.1:4001");
    // What is listed by then may be others.
    stage.tell_connections(vec![connection(2, "me")]);
    stage.click("Close connection");
    assert_eq!(stage.order(), Some(TabOrder::CloseConnection { number: 1, is_own: false }));
    stage.tell(TabNews::ConnectionClosed(Ok(true)));
    assert!(stage.shows("Closed the connection of spiffe://acme.internal/ann from 127.0.0.1:4001."));
}

#[test]
fn ones_own_connection_is_said_to_be_ones_own() {
    let mut stage = Stage::with_connections(vec![connection(2, "me")]);
    stage.click("Close spiffe://acme.internal/me from 127.0.0.1:4002");
    assert!(stage.shows("Close your own connection") && stage.shows("connects again by itself"));
    stage.click("Close connection");
    assert_eq!(stage.order(), Some(TabOrder::CloseConnection { number: 2, is_own: true }));
}

#[test]
fn a_refusal_to_close_says_which_rule_would_be_needed() {
    let mut stage = Stage::with_connections(vec![connection(1, "ann")]);
    stage.click("Close spiffe://acme.internal/ann from 127.0.0.1:4001");
    stage.click("Close connection");
    stage.order();
    stage.tell(TabNews::ConnectionClosed(Err(Unanswered::Denied)));
    assert!(stage.shows("Not allowed to close connections"));
    assert!(stage.shows("procedures = [\"countersign.Connections/close\"]") && stage.shows("Copy Rule"));
    assert!(stage.shows("127.0.0.1:4001"), "the list stays");
    stage.click("Dismiss");
    assert!(!stage.shows("Not allowed to close connections"));
}

#[test]
fn of_ten_thousand_connections_only_those_in_sight_are_drawn() {
    let stage = Stage::with_connections((1..=12_000).map(|number| connection(number, "ann")).collect());
    assert!(stage.shows("the oldest 10,000 connections; there are more"));
    assert!(stage.window.query_all_by_label_contains("connected for").count() < 40);
}

#[test]
fn slow_and_failed_calls_are_listed_sorted_and_chosen_by_how_they_ended() {
    let second = Duration::from_secs(1);
    let mut stage = Stage::with_traces(vec![
        trace("acme.Ledger/balance", "OK", 20_000, second),
        trace("acme.Ledger/rename", "NOT_FOUND", 450, 2 * second),
        trace("countersign.Stats/get", "OK", 2_000, 3 * second),
    ]);
    assert!(stage.shows("2 slow or failed calls"));
    assert!(stage.shows("OK, acme.Ledger/balance, 20 ms, by spiffe://acme.internal/ann"));
    assert!(stage.shows("NOT_FOUND, acme.Ledger/rename, 450 µs"));
    assert!(stage.height_of("OK, acme.Ledger/balance") < stage.height_of("NOT_FOUND, acme.Ledger/rename"));
    stage.click("Sort by status");
    assert!(stage.height_of("NOT_FOUND, acme.Ledger/rename") < stage.height_of("OK, acme.Ledger/balance"));
    stage.press("Built-in services");
    assert!(stage.shows("countersign.Stats/get"));
    stage.click("Failed");
    assert!(stage.shows("1 slow or failed call") && !stage.shows("OK, acme.Ledger/balance"));
    stage.click("All");
    stage.type_into("Filter traces", "account 17");
    assert!(stage.shows("NOT_FOUND, acme.Ledger/rename") && !stage.shows("OK, acme.Ledger/balance"));
}

#[test]
fn a_trace_has_a_waterfall_with_exact_figures() {
    let mut stage = Stage::with_traces(vec![
        trace("acme.Ledger/balance", "OK", 20_000, Duration::from_secs(1)),
        trace("acme.Ledger/rename", "NOT_FOUND", 450, Duration::from_secs(2)),
    ]);
    let row = |stage: &Stage, words: &str| {
        let rows = stage.window.query_all_by_label_contains(words);
        rows.filter(|node| node.accesskit_node().role() == Role::Button).count()
    };
    assert_eq!(row(&stage, "NOT_FOUND, acme.Ledger/rename"), 1);
    first_containing(&stage.window, "NOT_FOUND, acme.Ledger/rename").click();
    stage.settle();
    for words in [
        "queue 10 µs 2.2 %",
        "decode 40 µs 8.9 %",
        "handler 370 µs 82.2 %",
        "encode 30 µs 6.7 %",
        "write 25 µs",
    ] {
        assert!(stage.shows(words), "{words}");
    }
    assert!(stage.shows("no such account 17") && stage.shows("212 bytes") && stage.shows("4.0 KiB"));
    // The server has forgotten it: who reads on can.
    stage.tell_traces(None, Vec::new());
    assert!(stage.shows("handler 370 µs"));
    stage.click("Show procedure");
    assert_eq!(stage.selected(), Some("acme.Ledger/rename"));
    assert!(stage.shows("Filter procedures"));
}

#[test]
fn a_moment_of_the_graphs_leads_to_its_traces() {
    let mut stage = Stage::connected(ledger());
    let now = Instant::now();
    stage.window.state_mut().still = Some(now);
    let stretch = Stretch { to: now - Duration::from_secs(60), length: Duration::from_secs(1) };
    let path = "acme.Ledger/balance";
    stage.obey(Command::ShowTraces(Moment { procedure: Some(path.to_owned()), stretch }));
    assert_eq!(stage.order(), Some(TabOrder::Watch(Some(Sight::Traces(Some(path.to_owned()))))));
    let said = || {
        vec![
            trace(path, "OK", 20_000, Duration::from_secs(61)),
            trace(path, "OK", 30_000, Duration::from_secs(90)),
        ]
    };
    stage.tell_traces(Some(path), said());
    assert!(stage.shows("acme.Ledger/balance, 20 ms") && !stage.shows("acme.Ledger/balance, 30 ms"));
    assert!(stage.shows("acme.Ledger/balance, 1.00 s long, 1 min 0 s ago"));
    stage.tell_traces(Some(path), vec![trace(path, "OK", 30_000, Duration::from_secs(90))]);
    assert!(stage.shows("No call of that moment was kept"));
    stage.click("Show all traces");
    assert_eq!(stage.order(), Some(TabOrder::Watch(Some(Sight::Traces(None)))));
    stage.tell_traces(None, said());
    assert!(stage.shows("acme.Ledger/balance, 20 ms") && stage.shows("acme.Ledger/balance, 30 ms"));
}

#[test]
fn a_connection_of_a_real_server_is_closed_and_ones_own_comes_back() {
    let close = "countersign.Connections/close";
    let policy = Policy::builder().allow(&["*"], &["*", close]).build().unwrap();
    let shop = Shop::open_under(policy);
    let mut other = Window::open(shop.target());
    other.wait_for("demo.Echo/record");
    let mut window = Window::open(shop.target());
    window.wait_for("demo.Echo/record");
    window.press("Connections");
    window.wait_for("2 connections of 1 peer");
    // Who it is, and from where.
    let row = |window: &Window, is_own: bool| {
        let rows = window.harness.query_all_by_label_contains("connected for");
        let mut rows = rows.filter_map(|node| node.value());
        let row = rows.find(|row| row.starts_with("this window, ") == is_own).unwrap();
        row.trim_start_matches("this window, ").split(", connected").next().unwrap().to_owned()
    };
    let theirs = row(&window, false);
    window.press(&format!("Close {theirs}"));
    window.wait_for(&format!("Close the connection of {theirs}?"));
    window.press("Close connection");
    window.wait_for(&format!("Closed the connection of {theirs}."));
    other.wait_until("the way back", |other| !other.shows("Connection lost"));
    let own = row(&window, true);
    window.press(&format!("Close {own}"));
    window.wait_for("Close your own connection");
    window.press("Close connection");
    window.wait_until("another connection", |window| {
        window.shows("this window, ") && !window.shows(&own) && !window.shows("Connection lost")
    });
}

#[test]
fn a_real_server_that_lets_nobody_close_connections_is_believed() {
    let shop = Shop::open();
    let mut window = Window::open(shop.target());
    window.wait_for("demo.Echo/record");
    window.press("Connections");
    window.wait_for("1 connection of 1 peer");
    first_containing(&window.harness, "Close spiffe://").click();
    window.wait_for("Close your own connection");
    window.press("Close connection");
    window.wait_for("Not allowed to close connections");
    assert!(window.shows("peers = [\"spiffe://countersign.internal/dashboard\"]"));
    assert!(window.shows("1 connection of 1 peer"));
}

#[test]
fn a_failed_call_of_a_real_server_is_traced_with_its_times() {
    let shop = Shop::open();
    let mut window = Window::open(shop.target());
    window.wait_for("demo.Echo/record");
    window.find("demo.Fault/fail");
    window.fill("code", "RESOURCE_EXHAUSTED");
    window.fill("message", "too many cups");
    window.press("Call");
    window.wait_for("too many cups");
    window.harness.key_press_modifiers(Modifiers::COMMAND, Key::Num3);
    let row = "RESOURCE_EXHAUSTED, demo.Fault/fail";
    window.wait_for(row);
    first_containing(&window.harness, row).click();
    window.wait_for("reply after");
    assert!(window.shows("handler ") && window.shows("too many cups"));
}
