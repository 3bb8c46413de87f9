//! Properties: ours and ciborium agree on what is valid, and nothing invalid gets through.

use std::collections::BTreeMap;

use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

use super::super::head::Reader;
use super::hex;
use super::memory::memory;
use super::profile::{encode_somehow, float, value};
use crate::cbor::{Bytes, Value, from_slice, to_deterministic_vec, to_vec};

/// Equality that takes NaN for equal to itself.
fn same(one: &Value, other: &Value) -> bool {
    to_vec(one).unwrap() == to_vec(other).unwrap()
}

fn oracle(bytes: &[u8]) -> Value {
    ciborium::from_reader(bytes).unwrap()
}

/// What ciborium encodes, for types that are the same for people as for machines.
fn oracle_bytes(value: &impl Serialize) -> Vec<u8> {
    let mut bytes = Vec::new();
    ciborium::into_writer(value, &mut bytes).unwrap();
    bytes
}

#[test]
fn every_half_precision_float_is_ciboriums() {
    for bits in 0..=u16::MAX {
        let [a, b] = bits.to_be_bytes();
        let bytes = [0xf9, a, b];
        let (ours, theirs): (f64, f64) =
            (from_slice(&bytes).unwrap(), ciborium::from_reader(&bytes[..]).unwrap());
        assert_eq!(ours.to_bits(), theirs.to_bits(), "{bits:#06x}");
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Sample {
    small: u8,
    large: u64,
    signed: i32,
    float: f64,
    narrow: f32,
    flag: bool,
    letter: char,
    text: String,
    raw: Bytes,
    nothing: (),
    maybe: Option<String>,
    pair: (i64, String),
    list: Vec<Choice>,
    by_name: BTreeMap<String, Vec<u8>>,
    by_number: BTreeMap<i16, Option<bool>>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum Choice {
    Bare,
    One(u32),
    Two(String, f64),
    Named { x: i8, y: Option<Box<Choice>> },
}

/// Its fields, and those of what is flattened into it, are not counted beforehand.
#[derive(Debug, Serialize)]
struct OfUnknownLength {
    #[serde(flatten)]
    sample: Sample,
    #[serde(flatten)]
    rest: Value,
}

fn choice() -> impl Strategy<Value = Choice> {
    let leaf = prop_oneof![
        Just(Choice::Bare),
        any::<u32>().prop_map(Choice::One),
        (any::<String>(), any::<f64>()).prop_map(|(text, number)| Choice::Two(text, number)),
    ];
    leaf.prop_recursive(3, 8, 1, |inner| {
        (any::<i8>(), option::of(inner)).prop_map(|(x, y)| Choice::Named { x, y: y.map(Box::new) })
    })
}

fn sample() -> impl Strategy<Value = Sample> {
    let scalars = (any::<u8>(), any::<u64>(), any::<i32>(), any::<f64>(), any::<f32>(), any::<bool>());
    let texts = (any::<char>(), any::<String>(), vec(any::<u8>(), 0..50), option::of(any::<String>()));
    let nested = (
        any::<(i64, String)>(),
        vec(choice(), 0..5),
        btree_map(any::<String>(), vec(any::<u8>(), 0..5), 0..15),
        btree_map(any::<i16>(), any::<Option<bool>>(), 0..15),
    );
    (scalars, texts, nested).prop_map(
        |(
            (small, large, signed, float, narrow, flag),
            (letter, text, raw, maybe),
            (pair, list, by_name, by_number),
        )| {
            let raw = raw.into();
            let nothing = ();
            Sample {
                small,
                large,
                signed,
                float,
                narrow,
                flag,
                letter,
                text,
                raw,
                nothing,
                maybe,
                pair,
                list,
                by_name,
                by_number,
            }
        },
    )
}

/// A dice whose throws are `seeds`, over and over.
fn choices(seeds: Vec<u8>) -> impl FnMut(u8) -> u8 {
    let mut throws = seeds.into_iter().cycle();
    move |sides| throws.next().unwrap_or(0) % sides
}

proptest! {
    #[test]
    fn values_are_what_ciborium_says(value in value()) {
        let bytes = to_vec(&value).unwrap();
        let decoded: Value = from_slice(&bytes).unwrap();
        prop_assert!(same(&decoded, &value));
        prop_assert!(same(&decoded, &oracle(&bytes)));
        prop_assert!(memory(&decoded) <= Value::MEMORY_MULTIPLE * bytes.len());
    }

    #[test]
    fn values_are_encoded_as_ciborium_does(value in value(), sample in sample()) {
        prop_assert_eq!(to_vec(&value).unwrap(), oracle_bytes(&value));
        prop_assert_eq!(to_vec(&sample).unwrap(), oracle_bytes(&sample));
        let open = OfUnknownLength { sample, rest: Value::Map(vec![("rest".into(), value)]) };
        prop_assert_eq!(to_vec(&open).unwrap(), oracle_bytes(&open));
    }

    #[test]
    fn numbers_are_encoded_as_ciborium_does(
        bits in any::<u64>(),
        exponent in 990u64..1050,
        mantissa in 0u64..1 << 12,
        narrow in any::<u32>(),
        natural in any::<u64>(),
        whole in any::<i64>(),
        shift in 0u32..64,
    ) {
        // Any bits; around the ends of half precision; and those that are not finite.
        for bits in [bits, exponent << 52 | mantissa << 40, 0x7ff << 52 | mantissa << 40, mantissa, mantissa << 40] {
            for number in [f64::from_bits(bits), f64::from_bits(bits | 1 << 63)] {
                prop_assert_eq!(hex(&to_vec(&number).unwrap()), hex(&oracle_bytes(&number)));
            }
        }
        let narrow = f32::from_bits(narrow);
        prop_assert_eq!(to_vec(&narrow).unwrap(), oracle_bytes(&narrow));
        prop_assert_eq!(to_vec(&(natural >> shift)).unwrap(), oracle_bytes(&(natural >> shift)));
        prop_assert_eq!(to_vec(&(whole >> shift)).unwrap(), oracle_bytes(&(whole >> shift)));
    }

    #[test]
    fn any_encoding_of_a_value_is_that_value(value in value(), seeds in vec(any::<u8>(), 1..50)) {
        let mut bytes = Vec::new();
        encode_somehow(&value, &mut choices(seeds), &mut bytes);
        let decoded: Value = from_slice(&bytes).unwrap();
        prop_assert!(same(&decoded, &value));
        prop_assert!(same(&decoded, &oracle(&bytes)));
        prop_assert!(from_slice::<IgnoredAny>(&bytes).is_ok());
        prop_assert!(memory(&decoded) <= Value::MEMORY_MULTIPLE * bytes.len());
    }

    #[test]
    fn typed_values_are_what_ciborium_says(sample in sample()) {
        let bytes = to_vec(&sample).unwrap();
        let decoded: Sample = from_slice(&bytes).unwrap();
        let oracle: Sample = ciborium::from_reader(bytes.as_slice()).unwrap();
        prop_assert_eq!(&decoded, &oracle);
        prop_assert_eq!(&decoded, &sample);
    }

    #[test]
    fn typed_values_are_read_from_any_encoding(sample in sample(), seeds in vec(any::<u8>(), 1..50)) {
        let value: Value = from_slice(&to_vec(&sample).unwrap()).unwrap();
        let mut bytes = Vec::new();
        encode_somehow(&value, &mut choices(seeds), &mut bytes);
        prop_assert_eq!(from_slice::<Sample>(&bytes).unwrap(), sample);
    }

    #[test]
    fn whatever_is_cut_off_is_missed(value in value(), seeds in vec(any::<u8>(), 1..50)) {
        let mut bytes = Vec::new();
        encode_somehow(&value, &mut choices(seeds), &mut bytes);
        for end in (0..bytes.len()).step_by(1 + bytes.len() / 64) {
            prop_assert!(from_slice::<Value>(&bytes[..end]).is_err());
            prop_assert!(from_slice::<IgnoredAny>(&bytes[..end]).is_err());
            prop_assert!(Reader::new(&bytes[..end]).skip_item(128).is_err());
        }
    }

    #[test]
    fn a_changed_byte_never_panics_and_what_passes_is_sound(
        value in value(),
        seeds in vec(any::<u8>(), 1..50),
        changes in vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let mut bytes = Vec::new();
        encode_somehow(&value, &mut choices(seeds), &mut bytes);
        for (index, byte) in changes {
            *index.get_mut(&mut bytes) = byte;
        }
        check_anything(&bytes)?;
    }

    #[test]
    fn no_bytes_panic_and_what_passes_is_sound(bytes in vec(any::<u8>(), 0..60)) {
        check_anything(&bytes)?;
    }

    #[test]
    fn changed_samples_never_panic(
        sample in sample(),
        changes in vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let mut bytes = to_vec(&sample).unwrap();
        for (index, byte) in changes {
            *index.get_mut(&mut bytes) = byte;
        }
        if let Ok(decoded) = from_slice::<Sample>(&bytes) {
            // Encoded once more it is the same; NaN is not equal to itself.
            let again = to_vec(&decoded).unwrap();
            prop_assert_eq!(&to_vec(&from_slice::<Sample>(&again).unwrap()).unwrap(), &again);
        }
    }

    #[test]
    fn the_deterministic_encoding_is_one_for_all(value in value(), seeds in vec(any::<u8>(), 1..50)) {
        let deterministic = to_deterministic_vec(&value);
        prop_assert_eq!(&to_deterministic_vec(&from_slice(&deterministic).unwrap()), &deterministic);
        let mut otherwise = Vec::new();
        encode_somehow(&value, &mut choices(seeds), &mut otherwise);
        prop_assert_eq!(&to_deterministic_vec(&from_slice(&otherwise).unwrap()), &deterministic);
    }

    #[test]
    fn floats_keep_their_value(number in float()) {
        let decoded: f64 = from_slice(&to_vec(&number).unwrap()).unwrap();
        prop_assert_eq!(decoded.to_bits(), number.to_bits());
    }
}

/// Whatever the bytes: no panic, ciborium agrees on what passes, and it comes back when encoded.
fn check_anything(bytes: &[u8]) -> Result<(), TestCaseError> {
    let decoded = from_slice::<Value>(bytes);
    prop_assert_eq!(decoded.is_ok(), from_slice::<IgnoredAny>(bytes).is_ok());
    let Ok(decoded) = decoded else { return Ok(()) };
    prop_assert!(same(&decoded, &oracle(bytes)));
    prop_assert!(same(&decoded, &from_slice(&to_vec(&decoded).unwrap()).unwrap()));
    let mut reader = Reader::new(bytes);
    prop_assert_eq!(reader.skip_item(128), Ok(()));
    prop_assert!(reader.is_empty());
    Ok(())
}
