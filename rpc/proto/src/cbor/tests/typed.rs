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
fn refused<T: DeserializeOwned + Debug>(hex: &str) -> String {
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
    assert_eq!(refused::<Line>("a165636f756e7401"), "price: missing field");
    assert_eq!(refused::<Shape>("a166537175617265a0"), "Square.side: missing field");
    assert_eq!(refused::<HashMap<u8, u8>>("a2010118 0102"), "[1]: the key is given twice");
    assert_eq!(
        refused::<Shape>("6443756265"),
        "unknown variant \"Cube\", expected one of `Point`, `Circle`, `Segment`, `Square`, `Fancy`"
    );
}

#[test]
fn an_integer_stands_for_a_float_but_not_the_reverse() {
    assert_eq!(from_slice::<f64>(&unhex("01")).unwrap(), 1.0);
    assert_eq!(from_slice::<f32>(&unhex("20")).unwrap(), -1.0);
    assert_eq!(
        from_slice::<Vec<f64>>(&unhex("82 1bffffffffffffffff 3b7fffffffffffffff")).unwrap(),
        [u64::MAX as f64, i64::MIN as f64]
    );
    assert_eq!(refused::<u8>("f93c00"), "expected u8, found the float 1.0");
}

#[test]
fn each_kind_of_item_is_refused_where_another_is_declared() {
    assert_eq!(refused::<u8>("190100"), "expected u8, found the integer 256");
    assert_eq!(refused::<u64>("20"), "expected u64, found the integer -1");
    assert_eq!(refused::<i8>("f6"), "expected i8, found null");
    assert_eq!(refused::<bool>("00"), "expected a boolean, found the integer 0");
    assert_eq!(refused::<String>("4161"), "expected a string, found a byte string");
    assert_eq!(refused::<char>("626161"), "expected a character, found the text \"aa\"");
    assert_eq!(refused::<Bytes>("820102"), "expected a byte string, found an array");
    assert_eq!(refused::<Bytes>("6161"), "expected a byte string, found the text \"a\"");
    assert_eq!(refused::<Vec<u8>>("420102"), "expected a sequence, found a byte string");
    assert_eq!(refused::<()>("a0"), "expected unit, found a map");
    assert_eq!(refused::<Line>("820102"), "expected struct Line, found an array");
    assert_eq!(refused::<Option<u8>>("f5"), "expected u8, found true");
    assert_eq!(refused::<Option<u8>>("f7"), "`undefined` is not of the profile: use null");
    assert_eq!(refused::<u8>("c101"), "tag 1 is not of the profile: it has no tags");
    assert_eq!(refused::<i64>("3b8000000000000000"), "an integer below -2^63 is not of the profile");
    assert_eq!(refused::<i128>("01"), "128-bit integers are not of the profile");
    assert_eq!(refused::<HashMap<bool, u8>>("a1f500"), "expected a key of text or an integer, found true");
}

#[test]
fn a_tuple_takes_exactly_as_many_elements_as_it_has() {
    assert_eq!(refused::<(u8, u8)>("8101"), "expected a tuple of size 2, found a length of 1");
    assert_eq!(refused::<(u8, u8)>("83010203"), "expected 2 elements, found more");
    assert_eq!(refused::<[u8; 2]>("9f010203ff"), "expected 2 elements, found more");
    assert_eq!(from_slice::<(u8, u8)>(&unhex("9f0102ff")).unwrap(), (1, 2));
}

#[test]
fn a_variant_is_refused_with_contents_it_does_not_have() {
    assert_eq!(
        refused::<Shape>("a165506f696e7401"),
        "Point: expected null or an empty map, found the integer 1"
    );
    assert_eq!(
        refused::<Shape>("a165506f696e74a16178 01"),
        "Point: expected null or an empty map, found a map with entries"
    );
    assert_eq!(refused::<Shape>("66436972636c65"), "expected a variant with a value, found unit variant");
    assert_eq!(refused::<Shape>("66537175617265"), "Square.side: missing field");
    assert_eq!(refused::<Shape>("a0"), "expected a variant, found an empty map");
    assert_eq!(
        refused::<Shape>("a2 65506f696e74 f6 6161 f6"),
        "expected one variant, found a map of several entries"
    );
    assert_eq!(refused::<Shape>("a166436972636c656161"), "Circle: expected f64, found the text \"a\"");
    assert_eq!(
        refused::<Shape>("a1675365676d656e7482016161"),
        "Segment[1]: expected i32, found the text \"a\""
    );
}

#[test]
fn text_is_borrowed_from_the_input_where_it_is_in_one_piece() {
    let bytes = to_vec(&("text", Bytes::from(b"bytes"))).unwrap();
    let (text, rest): (&str, &[u8]) = from_slice(&bytes).unwrap();
    assert_eq!((text, rest), ("text", b"bytes".as_slice()));
    assert_eq!(from_slice::<String>(&unhex("7f6161 6162 ff")).unwrap(), "ab");
    assert_eq!(refused::<String>("62c328"), "text that is not UTF-8 (at byte 3)");
    assert_eq!(refused::<String>("7f 61c3 61bc ff"), "text that is not UTF-8 (at byte 3)");
}

/// What serde's attributes make of unknown and buffered fields.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Flat {
    #[serde(flatten)]
    line: Line,
    #[serde(flatten)]
    rest: BTreeMap<String, Value>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind")]
enum Internal {
    Sized { size: f64, raw: Bytes },
    Bare,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "of")]
enum Adjacent {
    Pair(u8, String),
    Bare,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
enum Untagged {
    Number(u64),
    Address(IpAddr),
    Map(BTreeMap<u64, Option<bool>>),
}

#[test]
fn serdes_attributes_mean_what_they_mean_elsewhere() {
    let rest = BTreeMap::from([("extra".to_owned(), Value::Null)]);
    round_trip(Flat { line: Line { price: 2.0, count: 1 }, rest });
    round_trip(vec![Internal::Sized { size: 1.0, raw: Bytes::from(b"raw") }, Internal::Bare]);
    round_trip(vec![Adjacent::Pair(1, "one".into()), Adjacent::Bare]);
    round_trip(vec![
        Untagged::Number(u64::MAX),
        Untagged::Address("::1".parse().unwrap()),
        Untagged::Map(BTreeMap::from([(1, None), (2, Some(true))])),
    ]);
}

#[test]
fn keys_may_be_whatever_is_text_or_an_integer() {
    #[derive(Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
    enum Colour {
        Red,
    }
    #[derive(Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
    struct Id(i32);
    round_trip(HashMap::from([(Colour::Red, 1)]));
    round_trip(HashMap::from([(Id(-1), 'x')]));
    round_trip(HashMap::from([('ü', 1)]));
    assert_eq!(refused::<HashMap<u8, u8>>("a1190100 00"), "[256]: expected u8, found the integer 256");
}
