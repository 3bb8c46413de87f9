//! The codec: the only module that names ciborium.

mod bytes;
mod containers;
mod decode;
mod deterministic;
mod diagnostic;
mod encode;
mod error;
pub(crate) mod head;
mod key;
mod readable;
mod readable_key;
mod text;
mod value;
mod variant;

pub use bytes::Bytes;
pub use decode::{Limits, from_slice, from_slice_seed, from_slice_within};
pub use deterministic::to_deterministic_vec;
pub use diagnostic::{Diagnostic, diagnostic};
pub use encode::{encode_into, to_vec};
pub use error::{DecodeError, EncodeError};
pub use text::quoted;
pub use value::{Integer, Value};

/// Said on both sides, whatever the number: a type works for all its values or for none.
const NO_128_BITS: &str = "128-bit integers are not of the profile";

#[cfg(test)]
mod tests;
