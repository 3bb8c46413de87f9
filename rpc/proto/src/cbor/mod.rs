//! The codec: the only module that names ciborium.

pub(crate) mod head;
mod value;

pub use value::{Integer, Value};
