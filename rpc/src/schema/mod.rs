//! JSON Schema, as far as `schemars` writes it: what a form, a command line and a description need.
//!
//! [`Node`] is a place in a schema and [`Shape`] says what belongs there. That is the one part which
//! reads JSON Schema; whatever converts, describes or draws a value walks shapes. A schema may come from a hostile
//! server: it may refer to itself, be ten thousand levels deep or mean nothing. So a shape is worked out one
//! place at a time and within bounds, and what is not understood is [`Shape::Any`], which
//! leaves the last word to the server.
//!
//! [`to_cbor`] and [`to_json`] convert between JSON and the CBOR that travels, [`outline`] describes a schema in words, and
//! [`example`] makes up a small value.

mod example;
mod facets;
mod formats;
mod keywords;
mod node;
mod outline;
mod path;
mod phrase;
mod pick;
mod problem;
mod shape;
mod to_cbor;
mod to_json;
mod types;

pub use example::example;
pub use node::Node;
pub use outline::{Outline, OutlineLine, outline};
pub use path::Path;
pub use problem::{Problem, SchemaError};
pub use shape::{Choice, Content, Field, FloatRange, Format, Key, List, Map, Record, Shape, Text, Variant};
pub use to_cbor::to_cbor;
pub use to_json::to_json;

use serde_json::Value as Json;

#[cfg(test)]
mod tests;
