//! `countersign.cddl` has the shape of what the vectors show.

use cddl_cat::cbor::validate_cbor_bytes;
use countersign_proto::cbor::Value;

use crate::talk::{number, split_item};
use crate::vectors::{is_of_a_cut_message, vectors};

const SHAPES: &str = include_str!("../../countersign.cddl");

/// What is accepted although it is none: the layer of frames does not look into payloads.
const NO_CBOR: &str = "open with arguments that are no CBOR";

fn fits(shape: &str, item: &[u8]) -> Result<(), String> {
    validate_cbor_bytes(shape, SHAPES, item).map_err(|error| error.to_string())
}

#[test]
fn the_headers_and_payloads_of_good_vectors_have_their_shapes() {
    let mut checked = 0;
    for vector in vectors().filter(|vector| vector.is_good) {
        let (len, header) = split_item(&vector.bytes[5..]);
        // What is unknown has no shape.
        if number(&header, 0).is_multiple_of(2) {
            continue;
        }
        let (header_bytes, payload) = vector.bytes[5..].split_at(len);
        fits("header", header_bytes).unwrap_or_else(|error| panic!("{}: {error}", vector.name));
        if !payload.is_empty() && !is_of_a_cut_message(&header) && vector.name != NO_CBOR {
            fits(shape(&header), payload).unwrap_or_else(|error| panic!("{}: {error}", vector.name));
            checked += 1;
        }
    }
    assert!(checked > 100, "{checked}");
}

fn shape(header: &Value) -> &'static str {
    if number(header, 0) == 11 { "arguments" } else { "item" }
}

#[test]
fn headers_that_are_misshapen_are_not_in_the_shapes() {
    let misshapen = [
        "hello with short frames",
        "hello with little credit",
        "hello with a field missing",
        "hello with a field too many",
        "hello with a long name",
        "hello with an idle limit that is text",
        "hello on a call",
        "open without a procedure",
        "open with the id 0",
        "open with a negative deadline",
        "open with a total that is text",
        "open with a metadata value that is a number",
        "item with a field too many",
        "credit without a number",
        "credit that is negative",
        "end without a code",
        "end with three times",
        "end with times that are one number",
        "ping without a token",
    ];
    let mut found = 0;
    for vector in vectors().filter(|vector| misshapen.contains(&vector.name.as_str())) {
        let (len, _) = split_item(&vector.bytes[5..]);
        assert!(fits("header", &vector.bytes[5..5 + len]).is_err(), "{}", vector.name);
        found += 1;
    }
    assert_eq!(found, misshapen.len());
}
