//! The one encoding of a value that can be hashed or compared (RFC 8949 §4.2.1).

use super::head;
use super::value::{Integer, Value};

/// The deterministic encoding of `value`: shortest heads, no indefinite lengths, the entries of maps in
/// the order of their encoded keys. Every NaN is `f97e00`.
pub fn to_deterministic_vec(value: &Value) -> Vec<u8> {
    let mut out = Vec::new();
    write(value, &mut out);
    out
}

fn write(value: &Value, out: &mut Vec<u8>) {
    match value {
        Value::Null => head::write_null(out),
        Value::Bool(value) => head::write_bool(out, *value),
        Value::Integer(integer) => write_integer(*integer, out),
        Value::Float(number) if number.is_nan() => out.extend_from_slice(&[0xf9, 0x7e, 0x00]),
        Value::Float(number) => head::write_float(out, *number),
        Value::Bytes(bytes) => head::write_bytes(out, bytes),
        Value::Text(text) => head::write_text(out, text),
        Value::Array(elements) => {
            head::write_array(out, elements.len() as u64);
            elements.iter().for_each(|element| write(element, out));
        }
        Value::Map(entries) => write_map(entries, out),
    }
}

fn write_integer(integer: Integer, out: &mut Vec<u8>) {
    match integer.as_u64() {
        Some(number) => head::write_uint(out, number),
        None => head::write_int(out, integer.as_i64().expect("what is below zero fits i64")),
    }
}

fn write_map(entries: &[(Value, Value)], out: &mut Vec<u8>) {
    let mut sorted: Vec<_> = entries.iter().map(|(key, value)| (to_deterministic_vec(key), value)).collect();
    sorted.sort_by(|(one, _), (other, _)| one.cmp(other));
    head::write_map(out, sorted.len() as u64);
    for (key, value) in sorted {
        out.extend_from_slice(&key);
        write(value, out);
    }
}
