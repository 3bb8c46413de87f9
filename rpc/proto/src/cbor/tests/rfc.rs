//! The examples of RFC 8949: appendix A as far as it is in the profile, and all of appendix F.

use super::super::head::Reader;
use super::{hex, refusal, unhex, value};
use crate::cbor::{Value, diagnostic, to_deterministic_vec, to_vec};

/// Appendix A: encoding, diagnostic notation. These are in preferred serialization.
const PREFERRED: &[(&str, &str)] = &[
    ("00", "0"),
    ("01", "1"),
    ("0a", "10"),
    ("17", "23"),
    ("1818", "24"),
    ("1819", "25"),
    ("1864", "100"),
    ("1903e8", "1000"),
    ("1a000f4240", "1000000"),
    ("1b000000e8d4a51000", "1000000000000"),
    ("1bffffffffffffffff", "18446744073709551615"),
    ("20", "-1"),
    ("29", "-10"),
    ("3863", "-100"),
    ("3903e7", "-1000"),
    ("f90000", "0.0"),
    ("f98000", "-0.0"),
    ("f93c00", "1.0"),
    ("fb3ff199999999999a", "1.1"),
    ("f93e00", "1.5"),
    ("f97bff", "65504.0"),
    ("fa47c35000", "100000.0"),
    ("fa7f7fffff", "3.4028234663852886e38"),
    ("fb7e37e43c8800759c", "1e300"),
    ("f90001", "5.960464477539063e-8"),
    ("f90400", "6.103515625e-5"),
    ("f9c400", "-4.0"),
    ("fbc010666666666666", "-4.1"),
    ("f97c00", "Infinity"),
    ("f97e00", "NaN"),
    ("f9fc00", "-Infinity"),
    ("f4", "false"),
    ("f5", "true"),
    ("f6", "null"),
    ("40", "h''"),
    ("4401020304", "h'01020304'"),
    ("60", "\"\""),
    ("6161", "\"a\""),
    ("6449455446", "\"IETF\""),
    ("62225c", r#""\"\\""#),
    ("62c3bc", "\"ü\""),
    ("63e6b0b4", "\"水\""),
    ("64f0908591", "\"\u{10151}\""),
    ("80", "[]"),
    ("83010203", "[1, 2, 3]"),
    ("8301820203820405", "[1, [2, 3], [4, 5]]"),
    (
        "98190102030405060708090a0b0c0d0e0f101112131415161718181819",
        "[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25]",
    ),
    ("a0", "{}"),
    ("a201020304", "{1: 2, 3: 4}"),
    ("a26161016162820203", r#"{"a": 1, "b": [2, 3]}"#),
    ("826161a161626163", r#"["a", {"b": "c"}]"#),
    ("a56161614161626142616361436164614461656145", r#"{"a": "A", "b": "B", "c": "C", "d": "D", "e": "E"}"#),
];

/// Appendix A, continued: well-formed, but not how we would write it.
const OTHERWISE: &[(&str, &str)] = &[
    ("fa7f800000", "Infinity"),
    ("fa7fc00000", "NaN"),
    ("faff800000", "-Infinity"),
    ("fb7ff0000000000000", "Infinity"),
    ("fb7ff8000000000000", "NaN"),
    ("fbfff0000000000000", "-Infinity"),
    ("5f42010243030405ff", "h'0102030405'"),
    ("7f657374726561646d696e67ff", "\"streaming\""),
    ("9fff", "[]"),
    ("9f018202039f0405ffff", "[1, [2, 3], [4, 5]]"),
    ("9f01820203820405ff", "[1, [2, 3], [4, 5]]"),
    ("83018202039f0405ff", "[1, [2, 3], [4, 5]]"),
    ("83019f0203ff820405", "[1, [2, 3], [4, 5]]"),
    (
        "9f0102030405060708090a0b0c0d0e0f101112131415161718181819ff",
        "[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25]",
    ),
    ("bf61610161629f0203ffff", r#"{"a": 1, "b": [2, 3]}"#),
    ("826161bf61626163ff", r#"["a", {"b": "c"}]"#),
    ("bf6346756ef563416d7421ff", r#"{"Fun": true, "Amt": -2}"#),
];

/// Appendix A, the rest: well-formed, and outside the profile.
const OUTSIDE: &[&str] = &[
    "c249010000000000000000",
    "3bffffffffffffffff",
    "c349010000000000000000",
    "f7",
    "f0",
    "f8ff",
    "c074323031332d30332d32315432303a30343a30305a",
    "c11a514b67b0",
    "c1fb41d452d9e8200000",
    "d74401020304",
    "d818456449455446",
    "d82076687474703a2f2f7777772e6578616d706c652e636f6d",
];

/// Appendix F, in its order.
const MALFORMED: &[&str] = &[
    // The input ends in a head.
    "18",
    "19",
    "1a",
    "1b",
    "1901",
    "1a0102",
    "1b01020304050607",
    "38",
    "58",
    "78",
    "98",
    "9a01ff00",
    "b8",
    "d8",
    "f8",
    "f900",
    "fa0000",
    "fb000000",
    // Strings of definite length with too little in them.
    "41",
    "61",
    "5affffffff00",
    "5bffffffffffffffff010203",
    "7affffffff00",
    "7b7fffffffffffffff010203",
    // Arrays and maps of definite length with too little in them.
    "81",
    "818181818181818181",
    "8200",
    "a1",
    "a20102",
    "a100",
    "a2000000",
    // A tag without contents.
    "c0",
    // Strings of indefinite length without a break.
    "5f4100",
    "7f6100",
    // Arrays and maps of indefinite length without a break.
    "9f",
    "9f0102",
    "bf",
    "bf01020102",
    "819f",
    "9f8000",
    "9f9f9f9f9fffffffff",
    "9f819f819f9fffffff",
    // Reserved additional information.
    "1c",
    "1d",
    "1e",
    "3c",
    "3d",
    "3e",
    "5c",
    "5d",
    "5e",
    "7c",
    "7d",
    "7e",
    "9c",
    "9d",
    "9e",
    "bc",
    "bd",
    "be",
    "dc",
    "dd",
    "de",
    "fc",
    "fd",
    "fe",
    // Simple values below 32 in two bytes.
    "f800",
    "f801",
    "f818",
    "f81f",
    // Chunks of the wrong type.
    "5f00ff",
    "5f21ff",
    "5f6100ff",
    "5f80ff",
    "5fa0ff",
    "5fc000ff",
    "5fe0ff",
    "7f4100ff",
    // Chunks of indefinite length.
    "5f5f4100ffff",
    "7f7f6100ffff",
    // A break on its own, and in an array, map or tag of definite length.
    "ff",
    "81ff",
    "8200ff",
    "a1ff",
    "a1ff00",
    "a100ff",
    "a20000ff",
    "9f81ff",
    "9f829f819f9fffffffff",
    // A break in place of a value.
    "bf00ff",
    "bf000000ff",
    // Major types that have no indefinite length.
    "1f",
    "3f",
    "df",
];

#[test]
fn examples_of_the_rfc_read_as_it_says_and_are_written_alike() {
    for (bytes, notation) in PREFERRED {
        let value = value(bytes).unwrap();
        let shown = diagnostic(&value);
        assert_eq!(shown, *notation, "{bytes}");
        assert_eq!(hex(&to_vec(&value).unwrap()), *bytes, "{notation}");
        assert_eq!(hex(&to_deterministic_vec(&value)), *bytes, "{notation}");
    }
}

#[test]
fn examples_in_other_encodings_are_the_same_values() {
    for (bytes, notation) in OTHERWISE {
        assert_eq!(diagnostic(&value(bytes).unwrap()), *notation, "{bytes}");
    }
}

#[test]
fn examples_are_what_ciborium_says() {
    for (bytes, notation) in PREFERRED.iter().chain(OTHERWISE) {
        let oracle: Value = ciborium::from_reader(&*unhex(bytes)).unwrap();
        assert_eq!(diagnostic(&oracle), *notation, "{bytes}");
        let mut encoded = Vec::new();
        ciborium::into_writer(&oracle, &mut encoded).unwrap();
        assert_eq!(hex(&to_vec(&value(bytes).unwrap()).unwrap()), hex(&encoded), "{notation}");
    }
}

#[test]
fn examples_outside_the_profile_are_refused_for_that() {
    for bytes in OUTSIDE {
        assert!(refusal(bytes).contains("not of the profile"), "{bytes}: {}", refusal(bytes));
    }
}

#[test]
fn each_malformed_example_of_the_rfc_is_refused() {
    assert_eq!(MALFORMED.len(), 94);
    for bytes in MALFORMED {
        refusal(bytes);
        let bytes = unhex(bytes);
        let mut reader = Reader::new(&bytes);
        assert!(reader.skip_item(128).is_err() || !reader.is_empty(), "{}", hex(&bytes));
    }
}

#[test]
fn the_reader_passes_over_every_example() {
    let rest = OUTSIDE.iter().copied();
    for bytes in PREFERRED.iter().chain(OTHERWISE).map(|(bytes, _)| *bytes).chain(rest) {
        let bytes = unhex(bytes);
        let mut reader = Reader::new(&bytes);
        assert_eq!(reader.skip_item(128), Ok(()), "{}", hex(&bytes));
        assert!(reader.is_empty(), "{}", hex(&bytes));
    }
}
