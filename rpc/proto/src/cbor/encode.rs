//! Encodes values: ciborium's serializer, told that its format is human-readable.

use serde::Serialize;

use super::error::EncodeError;
use super::readable::Readable;

/// The payload that stands for `value`.
pub fn to_vec<T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>, EncodeError> {
    let mut bytes = buffer();
    encode_into(value, &mut bytes)?;
    Ok(bytes)
}

/// An empty buffer with room for most messages, so that they are not moved while they grow.
pub fn buffer() -> Vec<u8> {
    const USUAL_LEN: usize = 128;
    Vec::with_capacity(USUAL_LEN)
}

/// Appends the payload that stands for `value`, or leaves `out` as it was.
pub fn encode_into<T: Serialize + ?Sized>(value: &T, out: &mut Vec<u8>) -> Result<(), EncodeError> {
    let start = out.len();
    ciborium::into_writer(&Readable(value), &mut *out).map_err(|error| {
        out.truncate(start);
        match error {
            ciborium::ser::Error::Value(message) => EncodeError::new(message),
            ciborium::ser::Error::Io(error) => EncodeError::new(error.to_string()),
        }
    })
}
