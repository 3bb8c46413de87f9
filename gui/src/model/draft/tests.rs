use countersign::cbor::{diagnostic, from_diagnostic, from_slice};
use serde_json::{Value as Json, json};

use super::*;
use crate::tests::stage;

/// A procedure with these parameters, the first of which is required.
fn procedure(parameters: Json) -> Procedure {
    let first = parameters.as_object().unwrap().keys().next().cloned();
    let required: Vec<_> = first.into_iter().collect();
    let arguments = json!({ "type": "object", "properties": parameters, "required": required,
        "additionalProperties": false });
    stage::procedure("acme.Ledger/balance", arguments)
}

fn account() -> Procedure {
    procedure(
        json!({ "account": { "type": "integer", "minimum": 0 }, "note": { "type": ["string", "null"] } }),
    )
}

/// The user types this text into a lens.
fn write(draft: &mut Draft, lens: Lens, text: &str) {
    draft.look_through(lens);
    let writing = draft.writing_mut(Part::Arguments).unwrap();
    writing.sheet_mut(lens).unwrap().text = text.to_owned();
    writing.text_was_edited(lens);
}

/// The text that a lens shows.
fn shown(draft: &mut Draft, lens: Lens) -> String {
    draft.look_through(lens);
    draft.writing_mut(Part::Arguments).unwrap().sheet_mut(lens).unwrap().text.clone()
}

/// What a call would send, in notation.
fn sent(draft: &Draft) -> Option<String> {
    Some(match draft.request()?.arguments {
        Content::Typed(arguments) => arguments.json.to_string(),
        Content::Encoded(bytes) => diagnostic(&from_slice(&bytes).unwrap()),
    })
}

fn aside_texts(draft: &Draft) -> Vec<&str> {
    draft.asides.list().iter().flat_map(|aside| &aside.pieces).map(|piece| piece.text.as_str()).collect()
}

#[test]
fn a_value_written_in_one_lens_is_seen_in_the_others() {
    let mut draft = Draft::new(&account());
    write(&mut draft, Lens::Notation, "{\"account\": 17} / mine /");
    assert_eq!(sent(&draft).unwrap(), r#"{"account": 17}"#);
    assert_eq!(shown(&mut draft, Lens::Hex), "a1 67 61 63 63 6f 75 6e 74 11");
    draft.look_through(Lens::Form);
    assert_eq!(sent(&draft).unwrap(), r#"{"account": 17}"#);
    assert_eq!(shown(&mut draft, Lens::Notation), "{\"account\": 17} / mine /", "as it was typed");
    write(&mut draft, Lens::Hex, "a167 6163636f756e74 1812");
    assert_eq!(shown(&mut draft, Lens::Notation), r#"{"account": 18}"#);
    assert_eq!(aside_texts(&draft), ["{\"account\": 17} / mine /"]);
}

#[test]
fn bytes_that_were_typed_travel_as_they_were_typed() {
    let mut draft = Draft::new(&account());
    write(&mut draft, Lens::Hex, "bf 67 61 63 63 6f 75 6e 74 1b 00 00 00 00 00 00 00 07 ff");
    let Content::Encoded(bytes) = draft.request().unwrap().arguments else { panic!("bytes were typed") };
    assert_eq!(bytes.len(), 19);
    assert_eq!(sent(&draft).unwrap(), r#"{"account": 7}"#);
}

#[test]
fn a_text_that_says_nothing_yet_keeps_itself_and_the_last_good_value() {
    let mut draft = Draft::new(&account());
    write(&mut draft, Lens::Notation, r#"{"account": 17}"#);
    write(&mut draft, Lens::Notation, "{\"account\": 17,\n \"note\": }");
    assert_eq!(sent(&draft), None, "what is shown is not what would be sent");
    draft.tried = true;
    assert_eq!(draft.mistakes()[0].message, "Line 2, column 10: expected a value, found `}`");
    draft.look_through(Lens::Form);
    assert_eq!(sent(&draft).unwrap(), r#"{"account": 17}"#);
    assert_eq!(shown(&mut draft, Lens::Notation), "{\"account\": 17,\n \"note\": }");
    draft.write_out(Part::Arguments);
    assert_eq!(shown(&mut draft, Lens::Notation), r#"{"account": 17}"#);
    assert_eq!(aside_texts(&draft), ["{\"account\": 17,\n \"note\": }"]);
    write(&mut draft, Lens::Hex, "a1 6");
    assert_eq!(draft.mistakes()[0].message, "Byte 1: expected a second digit");
    write(&mut draft, Lens::Hex, "a1 61 61");
    assert!(draft.mistakes()[0].message.contains("at byte"), "{:?}", draft.mistakes());
}

#[test]
fn a_value_that_does_not_fit_the_form_is_sent_from_its_text() {
    let mut draft = Draft::new(&account());
    write(&mut draft, Lens::Notation, r#"{"account": -1}"#);
    draft.look_through(Lens::Form);
    let misfit = draft.whole.arguments.misfit().unwrap();
    assert!(misfit.0.starts_with("account: expected integer (u64)"), "{misfit:?}");
    assert_eq!(sent(&draft).unwrap(), r#"{"account": -1}"#);
    draft.writing_mut(Part::Arguments).unwrap().form_was_edited();
    assert_eq!(sent(&draft), None, "the form has no account yet");
    shown(&mut draft, Lens::Notation);
    assert_eq!(aside_texts(&draft), [r#"{"account": -1}"#]);
}

#[test]
fn a_form_that_is_not_filled_in_is_written_out_with_null_in_the_gaps() {
    let mut draft = Draft::new(&account());
    assert_eq!(shown(&mut draft, Lens::Notation), r#"{"account": null}"#);
    assert_eq!(sent(&draft), None);
}

#[test]
fn what_gives_way_to_another_request_can_be_put_back() {
    let account = account();
    let mut draft = Draft::new(&account);
    write(&mut draft, Lens::Notation, r#"{"account": 17}"#);
    draft.whole.deadline = "5 s".to_owned();
    draft.fill(Part::Arguments, &from_diagnostic(r#"{"account": 1}"#).unwrap()).unwrap();
    draft.reset(&account);
    assert_eq!((draft.whole.deadline.as_str(), sent(&draft)), ("", None));
    draft.put_back(0, &account);
    assert_eq!(
        (draft.whole.deadline.as_str(), sent(&draft).unwrap().as_str()),
        ("5 s", r#"{"account": 17}"#)
    );
    let misfit = draft.fill(Part::Arguments, &from_diagnostic(r#"{"account": "x"}"#).unwrap()).unwrap_err();
    assert!(misfit.0.starts_with("account: expected integer"), "{misfit:?}");
    assert_eq!(draft.lens, Lens::Notation);
    assert_eq!(shown(&mut draft, Lens::Notation), r#"{"account": "x"}"#);
    assert_eq!(sent(&draft).unwrap(), r#"{"account": "x"}"#);
}

#[test]
fn another_schema_keeps_what_fits_and_names_what_does_not() {
    let mut draft = Draft::new(&account());
    draft.fill(Part::Arguments, &from_diagnostic(r#"{"account": 17, "note": "for Bob"}"#).unwrap()).unwrap();
    let changed = procedure(json!({ "account": { "type": "string" }, "urgent": { "type": "boolean" } }));
    draft.meet(&changed);
    assert_eq!(sent(&draft).unwrap(), r#"{"account":"17"}"#);
    let dropped = Dropped { path: "note".to_owned(), text: "for Bob".to_owned() };
    assert_eq!(draft.dropped, Some(vec![dropped]));
    draft.meet(&account());
    let before = draft.asides.list().iter().position(|aside| aside.whole.is_some()).unwrap();
    draft.put_back(before, &account());
    assert_eq!(sent(&draft).unwrap(), r#"{"account":17,"note":"for Bob"}"#);
}

#[test]
fn another_schema_is_followed_by_a_text_that_nobody_has_typed() {
    let mut draft = Draft::new(&account());
    draft.look_through(Lens::Notation);
    draft.meet(&procedure(json!({ "name": { "type": "string" } })));
    assert_eq!(shown(&mut draft, Lens::Notation), r#"{"name": ""}"#);
    assert_eq!(draft.dropped, None);
}

#[test]
fn metadata_is_text_or_bytes_under_keys_that_are_keys() {
    let mut draft = Draft::new(&account());
    draft.fill(Part::Arguments, &from_diagnostic(r#"{"account": 17}"#).unwrap()).unwrap();
    draft.whole.metadata = vec![
        MetadataRow::of("trace", &"abc".into()),
        MetadataRow::default(),
        MetadataRow::of("token", &MetadataValue::Bytes(vec![0, 0xff].into())),
    ];
    let metadata = draft.request().unwrap().metadata;
    assert_eq!(
        metadata,
        [
            ("trace".to_owned(), "abc".into()),
            ("token".to_owned(), MetadataValue::Bytes(vec![0, 0xff].into()))
        ]
    );
    for (key, mistake) in [("Trace Id", "is not a metadata key"), ("trace", "twice")] {
        draft.whole.metadata[1] = MetadataRow::of(key, &"x".into());
        assert!(draft.metadata().unwrap_err().contains(mistake));
        assert_eq!(draft.request(), None);
    }
}
