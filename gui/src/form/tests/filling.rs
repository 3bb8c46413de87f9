//! From values to forms and back.

use countersign::cbor::{Value, from_diagnostic, to_deterministic_vec};
use countersign::schema;
use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;

use super::*;

/// A place of every shape that there is.
fn every_shape() -> Schema {
    let point = json!({ "type": "object", "properties": { "kind": { "const": "Point", "type": "string" } },
        "required": ["kind"] });
    let circle = json!({ "type": "object", "properties": { "kind": { "const": "Circle", "type": "string" },
        "radius": { "type": "number" } }, "required": ["kind", "radius"] });
    let properties = json!({
        "flag": { "type": "boolean" },
        "nothing": { "type": "null" },
        "natural": { "type": "integer", "format": "uint64", "minimum": 0 },
        "whole": { "type": "integer", "format": "int64" },
        "double": { "type": "number", "format": "double" },
        "single": { "type": "number", "format": "float" },
        "text": { "type": "string" },
        "when": { "type": "string", "format": "date-time" },
        "bytes": { "type": "string", "format": "bytes" },
        "maybe": { "type": ["string", "null"] },
        "list": { "type": "array", "items": { "type": ["integer", "null"] } },
        "pair": { "type": "array", "prefixItems": [{ "type": "integer" }, { "type": "string" }],
            "minItems": 2, "maxItems": 2 },
        "by_name": { "type": "object", "additionalProperties": { "type": "string", "format": "bytes" } },
        "by_number": { "type": "object", "additionalProperties": false,
            "patternProperties": { "^-?\\d+$": { "type": "boolean" } } },
        "outside": { "oneOf": [{ "type": "string", "enum": ["Cash", "Free"] },
            { "type": "object", "properties": { "Card": { "type": "string" } }, "required": ["Card"],
              "additionalProperties": false }] },
        "inside": { "oneOf": [point, circle] },
        "untagged": { "anyOf": [{ "type": "integer" }, { "type": "string" },
            { "type": "object", "properties": { "x": { "type": "boolean" } }, "required": ["x"] }] },
        "tree": { "$ref": "#/$defs/Tree" },
    });
    let tree = json!({ "type": "object", "properties": { "value": { "type": "number" },
        "children": { "type": "array", "items": { "$ref": "#/$defs/Tree" } } },
        "required": ["value", "children"] });
    let required: Vec<_> = properties.as_object().unwrap().keys().filter(|key| *key != "maybe").collect();
    schema(json!({ "type": "object", "properties": properties, "required": required,
        "additionalProperties": false, "$defs": { "Tree": tree } }))
}

fn float() -> impl Strategy<Value = Json> {
    let odd = ["NaN", "Infinity", "-Infinity"].map(Json::from).to_vec();
    prop_oneof![any::<f64>().prop_map(Json::from), proptest::sample::select(odd)]
}

fn tree() -> impl Strategy<Value = Json> {
    let leaf = float().prop_map(|value| json!({ "value": value, "children": [] }));
    leaf.prop_recursive(3, 12, 3, |inner| {
        (float(), vec(inner, 0..3))
            .prop_map(|(value, children)| json!({ "value": value, "children": children }))
    })
}

fn base64() -> impl Strategy<Value = Json> {
    use base64::Engine as _;
    vec(any::<u8>(), 0..20).prop_map(|bytes| base64::engine::general_purpose::STANDARD.encode(bytes).into())
}

/// A JSON value that fits [`every_shape`].
fn sample() -> impl Strategy<Value = Json> {
    let numbers = (any::<bool>(), any::<u64>(), any::<i64>(), float(), any::<f32>());
    let texts = (any::<String>(), base64(), option::of(any::<String>()), vec(option::of(any::<i64>()), 0..5));
    let maps = (btree_map(any::<String>(), base64(), 0..4), btree_map(any::<i32>(), any::<bool>(), 0..4));
    let outside = prop_oneof![
        Just(json!("Cash")),
        Just(json!("Free")),
        any::<String>().prop_map(|text| json!({ "Card": text })),
    ];
    let inside = prop_oneof![
        Just(json!({ "kind": "Point" })),
        float().prop_map(|radius| json!({ "kind": "Circle", "radius": radius })),
    ];
    let untagged = prop_oneof![
        any::<i64>().prop_map(Json::from),
        any::<String>().prop_map(Json::from),
        any::<bool>().prop_map(|x| json!({ "x": x })),
    ];
    let nested = (any::<(i64, String)>(), outside, inside, untagged, tree());
    (numbers, texts, maps, nested).prop_map(
        |(
            (flag, natural, whole, double, single),
            (text, bytes, maybe, list),
            (by_name, by_number),
            (pair, outside, inside, untagged, tree),
        )| {
            json!({ "flag": flag, "nothing": null, "natural": natural, "whole": whole, "double": double,
                "single": single, "text": text, "when": "2026-01-31T12:00:00Z", "bytes": bytes,
                "maybe": maybe, "list": list, "pair": pair, "by_name": by_name, "by_number": by_number,
                "outside": outside, "inside": inside, "untagged": untagged, "tree": tree })
        },
    )
}

fn same(one: &Value, other: &Value) -> bool {
    to_deterministic_vec(one) == to_deterministic_vec(other)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_form_filled_from_a_value_says_that_value(sample in sample(), before in sample()) {
        let schema = every_shape();
        let value = schema::to_cbor(&schema, &sample).unwrap();
        let mut form = Form::new(Part::Arguments, &schema);
        prop_assert_eq!(form.fill(&value), Ok(()));
        prop_assert!(same(&form.value().unwrap(), &value));
        // Whatever was there before.
        prop_assert_eq!(form.fill(&schema::to_cbor(&schema, &before).unwrap()), Ok(()));
        prop_assert_eq!(form.fill(&value), Ok(()));
        prop_assert!(same(&form.value().unwrap(), &value));
    }

    #[test]
    fn a_form_carried_to_its_own_schema_is_the_same(sample in sample()) {
        let schema = every_shape();
        let value = schema::to_cbor(&schema, &sample).unwrap();
        let mut form = Form::new(Part::Arguments, &schema);
        form.fill(&value).unwrap();
        let (carried, dropped) = form.carried(&schema);
        prop_assert_eq!(dropped, []);
        prop_assert!(same(&carried.value().unwrap(), &value));
    }
}

#[test]
fn what_does_not_fit_is_refused_with_its_place_and_changes_nothing() {
    let line = json!({ "type": "object", "properties": { "count": { "type": "integer", "maximum": 9 } },
        "required": ["count"] });
    let schema = record(json!({ "lines": { "type": "array", "items": line }, "extra": true }), &["lines"]);
    let mut form = Form::new(Part::Arguments, &schema);
    form.fill(&from_diagnostic(r#"{"lines": [{"count": 1}]}"#).unwrap()).unwrap();
    let before = form.value().unwrap();
    let many = format!(r#"{{"lines": [{}]}}"#, r#"{"count": 1}, "#.repeat(101));
    for (notation, reason) in [
        (
            r#"{"lines": [{"count": 12}]}"#,
            "lines[0].count: expected integer from -9223372036854775808 to 9, found 12",
        ),
        (r#"{"lines": [], "more": 1}"#, "more: unknown field, expected one of lines, extra"),
        (r#"{}"#, "lines: missing, expected list of record"),
        ("[1]", "expected record, found a list of 1 item"),
        (r#"{"lines": [], "extra": h'00'}"#, "extra: a form cannot hold this as it is"),
        (r#"{"lines": [], "extra": {"a": NaN}}"#, "extra.a: a form cannot hold this as it is"),
        (&many, "lines: a form cannot hold this as it is"),
    ] {
        let misfit = form.fill(&from_diagnostic(notation).unwrap()).expect_err(notation);
        assert_eq!(misfit.0, reason);
        assert!(same(&form.value().unwrap(), &before), "{notation}");
    }
    form.fill(&from_diagnostic(r#"{"lines": [], "extra": {"a": [1, 2.5, "x", null]}}"#).unwrap()).unwrap();
}

#[test]
fn an_integer_stands_for_a_float_and_null_for_what_is_not_there() {
    let schema = record(
        json!({ "x": { "type": "number" }, "y": { "type": "number", "format": "float" },
        "note": { "type": ["string", "null"] } }),
        &["x", "y"],
    );
    let mut form = Form::new(Part::Arguments, &schema);
    form.fill(&from_diagnostic(r#"{"x": 3, "y": 0.1, "note": null}"#).unwrap()).unwrap();
    assert_eq!(form.arguments().unwrap().json, json!({ "x": 3.0, "y": 0.1 }));
}

#[test]
fn filling_keeps_files_and_what_is_not_sent_just_now() {
    let properties = json!({ "id": { "type": "integer" }, "note": { "type": ["string", "null"] },
        "data": { "type": "string", "format": "bytes", "minLength": 2 } });
    let mut form = Form::new(Part::Arguments, &record(properties, &["id", "data"]));
    type_into(&mut form, 1, "for Bob");
    form.choose_file("data", "/tmp/photo.png".to_owned());
    let refill = |form: &mut Form, notation: &str| form.fill(&from_diagnostic(notation).unwrap()).unwrap();
    refill(&mut form, r#"{"id": 7, "data": h'0000'}"#);
    assert_eq!(form.arguments().unwrap().files, [("/data".to_owned(), PathBuf::from("/tmp/photo.png"))]);
    let note = slot(&mut form, 1);
    assert!(!note.set && matches!(&note.input, Some(Input::Line(line)) if line.text == "for Bob"));
    refill(&mut form, r#"{"id": 7, "data": h'0001'}"#);
    assert_eq!(form.arguments().unwrap().files, []);
}
