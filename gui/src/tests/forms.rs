use egui::accesskit::{Role, Toggled};
use egui_kittest::kittest::{AccessKitNode, NodeT as _, Queryable as _, by};
use egui_kittest::{Harness, Node};
use serde_json::{Value as Json, json};

use super::stage::{Stage, procedure};
use crate::Dashboard;
use crate::exchange::{Purpose, TabNews, TabOrder};
use crate::form::{Arguments, Content};
use crate::model::catalogue::Service;

impl Stage {
    /// A window with one procedure whose parameters are all required.
    fn with_form(parameters: Json) -> Self {
        let required: Vec<String> = parameters.as_object().unwrap().keys().cloned().collect();
        let arguments = json!({ "type": "object", "properties": parameters, "required": required,
            "additionalProperties": false });
        Self::connected(vec![form_service(arguments)])
    }

    /// The control of this name, and not the label beside it.
    pub(crate) fn control<'s>(&'s self, name: &'s str) -> Node<'s> {
        control(&self.window, name)
    }

    /// Types into a control of any kind.
    pub(crate) fn fill(&mut self, name: &str, text: &str) {
        let field = self.control(name);
        field.focus();
        field.type_text(text);
        self.settle();
    }

    /// Clicks a control of any kind.
    pub(crate) fn press(&mut self, name: &str) {
        self.control(name).click();
        self.settle();
    }

    /// Chooses from a menu.
    pub(crate) fn choose(&mut self, menu: &str, entry: &str) {
        self.press(menu);
        self.press(entry);
    }

    /// What a call would send.
    pub(crate) fn sent(&mut self) -> Json {
        self.click("Call");
        let call = self.call();
        self.refuse(&call, countersign::Code::Unavailable, "the test has seen enough");
        typed(&call.arguments).json
    }
}

/// What was typed into the form.
pub(super) fn typed(content: &Content) -> Arguments {
    match content {
        Content::Typed(arguments) => arguments.clone(),
        Content::Encoded(bytes) => panic!("bytes were typed: {bytes:?}"),
    }
}

/// The control of this name, and not the label beside it.
pub(super) fn control<'h>(window: &'h Harness<'_, Dashboard>, name: &'h str) -> Node<'h> {
    let is_it =
        move |node: &AccessKitNode<'_>| node.label().as_deref() == Some(name) && node.role() != Role::Label;
    window.get(by().predicate(is_it))
}

/// The first of the controls of this name.
pub(super) fn any_control<'h>(window: &'h Harness<'_, Dashboard>, name: &'h str) -> Node<'h> {
    window.get_all_by_label(name).next().unwrap()
}

/// The first control with these words in its name.
pub(super) fn first_containing<'h>(window: &'h Harness<'_, Dashboard>, words: &'h str) -> Node<'h> {
    window.get_all_by_label_contains(words).next().unwrap()
}

pub(super) fn form_service(arguments: Json) -> Service {
    let procedures = vec![procedure("acme.Forms/send", arguments)];
    Service { name: "acme.Forms".to_owned(), procedures, ..Service::default() }
}

#[test]
fn every_kind_of_field_is_filled_in_by_its_name() {
    let mut stage = Stage::with_form(json!({
        "count": { "type": "integer", "format": "uint8", "minimum": 0, "maximum": 255 },
        "share": { "type": "number" },
        "name": { "type": "string" },
        "urgent": { "type": "boolean" },
        "when": { "type": "string", "format": "date-time" },
        "data": { "type": "string", "format": "bytes" },
        "level": { "type": "string", "enum": ["Low", "High"] },
        "extra": true,
    }));
    stage.fill("count", "17");
    stage.fill("share", "0.5");
    stage.fill("name", "Ada");
    stage.press("urgent");
    stage.fill("when", "2026-01-31T12:00:00Z");
    stage.choose("Encoding of data", "Hex");
    stage.fill("data", "00 ff");
    stage.choose("level", "High");
    stage.fill("extra", "[1, null]");
    assert_eq!(
        stage.sent(),
        json!({ "count": 17, "share": 0.5, "name": "Ada", "urgent": true,
        "when": "2026-01-31T12:00:00Z", "data": "AP8=", "level": "High", "extra": [1, null] })
    );
}

#[test]
fn a_mistake_is_said_at_its_field_and_nothing_is_sent() {
    let mut stage = Stage::with_form(json!({ "age": { "type": "integer", "minimum": 0, "maximum": 150 },
        "email": { "type": "string", "minLength": 3 } }));
    assert!(!stage.shows("Write a whole number"), "nobody has typed yet");
    stage.fill("age", "200");
    assert!(stage.shows("Has to be 0 to 150") && !stage.shows("At least 3 characters"));
    stage.click("Call");
    assert_eq!(stage.order(), None);
    assert!(
        stage.shows("Not sent. age: Has to be 0 to 150 (and 1 more)") && stage.shows("At least 3 characters")
    );
}

#[test]
fn what_is_optional_is_left_out_until_it_is_ticked() {
    let arguments = json!({ "type": "object", "properties": { "note": { "type": ["string", "null"] },
        "limit": { "type": "integer", "default": 10 } }, "additionalProperties": false });
    let mut stage = Stage::connected(vec![form_service(arguments)]);
    assert!(stage.shows("default 10"));
    assert_eq!(stage.sent(), json!({}));
    stage.press("Send note");
    stage.fill("note", "for Bob");
    assert_eq!(stage.sent(), json!({ "note": "for Bob" }));
    stage.press("Send note");
    assert_eq!(stage.sent(), json!({}));
    stage.press("Send note");
    assert_eq!(stage.control("note").value().as_deref(), Some("for Bob"), "typed text is kept");
}

#[test]
fn lists_and_maps_grow_and_shrink() {
    let line =
        json!({ "type": "object", "properties": { "sku": { "type": "string" } }, "required": ["sku"] });
    let mut stage = Stage::with_form(json!({ "lines": { "type": "array", "items": line },
        "labels": { "type": "object", "additionalProperties": { "type": "integer" } } }));
    stage.press("Add to lines");
    stage.press("Add to lines");
    stage.fill("lines[0].sku", "A-1");
    stage.fill("lines[1].sku", "B-2");
    stage.press("Add to labels");
    stage.fill("Key labels[0]", "floor");
    stage.fill("labels[0]", "3");
    assert_eq!(
        stage.sent(),
        json!({ "lines": [{ "sku": "A-1" }, { "sku": "B-2" }], "labels": { "floor": 3 } })
    );
    stage.press("Remove lines[0]");
    stage.press("Remove labels[0]");
    assert_eq!(stage.sent(), json!({ "lines": [{ "sku": "B-2" }], "labels": {} }));
}

#[test]
fn a_variant_shows_its_own_fields_and_keeps_them() {
    let card = json!({ "type": "object", "properties": { "Card": { "type": "object",
        "properties": { "number": { "type": "string" } }, "required": ["number"] } },
        "required": ["Card"], "additionalProperties": false });
    let payment = json!({ "oneOf": [{ "type": "string", "const": "Cash" }, card] });
    let mut stage = Stage::with_form(json!({ "payment": payment }));
    stage.choose("payment", "Card");
    stage.fill("payment.Card.number", "4111");
    assert_eq!(stage.sent(), json!({ "payment": { "Card": { "number": "4111" } } }));
    stage.choose("payment", "Cash");
    assert_eq!(stage.sent(), json!({ "payment": "Cash" }));
    stage.choose("payment", "Card");
    assert_eq!(stage.control("payment.Card.number").value().as_deref(), Some("4111"));
}

#[test]
fn bytes_may_come_from_a_file() {
    let mut stage = Stage::with_form(json!({ "data": { "type": "string", "format": "bytes" } }));
    stage.choose("Encoding of data", "File");
    stage.press("Browse for data");
    let Some(TabOrder::Browse(purpose)) = stage.order() else { panic!("a file is to be chosen") };
    assert!(matches!(&purpose, Purpose::Bytes { path, .. } if path == "data"));
    stage.tell(TabNews::Picked(purpose, "/tmp/photo.png".into()));
    stage.click("Call");
    assert_eq!(typed(&stage.call().arguments).files, [("/data".to_owned(), "/tmp/photo.png".into())]);
}

#[test]
fn an_example_fills_what_is_required_and_a_reset_empties_it() {
    let mut stage = Stage::with_form(json!({ "age": { "type": "integer", "minimum": 18 },
        "agreed": { "type": "boolean", "default": true } }));
    stage.click("Example");
    assert_eq!(stage.sent(), json!({ "age": 18, "agreed": true }));
    stage.click("Reset form");
    assert_eq!(stage.control("age").value().unwrap_or_default(), "");
    assert_eq!(
        stage.control("agreed").accesskit_node().toggled(),
        Some(Toggled::True),
        "the schema's default"
    );
}

#[test]
fn what_was_typed_outlives_a_change_of_the_interface() {
    let arguments = |kind: &str| {
        json!({ "type": "object", "properties": { "id": { "type": kind } },
        "required": ["id"], "additionalProperties": false })
    };
    let mut stage = Stage::connected(vec![form_service(arguments("string"))]);
    stage.fill("id", "seventeen");
    stage.tell(TabNews::Catalogue(Ok(vec![form_service(arguments("integer"))].into())));
    assert_eq!(stage.control("id").value().as_deref(), Some("seventeen"));
    assert!(stage.shows("The server describes these arguments differently now."));
    stage.click("Reset form");
    assert!(!stage.shows("differently now") && stage.control("id").value().unwrap_or_default().is_empty());
}

#[test]
fn a_form_of_a_thousand_fields_is_written_as_json() {
    let fields: serde_json::Map<String, Json> =
        (0..1000).map(|i| (format!("f{i}"), json!({ "type": "integer" }))).collect();
    let mut stage = Stage::with_form(json!({ "wide": { "type": "object", "properties": fields } }));
    stage.fill("wide", "{\"f7\": 7}");
    assert_eq!(stage.sent(), json!({ "wide": { "f7": 7 } }));
}
