//! Requests through their lenses: written in one, seen in all.

use countersign::MetadataValue;
use countersign::cbor::{diagnostic, from_slice};
use egui::Key;
use serde_json::{Value as Json, json};

use super::forms::{form_service, typed};
use super::stage::Stage;
use crate::exchange::{TabNews, TabOrder};
use crate::form::Content;

const NOTATION: &str = "Arguments in diagnostic notation";
const HEX: &str = "Arguments in hexadecimal digits";

/// A procedure that takes an account and a note.
fn parameters(account: &str) -> Json {
    json!({ "type": "object", "properties": { "account": { "type": account },
        "note": { "type": ["string", "null"] } }, "required": ["account"], "additionalProperties": false })
}

fn accounts() -> Stage {
    Stage::connected(vec![form_service(parameters("integer"))])
}

impl Stage {
    /// Replaces what is in a control.
    pub(crate) fn rewrite(&mut self, name: &str, text: &str) {
        self.control(name).focus();
        self.settle();
        self.keys(Key::A);
        self.control(name).type_text(text);
        self.settle();
    }

    /// The text in a control.
    fn text_of(&self, name: &str) -> String {
        self.control(name).value().unwrap_or_default()
    }

    fn in_form(&mut self) {
        self.press("Write the request in a form");
    }

    fn in_notation(&mut self) {
        self.press("Write the request in diagnostic notation");
    }

    fn in_hex(&mut self) {
        self.press("Write the request in hexadecimal digits");
    }

    /// What a call sends, in notation.
    fn sent_bytes(&mut self) -> String {
        self.click("Call");
        let call = self.call();
        self.refuse(&call, countersign::Code::Unavailable, "the test has seen enough");
        match call.arguments {
            Content::Encoded(bytes) => diagnostic(&from_slice(&bytes).unwrap()),
            typed => panic!("bytes were expected: {typed:?}"),
        }
    }
}

#[test]
fn one_value_is_written_in_a_form_in_notation_or_in_hex() {
    let mut stage = accounts();
    stage.fill("account", "17");
    stage.in_notation();
    assert_eq!(stage.text_of(NOTATION), r#"{"account": 17}"#);
    stage.rewrite(NOTATION, r#"{"account": 18, "note": "for Bob"}"#);
    assert_eq!(stage.sent_bytes(), r#"{"account": 18, "note": "for Bob"}"#);
    stage.in_form();
    assert_eq!((stage.text_of("account"), stage.text_of("note")), ("18".to_owned(), "for Bob".to_owned()));
    stage.in_hex();
    assert_eq!(stage.text_of(HEX), "a2 67 61 63 63 6f 75 6e 74 12 64 6e 6f 74 65 67\n66 6f 72 20 42 6f 62");
    assert!(stage.shows("23 bytes"));
    stage.rewrite(HEX, "a1 67 61 63 63 6f 75 6e 74 13");
    stage.in_form();
    assert_eq!(stage.text_of("account"), "19");
    stage.rewrite("account", "20");
    assert_eq!(stage.sent(), json!({ "account": 20 }));
    stage.in_notation();
    assert_eq!(stage.text_of(NOTATION), r#"{"account": 20}"#);
}

#[test]
fn a_mistake_in_notation_has_its_line_and_column_and_nothing_is_sent() {
    let mut stage = accounts();
    stage.in_notation();
    stage.rewrite(NOTATION, "{\"account\": 17}");
    stage.rewrite(NOTATION, "{\"account\": 17,\n  \"note\": Bob}");
    assert!(stage.shows("Line 2, column 11: expected a value; text needs quotes: \"Bob\""));
    stage.click("Call");
    assert_eq!(stage.order(), None);
    assert!(stage.shows("Not sent. Line 2, column 11"));
    stage.in_form();
    assert!(stage.shows("The diagnostic text has a mistake and waits there."));
    assert_eq!(stage.text_of("account"), "17", "the last good value");
    stage.in_notation();
    assert_eq!(stage.text_of(NOTATION), "{\"account\": 17,\n  \"note\": Bob}", "what was typed waits");
    stage.press("Write out the last value");
    assert_eq!(stage.text_of(NOTATION), r#"{"account": 17}"#);
    stage.press("Put aside (1)");
    assert!(stage.shows("Diagnostic text before the value was written elsewhere"));
}

#[test]
fn a_mistake_in_hex_is_said_with_its_byte() {
    let mut stage = accounts();
    stage.in_hex();
    stage.rewrite(HEX, "a1 6");
    assert!(stage.shows("Byte 1: expected a second digit"));
    stage.rewrite(HEX, "a1 61");
    assert!(stage.shows("(at byte"));
    stage.click("Call");
    assert_eq!(stage.order(), None);
}

#[test]
fn a_value_that_the_form_cannot_show_is_sent_from_its_text_with_the_reason_shown() {
    let mut stage = accounts();
    stage.in_notation();
    stage.rewrite(NOTATION, r#"{"account": "seventeen"}"#);
    stage.in_form();
    assert!(stage.shows("This form cannot show the request: account: expected integer"));
    assert_eq!(stage.sent_bytes(), r#"{"account": "seventeen"}"#);
    stage.press("Show the diagnostic text");
    assert_eq!(stage.text_of(NOTATION), r#"{"account": "seventeen"}"#);
}

#[test]
fn metadata_travels_beside_the_arguments_as_text_or_bytes() {
    let mut stage = accounts();
    stage.fill("account", "17");
    stage.press("Metadata");
    stage.press("Add metadata");
    stage.fill("Metadata key 1", "Trace Id");
    stage.fill("Metadata value 1", "abc");
    assert!(stage.shows("is not a metadata key"));
    stage.click("Call");
    assert_eq!(stage.order(), None);
    stage.rewrite("Metadata key 1", "trace");
    stage.press("Add metadata");
    stage.fill("Metadata key 2", "token");
    stage.choose("Encoding of metadata 2", "Hex");
    stage.fill("Metadata value 2", "00 ff");
    stage.fill("Deadline", "5 s");
    stage.click("Call");
    let call = stage.call();
    assert_eq!(typed(&call.arguments).json, json!({ "account": 17 }));
    assert_eq!(call.deadline, Some(std::time::Duration::from_secs(5)));
    let bytes = MetadataValue::Bytes(vec![0, 0xff].into());
    assert_eq!(call.metadata, [("trace".to_owned(), "abc".into()), ("token".to_owned(), bytes)]);
}

#[test]
fn another_schema_keeps_what_fits_and_names_what_does_not() {
    let mut stage = accounts();
    stage.fill("account", "17");
    stage.press("Send note");
    stage.fill("note", "for Bob");
    let changed = json!({ "type": "object", "properties": { "account": { "type": "string" },
        "urgent": { "type": "boolean" } }, "required": ["account", "urgent"],
        "additionalProperties": false });
    stage.tell(TabNews::Catalogue(Ok(vec![form_service(changed)].into())));
    assert!(stage.shows("The server describes these arguments differently now."));
    assert!(stage.shows("What still has a place was kept. This has none any more:"));
    assert!(stage.shows("for Bob"));
    assert_eq!(stage.sent(), json!({ "account": "17", "urgent": false }));
    stage.press("Understood");
    assert!(!stage.shows("for Bob"));
    stage.tell(TabNews::Catalogue(Ok(vec![form_service(parameters("integer"))].into())));
    stage.press("Put aside (2)");
    assert!(stage.shows("Before the server described this differently") && stage.shows("for Bob"));
}

#[test]
fn what_an_example_or_a_reset_replaces_can_be_put_back() {
    let mut stage = accounts();
    stage.fill("account", "17");
    stage.fill("Deadline", "5 s");
    stage.click("Example");
    stage.click("Reset form");
    assert_eq!((stage.text_of("account"), stage.text_of("Deadline")), (String::new(), String::new()));
    stage.press("Put aside (2)");
    stage.press("Put back 1");
    assert_eq!((stage.text_of("account"), stage.text_of("Deadline")), ("17".to_owned(), "5 s".to_owned()));
}

#[test]
fn a_type_that_holds_itself_is_filled_in_as_deep_as_one_goes() {
    let node = json!({ "type": "object", "properties": { "value": { "type": "integer" },
        "children": { "type": "array", "items": { "$ref": "#/$defs/Node" } } },
        "required": ["value", "children"] });
    let arguments = json!({ "type": "object", "properties": { "tree": { "$ref": "#/$defs/Node" } },
        "required": ["tree"], "additionalProperties": false, "$defs": { "Node": node } });
    let mut stage = Stage::connected(vec![form_service(arguments)]);
    stage.fill("tree.value", "1");
    stage.press("Add to tree.children");
    stage.fill("tree.children[0].value", "2");
    stage.press("Add to tree.children[0].children");
    stage.fill("tree.children[0].children[0].value", "3");
    let leaf = json!({ "value": 3, "children": [] });
    let tree = json!({ "value": 1, "children": [{ "value": 2, "children": [leaf] }] });
    assert_eq!(stage.sent(), json!({ "tree": tree }));
    stage.in_notation();
    assert!(stage.text_of(NOTATION).contains(r#"{"value": 3, "children": []}"#));
}

#[test]
fn bytes_in_a_map_come_from_a_file_and_keep_it_under_every_lens() {
    let arguments = json!({ "type": "object", "properties": { "files": { "type": "object",
        "additionalProperties": { "type": "string", "format": "bytes" } } }, "required": ["files"],
        "additionalProperties": false });
    let mut stage = Stage::connected(vec![form_service(arguments)]);
    stage.press("Add to files");
    stage.fill("Key files[0]", "photo");
    stage.choose("Encoding of files[0]", "File");
    stage.press("Browse for files[0]");
    let Some(TabOrder::Browse(purpose)) = stage.order() else { panic!("a file is to be chosen") };
    stage.tell(TabNews::Picked(purpose, "/tmp/photo.png".into()));
    stage.in_notation();
    assert_eq!(stage.text_of(NOTATION), r#"{"files": {"photo": h''}}"#);
    assert!(stage.shows("The bytes of /tmp/photo.png are put in when the call is made"));
    stage.rewrite(NOTATION, r#"{"files": {"photo": h'', "note": 'hi'}}"#);
    stage.click("Call");
    let arguments = typed(&stage.call().arguments);
    assert_eq!(arguments.json, json!({ "files": { "photo": "", "note": "aGk=" } }));
    assert_eq!(arguments.files, [("/files/photo".to_owned(), "/tmp/photo.png".into())]);
}
