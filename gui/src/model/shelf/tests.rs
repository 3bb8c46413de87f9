use countersign::MetadataValue;
use countersign::cbor::from_diagnostic;
use serde_json::json;

use super::*;
use crate::form::{Content, Part};
use crate::model::catalogue::Procedure;
use crate::model::draft::{Draft, Lens, MetadataRow};
use crate::tests::stage;

fn upload() -> Procedure {
    let arguments = json!({ "type": "object", "properties": { "name": { "type": "string" },
        "share": { "type": "number" }, "data": { "type": "string", "format": "bytes", "minLength": 1 } },
        "required": ["name", "share", "data"], "additionalProperties": false });
    stage::procedure("acme.Files/upload", arguments)
}

fn draft(notation: &str) -> Draft {
    let mut draft = Draft::new(&upload());
    let _ = draft.fill(Part::Arguments, &from_diagnostic(notation).unwrap());
    draft
}

/// What the file of a draft says, in a draft of its own.
fn again(draft: &Draft) -> Draft {
    let text = Saved::of("acme.Files/upload", draft).unwrap().text();
    let mut again = Draft::new(&upload());
    again.open(&Saved::parse(&text).unwrap());
    again
}

const GOOD: &str = r#"{"name": "photo", "share": NaN, "data": h'00ff'}"#;

#[test]
fn a_file_is_a_short_text_in_a_stable_order() {
    let mut draft = draft(r#"{"data": h'00ff', "share": NaN, "name": "photo"}"#);
    draft.whole.deadline = "5 s".to_owned();
    draft.whole.metadata = vec![
        MetadataRow::of("trace", &"abc".into()),
        MetadataRow::of("seed", &MetadataValue::Bytes(vec![1, 2].into())),
        MetadataRow::of("authorization", &"Bearer 4f2a".into()),
    ];
    let saved = Saved::of("acme.Files/upload", &draft).unwrap();
    assert_eq!(
        saved.text(),
        r#"{
  "procedure": "acme.Files/upload",
  "deadline": "5 s",
  "metadata": {
    "trace": "abc",
    "seed": {
      "base64": "AQI="
    },
    "authorization": null
  },
  "arguments": {
    "name": "photo",
    "share": "NaN",
    "data": "AP8="
  }
}
"#
    );
    assert_eq!(saved.withheld(), ["authorization"]);
    let read = Saved::parse(&saved.text()).unwrap();
    assert_eq!((&read, read.text()), (&saved, saved.text()));
    let again = again(&draft);
    let rows =
        |draft: &Draft| -> Vec<_> { draft.whole.metadata[..2].iter().map(MetadataRow::entry).collect() };
    assert_eq!((&again.whole.deadline, rows(&again)), (&draft.whole.deadline, rows(&draft)));
    assert_eq!(again.whole.arguments.content(Lens::Form), draft.whole.arguments.content(Lens::Form));
}

#[test]
fn a_file_of_bytes_is_named_and_not_copied() {
    let mut draft = draft(GOOD);
    draft.writing_mut(Part::Arguments).unwrap().form_mut().choose_file("data", "/tmp/photo.png".to_owned());
    let Some(Content::Typed(arguments)) = again(&draft).whole.arguments.content(Lens::Form) else {
        panic!("it is in the form")
    };
    assert_eq!(arguments.files, [("/data".to_owned(), "/tmp/photo.png".into())]);
}

#[test]
fn a_request_written_in_notation_is_kept_as_its_lines() {
    let mut draft = draft(GOOD);
    draft.look_through(Lens::Notation);
    let text = "{\n  \"name\": 7, / not a text: what does the server say? /\n}";
    let writing = draft.writing_mut(Part::Arguments).unwrap();
    writing.sheet_mut(Lens::Notation).unwrap().text = text.to_owned();
    writing.text_was_edited(Lens::Notation);
    let saved = Saved::of("acme.Files/upload", &draft).unwrap().text();
    assert!(saved.contains("  \"notation\": [\n    \"{\",\n"), "{saved}");
    let mut again = again(&draft);
    assert_eq!(again.lens, Lens::Notation);
    assert_eq!(again.writing_mut(Part::Arguments).unwrap().sheet_mut(Lens::Notation).unwrap().text, text);
}

#[test]
fn a_file_of_an_older_schema_keeps_what_fits_and_shows_the_rest_in_notation() {
    let older = r#"{"procedure": "acme.Files/upload", "arguments": {"name": "photo", "mode": "fast"}}"#;
    let mut draft = Draft::new(&upload());
    draft.open(&Saved::parse(older).unwrap());
    assert_eq!(draft.lens, Lens::Notation);
    let writing = draft.writing_mut(Part::Arguments).unwrap();
    assert_eq!(writing.sheet_mut(Lens::Notation).unwrap().text, r#"{"name": "photo", "mode": "fast"}"#);
    assert!(writing.form().texts().iter().any(|piece| piece.text == "photo"), "the form has what fits");
    draft.look_through(Lens::Form);
    let misfit = draft.whole.arguments.misfit().unwrap();
    assert!(misfit.0.contains("mode: unknown field"), "{misfit:?}");
}

#[test]
fn what_is_no_request_says_at_which_line() {
    for (text, wrong) in [
        ("{\n \"procedure\": 7 }", "line 2 column 15"),
        ("{\"procedure\": \"a.B/c\",\n \"argument\": {}}", "unknown field `argument`"),
        ("{}", "it names no procedure"),
    ] {
        let said = Saved::parse(text).unwrap_err();
        assert!(said.contains(wrong), "{said}");
    }
    assert!(Saved::of("acme.Files/upload", &Draft::new(&upload())).unwrap_err().starts_with("share: "));
}
