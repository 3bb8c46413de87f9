use std::time::{Duration, Instant};

use countersign::Code;
use countersign::cbor::Value;
use egui::Key;
use egui::accesskit::Role;
use egui_kittest::kittest::{NodeT as _, Queryable as _};

use super::stage::{Stage, ledger, procedure, session};
use crate::exchange::{Order, TabNews, TabOrder};
use crate::model::connection::{Connection, Failure, Retry};
use crate::model::history::History;

impl Stage {
    /// Presses the button of this name.
    pub(crate) fn click(&mut self, label: &str) {
        self.window.get_by_role_and_label(Role::Button, label).click();
        self.settle();
    }

    /// Types into the field of this name.
    pub(crate) fn type_into(&mut self, label: &str, text: &str) {
        let field = self.window.get_by_role_and_label(Role::TextInput, label);
        field.focus();
        field.type_text(text);
        self.settle();
    }

    /// Whether these words can be read somewhere.
    pub(crate) fn shows(&self, words: &str) -> bool {
        self.window.query_all_by_label_contains(words).next().is_some()
    }
}

#[test]
fn connecting_connected_and_failed_have_three_faces() {
    let mut stage = Stage::new();
    stage.click("Connect");
    assert!(stage.shows("Connecting to localhost:7443…"));
    assert!(matches!(stage.order(), Some(TabOrder::Connect(target, _)) if target.identity == "pki/alice"));
    stage.tell(TabNews::Failed(Failure::new("The server's certificate has expired.", "Renew it.")));
    assert!(stage.shows("The server's certificate has expired.") && stage.shows("Renew it."));
    stage.click("Connect");
    stage.order();
    stage.tell(TabNews::Connected(session()));
    assert!(stage.shows("X25519MLKEM768") && stage.shows("spiffe://countersign.internal/server"));
    assert!(stage.shows("Asking the server what it can do…"));
    stage.tell(TabNews::Catalogue(Ok(ledger().into())));
    assert!(stage.shows("acme.Ledger/rename"));
}

#[test]
fn an_empty_address_is_said_before_anything_is_dialled() {
    let mut stage = Stage::new();
    stage.window.state_mut().model.tab_mut().entry.target.address.clear();
    stage.click("Connect");
    assert!(stage.shows("The address or the identity folder is missing."));
    assert_eq!(stage.order(), None);
}

#[test]
fn the_filter_finds_procedures_in_folded_services() {
    let mut stage = Stage::connected(ledger());
    assert!(!stage.shows("countersign.Stats/get"), "built-in services begin folded");
    stage.type_into("Filter procedures", "STATS get");
    assert!(stage.shows("countersign.Stats/get") && !stage.shows("acme.Ledger/rename"));
    stage.keys(Key::F);
    stage.window.event(egui::Event::Text("nothing".to_owned()));
    stage.settle();
    assert!(
        stage.shows("Nothing matches") && !stage.shows("STATS"),
        "a search takes the place of the last one"
    );
}

#[test]
fn a_call_is_made_by_button_and_by_keys_and_its_reply_is_shown() {
    let mut stage = Stage::connected(ledger());
    stage.click("Call");
    let call = stage.call();
    assert_eq!(call.procedure, "acme.Ledger/balance");
    assert!(stage.shows("Waiting for the reply"));
    stage.answer(&call, &Value::Map(vec![(Value::Text("amount".into()), Value::Integer(1200_u64.into()))]));
    assert!(
        stage.shows("OK") && stage.shows("3.1 ms") && stage.shows("11 bytes") && stage.shows("amount 1200")
    );
    stage.click("Reply as Diagnostic");
    assert!(stage.shows("{\"amount\": 1200}"));
    stage.keys(Key::Enter);
    let call = stage.call();
    stage.refuse(&call, Code::NotFound, "no such account 17");
    assert!(stage.shows("NOT_FOUND") && stage.shows("no such account 17"));
    let marks =
        stage.window.state().model.tab().calls.marks(None).map(|mark| mark.answered).collect::<Vec<_>>();
    assert_eq!(marks, [true, false]);
}

#[test]
fn a_call_under_way_is_not_made_twice_and_can_be_given_up() {
    let mut stage = Stage::connected(ledger());
    stage.click("Call");
    let call = stage.call();
    stage.keys(Key::Enter);
    assert_eq!(stage.order(), None);
    stage.keys(Key::Period);
    assert_eq!(stage.order(), Some(TabOrder::Cancel(call.number)));
}

#[test]
fn return_in_the_filter_opens_the_first_match_with_the_cursor_in_its_form() {
    let mut stage = Stage::connected(ledger());
    stage.keys(Key::F);
    stage.type_into("Filter procedures", "ledger ren");
    stage.window.key_press(Key::Enter);
    stage.settle();
    assert_eq!(stage.selected(), Some("acme.Ledger/rename"));
    assert!(stage.control("account").is_focused());
}

#[test]
fn the_title_names_what_is_shown_and_how_that_is() {
    let mut stage = Stage::new();
    assert_eq!(stage.window.state().title(), "Countersign");
    stage.click("Connect");
    assert_eq!(stage.window.state().title(), "connecting to localhost:7443 · Countersign");
    stage.order();
    stage.tell(TabNews::Connected(session()));
    stage.tell(TabNews::Catalogue(Ok(ledger().into())));
    assert_eq!(stage.window.state().title(), "acme.Ledger/balance · localhost:7443 · Countersign");
    let failure = Failure::new("The server closed the connection.", "");
    stage.tell(TabNews::Reconnecting(Retry { failure, attempt: 1, next: None }));
    assert_eq!(stage.window.state().title(), "connection to localhost:7443 lost · Countersign");
}

#[test]
fn pause_freezes_the_view_and_not_the_collection() {
    let mut stage = Stage::connected(ledger());
    stage.count("acme.Ledger/balance", 7, Duration::from_millis(2), None);
    assert!(stage.shows("7.0 calls/s"));
    stage.click("Pause");
    stage.count("acme.Ledger/balance", 9, Duration::from_millis(2), None);
    assert!(stage.shows("7.0 calls/s") && stage.shows("paused"));
    stage.click("Paused");
    assert!(stage.shows("9.0 calls/s"));
}

#[test]
fn the_graphs_are_of_the_selected_procedure_or_of_all() {
    let mut stage = Stage::connected(ledger());
    stage.count("acme.Ledger/balance", 7, Duration::from_millis(2), None);
    stage.count("acme.Ledger/rename", 5, Duration::from_millis(2), Some("UNAVAILABLE"));
    assert!(stage.shows("0.0 calls/s") && !stage.shows("UNAVAILABLE"));
    stage.click("All procedures");
    assert!(stage.shows("UNAVAILABLE"));
    stage.click("acme.Ledger/rename");
    stage.click("Graph acme.Ledger/rename");
    assert!(stage.shows("UNAVAILABLE"));
}

#[test]
fn a_lost_connection_is_said_at_once_and_costs_no_typed_text() {
    let mut stage = Stage::connected(ledger());
    stage.type_into("Deadline", "250 ms");
    stage.count("acme.Ledger/balance", 7, Duration::from_millis(2), None);
    let failure = Failure::new("The server closed the connection.", "");
    stage.tell(TabNews::Reconnecting(Retry {
        failure,
        attempt: 1,
        next: Some(Instant::now() + Duration::from_secs(9)),
    }));
    assert!(stage.shows("Connection lost") && stage.shows("The server closed the connection."));
    assert!(stage.window.get_by_role_and_label(Role::Button, "Call").accesskit_node().is_disabled());
    let deadline = stage.window.get_by_role_and_label(Role::TextInput, "Deadline");
    assert!(deadline.is_focused(), "whoever types can go on");
    stage.click("Try again now");
    assert_eq!(stage.order(), Some(TabOrder::RetryNow));
    stage.tell(TabNews::Connected(session()));
    stage.tell(TabNews::Catalogue(Ok(ledger().into())));
    stage.restart_server();
    stage.count("acme.Ledger/balance", 3, Duration::from_millis(2), None);
    stage.count("acme.Ledger/balance", 4, Duration::from_millis(2), None);
    assert!(stage.shows("4.0 calls/s"));
    let deadline = stage.window.get_by_role_and_label(Role::TextInput, "Deadline");
    assert_eq!(deadline.value().as_deref(), Some("250 ms"));
}

#[test]
fn news_of_a_server_that_was_left_is_not_taken_for_the_present_ones() {
    let mut stage = Stage::connected(ledger());
    stage.click("Disconnect");
    assert_eq!(stage.order(), Some(TabOrder::Disconnect));
    stage.tell(TabNews::Connected(session()));
    assert!(matches!(stage.window.state().model.tab().connection, Connection::Disconnected));
}

#[test]
fn another_server_gets_graphs_of_its_own() {
    let mut stage = Stage::connected(ledger());
    stage.count("acme.Ledger/balance", 7, Duration::from_millis(2), None);
    stage.click("Disconnect");
    stage.order();
    stage.window.state_mut().model.tab_mut().entry.target.address = "elsewhere:7443".to_owned();
    stage.click("Connect");
    assert!(stage.window.state().model.tab().history.is_empty());
    let History { .. } = &stage.window.state().model.tab().history;
}

#[test]
fn refused_statistics_are_explained_in_their_place() {
    let mut stage = Stage::connected(ledger());
    stage.tell(TabNews::Stats(Err(Failure::new("countersign.Stats/get is not allowed.", "Ask for a rule."))));
    assert!(stage.shows("countersign.Stats/get is not allowed."));
    assert!(stage.shows("acme.Ledger/balance"), "the rest goes on");
}

#[test]
fn a_server_that_shows_nothing_is_not_a_server_that_is_loading() {
    let mut stage = Stage::connected(Vec::new());
    assert!(stage.shows("No procedures") && !stage.shows("Asking the server"));
    stage.tell(TabNews::Catalogue(Err(Failure::new("Reflection is not allowed.", "Ask for a rule."))));
    assert!(stage.shows("Reflection is not allowed."));
}

#[test]
fn the_palette_runs_what_is_chosen() {
    let mut stage = Stage::connected(ledger());
    stage.keys(Key::K);
    stage.type_into("Filter commands", "pause");
    stage.window.key_press(Key::Enter);
    stage.settle();
    assert!(stage.window.state().model.tab().frozen.is_some() && !stage.shows("Filter commands"));
}

#[test]
fn both_themes_can_be_chosen() {
    let mut stage = Stage::connected(ledger());
    stage.click("Light");
    assert!(matches!(stage.any_order(), Some(Order::Save(_))));
    stage.click("Dark");
    assert!(stage.shows("acme.Ledger/balance"));
}

#[test]
fn panels_keep_their_sizes_whatever_they_show() {
    let long = |count: usize| {
        let mut services = ledger();
        let named = |i| procedure(&format!("acme.Ledger/method{i}"), serde_json::json!({ "type": "object" }));
        services[0].procedures.extend((0..count).map(named));
        services
    };
    let mut stage = Stage::connected(long(3));
    let sizes = |stage: &Stage| -> Vec<_> {
        stage.window.query_all_by_label("Resize panel").map(|edge| edge.rect()).collect()
    };
    stage.count("acme.Ledger/balance", 7, Duration::from_millis(2), None);
    let before = sizes(&stage);
    for _ in 0..5 {
        stage.tell(TabNews::Catalogue(Err(Failure::new("gone", ""))));
        stage.tell(TabNews::Reconnecting(Retry {
            failure: Failure::new("gone", ""),
            attempt: 1,
            next: None,
        }));
        stage.tell(TabNews::Connected(session()));
        stage.tell(TabNews::Catalogue(Ok(long(40).into())));
        stage.click("Call");
        let call = stage.call();
        stage.answer(&call, &Value::Text("a line that is a good deal wider than the panel ".repeat(9)));
        stage.count("acme.Ledger/balance", 7, Duration::from_millis(2), Some("RESOURCE_EXHAUSTED"));
    }
    assert_eq!(sizes(&stage), before);
}

#[test]
fn long_names_are_cut_and_their_tooltips_hold_the_whole() {
    let long = format!("acme.{}", "Ledger".repeat(60));
    let mut services = ledger();
    services[0].name = long.clone();
    let mut session = session();
    session.peer.id = format!("spiffe://countersign.internal/{}", "server".repeat(60));
    let mut stage = Stage::connected(services);
    stage.tell(TabNews::Connected(session.clone()));
    let width = stage.window.ctx.content_rect().width();
    for name in [&long, &session.peer.id] {
        let button = stage.window.get_by_role_and_label(Role::Button, name);
        assert!(button.rect().right() < width, "{name} reaches out of the window");
        button.hover();
        stage.window.run_steps(40);
        assert!(stage.window.query_all_by_label_contains(name).count() > 1, "no tooltip for {name}");
    }
}
