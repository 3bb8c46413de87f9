//! Values as people read and write them: CBOR diagnostic notation (RFC 8949 §8), both ways.

mod error;
mod literals;
mod numbers;
mod parse;
mod print;
mod scan;
mod strings;

pub use error::NotationError;
pub use parse::{from_diagnostic, from_diagnostic_within};
pub use print::{Diagnostic, diagnostic};
