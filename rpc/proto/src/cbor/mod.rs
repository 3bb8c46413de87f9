//! The codec: values of Rust, payloads on the wire, and items whose type is known only at run time.
//!
//! Dates and addresses are the text that their schema says: the format is human-readable. Decoding is one
//! pass that checks everything: see [`from_slice`]. The profile is CBOR without tags, with keys of text or
//! integers, and with integers from −2⁶³ to 2⁶⁴ − 1. The tests hold both directions to ciborium.
//!
//! ```
//! use countersign_proto::cbor::{self, Value, diagnostic};
//!
//! let bytes = cbor::to_vec(&("tea", [2.5, 3.0]))?;
//! let value: Value = cbor::from_slice(&bytes)?;
//! assert_eq!(diagnostic(&value), r#"["tea", [2.5, 3.0]]"#);
//!
//! let error = cbor::from_slice::<(String, Vec<u32>)>(&bytes).unwrap_err();
//! assert_eq!(error.to_string(), "[1][0]: expected u32, found the float 2.5");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod bytes;
mod containers;
mod decode;
mod deterministic;
mod diagnostic;
mod encode;
mod encode_key;
mod error;
pub(crate) mod head;
mod key;
mod sharing;
mod text;
mod value;
mod variant;

pub use bytes::Bytes;
pub use decode::{Limits, from_slice, from_slice_seed, from_slice_within};
pub use deterministic::to_deterministic_vec;
pub use diagnostic::{Diagnostic, NotationError, diagnostic, from_diagnostic, from_diagnostic_within};
pub use encode::{buffer, encode_into, to_vec};
pub use error::{DecodeError, EncodeError};
pub use sharing::{from_owned, sharing};
pub use text::quoted;
pub use value::{Integer, Value};

/// Said on both sides, whatever the number: a type works for all its values or for none.
const NO_128_BITS: &str = "128-bit integers are not of the profile";

#[cfg(test)]
mod tests;
