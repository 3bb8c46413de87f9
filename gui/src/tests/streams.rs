use std::time::Duration;

use countersign::cbor::{self, Value};
use countersign::service::CallKind;
use countersign::{Code, Schema};
use egui::accesskit::Role;
use egui::{Key, Modifiers};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use serde_json::json;

use super::forms::typed;
use super::stage::{Stage, procedure};
use crate::exchange::{CallOrder, ItemOrder, Purpose, TabNews, TabOrder};
use crate::model::calls::Ended;
use crate::model::catalogue::{Procedure, Service};
use crate::model::reply::{Body, Problem, ProblemKind};
use crate::model::stream::{Batch, FileProgress, FileState, Item, Mistake, Newest};

/// A service with a procedure of each kind.
pub(super) fn feed() -> Vec<Service> {
    let word = || Schema::try_from(json!({ "type": "string", "minLength": 1 })).unwrap();
    let empty = json!({ "type": "object", "properties": {}, "additionalProperties": false });
    let of_kind = |name: &str, kind: CallKind, takes_items: bool| Procedure {
        kind,
        items_in: takes_items.then(word),
        ..procedure(&format!("acme.Feed/{name}"), empty.clone())
    };
    let procedures = vec![
        of_kind("watch", CallKind::ServerStream, false),
        of_kind("import", CallKind::ClientStream, true),
        of_kind("talk", CallKind::BothWays, true),
        of_kind("count", CallKind::Unary, false),
    ];
    vec![Service { name: "acme.Feed".to_owned(), procedures, ..Service::default() }]
}

impl Stage {
    /// Presses Start.
    pub(super) fn start(&mut self) -> CallOrder {
        self.click("Start");
        self.call()
    }

    /// Items came: numbers from `from` on, up to and with `to`.
    pub(super) fn receive(&mut self, call: &CallOrder, from: u64, to: u64) {
        let mut newest = Newest::default();
        for number in from..=to {
            let value = Value::Map(vec![(Value::Text("n".to_owned()), Value::Integer(number.into()))]);
            newest.push(Item::new(number, Duration::from_millis(number), cbor::to_vec(&value).unwrap()));
        }
        newest.summarise();
        let first_after = Some(Duration::from_micros(1700));
        let batch = Batch { received: to, bytes: 9 * to, first_after, newest, ..Batch::default() };
        self.tell(TabNews::Items(call.number, batch));
    }

    /// The call ends after two seconds.
    fn end(&mut self, call: &CallOrder, problem: Problem) {
        self.tell(TabNews::Ended(call.number, Ended::alone(Duration::from_secs(2), Err(problem))));
    }

    /// The item that the window asked to send.
    fn item(&mut self) -> ItemOrder {
        match self.order() {
            Some(TabOrder::Send(_, item)) => *item,
            other => panic!("an item was expected: {other:?}"),
        }
    }
}

#[test]
fn the_list_says_of_each_procedure_who_sends_items() {
    let stage = Stage::connected(feed());
    let description = |name: &str| {
        let row = stage.window.get_by_role_and_label(Role::Button, name);
        row.accesskit_node().description().unwrap_or_default()
    };
    assert_eq!(description("acme.Feed/watch"), "server stream");
    assert_eq!(description("acme.Feed/import"), "client stream");
    assert_eq!(description("acme.Feed/talk"), "both ways");
    assert_eq!(description("acme.Feed/count"), "unary");
}

#[test]
fn a_stream_is_started_watched_looked_into_and_cancelled() {
    let mut stage = Stage::connected(feed());
    let call = stage.start();
    assert_eq!(call.kind, CallKind::ServerStream);
    assert!(stage.shows("Streaming") && stage.shows("Nothing has come yet."));
    stage.receive(&call, 1, 3);
    assert!(stage.shows("3 items") && stage.shows("27 bytes") && stage.shows("the first after 1.7 ms"));
    stage.receive(&call, 4, 1500);
    assert!(stage.shows("1,500 items") && stage.shows("Item 1,500, 1.50 s, {\"n\": 1500}"));
    assert!(!stage.shows("Item 3, "), "the newest are in sight");

    stage.click("Item 1,499, 1.50 s, {\"n\": 1499}");
    let Some(TabOrder::Look { item: 1499, bytes, .. }) = stage.order() else { panic!("an item is decoded") };
    stage.tell(TabNews::Looked(call.number, 1499, Ok(Body::new(bytes, None).unwrap())));
    assert!(stage.shows("Item 1,499") && stage.shows("n 1499"));
    stage.receive(&call, 1501, 20_000);
    assert!(stage.shows("n 1499") && stage.shows("the newest 5,000 are kept"));
    stage.click("Close the item");
    assert!(!stage.shows("n 1499"));

    stage.click("Cancel");
    assert_eq!(stage.order(), Some(TabOrder::Cancel(call.number)));
    stage.end(&call, Problem::new(ProblemKind::Cancelled, "The server was told."));
    assert!(stage.shows("Cancelled here") && stage.shows("The server was told.") && stage.shows("2.00 s"));
    assert!(stage.shows("20,000 items") && stage.shows("Start"));
    let marks = &stage.window.state().model.tab().calls;
    assert_eq!(marks.marks(None).next().map(|mark| mark.took), Some(Duration::from_micros(1700)));
}

#[test]
fn a_stream_goes_on_while_something_else_is_called() {
    let mut stage = Stage::connected(feed());
    let watching = stage.start();
    stage.click("acme.Feed/count");
    stage.click("Call");
    let count = stage.call();
    stage.receive(&watching, 1, 7);
    stage.answer(&count, &Value::Integer(42_u64.into()));
    assert!(stage.shows("42") && !stage.shows("7 items"));
    stage.click("acme.Feed/talk");
    let talking = stage.start();
    stage.receive(&watching, 8, 9);
    stage.receive(&talking, 1, 1);
    assert!(stage.shows("1 item,"));
    stage.click("acme.Feed/watch");
    assert!(stage.shows("9 items") && stage.shows("Item 1, 0.00 s, {\"n\": 1}"));
    let row = stage.window.get_by_role_and_label(Role::Button, "acme.Feed/watch");
    assert_eq!(row.accesskit_node().description().as_deref(), Some("server stream, open"));
}

#[test]
fn how_a_stream_ends_stands_beside_what_came_before() {
    let mut stage = Stage::connected(feed());
    let call = stage.start();
    stage.receive(&call, 1, 2);
    stage.answer(&call, &Value::Text("that was all".to_owned()));
    assert!(stage.shows("OK") && stage.shows("Result") && stage.shows("that was all"));
    assert!(stage.shows("Item 2, 0.00 s, {\"n\": 2}"));
    let call = stage.start();
    stage.receive(&call, 1, 2);
    let fault = Value::Map(vec![(Value::Text("Gone".to_owned()), Value::Integer(17_u64.into()))]);
    stage.end(
        &call,
        Problem {
            fault: Some(Box::new(Body::new(cbor::to_vec(&fault).unwrap(), None).unwrap())),
            ..Problem::new(ProblemKind::Status(Code::NotFound), "the feed was closed")
        },
    );
    assert!(stage.shows("NOT_FOUND") && stage.shows("the feed was closed") && stage.shows("Gone 17"));
    assert!(stage.shows("Item 2, 0.00 s, {\"n\": 2}"));
}

#[test]
fn items_are_filled_in_and_sent_until_there_are_no_more() {
    let mut stage = Stage::connected(feed());
    stage.click("acme.Feed/import");
    let call = stage.start();
    assert!(stage.shows("The server answers once no more items follow.") && !stage.shows("0 items"));
    assert!(stage.control("item").is_focused(), "that is what comes next");
    stage.click("Send");
    assert_eq!(stage.order(), None);
    assert!(stage.shows("Not sent. item: At least 1 character"));
    stage.fill("item", "one");
    stage.keys(Key::Enter);
    assert_eq!(typed(&stage.item().item).json, json!("one"));
    assert!(stage.shows("0 sent, 1 waiting for the server"));
    stage.tell(TabNews::Sent(call.number, Ok(())));
    stage.click("Send");
    assert_eq!(typed(&stage.item().item).json, json!("one"), "what was typed stays");
    let mistake = Problem::new(ProblemKind::NotSent { path: String::new() }, "no such file");
    stage.tell(TabNews::Sent(call.number, Err(mistake)));
    assert!(stage.shows("1 sent") && stage.shows("Item not sent") && stage.shows("no such file"));
    stage.click("Done");
    assert_eq!(stage.order(), Some(TabOrder::HalfClose(call.number)));
    assert!(stage.shows("1 sent, no more to follow"));
    stage.keys(Key::Enter);
    assert_eq!(stage.order(), None, "nothing more can be sent, and no other call is begun");
    stage.answer(&call, &Value::Integer(1_u64.into()));
    assert!(stage.shows("OK") && stage.shows("Start"));
}

#[test]
fn whoever_reads_older_items_goes_on_reading_them() {
    let mut stage = Stage::connected(feed());
    let call = stage.start();
    stage.receive(&call, 1, 5000);
    let newest = stage.window.get_by_label("Item 5,000, 5.00 s, {\"n\": 5000}");
    newest.hover();
    stage.settle();
    stage.window.event(egui::Event::MouseWheel {
        unit: egui::MouseWheelUnit::Point,
        delta: egui::vec2(0.0, 2000.0),
        phase: egui::TouchPhase::Move,
        source: egui::MouseWheelSource::Unknown,
        modifiers: Modifiers::NONE,
    });
    stage.window.run_steps(60);
    let seen = |stage: &Stage| -> Vec<String> {
        let rows = stage.window.query_all_by_label_contains("Item 4,");
        rows.filter_map(|row| row.accesskit_node().label()).collect()
    };
    let before = seen(&stage);
    assert!(before.len() > 5, "{before:?}");
    stage.receive(&call, 5001, 5100);
    assert_eq!(seen(&stage), before);
}

#[test]
fn the_list_of_items_stands_still_while_items_go_on_coming() {
    let mut stage = Stage::connected(feed());
    let call = stage.start();
    stage.receive(&call, 1, 10);
    stage.click("Pause items");
    stage.receive(&call, 11, 20_000);
    assert!(stage.shows("20,000 items") && stage.shows("paused, 19,990 came since"));
    assert!(stage.shows("Item 10, ") && !stage.shows("Item 20,000, "));
    stage.click("Item 9, 0.01 s, {\"n\": 9}");
    assert!(matches!(stage.order(), Some(TabOrder::Look { item: 9, .. })), "also what is not kept any more");
    stage.click("Close the item");
    stage.click("Resume items");
    assert!(stage.shows("Item 20,000, ") && !stage.shows("paused") && !stage.shows("Item 10, "));
}

#[test]
fn items_are_filtered_by_what_their_rows_show() {
    let mut stage = Stage::connected(feed());
    let call = stage.start();
    stage.receive(&call, 1, 100);
    stage.type_into("Filter items", "\"N\": 7");
    assert!(stage.shows("11 of 100 match") && stage.shows("Item 79, ") && !stage.shows("Item 69, "));
    stage.receive(&call, 101, 700);
    assert!(stage.shows("12 of 700 match") && stage.shows("Item 700, "));
    stage.type_into("Filter items", "77");
    assert!(stage.shows("No item that is kept matches."));
}

#[test]
fn an_item_is_compared_with_the_one_before_it() {
    let mut stage = Stage::connected(feed());
    let call = stage.start();
    stage.receive(&call, 1, 3);
    stage.click("Item 3, 0.00 s, {\"n\": 3}");
    let Some(TabOrder::Look { bytes, earlier, .. }) = stage.order() else { panic!("an item is decoded") };
    let body = Body::new(bytes, earlier.as_ref()).unwrap();
    stage.tell(TabNews::Looked(call.number, 3, Ok(body)));
    stage.click("Reply as Changes");
    assert!(stage.shows("Compared with item 2: 1 changed"), "{:#?}", stage.window.root());
    assert!(stage.shows("~ n  2 → 3"));
}

#[test]
fn a_file_of_items_is_chosen_sent_and_stopped() {
    let mut stage = Stage::connected(feed());
    stage.click("acme.Feed/import");
    let call = stage.start();
    let purpose = Purpose::Items(call.number);
    stage.click("Send a file of items…");
    assert_eq!(stage.order(), Some(TabOrder::Browse(purpose.clone())));
    stage.tell(TabNews::Picked(purpose, "/tmp/words.jsonl".into()));
    let Some(TabOrder::SendFile(_, file)) = stage.order() else { panic!("a file is sent") };
    assert_eq!(file.path.to_str(), Some("/tmp/words.jsonl"));
    let far = |sent, state| {
        let begun = FileProgress::begun(&file.path);
        TabNews::Fed(call.number, FileProgress { sent, read: 10 * sent, size: 1000, state, ..begun })
    };
    stage.tell(far(42, FileState::Going));
    assert!(stage.shows("42 sent") && stage.shows("words.jsonl: 42 items sent, on its way"));
    assert!(stage.shows("words.jsonl, 42 % sent"));
    stage.click("Stop sending the file");
    assert_eq!(stage.order(), Some(TabOrder::StopFile(call.number)));
    stage.tell(far(50, FileState::Stopped));
    assert!(stage.shows("50 sent") && stage.shows("words.jsonl: 50 items sent, stopped"));
    let mistake = Mistake { line: Some(51), message: "expected text, found 7".to_owned() };
    stage.tell(far(50, FileState::Failed(mistake)));
    assert!(stage.shows("Line 51: expected text, found 7") && stage.shows("Send a file of items…"));
}

#[test]
fn of_a_million_items_the_window_keeps_and_draws_few() {
    let mut stage = Stage::connected(feed());
    let call = stage.start();
    for batch in 1..=20 {
        let mut newest = Newest::default();
        for number in (batch - 1) * 50_000 + 1..=batch * 50_000 {
            newest.push(Item::new(number, Duration::from_micros(number), vec![0x01]));
        }
        newest.summarise();
        let batch = Batch { received: batch * 50_000, bytes: batch * 50_000, newest, ..Batch::default() };
        stage.tell(TabNews::Items(call.number, batch));
    }
    assert!(stage.shows("1,000,000 items") && stage.shows("the newest 5,000 are kept"));
    assert!(stage.shows("Item 1,000,000, 1.00 s, 1"));
    stage.type_into("Filter items", "1");
    assert!(stage.shows("5,000 of 5,000 match"));
    stage.click("Pause items");
    let tab = stage.window.state().model.tab();
    let stream = tab.calls.last("acme.Feed/watch").unwrap().stream.as_ref().unwrap();
    assert_eq!([stream.kept.len(), stream.items().len(), stream.rows()], [5000; 3]);
    assert!(stage.window.root().children_recursive().count() < 400, "only what is in sight");
}
