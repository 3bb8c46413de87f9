mod carrying;
mod filling;

use countersign::Schema;
use countersign::schema::Node;
use serde_json::{Value as Json, json};

use super::*;

fn schema(json: Json) -> Schema {
    Schema::try_from(json).unwrap()
}

fn record(properties: Json, required: &[&str]) -> Schema {
    schema(json!({ "type": "object", "properties": properties, "required": required,
        "additionalProperties": false }))
}

/// The slot of a field of the outermost record.
fn slot(form: &mut Form, index: usize) -> &mut Slot {
    let Input::Fields(slots) = form.parts().1 else { panic!("not a record") };
    &mut slots[index]
}

fn type_into(form: &mut Form, index: usize, text: &str) {
    slot(form, index).input = Some(Input::Line(Line::typed(text.to_owned())));
}

fn messages(form: &Form) -> Vec<String> {
    let mistakes = form.arguments().expect_err("there are mistakes");
    mistakes.into_iter().map(|mistake| format!("{}: {}", mistake.path, mistake.message)).collect()
}

#[test]
fn what_is_required_has_to_be_filled_in_and_the_rest_is_left_out() {
    let properties = json!({ "id": { "type": "integer", "format": "uint64", "minimum": 0 },
        "note": { "type": ["string", "null"] }, "limit": { "type": "integer", "default": 10 } });
    let mut form = Form::new(Part::Arguments, &record(properties, &["id"]));
    assert_eq!(messages(&form), ["id: Write a whole number, at least 0"]);
    type_into(&mut form, 0, "18446744073709551615");
    assert_eq!(form.arguments().unwrap().json, json!({ "id": u64::MAX }));
    slot(&mut form, 1).set = true;
    assert_eq!(form.arguments().unwrap().json, json!({ "id": u64::MAX, "note": "" }));
}

#[test]
fn a_default_of_the_schema_is_filled_in_where_a_value_is_required() {
    let nested = json!({ "type": "object", "properties": { "page": { "type": "integer" } },
        "required": ["page"], "default": { "page": 3 } });
    let form = Form::new(Part::Arguments, &record(json!({ "at": nested }), &["at"]));
    assert_eq!(form.arguments().unwrap().json, json!({ "at": { "page": 3 } }));
}

#[test]
fn every_mistake_is_found_with_its_path() {
    let line = json!({ "type": "object", "properties": { "price": { "type": "number", "minimum": 0 } },
        "required": ["price"] });
    let properties = json!({ "lines": { "type": "array", "items": line, "minItems": 2 },
        "when": { "type": "string", "format": "date" } });
    let mut form = Form::new(Part::Arguments, &record(properties, &["lines", "when"]));
    type_into(&mut form, 1, "tomorrow");
    assert_eq!(
        messages(&form),
        [
            "lines[0].price: Write a number such as 1.5, NaN or Infinity",
            "lines[1].price: Write a number such as 1.5, NaN or Infinity",
            "when: Write a date such as 2026-01-31",
        ]
    );
}

#[test]
fn an_enum_keeps_what_was_typed_for_each_variant() {
    let payment = json!({ "oneOf": [
        { "type": "string", "const": "Cash" },
        { "type": "object", "properties": { "Card": { "type": "object",
            "properties": { "last4": { "type": "string", "minLength": 4 } }, "required": ["last4"] } },
          "required": ["Card"], "additionalProperties": false },
    ] });
    let mut form = Form::new(Part::Arguments, &record(json!({ "payment": payment }), &["payment"]));
    assert_eq!(form.arguments().unwrap().json, json!({ "payment": "Cash" }));
    let Some(Input::Choice { chosen, .. }) = &mut slot(&mut form, 0).input else { panic!("not a choice") };
    *chosen = 1;
    assert_eq!(messages(&form), ["payment.Card.last4: At least 4 characters"]);
}

#[test]
fn bytes_are_written_as_text_hexadecimal_base64_or_come_from_a_file() {
    let mut form = Form::new(
        Part::Arguments,
        &record(json!({ "data": { "type": "string", "format": "bytes" } }), &["data"]),
    );
    for (encoding, text, base64) in
        [(Encoding::Text, "hi", "aGk="), (Encoding::Hex, "68 69", "aGk="), (Encoding::Base64, "aGk", "aGk=")]
    {
        let line = Line::typed(text.to_owned());
        slot(&mut form, 0).input = Some(Input::Bytes(BytesInput { encoding, line }));
        assert_eq!(form.arguments().unwrap().json, json!({ "data": base64 }));
    }
    form.choose_file("data", "/tmp/photo.png".to_owned());
    let arguments = form.arguments().unwrap();
    assert_eq!(arguments.files, [("/data".to_owned(), PathBuf::from("/tmp/photo.png"))]);
}

#[test]
fn maps_have_keys_of_their_kind_and_no_key_twice() {
    let map = json!({ "type": "object", "patternProperties": { "^\\d+$": { "type": "boolean" } },
        "additionalProperties": false });
    let mut form = Form::new(Part::Arguments, &record(json!({ "seats": map }), &["seats"]));
    let entry = |key: &str| (Line::typed(key.to_owned()), Input::Flag(true));
    slot(&mut form, 0).input = Some(Input::Entries(vec![entry("7"), entry("x"), entry("7")]));
    assert_eq!(
        messages(&form),
        ["seats.x: Write a whole number, at least 0", "seats.7: This key is there twice",]
    );
}

#[test]
fn numbers_that_are_not_finite_travel_as_their_names() {
    let mut form = Form::new(Part::Arguments, &record(json!({ "x": { "type": "number" } }), &["x"]));
    for (typed, json) in [("-inf", json!("-Infinity")), ("NaN", json!("NaN")), ("1e3", json!(1000.0))] {
        type_into(&mut form, 0, typed);
        assert_eq!(form.arguments().unwrap().json, json!({ "x": json }));
    }
}

#[test]
fn a_schema_that_refers_to_itself_or_explodes_makes_a_small_form() {
    let tree = schema(json!({ "$ref": "#/$defs/Tree", "$defs": { "Tree": { "type": "object",
        "properties": { "left": { "$ref": "#/$defs/Tree" }, "right": { "$ref": "#/$defs/Tree" } },
        "required": ["left", "right"] } } }));
    fn size(input: &Input) -> usize {
        match input {
            Input::Fields(slots) => {
                1 + slots.iter().filter_map(|slot| slot.input.as_ref()).map(size).sum::<usize>()
            }
            _ => 1,
        }
    }
    assert!(size(&Input::new(&Node::root(&tree))) < 5000);
}
