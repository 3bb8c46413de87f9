//! Strategies: values of the profile, and every way to encode them.

use proptest::collection::vec;
use proptest::prelude::*;

use super::super::head::{Major, write_head};
use crate::cbor::{Integer, Value};

pub(super) fn integer() -> impl Strategy<Value = Integer> {
    prop_oneof![
        (0u64..30).prop_map(Integer::from),
        (-30i64..0).prop_map(Integer::from),
        any::<u64>().prop_map(Integer::from),
        any::<i64>().prop_map(Integer::from),
        (any::<u64>(), 0u32..64).prop_map(|(number, shift)| Integer::from(number >> shift)),
        (any::<i64>(), 0u32..64).prop_map(|(number, shift)| Integer::from(number >> shift)),
    ]
}

pub(super) fn float() -> impl Strategy<Value = f64> {
    prop_oneof![
        proptest::num::f64::ANY.prop_map(|number| if number.is_nan() { f64::NAN } else { number }),
        any::<f32>().prop_map(f64::from),
        (-100i32..100).prop_map(|number| f64::from(number) / 8.0),
    ]
}

fn key() -> impl Strategy<Value = Value> {
    prop_oneof![
        integer().prop_map(Value::from),
        "[a-e]{0,2}".prop_map(Value::from),
        any::<String>().prop_map(Value::from)
    ]
}

/// Any value of the profile, with no two equal keys in a map.
pub(super) fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        integer().prop_map(Value::from),
        float().prop_map(Value::from),
        vec(any::<u8>(), 0..40).prop_map(|bytes| Value::Bytes(bytes.into())),
        any::<String>().prop_map(Value::from),
        "[ -~]{0,40}".prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 100, 30, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..30).prop_map(Value::from),
            vec((key(), inner), 0..30).prop_map(|entries| Value::Map(distinct(entries))),
        ]
    })
}

fn distinct(entries: Vec<(Value, Value)>) -> Vec<(Value, Value)> {
    let mut kept: Vec<(Value, Value)> = Vec::new();
    for (key, value) in entries {
        if kept.iter().all(|(other, _)| *other != key) {
            kept.push((key, value));
        }
    }
    kept
}

/// Encodes `value` in one of the many well-formed ways, as `choices` say: with longer heads than it
/// needs, indefinite lengths, strings in chunks, wider floats.
pub(super) fn encode_somehow(value: &Value, choices: &mut impl FnMut(u8) -> u8, out: &mut Vec<u8>) {
    match value {
        Value::Null => out.push(0xf6),
        Value::Bool(value) => out.push(0xf4 + u8::from(*value)),
        Value::Integer(integer) => match integer.as_u64() {
            Some(number) => long_head(out, Major::Unsigned, number, choices),
            None => long_head(out, Major::Negative, !integer.as_i64().unwrap() as u64, choices),
        },
        Value::Float(number) => {
            let narrow = *number as f32;
            if f64::from(narrow).to_bits() == number.to_bits() && choices(2) == 0 {
                out.push(0xfa);
                out.extend(narrow.to_bits().to_be_bytes());
            } else {
                out.push(0xfb);
                out.extend(number.to_bits().to_be_bytes());
            }
        }
        Value::Bytes(bytes) => string(out, Major::Bytes, bytes, choices, |_| true),
        Value::Text(text) => {
            string(out, Major::Text, text.as_bytes(), choices, |at| text.is_char_boundary(at))
        }
        Value::Array(elements) => {
            let indefinite = open(out, Major::Array, elements.len(), choices);
            elements.iter().for_each(|element| encode_somehow(element, choices, out));
            out.extend(indefinite.then_some(0xff));
        }
        Value::Map(entries) => {
            let indefinite = open(out, Major::Map, entries.len(), choices);
            for (key, value) in entries {
                encode_somehow(key, choices, out);
                encode_somehow(value, choices, out);
            }
            out.extend(indefinite.then_some(0xff));
        }
    }
}

fn open(out: &mut Vec<u8>, major: Major, len: usize, choices: &mut impl FnMut(u8) -> u8) -> bool {
    let indefinite = choices(2) == 0;
    match indefinite {
        true => out.push((major as u8) << 5 | 31),
        false => long_head(out, major, len as u64, choices),
    }
    indefinite
}

fn string(
    out: &mut Vec<u8>,
    major: Major,
    bytes: &[u8],
    choices: &mut impl FnMut(u8) -> u8,
    may_split: impl Fn(usize) -> bool,
) {
    if choices(3) != 0 {
        long_head(out, major, bytes.len() as u64, choices);
        out.extend(bytes);
        return;
    }
    out.push((major as u8) << 5 | 31);
    let mut start = 0;
    for end in 0..=bytes.len() {
        if end == bytes.len() || (may_split(end) && choices(4) == 0) {
            long_head(out, major, (end - start) as u64, choices);
            out.extend(&bytes[start..end]);
            start = end;
        }
    }
    out.push(0xff);
}

/// A head in one of the widths that hold its argument.
fn long_head(out: &mut Vec<u8>, major: Major, argument: u64, choices: &mut impl FnMut(u8) -> u8) {
    let first = (major as u8) << 5;
    match choices(5) {
        1 if argument <= u8::MAX.into() => out.extend([first | 24, argument as u8]),
        2 if argument <= u16::MAX.into() => {
            out.push(first | 25);
            out.extend((argument as u16).to_be_bytes());
        }
        3 if argument <= u32::MAX.into() => {
            out.push(first | 26);
            out.extend((argument as u32).to_be_bytes());
        }
        4 => {
            out.push(first | 27);
            out.extend(argument.to_be_bytes());
        }
        _ => write_head(out, major, argument),
    }
}
