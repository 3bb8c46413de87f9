//! What a caller may pass for a parameter, and the map that arguments travel in.

use countersign_proto::cbor::{Bytes, EncodeError, buffer, encode_into};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::arguments::may_be_missing;

/// What may be passed where a procedure takes a `T`: a `T`, a `&T`, and what encodes to the same bytes.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be passed where the procedure takes `{T}`",
    label = "expected `{T}`",
    note = "arguments are passed by value or by reference; `&str` does for a `String`, and a slice for a `Vec`"
)]
pub trait Arg<T> {
    /// Appends the encoded argument.
    #[doc(hidden)]
    fn encode(&self, out: &mut Vec<u8>) -> Result<(), EncodeError>;
}

impl<T: Serialize> Arg<T> for T {
    fn encode(&self, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        encode_into(self, out)
    }
}

impl<T: Serialize> Arg<T> for &T {
    fn encode(&self, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        encode_into(*self, out)
    }
}

impl Arg<String> for &str {
    fn encode(&self, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        encode_into(*self, out)
    }
}

impl<T: Serialize> Arg<Vec<T>> for &[T] {
    fn encode(&self, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        encode_into(*self, out)
    }
}

// Arrays as slices: serde has no arrays of more than 32 elements.
impl<T: Serialize, const N: usize> Arg<Vec<T>> for [T; N] {
    fn encode(&self, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        encode_into(self.as_slice(), out)
    }
}

impl<T: Serialize, const N: usize> Arg<Vec<T>> for &[T; N] {
    fn encode(&self, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        encode_into(self.as_slice(), out)
    }
}

impl Arg<Bytes> for &[u8] {
    fn encode(&self, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        encode_into(&Bytes::from(*self), out)
    }
}

/// The arguments of one call as they travel: a map by name, without what is none.
pub struct ArgumentMap {
    /// The head of the map, then its entries.
    bytes: Vec<u8>,
    /// The first mistake; what follows it is not encoded.
    error: Option<EncodeError>,
}

/// The head of an empty CBOR map; the number of entries, at most sixteen here, is added to it.
const EMPTY_MAP: u8 = 0xa0;
/// A CBOR null, all of it.
const NULL: [u8; 1] = [0xf6];

impl ArgumentMap {
    /// No arguments yet.
    #[expect(clippy::new_without_default, reason = "only generated code makes one")]
    pub fn new() -> Self {
        let mut bytes = buffer();
        bytes.push(EMPTY_MAP);
        Self { bytes, error: None }
    }

    /// One argument more. There are never more than sixteen.
    #[must_use]
    pub fn with<T: DeserializeOwned, A: Arg<T>>(mut self, name: &str, value: A) -> Self {
        if self.error.is_none() {
            self.error = self.append::<T>(name, &value).err();
        }
        self
    }

    /// The bytes that travel.
    pub fn finish(self) -> Result<Vec<u8>, EncodeError> {
        match self.error {
            None => Ok(self.bytes),
            Some(error) => Err(error),
        }
    }

    fn append<T: DeserializeOwned>(&mut self, name: &str, value: &impl Arg<T>) -> Result<(), EncodeError> {
        let start = self.bytes.len();
        encode_into(name, &mut self.bytes)?;
        let entry = self.bytes.len();
        value.encode(&mut self.bytes)?;
        if self.bytes[entry..] == NULL && may_be_missing::<T>() {
            self.bytes.truncate(start);
        } else {
            self.bytes[0] += 1;
        }
        Ok(())
    }
}
