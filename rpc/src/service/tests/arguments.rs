//! What callers may pass, and what arrives.

use countersign_proto::cbor;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::Bytes;
use crate::service::arguments::decode;
use crate::service::{Arg, ArgumentMap};

/// What travels for one argument named `it`.
fn sent<T: DeserializeOwned>(value: impl Arg<T>) -> Vec<u8> {
    ArgumentMap::new().with::<T, _>("it", value).finish().unwrap()
}

/// What travels, and that it arrives as the parameter's own encoding would.
fn arrives<T: Serialize + DeserializeOwned + schemars::JsonSchema>(value: T, passed: impl Arg<T>) {
    let (it,): (T,) = decode(&["it"], &sent(passed)).unwrap();
    assert_eq!(cbor::to_vec(&it).unwrap(), cbor::to_vec(&value).unwrap());
}

#[test]
#[expect(clippy::needless_borrows_for_generic_args, reason = "the borrows are what is tested")]
fn what_may_be_passed_arrives_as_the_parameter() {
    arrives(7_u64, 7);
    arrives(7.0_f64, &7.0);
    arrives(String::from("name"), "name");
    arrives(String::from("name"), &String::from("name"));
    arrives(vec![1_u32, 2], [1, 2]);
    arrives(vec![1_u32, 2], &[1, 2]);
    arrives(vec![1_u32, 2], vec![1, 2].as_slice());
    arrives(vec![1_u32, 2], &vec![1, 2]);
    arrives([1_u32, 2], [1, 2]);
    arrives(Bytes::from(b"abc"), b"abc".as_slice());
    arrives(Some(3_u8), Some(3));
    arrives(None::<u8>, None);
    arrives((), ());
}

#[test]
fn only_what_may_be_missing_is_left_out() {
    let map = |bytes: Vec<u8>| -> Value { cbor::from_slice(&bytes).unwrap() };
    assert_eq!(map(sent::<Option<u8>>(None)), json!({}));
    assert_eq!(map(sent::<()>(())), json!({ "it": null }));
    assert_eq!(map(sent::<Value>(Value::Null)), json!({ "it": null }));
}

#[test]
fn an_explicit_null_is_none_too() {
    let (it,): (Option<u8>,) = decode(&["it"], &cbor::to_vec(&json!({ "it": null })).unwrap()).unwrap();
    assert_eq!(it, None);
}

#[test]
fn sixteen_arguments_arrive_each_at_its_place() {
    const NAMES: [&str; 16] =
        ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n", "o", "p"];
    let map = NAMES.iter().zip(0_u8..).fold(ArgumentMap::new(), |map, (name, n)| map.with::<u8, _>(name, n));
    type Byte = u8;
    #[rustfmt::skip]
    type Sixteen = (
        Byte, Byte, Byte, Byte, Byte, Byte, Byte, Byte, Byte, Byte, Byte, Byte, Byte, Byte, Byte, Byte,
    );
    let (a, .., o, p): Sixteen = decode(&NAMES, &map.finish().unwrap()).unwrap();
    assert_eq!([a, o, p], [0, 14, 15]);
}

#[test]
fn a_name_given_twice_is_refused() {
    let twice = b"\xa2\x62it\x01\x62it\x02";
    assert!(decode::<(u8,)>(&["it"], twice).unwrap_err().to_string().starts_with("it: "));
}

#[test]
fn an_argument_that_cannot_be_encoded_fails_the_call() {
    let error = ArgumentMap::new().with::<u128, _>("it", u128::MAX).with::<u8, _>("other", 1).finish();
    assert!(error.is_err());
}
