//! Typed values: what they become on the wire, what else they are read from, and what errors say.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Debug;
use std::net::IpAddr;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::{hex, unhex};
use crate::cbor::{Bytes, Value, from_slice, to_vec};

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Order {
    id: u64,
    lines: Vec<Line>,
    note: Option<String>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Line {
    price: f64,
    count: u8,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
enum Shape {
    Point,
    Circle(f64),
    Segment(i32, i32),
    Square { side: u32 },
    Fancy { colour: Option<String>, layer: Option<u8> },
}

#[track_caller]
fn round_trip<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: T) {
    let bytes = to_vec(&value).unwrap();
    assert_eq!(from_slice::<T>(&bytes).unwrap(), value, "{}", hex(&bytes));
}

#[track_caller]
fn refusal<T: DeserializeOwned + Debug>(hex: &str) -> String {
    from_slice::<T>(&unhex(hex)).unwrap_err().to_string()
}

#[test]
fn typed_values_come_back_as_they_were() {
    round_trip(Order { id: 7, lines: vec![Line { price: 1.5, count: 3 }], note: None });
    round_trip(vec![Shape::Point, Shape::Circle(0.1), Shape::Segment(-1, 2), Shape::Square { side: 4 }]);
    round_trip(Shape::Fancy { colour: Some("red".into()), layer: None });
    round_trip(HashMap::from([(1u16, "one".to_owned()), (300, "many".to_owned())]));
    round_trip(BTreeMap::from([("10.0.0.1".parse::<IpAddr>().unwrap(), Bytes::from(b"\x00\xff"))]));
    round_trip((i64::MIN, u64::MAX, 'ß', (), f32::MAX, true, [1u8, 2, 3]));
}

#[test]
fn a_variant_is_read_from_its_name_from_null_and_from_an_empty_map() {
    for (hex, shape) in [
        ("65506f696e74", Shape::Point),
        ("a165506f696e74f6", Shape::Point),
        ("a165506f696e74a0", Shape::Point),
        ("bf65506f696e74bfffff", Shape::Point),
        ("6546616e6379", Shape::Fancy { colour: None, layer: None }),
        ("a16546616e6379f6", Shape::Fancy { colour: None, layer: None }),
        ("a16546616e6379a0", Shape::Fancy { colour: None, layer: None }),
    ] {
        assert_eq!(from_slice::<Shape>(&unhex(hex)).unwrap(), shape, "{hex}");
    }
}

#[test]
fn an_error_names_the_field() {
    let order = |price: Value| {
        let line = |price| Value::Map(vec![("price".into(), price), ("count".into(), 1u64.into())]);
        let lines = vec![line(1.0.into()), line(2u64.into()), line(price)];
        let order = Value::Map(vec![("id".into(), 1u64.into()), ("lines".into(), lines.into())]);
        to_vec(&Value::Map(vec![("order".into(), order)])).unwrap()
    };
    let error = from_slice::<HashMap<String, Order>>(&order("dear".into())).unwrap_err();
    assert_eq!(error.path(), "order.lines[2].price");
    assert_eq!(error.to_string(), "order.lines[2].price: expected f64, found the text \"dear\"");
}

#[test]
fn what_is_missing_unknown_or_doubled_is_named() {
    assert_eq!(refusal::<Line>("a165636f756e7401"), "price: missing field");
    assert_eq!(refusal::<Shape>("a166537175617265a0"), "Square.side: missing field");
    assert_eq!(refusal::<HashMap<u8, u8>>("a2010118 0102"), "[1]: the key is given twice");
    assert_eq!(
        refusal::<Shape>("6443756265"),
        "unknown variant \"Cube\", expected one of `Point`, `Circle`, `Segment`, `Square`, `Fancy`"
    );
}
