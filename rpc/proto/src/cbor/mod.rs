//! The codec: the only module that names ciborium.

mod value;

pub use value::{Integer, Value};
