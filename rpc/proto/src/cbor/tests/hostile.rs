//! Bytes made to hurt: nesting, counts, lengths and keys.

use std::collections::HashMap;
use std::fmt;
use std::sync::LazyLock;

use proptest::collection::btree_set;
use proptest::prelude::*;
use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, SeqAccess, Visitor};

use super::{refusal, unhex};
use crate::cbor::{Limits, Value, from_slice, from_slice_within, to_vec};

#[test]
fn what_follows_the_value_is_refused() {
    assert_eq!(refusal("0000"), "something follows the value (at byte 1)");
    assert_eq!(refusal("82000001"), "something follows the value (at byte 3)");
    assert_eq!(refusal(""), "the input ends inside an item (at byte 0)");
}

#[test]
fn nesting_ends_at_the_limit() {
    let nested = |depth: usize, open: u8| [vec![open; depth], vec![0]].concat();
    assert!(from_slice::<Value>(&nested(128, 0x81)).is_ok());
    for deep in [nested(129, 0x81), nested(1_000_000, 0x81), nested(1_000_000, 0x9f)] {
        let error = from_slice::<Value>(&deep).unwrap_err();
        assert!(error.message().contains("nested too deep"), "{error}");
        assert!(error.path().len() <= 200, "{error}");
        assert!(from_slice::<IgnoredAny>(&deep).is_err());
    }
}

/// Each level costs a frame or several: of a value, or of a type with derived code.
#[derive(Debug, Deserialize)]
enum Expression {
    Number(#[expect(dead_code, reason = "only its size matters")] i64),
    Sum {
        #[expect(dead_code, reason = "only its size matters")]
        terms: Vec<Expression>,
    },
}

#[test]
fn the_deepest_input_fits_a_small_stack() {
    let deep = || {
        let mut bytes = unhex("a16353756da1657465726d7381").repeat(42);
        bytes.extend(unhex("a1664e756d62657201"));
        from_slice::<Expression>(&bytes).unwrap();
        from_slice::<Value>(&bytes).unwrap();
        from_slice::<IgnoredAny>(&bytes).unwrap();
    };
    std::thread::Builder::new().stack_size(512 * 1024).spawn(deep).unwrap().join().unwrap();
}

#[test]
fn items_are_counted_over_the_whole_input() {
    let within = |hex: &str, items| {
        let limits = Limits { items, ..Limits::default() };
        from_slice_within(&unhex(hex), std::marker::PhantomData::<Value>, limits)
    };
    for hex in ["83010203", "9f010203ff", "8201 8103", "a1 01 8103", "bf0181 03ff", "819f 0102 ff"] {
        assert!(within(hex, 3).is_ok(), "{hex}");
        assert_eq!(within(hex, 2).unwrap_err().message(), "more items than the limit allows", "{hex}");
    }
}

/// Notes the largest size hint among an array and the arrays in it.
struct Hint(usize);

impl<'de> Deserialize<'de> for Hint {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Hints;

        impl<'de> Visitor<'de> for Hints {
            type Value = Hint;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("arrays")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut array: A) -> Result<Hint, A::Error> {
                let mut hint = array.size_hint().unwrap_or(0);
                assert!(hint <= 8, "a hint of {hint} for a few bytes");
                while let Some(Hint(inner)) = array.next_element()? {
                    hint = hint.max(inner);
                }
                Ok(Hint(hint))
            }
        }

        deserializer.deserialize_seq(Hints)
    }
}

#[test]
fn declared_lengths_reserve_nothing_that_the_input_cannot_hold() {
    for hex in [
        "9affffffff",
        "9bffffffffffffffff",
        "9b7fffffffffffffff00",
        "829affffffff",
        "8680 9a7fffffff",
        "bbffffffffffffffff",
        "bb800000000000000001",
        "5bffffffffffffffff00",
        "7b7fffffffffffffff00",
        "5f5bffffffffffffffff",
    ] {
        assert!(refusal(hex).contains("the input ends inside an item"), "{hex}: {}", refusal(hex));
        assert!(from_slice::<Hint>(&unhex(hex)).is_err());
    }
    assert_eq!(from_slice::<Hint>(&unhex("8380 8280 80 80")).unwrap().0, 3);
}

#[test]
fn two_equal_keys_are_refused_in_every_map() {
    for (hex, path) in [
        ("a2 6161 01 6161 02", "a"),
        ("a2 6161 01 7801 61 02", "a"),
        ("a2 6161 01 7f 6161 ff 02", "a"),
        ("a2 7f 6161 60 ff 01 6161 02", "a"),
        ("bf 01 02 01 02 ff", "[1]"),
        ("a2 01 02 1801 02", "[1]"),
        ("a2 20 02 3900 00 02", "[-1]"),
        ("81 a1 6161 a2 60 01 60 02", "[0].a[\"\"]"),
        ("a2 623130 01 623130 01", "10"),
    ] {
        let error = from_slice::<Value>(&unhex(hex)).unwrap_err();
        assert_eq!((error.path(), error.message()), (path, "the key is given twice"), "{hex}");
        assert_eq!(from_slice::<IgnoredAny>(&unhex(hex)).unwrap_err(), error, "ignored: {hex}");
        let kept = ciborium::from_reader::<IgnoredAny, _>(unhex(hex).as_slice());
        assert!(kept.is_ok(), "ciborium keeps both: {hex}");
    }
}

#[test]
fn equal_keys_of_a_struct_are_refused_known_or_not() {
    #[derive(Debug, Deserialize)]
    struct Named {
        #[expect(dead_code, reason = "only read")]
        name: u8,
    }
    let refused = |hex: &str| from_slice::<Named>(&unhex(hex)).unwrap_err().to_string();
    assert_eq!(refused("a2 646e616d65 01 646e616d65 01"), "name: the key is given twice");
    assert_eq!(refused("a3 646e616d65 01 6178 01 6178 02"), "x: the key is given twice");
    assert_eq!(refused("a2 646e616d65 01 6178 a2 01 01 01 01"), "x[1]: the key is given twice");
}

/// A struct of a hundred fields, more than are told apart by a bit. Ignores what it is given.
struct Hundred;

impl<'de> Deserialize<'de> for Hundred {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        static NAMES: LazyLock<Vec<&'static str>> =
            LazyLock::new(|| (0..100).map(|n| &*format!("field {n}").leak()).collect());
        deserializer.deserialize_struct("Hundred", &NAMES, IgnoredAny).map(|_| Self)
    }
}

proptest! {
    #[test]
    fn equal_keys_of_a_struct_are_found_in_any_order_and_among_any_others(
        mut numbers in btree_set(0..120u8, 1..100).prop_map(Vec::from_iter).prop_shuffle(),
        integer in any::<bool>(),
        in_chunks in 0..3u8,
        repeated in any::<prop::sample::Index>(),
    ) {
        let key = |number: &u8| match number {
            110.. if integer => vec![0x18, *number],
            _ if in_chunks > 0 && number % 3 == in_chunks => {
                [&[0x7f][..], &to_vec(&format!("field {number}")).unwrap(), &[0xff]].concat()
            }
            _ => to_vec(&format!("field {number}")).unwrap(),
        };
        let map = |numbers: &[u8]| {
            let entries = numbers.iter().flat_map(|number| [key(number), vec![0xf6]].concat());
            [0xbf].into_iter().chain(entries).chain([0xff]).collect::<Vec<_>>()
        };
        prop_assert!(from_slice::<Hundred>(&map(&numbers)).is_ok());
        numbers.push(*repeated.get(&numbers));
        let error = from_slice::<Hundred>(&map(&numbers)).map(|_| ()).unwrap_err();
        prop_assert_eq!(error.message(), "the key is given twice");
    }
}

#[test]
fn keys_of_text_and_of_numbers_are_different_keys() {
    let value: Value = from_slice(&unhex("a4 01 00 20 00 6131 00 60 00")).unwrap();
    assert_eq!(value.as_map().unwrap().len(), 4);
}

#[test]
fn a_repeated_key_is_found_in_maps_of_any_size() {
    for size in 1..40 {
        for repeated in 0..size {
            let mut entries: Vec<_> =
                (0..size).map(|n| (Value::from(format!("key {n}")), Value::Null)).collect();
            assert!(from_slice::<IgnoredAny>(&to_vec(&Value::Map(entries.clone())).unwrap()).is_ok());
            entries.push(entries[repeated].clone());
            let error =
                from_slice::<HashMap<String, ()>>(&to_vec(&Value::Map(entries)).unwrap()).unwrap_err();
            assert_eq!(error.to_string(), format!("[\"key {repeated}\"]: the key is given twice"));
        }
    }
}

#[test]
fn what_a_peer_wrote_is_escaped_and_clipped_in_errors() {
    let long = "\u{202e}".repeat(100_000);
    for error in [
        from_slice::<u8>(&to_vec(&long).unwrap()).unwrap_err(),
        from_slice::<HashMap<String, u8>>(&to_vec(&HashMap::from([(&long, "x")])).unwrap()).unwrap_err(),
        from_slice::<HashMap<u8, u8>>(&to_vec(&HashMap::from([(&long, 1)])).unwrap()).unwrap_err(),
        from_slice::<Limited>(&to_vec(&HashMap::from([(&long, 1)])).unwrap()).unwrap_err(),
        from_slice::<std::net::IpAddr>(&to_vec(&long).unwrap()).unwrap_err(),
        from_slice::<Expression>(&to_vec(&long).unwrap()).unwrap_err(),
    ] {
        let shown = error.to_string();
        assert!(shown.len() < 1000 && !shown.contains('\u{202e}'), "{shown}");
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Limited {}
