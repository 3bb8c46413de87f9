//! Schemas of real Rust types, and of strangers.

mod conversions;
mod descriptions;
mod oracle;
mod samples;
mod shapes;

use serde_json::json;

use super::*;
use crate::Schema;

/// A schema from JSON.
fn schema(json: Json) -> Schema {
    json.try_into().expect("a schema is an object or a boolean")
}

/// The schema of a type.
fn schema_of<T: schemars::JsonSchema>() -> Schema {
    schemars::schema_for!(T)
}
