//! The SHA-256 by which two descriptions of a service compare: the contract, not its documentation.
//!
//! Schemas are brought to a form in which neither documentation nor the order of what has none shows:
//! schemars lists variants without documentation before the others, and in another shape.

use countersign_proto::cbor::{self, Integer};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::describe::ProcedureDescription;

/// Over the deterministic CBOR of a map from each procedure's name to what it takes and gives.
pub(super) fn sha256(procedures: &[ProcedureDescription]) -> String {
    let contract: Map<_, _> =
        procedures.iter().map(|procedure| (procedure.name.clone(), contract(procedure))).collect();
    let digest = Sha256::digest(deterministic(&contract.into()));
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn contract(procedure: &ProcedureDescription) -> Value {
    let faults: Map<_, _> =
        procedure.faults.iter().map(|fault| (fault.variant.clone(), fault.code.clone().into())).collect();
    let mut contract = json!({
        "kind": procedure.kind,
        "idempotent": procedure.idempotent,
        "arguments": plain(procedure.arguments.as_value()),
        "result": plain(procedure.result.as_value()),
        "fault": procedure.fault.as_ref().map(|schema| plain(schema.as_value())),
        "faults": faults,
    });
    // Only where there are any, so that the digests of services without streams stay what they were.
    for (name, items) in [("items_in", &procedure.items_in), ("items_out", &procedure.items_out)] {
        if let Some(schema) = items {
            contract[name] = plain(schema.as_value());
        }
    }
    contract
}

/// Keywords that are for people.
const FOR_PEOPLE: [&str; 5] = ["title", "description", "examples", "$comment", "$schema"];
/// Keywords whose value is a map from names to schemas.
const MAPS: [&str; 4] = ["properties", "patternProperties", "$defs", "dependentSchemas"];
/// Keywords whose value is data, which may look like a schema and is none.
const DATA: [&str; 3] = ["const", "enum", "default"];

/// A schema without documentation, in the one form that says the same.
fn plain(schema: &Value) -> Value {
    match schema {
        Value::Bool(true) => json!({}),
        Value::Array(schemas) => schemas.iter().map(plain).collect(),
        Value::Object(keywords) => plain_object(keywords),
        other => other.clone(),
    }
}

fn plain_object(keywords: &Map<String, Value>) -> Value {
    let mut out = Map::new();
    for (keyword, value) in keywords.iter().filter(|(keyword, _)| !FOR_PEOPLE.contains(&keyword.as_str())) {
        let value = match (keyword.as_str(), value) {
            (keyword, Value::Object(schemas)) if MAPS.contains(&keyword) => {
                schemas.iter().map(|(name, schema)| (name.clone(), plain(schema))).collect()
            }
            (keyword, value) if DATA.contains(&keyword) => value.clone(),
            ("required", Value::Array(names)) => sorted(names.clone()),
            ("oneOf", Value::Array(variants)) => sorted(variants.iter().flat_map(variant).collect()),
            (_, value) => plain(value),
        };
        out.insert(keyword.clone(), value);
    }
    match names(&out) {
        Some(names) => json!({ "oneOf": sorted(names) }),
        None => out.into(),
    }
}

/// The variants that a member of `oneOf` stands for: one, or several that are a name and no more.
fn variant(schema: &Value) -> Vec<Value> {
    match plain(schema) {
        Value::Object(mut names) if schema.get("enum").is_some() && names.contains_key("oneOf") => {
            names["oneOf"].as_array_mut().map(std::mem::take).unwrap_or_default()
        }
        plain => vec![plain],
    }
}

/// A list of names, as an enum without fields and without documentation is written, one by one.
fn names(keywords: &Map<String, Value>) -> Option<Vec<Value>> {
    let names = keywords.get("enum")?.as_array()?;
    (keywords.len() == 2 && keywords.get("type")? == "string")
        .then(|| names.iter().map(|name| json!({ "type": "string", "const": name })).collect())
}

fn sorted(mut values: Vec<Value>) -> Value {
    values.sort_by_cached_key(deterministic);
    values.into()
}

fn deterministic(value: &Value) -> Vec<u8> {
    cbor::to_deterministic_vec(&to_cbor(value))
}

fn to_cbor(value: &Value) -> cbor::Value {
    match value {
        Value::Null => cbor::Value::Null,
        Value::Bool(value) => cbor::Value::Bool(*value),
        Value::Number(number) => match (number.as_u64(), number.as_i64()) {
            (Some(number), _) => cbor::Value::Integer(Integer::from(number)),
            (_, Some(number)) => cbor::Value::Integer(Integer::from(number)),
            _ => cbor::Value::Float(number.as_f64().unwrap_or(f64::NAN)),
        },
        Value::String(text) => cbor::Value::Text(text.clone()),
        Value::Array(items) => cbor::Value::Array(items.iter().map(to_cbor).collect()),
        Value::Object(entries) => {
            let entry = |(key, value): (&String, &Value)| (cbor::Value::Text(key.clone()), to_cbor(value));
            cbor::Value::Map(entries.iter().map(entry).collect())
        }
    }
}
