use super::samples::*;
use super::*;

fn outline_of<T: schemars::JsonSchema>() -> String {
    outline(&schema_of::<T>()).to_string()
}

#[test]
fn an_outline_reads_from_top_to_bottom() {
    let expected = "\
record Order: An order of goods.
  customer*: text of 1 to 12 characters: Who pays.
  lines*: list of Line, at least 1 item: What is ordered.
    sku*: text: A key of the catalogue.
    quantity*: integer from 1 to 99
    price*: number from 0
  payment*: Payment, one of: How it is paid.
    Cash: At the door.
    Card: record: By card.
      number*: text
      month*: integer from 0 to 255
    Invoice: integer (i64): On this account.
    Split: [Payment, Payment]: Part here, part there.
  speed*: one of Slow, Fast
  gift: true or false, by default false
  note: optional text
  labels: map from text to integer from -32768 to 32767, by default {}
  shelf*: [integer from 0 to 255, text]
  backup: optional Payment (as above)
";
    assert_eq!(outline_of::<Order>(), expected);
}

#[test]
fn a_type_that_contains_itself_is_spelled_out_once() {
    let expected = "\
record Tree: A tree, which knows itself.
  value*: integer (i32)
  children*: list of Tree (as above)
";
    assert_eq!(outline_of::<Tree>(), expected);
}

#[test]
fn an_outline_of_a_hostile_schema_ends() {
    let deep = (0..5_000).fold(json!(true), |inner, _| {
        let mut record = serde_json::Map::new();
        record.insert("type".into(), "object".into());
        record.insert("properties".into(), Json::Object([("a".to_owned(), inner)].into_iter().collect()));
        Json::Object(record)
    });
    let deep = schema(deep);
    let text = outline(&deep).to_string();
    assert!(text.lines().count() < 20 && text.ends_with("…\n"), "{text}");
    assert_eq!(example(&deep), json!({}));
    std::mem::forget(deep);

    let wide: serde_json::Map<_, _> = (0..10_000).map(|at| (format!("field-{at}"), json!(true))).collect();
    let wide = outline(&schema(json!({ "properties": wide })));
    assert!(wide.lines.len() <= 400 && wide.lines.last().unwrap().name == "…");

    let laughs: serde_json::Map<_, _> = (0..60)
        .map(|at| {
            let next = json!({ "$ref": format!("#/$defs/{}", at + 1) });
            (at.to_string(), json!({ "type": "array", "minItems": 2, "items": { "type": "array", "prefixItems": [next, next],
                "minItems": 2, "maxItems": 2 } }))
        })
        .collect();
    let laughs = schema(json!({ "$ref": "#/$defs/0", "$defs": laughs }));
    assert!(outline(&laughs).lines.len() <= 400);
    assert_eq!(example(&laughs), Json::Null);
}

#[test]
fn documentation_is_escaped_and_clipped() {
    let hostile =
        json!({ "type": "object", "title": "\u{1b}[2J", "description": "a\u{202e}b\n\u{7}".repeat(9999) });
    let text = outline(&schema(hostile)).to_string();
    assert!(
        text.len() < 10_000 && text.lines().count() == 1 && !text.contains(['\u{1b}', '\u{202e}', '\u{7}']),
        "{text}"
    );
}

fn example_of<T: schemars::JsonSchema>() -> Json {
    let schema = schema_of::<T>();
    let example = example(&schema);
    assert!(jsonschema::is_valid(schema.as_value(), &example), "{example}");
    assert_eq!(to_cbor(&schema, &example).map(drop), Ok(()));
    example
}

#[test]
fn an_example_is_small_and_fits() {
    assert_eq!(
        example_of::<Order>(),
        json!({
            "customer": "a",
            "lines": [{ "sku": "", "quantity": 1, "price": 0.0 }],
            "payment": "Cash",
            "speed": "Slow",
            "shelf": [0, ""],
        })
    );
    assert_eq!(example_of::<Tree>(), json!({ "value": 0, "children": [] }));
    assert_eq!(example_of::<Internal>(), json!({ "kind": "Point" }));
    assert_eq!(example_of::<Adjacent>(), json!({ "t": "Empty" }));
    assert_eq!(example_of::<Untagged>(), json!(0));
    assert_eq!(example_of::<Flattened>(), json!({ "kind": "Point", "id": 0 }));
    assert_eq!(example_of::<Option<Order>>(), json!(null));
    example_of::<Numbers>();
}

#[test]
fn an_example_prefers_a_variant_that_ends() {
    assert_eq!(example_of::<Expression>(), json!({ "Literal": 0 }));
}

#[test]
fn an_example_keeps_within_the_bounds() {
    for bounds in [
        json!({ "type": "integer", "minimum": 5 }),
        json!({ "type": "integer", "maximum": -5 }),
        json!({ "type": "number", "exclusiveMinimum": 0 }),
        json!({ "type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 0.5 }),
        json!({ "type": "number", "maximum": -1e9 }),
        json!({ "type": "string", "minLength": 3 }),
        json!({ "type": "string", "format": "date" }),
        json!({ "type": "string", "format": "date-time" }),
        json!({ "type": "string", "format": "uuid" }),
        json!({ "type": "array", "items": { "type": "boolean" }, "minItems": 2 }),
        json!({ "type": "object", "additionalProperties": { "type": "boolean" }, "minProperties": 2 }),
        json!({ "type": "integer", "examples": [7], "default": 8 }),
    ] {
        let schema = schema(bounds);
        assert_eq!(to_cbor(&schema, &example(&schema)).map(drop), Ok(()), "{schema:?}");
    }
    let bytes = schema(json!({ "type": "string", "format": "bytes", "minLength": 2 }));
    assert_eq!(example(&bytes), json!("AAA="));
    assert_eq!(example(&schema(json!({ "type": "string", "minLength": 1e15 as u64 }))), json!(null));
    assert_eq!(example(&schema(json!(false))), json!(null));
}
