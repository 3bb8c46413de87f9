//! The codec against the RFC, against ciborium, and against bytes made to hurt.

mod hostile;
mod memory;
mod notation;
mod profile;
mod properties;
mod readable;
mod rfc;
mod sharing;
mod typed;

use super::{DecodeError, Value, from_slice};

/// The bytes that `hex` spells; spaces are for the reader.
fn unhex(hex: &str) -> Vec<u8> {
    let digits: Vec<_> = hex.chars().filter(|c| !c.is_whitespace()).collect();
    digits.chunks(2).map(|pair| u8::from_str_radix(&pair.iter().collect::<String>(), 16).unwrap()).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn value(bytes: &str) -> Result<Value, DecodeError> {
    from_slice(&unhex(bytes))
}

/// What decoding a value of any type says about these bytes.
#[track_caller]
fn refusal(bytes: &str) -> String {
    value(bytes).unwrap_err().to_string()
}
