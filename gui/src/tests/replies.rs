//! What a call came back with, under every lens.

use std::sync::Arc;
use std::time::Duration;

use countersign::cbor::{self, Value};
use countersign::{Metadata, MetadataValue, Times};
use egui::accesskit::{Role, Toggled};
use egui::{Event, Key, Modifiers, PointerButton, Pos2, TextStyle, vec2};
use egui_kittest::kittest::{NodeT as _, Queryable as _};

use super::stage::{Stage, ledger};
use crate::exchange::{CallOrder, TabNews};
use crate::model::calls::Ended;
use crate::model::reply::{Beside, Body, Problem, ProblemKind};

const ORDER: &str = r#"{"lines": [{"price": 7}, "sugar"], "note": "two cups"}"#;

impl Stage {
    /// A window in which a call was answered with this.
    pub(super) fn answered(notation: &str) -> Self {
        let mut stage = Self::connected(ledger());
        stage.call_and_answer(notation);
        stage
    }

    pub(super) fn call_and_answer(&mut self, notation: &str) -> CallOrder {
        self.click("Call");
        let call = self.call();
        self.answer(&call, &cbor::from_diagnostic(notation).unwrap());
        call
    }

    fn end_with(&mut self, call: &CallOrder, ended: Ended) {
        self.tell(TabNews::Ended(call.number, ended));
    }

    /// Presses and lets go of a button of the mouse at a place.
    pub(super) fn press_at(&mut self, pos: Pos2, button: PointerButton) {
        self.window.event(Event::PointerMoved(pos));
        for pressed in [true, false] {
            self.window.event(Event::PointerButton { pos, button, pressed, modifiers: Modifiers::NONE });
        }
        self.settle();
    }

    /// Clicks a character of a row of monospace text.
    fn click_character(&mut self, row: &str, column: usize) {
        let rect = self.window.get_by_label_contains(row).rect();
        let font = TextStyle::Monospace.resolve(&self.window.ctx.global_style());
        let step = self.window.ctx.fonts_mut(|fonts| fonts.glyph_width(&font, '0'));
        let pos = rect.left_center() + vec2((column as f32 + 0.5) * step, 0.0);
        self.press_at(pos, PointerButton::Primary);
    }

    /// The path of the item that is highlighted.
    fn highlighted(&self) -> Option<String> {
        let model = &self.window.state().model;
        let tab = model.tab();
        let call = tab.calls.last(tab.selected.as_deref()?)?;
        let body = &call.ended.as_ref()?.outcome.as_ref().ok()?;
        Some(body.outline.path(body.selected?, &body.bytes))
    }
}

#[test]
fn an_item_that_is_clicked_under_one_lens_is_highlighted_under_all() {
    let mut stage = Stage::answered(ORDER);
    stage.click("price 7");
    assert!(stage.highlighted().as_deref() == Some("lines[0].price") && stage.shows("lines[0].price"));
    stage.click("Reply as Diagnostic");
    assert!(stage.shows(ORDER) && stage.shows("lines[0].price"));
    stage.click_character(ORDER, ORDER.find("sugar").unwrap());
    assert_eq!(stage.highlighted().as_deref(), Some("lines[1]"));
    stage.click("Reply as Hex");
    assert!(stage.shows("lines[1]"));
    // a2 65 l i n e s 82 a1 65 p r i c e 07 65 s u g a r: in rows of eight, `07` is the last of the second.
    stage.click_character("00000008 a1 65 70 72 69 63 65 07 .eprice.", 10 + 3 * 7);
    assert_eq!(stage.highlighted().as_deref(), Some("lines[0].price"));
    stage.click("Reply as Tree");
    let row = stage.window.get_by_role_and_label(Role::Button, "price 7");
    assert_eq!(row.accesskit_node().toggled(), Some(Toggled::True));
    stage.click("price 7");
    assert_eq!(stage.highlighted(), None, "a second click lets go of it");
}

#[test]
fn what_is_folded_away_is_unfolded_when_it_is_clicked_elsewhere() {
    let mut stage = Stage::answered(ORDER);
    stage.click("Fold lines");
    assert!(!stage.shows("price 7") && stage.shows("lines 2 items"));
    stage.click("Reply as Diagnostic");
    stage.click_character(ORDER, ORDER.find('7').unwrap());
    stage.click("Reply as Tree");
    assert!(stage.shows("price 7"));
}

#[test]
fn path_and_value_are_copied_from_the_line_below_and_by_the_right_button() {
    let mut stage = Stage::answered(ORDER);
    stage.click("price 7");
    assert_eq!(
        (stage.copied("Copy path").as_str(), stage.copied("Copy value").as_str()),
        ("lines[0].price", "7")
    );
    stage.click("note two cups");
    assert_eq!(stage.copied("Copy value"), "two cups", "text is copied as it is");
    stage.click("note two cups");
    let row = stage.window.get_by_role_and_label(Role::Button, "1 sugar").rect().center();
    stage.press_at(row, PointerButton::Secondary);
    assert_eq!(stage.copied("Copy in hex"), "657375676172");
    assert_eq!(stage.copied("Copy reply"), ORDER);
    stage.click("Reply as Hex");
    assert!(stage.copied("Copy reply").starts_with("a2656c696e6573"));
}

#[test]
fn a_reply_is_compared_with_the_one_before_it_and_marked_in_the_tree() {
    let mut stage = Stage::answered(ORDER);
    stage.click("Reply as Changes");
    assert!(stage.shows("Nothing to compare with"));
    stage.call_and_answer(r#"{"lines": [{"price": 8}, "sugar"], "note": "two cups", "paid": true}"#);
    assert!(stage.shows("Compared with #1: 1 added, 1 changed"));
    stage.click("~ lines[0].price  7 → 8");
    assert_eq!(stage.highlighted().as_deref(), Some("lines[0].price"));
    assert!(stage.shows("+ paid  true"));
    stage.click("Reply as Tree");
    assert!(stage.shows("price 8, changed") && stage.shows("paid true, added"));
    assert!(stage.shows("lines 2 items, changed within") && stage.shows("note two cups"));
    stage.click("Call");
    let call = stage.call();
    stage.refuse(&call, countersign::Code::Unavailable, "busy");
    stage.call_and_answer(r#"{"lines": []}"#);
    stage.click("Reply as Changes");
    assert!(stage.shows("Compared with #2"), "a failure is nothing to compare with");
    stage.call_and_answer(r#"{"lines": []}"#);
    assert!(stage.shows("The same as #4"));
}

#[test]
fn the_time_of_a_call_is_split_and_ranked_among_the_last_five_minutes() {
    let mut stage = Stage::connected(ledger());
    stage.count("acme.Ledger/balance", 92, Duration::from_millis(1), None);
    stage.count("acme.Ledger/balance", 8, Duration::from_millis(50), None);
    stage.click("Call");
    let call = stage.call();
    let mut times = Times::default();
    (times.decode_us, times.queue_us, times.handler_us, times.encode_us) = (12, 40, 6000, 30);
    let body = Body::new(vec![0x01], None).unwrap();
    let beside = Beside { times: Some(times), ..Beside::default() };
    stage.end_with(&call, Ended { took: Duration::from_micros(8100), outcome: Ok(body), beside });
    for part in ["wire 2.0 ms", "decode 12 µs", "queue 40 µs", "handler 6.0 ms", "encode 30 µs"] {
        assert!(stage.shows(part), "{part}");
    }
    assert!(stage.shows("Slower than 92 % of 100 calls in 5 min"));
    stage.window.get_by_label("handler 6.0 ms").hover();
    stage.window.run_steps(60);
    assert!(stage.shows("handler 6,000 µs, 74.1 % of the call"), "exact figures on hovering");

    stage.click("Call");
    let call = stage.call();
    stage.refuse(&call, countersign::Code::NotFound, "no such account");
    assert!(stage.shows("Slower than 92 % of 100 calls"), "without the server's times the client's count");
    assert!(!stage.shows("handler 6.0 ms"));
}

#[test]
fn metadata_that_came_ahead_and_with_the_end_is_unfolded() {
    let mut stage = Stage::connected(ledger());
    stage.click("Call");
    let call = stage.call();
    let (mut response, mut trailing) = (Metadata::new(), Metadata::new());
    response.insert("region", "eu\u{202e}1").unwrap();
    trailing.insert("checksum", MetadataValue::Bytes(vec![0xab; 3].into())).unwrap();
    let body = Body::new(vec![0x01], None).unwrap();
    let beside = Beside::new(None, &response, &trailing);
    stage.end_with(&call, Ended { took: Duration::from_millis(1), outcome: Ok(body), beside });
    assert!(!stage.shows("region"));
    stage.window.get_by_label("Metadata (1)").click();
    stage.window.run_steps(30);
    assert!(stage.shows("region") && stage.shows("eu\\u{202e}1"));
    stage.window.get_by_label("Trailing metadata (1)").click();
    stage.window.run_steps(30);
    assert!(stage.shows("checksum") && stage.shows("h'ababab'"));
}

#[test]
fn what_came_beside_a_failure_is_shown_as_well() {
    let mut stage = Stage::connected(ledger());
    stage.click("Call");
    let call = stage.call();
    let mut times = Times::default();
    (times.queue_us, times.handler_us) = (40, 6000);
    let mut trailing = Metadata::new();
    trailing.insert("attempt", "3").unwrap();
    let beside = Beside::new(Some(times), &Metadata::new(), &trailing);
    let outcome = Err(Problem::new(ProblemKind::Status(countersign::Code::NotFound), "no such account"));
    stage.end_with(&call, Ended { took: Duration::from_micros(8100), outcome, beside });
    assert!(stage.shows("NOT_FOUND") && stage.shows("handler 6.0 ms") && stage.shows("queue 40 µs"));
    stage.window.get_by_label("Trailing metadata (1)").click();
    stage.window.run_steps(30);
    assert!(stage.shows("attempt"));
}

#[test]
fn a_reply_that_cannot_be_read_is_shown_in_hex() {
    let mut stage = Stage::connected(ledger());
    stage.click("Call");
    let call = stage.call();
    let unread: Option<Arc<[u8]>> = Some(vec![0x82, 0x01].into());
    let problem =
        Problem { unread, ..Problem::new(ProblemKind::Undecodable, "the input ends inside an item") };
    stage.tell(TabNews::Ended(call.number, Ended::alone(Duration::ZERO, Err(problem))));
    assert!(stage.shows("Reply not understood") && stage.shows("the input ends inside an item"));
    assert!(stage.shows("00000000 82 01 .."));
}

#[test]
fn of_a_large_reply_only_what_is_in_sight_is_drawn() {
    let mut stage = Stage::connected(ledger());
    let entry = |i: u64| (Value::Text(format!("key {i}")), Value::Text("tea ".repeat(20)));
    let value = Value::Map((0..20_000).map(entry).collect());
    stage.click("Call");
    let call = stage.call();
    stage.answer(&call, &value);
    for lens in ["Tree", "Diagnostic", "Hex"] {
        stage.click(&format!("Reply as {lens}"));
        let drawn = stage.window.root().children_recursive().count();
        assert!(drawn < 400, "{lens}: {drawn} nodes");
    }
    stage.click_character("00000000 b9", 0);
    let body_end = cbor::to_vec(&value).unwrap().len() - 1;
    let tab_end = |stage: &Stage| {
        let tab = stage.window.state().model.tab();
        let call = tab.calls.last("acme.Ledger/balance").unwrap();
        call.ended.as_ref().unwrap().outcome.as_ref().unwrap().outline.at_byte(body_end)
    };
    let last = tab_end(&stage);
    stage
        .window
        .state_mut()
        .model
        .tab_mut()
        .obey(crate::command::Command::SelectItem(last), std::time::Instant::now());
    stage.settle();
    assert!(stage.shows("key 19999"), "its path");
    stage.click("Reply as Tree");
    assert!(stage.shows("key 19999 tea tea"), "what is selected is scrolled to");
}

#[test]
fn what_is_found_in_a_reply_is_highlighted_under_every_lens() {
    let mut stage = Stage::answered(ORDER);
    stage.window.key_press_modifiers(Modifiers::COMMAND | Modifiers::SHIFT, Key::F);
    stage.settle();
    stage.type_into("Find in the reply", "su");
    assert!(stage.shows("1 of 1"));
    assert_eq!(stage.highlighted().as_deref(), Some("lines[1]"));
    stage.type_into("Find in the reply", "p");
    assert!(stage.shows("Not found"), "sup");
    stage.click("Close the search");
    stage.click("Find in the reply");
    stage.type_into("Find in the reply", "c");
    // In the key `price` and in `two cups`; Return goes from one to the other, and around.
    assert!(stage.shows("1 of 2"));
    for (key, modifiers, found) in [
        (Key::Enter, Modifiers::NONE, "note"),
        (Key::Enter, Modifiers::NONE, "lines[0].price"),
        (Key::Enter, Modifiers::SHIFT, "note"),
        (Key::F3, Modifiers::NONE, "lines[0].price"),
        (Key::F3, Modifiers::SHIFT, "note"),
    ] {
        stage.window.key_press_modifiers(modifiers, key);
        stage.settle();
        assert_eq!(stage.highlighted().as_deref(), Some(found), "{key:?}");
    }
    stage.click("Reply as Hex");
    stage.type_into("Find in the reply", "ups");
    assert!(stage.shows("1 of 1"));
    stage.window.key_press(Key::Escape);
    stage.settle();
    assert!(!stage.shows("1 of 1"), "Escape closes it");
}

#[test]
fn the_keys_that_find_a_procedure_find_in_the_reply_where_one_is_in_it() {
    let mut stage = Stage::answered(ORDER);
    stage.keys(Key::F);
    assert!(stage.window.get_by_role_and_label(Role::TextInput, "Filter procedures").is_focused());
    stage.click("1 sugar");
    stage.keys(Key::F);
    assert!(stage.window.get_by_role_and_label(Role::TextInput, "Find in the reply").is_focused());
}
