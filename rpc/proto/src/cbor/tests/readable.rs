//! Every position of a value is serialized as for people, and what is outside the profile is refused.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;

use serde::Serialize;

use super::hex;
use crate::cbor::{Diagnostic, EncodeError, Value, diagnostic, encode_into, from_slice, to_vec};

/// Says what it was told about the format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Asked;

impl Serialize for Asked {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let told = if serializer.is_human_readable() { "readable" } else { "compact" };
        serializer.serialize_str(told)
    }
}

#[derive(Serialize)]
struct Newtype(Asked);

#[derive(Serialize)]
struct Tuple(Asked, Option<Asked>);

#[derive(Serialize)]
enum Variant {
    Newtype(Asked),
    Tuple(Asked, Asked),
    Struct { field: Asked },
}

#[derive(Serialize)]
struct Everywhere {
    field: Asked,
    newtype: Newtype,
    tuple: Tuple,
    pair: (Asked, [Asked; 1]),
    list: Vec<Variant>,
    map: BTreeMap<Asked, Vec<Asked>>,
    #[serde(flatten)]
    rest: HashMap<&'static str, Asked>,
}

fn shown(value: &(impl Serialize + ?Sized)) -> String {
    diagnostic(&from_slice(&to_vec(value).unwrap()).unwrap())
}

#[test]
fn every_position_is_told_that_the_format_is_human_readable() {
    let shown = shown(&Everywhere {
        field: Asked,
        newtype: Newtype(Asked),
        tuple: Tuple(Asked, Some(Asked)),
        pair: (Asked, [Asked]),
        list: vec![Variant::Newtype(Asked), Variant::Tuple(Asked, Asked), Variant::Struct { field: Asked }],
        map: BTreeMap::from([(Asked, vec![Asked])]),
        rest: HashMap::from([("rest", Asked)]),
    });
    assert_eq!(shown.matches("\"readable\"").count(), 13, "{shown}");
    assert!(!shown.contains("compact"), "{shown}");
}

#[test]
fn addresses_are_text_wherever_they_are() {
    let address: IpAddr = "10.0.0.1".parse().unwrap();
    let nested = HashMap::from([(address, (Some(address), vec![Ok::<_, ()>(address)]))]);
    assert_eq!(shown(&nested), r#"{"10.0.0.1": ["10.0.0.1", [{"Ok": "10.0.0.1"}]]}"#);
}

#[test]
fn a_vector_of_bytes_stays_an_array() {
    assert_eq!(hex(&to_vec(&vec![1u8, 2]).unwrap()), "820102");
}

#[test]
fn what_the_profile_lacks_is_refused_before_it_is_sent() {
    let refused = |error: Result<Vec<u8>, EncodeError>| error.unwrap_err().to_string();
    assert_eq!(refused(to_vec(&1i128)), "128-bit integers are not of the profile");
    assert_eq!(refused(to_vec(&[1u128])), "128-bit integers are not of the profile");
    for error in [
        to_vec(&HashMap::from([((1, 2), 3)])),
        to_vec(&HashMap::from([(true, 3)])),
        to_vec(&HashMap::from([(None::<u8>, 3)])),
        to_vec(&HashMap::from([(vec![1], 3)])),
        to_vec(&Value::Map(vec![(Value::Null, Value::Null)])),
    ] {
        assert_eq!(refused(error), "a key of a map must be text or an integer");
    }
}

#[test]
fn a_value_that_cannot_be_encoded_leaves_the_buffer_as_it_was() {
    let mut out = vec![1, 2, 3];
    assert!(encode_into(&("text", 1i128), &mut out).is_err());
    assert_eq!(out, [1, 2, 3]);
    encode_into(&true, &mut out).unwrap();
    assert_eq!(out, [1, 2, 3, 0xf5]);
}

#[test]
fn notation_is_indented_where_it_is_wide() {
    let numbers = |count: u64| Value::Array((0..count).map(|n| Value::from(n * 1_000_000)).collect());
    let value = Value::Map(vec![
        ("short".into(), numbers(3)),
        ("long".into(), Value::Map(vec![("numbers".into(), numbers(7)), (1u64.into(), Value::Null)])),
    ]);
    let expected = r#"{
  "short": [0, 1000000, 2000000],
  "long": {
    "numbers": [0, 1000000, 2000000, 3000000, 4000000, 5000000, 6000000],
    1: null
  }
}"#;
    assert_eq!(Diagnostic::new(&value).indented().to_string(), expected);
}

#[test]
fn notation_ends_at_its_limit_and_escapes_what_could_mislead() {
    let value = Value::Array(vec!["ab\u{202e}".into(), Value::from("é".repeat(1000))]);
    assert_eq!(Diagnostic::new(&value).limit(16).to_string(), r#"["ab\u202e", "é…"#);
    assert_eq!(Diagnostic::new(&value).indented().limit(3).to_string(), "[\n …");
    let deep = (0..100).fold(Value::from("x".repeat(100)), |inner, _| Value::Array(vec![inner]));
    assert!(Diagnostic::new(&deep).indented().limit(5000).to_string().len() <= 5003);
}
