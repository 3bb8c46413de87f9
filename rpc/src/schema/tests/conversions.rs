use proptest::collection::{btree_map, btree_set, vec};
use proptest::prelude::*;

use super::samples::*;
use super::*;
use crate::cbor::{Bytes, Value, from_slice, to_vec};

fn order() -> Json {
    json!({
        "customer": "Ada",
        "lines": [
            { "sku": "A-1", "quantity": 2, "price": 9.5 },
            { "sku": "B-7", "quantity": 1, "price": 0 },
            { "sku": "C-3", "quantity": 99, "price": 1e3 },
        ],
        "payment": { "Card": { "number": "4111", "month": 12 } },
        "speed": "Fast",
        "labels": { "floor": -2, "two words": 3 },
        "shelf": [7, "left"],
        "backup": { "Split": ["Cash", { "Invoice": -1 }] },
    })
}

fn convert<T: schemars::JsonSchema>(json: &Json) -> Result<Value, SchemaError> {
    to_cbor(&schema_of::<T>(), json)
}

/// The problems with an order in which the value at `pointer` is another.
fn problems_with(pointer: &str, value: Json) -> Vec<String> {
    let mut order = order();
    *order.pointer_mut(pointer).expect("the order has such a field") = value;
    let error = convert::<Order>(&order).expect_err("the value does not fit");
    error.problems().iter().map(ToString::to_string).collect()
}

#[test]
fn arguments_become_the_item_that_the_type_decodes() {
    let value = convert::<Order>(&order()).unwrap();
    let decoded: Order = from_slice(&to_vec(&value).unwrap()).unwrap();
    assert_eq!(decoded.lines[0].sku, Sku("A-1".into()));
    assert_eq!(decoded.payment, Payment::Card { number: "4111".into(), month: 12 });
    assert_eq!(decoded.backup, Some(Payment::Split(Payment::Cash.into(), Payment::Invoice(-1).into())));
}

#[test]
fn each_problem_has_its_place() {
    assert_eq!(
        problems_with("/customer", json!("")),
        ["customer: expected text of 1 to 12 characters, found 0 characters"]
    );
    assert_eq!(
        problems_with("/lines", json!([])),
        ["lines: expected list of Line, at least 1 item, found 0 items"]
    );
    assert_eq!(
        problems_with("/lines/2/price", json!(-0.5)),
        ["lines[2].price: expected number from 0, found -0.5"]
    );
    assert_eq!(
        problems_with("/lines/1/quantity", json!(100)),
        ["lines[1].quantity: expected integer from 1 to 99, found 100"]
    );
    assert_eq!(
        problems_with("/lines/0", json!({ "sku": "A-1", "quantty": 1 })),
        [
            "lines[0].quantty: unknown field, expected one of sku, quantity, price",
            "lines[0].quantity: missing, expected integer from 1 to 99",
            "lines[0].price: missing, expected number from 0",
        ]
    );
    assert_eq!(
        problems_with("/payment", json!("Credit")),
        [r#"payment: expected one of Cash, Card, Invoice, Split, found the text "Credit""#]
    );
    assert_eq!(
        problems_with("/payment", json!({ "Credit": 1 })),
        [r#"payment: expected one of Cash, Card, Invoice, Split, found an object with "Credit""#]
    );
    assert_eq!(
        problems_with("/payment", json!({ "Cash": null })),
        ["payment: Cash is written by itself, as text"]
    );
    assert_eq!(
        problems_with("/payment", json!("Card")),
        [r#"payment: Card comes with its content, as in {"Card": …}"#]
    );
    assert_eq!(
        problems_with("/payment/Card/month", json!(256)),
        ["payment.Card.month: expected integer from 0 to 255, found 256"]
    );
    assert_eq!(
        problems_with("/labels/two words", json!("x")),
        [r#"labels["two words"]: expected integer from -32768 to 32767, found the text "x""#]
    );
    assert_eq!(
        problems_with("/shelf", json!([1])),
        ["shelf: expected [integer from 0 to 255, text], found a list of 1 item"]
    );
    assert_eq!(
        problems_with("/backup/Split/1/Invoice", json!(null)),
        ["backup.Split[1].Invoice: expected integer (i64), found null"]
    );
    assert_eq!(problems_with("", json!(3)), ["expected record, found 3"]);
}

#[test]
fn all_problems_are_counted_and_the_first_twenty_told() {
    let lines: Vec<_> = (0..30).map(|_| json!({ "sku": 1, "quantity": 1, "price": 1 })).collect();
    let mut order = order();
    order["lines"] = lines.into();
    let error = convert::<Order>(&order).unwrap_err();
    assert_eq!(error.problems().len(), 20);
    assert_eq!(error.to_string(), "lines[0].sku: expected text, found 1 (and 29 more)");
    let root = Path::Root;
    let (lines, unknown) = (root.key("lines"), root.key("line"));
    assert!(error.at(&lines.index(3).key("sku")).is_some() && error.at(&unknown).is_none());
}

#[test]
fn an_absent_parameter_is_left_out_and_never_null() {
    let mut with_null = order();
    with_null["note"] = json!(null);
    assert_eq!(convert::<Order>(&with_null), convert::<Order>(&order()));
    let within = json!({ "inner": { "note": null } });
    let schema = schema(json!({
        "type": "object",
        "properties": {
            "inner": { "type": "object", "properties": { "note": { "type": ["string", "null"] } } }
        }
    }));
    let converted = to_cbor(&schema, &within).unwrap();
    assert_eq!(
        converted.get("inner").unwrap().get("note"),
        Some(&Value::Null),
        "within a type null may mean something"
    );
    let required = schema_of::<(Option<u8>,)>();
    assert_eq!(to_cbor(&required, &json!([null])).unwrap(), Value::Array(vec![Value::Null]));
}

#[test]
fn integers_are_exact_to_the_ends_of_their_range() {
    for number in [0, 1, u64::MAX - 1, u64::MAX] {
        assert_eq!(convert::<u64>(&json!(number)).unwrap(), Value::from(number));
        assert_eq!(convert::<u64>(&json!(number.to_string())).unwrap(), Value::from(number));
    }
    for number in [i64::MIN, i64::MIN + 1, -1, i64::MAX] {
        assert_eq!(convert::<i64>(&json!(number)).unwrap(), Value::from(number));
        assert_eq!(convert::<i64>(&json!(number.to_string())).unwrap(), Value::from(number));
        assert_eq!(to_json(&schema_of::<i64>(), &Value::from(number)), json!(number));
    }
    assert_eq!(convert::<u8>(&json!(3.0)).unwrap(), Value::from(3_u64));
    for wrong in [
        json!("18446744073709551616"),
        json!(1.5),
        json!(1e17),
        json!(""),
        json!("-"),
        json!("+1"),
        json!("0x1"),
        json!(" 1"),
        json!("NaN"),
        json!(null),
        json!(true),
    ] {
        assert!(convert::<u64>(&wrong).is_err(), "{wrong}");
    }
    let beyond: Json = serde_json::from_str("18446744073709551616").unwrap();
    assert!(convert::<u64>(&beyond).is_err());
}

#[test]
fn numbers_that_json_lacks_are_written_as_text() {
    let infinite = convert::<f64>(&json!("-Infinity")).unwrap();
    assert_eq!(infinite, Value::Float(f64::NEG_INFINITY));
    assert_eq!(to_json(&schema_of::<f64>(), &infinite), json!("-Infinity"));
    assert!(matches!(convert::<f64>(&json!("NaN")), Ok(Value::Float(number)) if number.is_nan()));
    assert_eq!(to_json(&schema_of::<f64>(), &Value::Float(f64::NAN)), json!("NaN"));
    assert!(convert::<f64>(&json!("nan")).is_err());
    assert!(convert::<u8>(&json!("NaN")).is_err());
    assert_eq!(convert::<f64>(&json!(7)).unwrap(), Value::Float(7.0));
}

#[test]
fn single_precision_is_shown_as_it_was_written() {
    let tenth = convert::<f32>(&json!(0.1)).unwrap();
    assert_eq!(tenth, Value::Float(0.1_f32.into()));
    assert_eq!(to_json(&schema_of::<f32>(), &tenth), json!(0.1));
    let too_large = convert::<f32>(&json!(1e39)).unwrap_err();
    assert_eq!(too_large.to_string(), "expected number of single precision, found 1e+39");
}

#[test]
fn bytes_are_base64_with_or_without_padding() {
    for (text, bytes) in [("", &b""[..]), ("aGk=", b"hi"), ("aGk", b"hi"), ("+/8=", &[0xfb, 0xff])] {
        let value = convert::<Bytes>(&json!(text)).unwrap();
        assert_eq!(value, Value::Bytes(bytes::Bytes::copy_from_slice(bytes)));
    }
    for wrong in [json!("-_8="), json!("a"), json!("a b="), json!([1]), json!(1)] {
        assert!(convert::<Bytes>(&wrong).is_err(), "{wrong}");
    }
    let short = schema(json!({ "type": "string", "format": "bytes", "minLength": 2, "maxLength": 3 }));
    let error = to_cbor(&short, &json!("AAAAAA==")).unwrap_err();
    assert_eq!(error.to_string(), "expected bytes as base64, 2 to 3 bytes, found 4 bytes");
}

#[test]
fn numbers_as_keys_are_integers_on_the_wire() {
    let schema = schema_of::<std::collections::BTreeMap<i32, bool>>();
    let value = to_cbor(&schema, &json!({ "-3": true, "7": false })).unwrap();
    let expected = vec![(Value::from(-3_i64), Value::Bool(true)), (Value::from(7_u64), Value::Bool(false))];
    assert_eq!(value, Value::Map(expected));
    assert_eq!(to_json(&schema, &value), json!({ "-3": true, "7": false }));
    let error = to_cbor(&schema, &json!({ "07": true, "1": 2 })).unwrap_err();
    let problems: Vec<_> = error.problems().iter().map(ToString::to_string).collect();
    assert_eq!(problems, ["07: expected a whole number as the key", "[1]: expected true or false, found 2"]);
}

#[test]
fn a_set_holds_nothing_twice() {
    let schema = schema_of::<std::collections::BTreeSet<u8>>();
    assert!(to_cbor(&schema, &json!([1, 2, 3])).is_ok());
    assert_eq!(to_cbor(&schema, &json!([1, 2, 1.0])).unwrap_err().to_string(), "[2]: given twice");
    let anything = super::schema(json!({ "type": "array", "uniqueItems": true }));
    let same = json!([{ "a": 1, "b": [2] }, { "b": [2], "a": 1 }]);
    assert_eq!(to_cbor(&anything, &same).unwrap_err().to_string(), "[1]: given twice");
}

#[test]
fn the_tag_says_which_variant_is_meant() {
    let error = |json: Json| convert::<Internal>(&json).unwrap_err().to_string();
    assert_eq!(
        error(json!({ "kind": "Circle", "radius": "far" })),
        r#"radius: expected number, found the text "far""#
    );
    assert_eq!(
        error(json!({ "kind": "Round" })),
        r#"kind: expected one of Point, Circle, Named, found the text "Round""#
    );
    assert_eq!(error(json!({ "radius": 1 })), "kind: missing, expected one of Point, Circle, Named");
    assert_eq!(error(json!("Point")), r#"expected one of Point, Circle, Named, found the text "Point""#);
    assert!(convert::<Adjacent>(&json!({ "t": "Pair", "c": [1, 2] })).is_ok());
    assert!(convert::<Flattened>(&json!({ "id": 1, "kind": "Circle", "radius": 2 })).is_ok());
    assert_eq!(
        convert::<Flattened>(&json!({ "kind": "Circle", "radius": 2 })).unwrap_err().to_string(),
        "id: missing, expected integer (u64)"
    );
}

#[test]
fn without_a_tag_the_kind_of_value_decides() {
    assert_eq!(convert::<Untagged>(&json!(7)).unwrap(), Value::from(7_u64));
    assert_eq!(
        convert::<Untagged>(&json!("7")).unwrap(),
        Value::from("7"),
        "a text is wanted before decimal text"
    );
    assert_eq!(
        convert::<Untagged>(&json!({ "x": 200 })).unwrap_err().to_string(),
        "x: expected integer from -128 to 127, found 200"
    );
    assert!(convert::<Untagged>(&json!([])).is_err());
}

#[test]
fn formats_are_checked() {
    let date = schema(json!({ "type": "string", "format": "date" }));
    assert!(to_cbor(&date, &json!("2026-02-28")).is_ok());
    assert_eq!(
        to_cbor(&date, &json!("2026-02-29")).unwrap_err().to_string(),
        r#"expected date such as 2026-01-31, found "2026-02-29""#
    );
}

#[test]
fn a_value_that_does_not_fit_is_still_shown() {
    let odd = Value::Map(vec![
        (Value::from("lines"), Value::from("none")),
        (Value::from(3_u64), Value::Bytes(b"hi"[..].into())),
        (Value::from("speed"), Value::Map(vec![(Value::from("Warp"), Value::Float(9.0))])),
    ]);
    assert_eq!(
        to_json(&schema_of::<Order>(), &odd),
        json!({ "lines": "none", "3": "aGk=", "speed": { "Warp": 9.0 } })
    );
    let same_name = Value::Map(vec![(Value::from(1_u64), Value::Null), (Value::from("1"), Value::Null)]);
    assert_eq!(to_json(&schema_of::<Order>(), &same_name), json!([[1, null], ["1", null]]));
}

#[test]
fn what_a_peer_wrote_is_escaped_and_clipped() {
    let long = "\u{202e}\u{7}".repeat(100);
    let error = convert::<u8>(&json!(long)).unwrap_err().to_string();
    assert!(error.len() < 1000 && !error.contains('\u{202e}') && !error.contains('\u{7}'), "{error}");
    let hostile = schema(
        json!({ "type": "object", "additionalProperties": false, "properties": { "\u{1b}[2J": true } }),
    );
    let error = to_cbor(&hostile, &json!({ "\u{1b}": 1 })).unwrap_err().to_string();
    assert!(!error.contains('\u{1b}'), "{error}");
}

#[test]
fn a_deep_value_and_a_deep_schema_are_refused_in_little_stack() {
    let deep = (0..5_000).fold(json!(1), |inner, _| Json::Array(vec![inner]));
    let list = schema(json!({ "type": "array", "items": { "$ref": "#" } }));
    assert!(to_cbor(&list, &deep).unwrap_err().to_string().ends_with("nested too deeply"));
    assert!(to_cbor(&schema(json!(true)), &deep).unwrap_err().to_string().ends_with("nested too deeply"));
    let value = (0..5_000).fold(Value::Null, |inner, _| Value::Array(vec![inner]));
    to_json(&list, &value);
    std::mem::forget(value); // Its own drop is not what is tested.
    std::mem::forget(deep);
}

#[test]
fn alternatives_within_alternatives_end_soon() {
    // Each level tries both alternatives, and each of them again: 2¹²⁰ ways without a bound.
    let schema = schema(json!({
        "$ref": "#/$defs/node",
        "$defs": { "node": { "anyOf": [
            { "type": "array", "items": { "$ref": "#/$defs/node" }, "minItems": 1 },
            { "type": "array", "items": { "$ref": "#/$defs/node" }, "maxItems": 1 },
            { "type": "boolean" },
        ] } }
    }));
    let json = (0..120).fold(json!(1), |inner, _| Json::Array(vec![inner]));
    assert!(to_cbor(&schema, &json).is_err());
}

prop_compose! {
    fn payments()(leaf in prop_oneof![
        Just(Payment::Cash),
        (any::<String>(), any::<u8>()).prop_map(|(number, month)| Payment::Card { number, month }),
        any::<i64>().prop_map(Payment::Invoice),
    ], twice in any::<bool>()) -> Payment {
        if twice { Payment::Split(leaf.clone().into(), leaf.into()) } else { leaf }
    }
}

prop_compose! {
    fn orders()(
        customer in "\\PC{1,12}",
        lines in vec((any::<String>(), 1..=99_u32, 0.0..1e9), 1..4),
        payment in payments(),
        fast in any::<bool>(),
        gift in any::<bool>(),
        note in any::<Option<String>>(),
        labels in btree_map(any::<String>(), any::<i16>(), 0..3),
        shelf in any::<(u8, String)>(),
        backup in proptest::option::of(payments()),
    ) -> Order {
        let lines = lines.into_iter().map(|(sku, quantity, price)| Line { sku: Sku(sku), quantity, price });
        let speed = if fast { Speed::Fast } else { Speed::Slow };
        Order { customer, lines: lines.collect(), payment, speed, gift, note, labels, shelf, backup }
    }
}

prop_compose! {
    fn numbers()(
        (tiny, signed, unsigned, single, double) in any::<(i8, i64, u64, f32, f64)>(),
        by_number in btree_map(any::<u16>(), any::<bool>(), 0..3),
        by_signed in btree_map(any::<i32>(), any::<bool>(), 0..3),
        set in btree_set(any::<u8>(), 0..3),
        letter in any::<char>(),
        three in any::<[u8; 3]>(),
    ) -> Numbers {
        let by_speed = [("a".into(), Speed::Slow)].into();
        Numbers { tiny, signed, unsigned, single, double, by_number, by_signed, by_speed, set, letter, unit: (), three }
    }
}

/// A typed value → its bytes → an item → JSON → an item → bytes → a typed value.
fn there_and_back<T>(value: &T)
where
    T: schemars::JsonSchema + serde::Serialize + serde::de::DeserializeOwned + PartialEq + std::fmt::Debug,
{
    let schema = schema_of::<T>();
    let item: Value = from_slice(&to_vec(value).unwrap()).unwrap();
    let json = to_json(&schema, &item);
    let text = serde_json::to_string(&json).unwrap();
    let back = to_cbor(&schema, &serde_json::from_str(&text).unwrap()).unwrap();
    assert_eq!(&from_slice::<T>(&to_vec(&back).unwrap()).unwrap(), value);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn an_order_goes_through_json_unchanged(order in orders()) {
        there_and_back(&order);
    }

    #[test]
    fn numbers_go_through_json_unchanged(numbers in numbers()) {
        there_and_back(&numbers);
    }
}
