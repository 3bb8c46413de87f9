//! What a service says of itself: the types that reflection sends, and how they come about.

use std::fmt;

use schemars::generate::{SchemaGenerator, SchemaSettings};
use schemars::{JsonSchema, Schema, json_schema};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::arguments::Arguments;
use super::digest;
use super::fault::Fault;

/// A service: its procedures, and a digest by which two of them compare.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ServiceDescription {
    /// The name with its package, such as `acme.Ledger`.
    pub name: String,
    /// What the author wrote about it.
    pub documentation: String,
    /// SHA-256, in hexadecimal, over the deterministic CBOR of what its procedures take and return; the
    /// documentation is not part of it.
    pub sha256: String,
    /// What can be called, in the order of the trait.
    pub procedures: Vec<ProcedureDescription>,
}

/// A procedure: what it takes, what it returns, and how it fails.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ProcedureDescription {
    /// The name within its service, such as `balance`.
    pub name: String,
    /// What the author wrote about it.
    pub documentation: String,
    /// Which sides send a stream of items.
    pub kind: CallKind,
    /// Whether calling twice is calling once.
    pub idempotent: bool,
    /// How long a caller waits who says nothing else, in milliseconds.
    pub deadline_ms: Option<u64>,
    /// The schema of the arguments: an object whose properties are the parameters.
    pub arguments: Schema,
    /// The schema of each item that the client sends, if it sends any.
    pub items_in: Option<Schema>,
    /// The schema of each item that the server sends, if it sends any.
    pub items_out: Option<Schema>,
    /// The schema of the result.
    pub result: Schema,
    /// The schema of a fault, if one is declared.
    pub fault: Option<Schema>,
    /// The variants of the fault.
    pub faults: Vec<FaultDescription>,
}

/// One way in which a procedure fails.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FaultDescription {
    /// The variant as it travels.
    pub variant: String,
    /// The name of its code, such as `NOT_FOUND`.
    pub code: String,
    /// What it says, with `{…}` where values go.
    pub message: String,
}

/// Which sides of a call send a stream of items.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub enum CallKind {
    /// Neither: arguments there, a result back.
    Unary,
    /// The server.
    ServerStream,
    /// The client.
    ClientStream,
    /// Both.
    BothWays,
}

/// Why a service cannot be offered: a type in it cannot travel.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{procedure}: a 128-bit integer cannot travel ({place}): use `u64`, `i64` or text")]
pub struct DescriptionError {
    procedure: String,
    /// Where in which schema, such as `result/properties/total`.
    place: String,
}

impl ServiceDescription {
    /// Describes a service, or says which of its types cannot travel.
    pub fn new(
        name: &str,
        documentation: &str,
        procedures: Vec<ProcedureDescription>,
    ) -> Result<Self, DescriptionError> {
        for procedure in &procedures {
            procedure.check(name)?;
        }
        let sha256 = digest::sha256(&procedures);
        Ok(Self { name: name.to_owned(), documentation: documentation.to_owned(), sha256, procedures })
    }
}

impl ProcedureDescription {
    /// Describes a procedure by its types and the names of its parameters. It is unary until it has items.
    pub fn new<A: Arguments, T: JsonSchema, E: Fault>(
        name: &str,
        documentation: &str,
        parameters: &'static [&'static str],
    ) -> Self {
        let fault = E::Declared::describe();
        let (fault, faults) = fault.map_or_else(Default::default, |f| (Some(f.schema), f.variants));
        Self {
            name: name.to_owned(),
            documentation: documentation.to_owned(),
            kind: CallKind::Unary,
            idempotent: false,
            deadline_ms: None,
            arguments: arguments::<A>(parameters),
            items_in: None,
            items_out: None,
            result: sent::<T>(),
            fault,
            faults,
        }
    }

    /// The same procedure; calling it twice is calling it once.
    #[must_use]
    pub fn idempotent(self) -> Self {
        Self { idempotent: true, ..self }
    }

    /// The same procedure, with a time that callers wait who say nothing else.
    #[must_use]
    pub fn deadline_ms(self, ms: u64) -> Self {
        Self { deadline_ms: Some(ms), ..self }
    }

    /// The same procedure, to which the client sends items.
    #[must_use]
    pub fn items_in<I: JsonSchema>(mut self) -> Self {
        self.items_in = Some(taken::<I>());
        self.kind = CallKind::of(true, self.items_out.is_some());
        self
    }

    /// The same procedure, which sends items.
    #[must_use]
    pub fn items_out<I: JsonSchema>(mut self) -> Self {
        self.items_out = Some(sent::<I>());
        self.kind = CallKind::of(self.items_in.is_some(), true);
        self
    }

    fn check(&self, service: &str) -> Result<(), DescriptionError> {
        let schemas = [
            ("arguments", Some(&self.arguments)),
            ("items_in", self.items_in.as_ref()),
            ("items_out", self.items_out.as_ref()),
            ("result", Some(&self.result)),
            ("fault", self.fault.as_ref()),
        ];
        for (place, schema) in schemas {
            if let Some(inner) = schema.and_then(|schema| wide_integer(schema.as_value())) {
                let procedure = format!("{service}/{}", self.name);
                return Err(DescriptionError { procedure, place: format!("{place}{inner}") });
            }
        }
        Ok(())
    }
}

impl CallKind {
    fn of(client_sends: bool, server_sends: bool) -> Self {
        match (client_sends, server_sends) {
            (false, false) => Self::Unary,
            (false, true) => Self::ServerStream,
            (true, false) => Self::ClientStream,
            (true, true) => Self::BothWays,
        }
    }
}

impl fmt::Display for CallKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unary => "unary",
            Self::ServerStream => "server stream",
            Self::ClientStream => "client stream",
            Self::BothWays => "both ways",
        })
    }
}

/// The schema of what a server sends.
pub(super) fn sent<T: JsonSchema>() -> Schema {
    settings().for_serialize().into_generator().into_root_schema_for::<T>()
}

/// The schema of what a server takes.
fn taken<T: JsonSchema>() -> Schema {
    settings().for_deserialize().into_generator().into_root_schema_for::<T>()
}

/// The schema of the map of parameters that a server takes.
fn arguments<A: Arguments>(names: &[&str]) -> Schema {
    let mut generator: SchemaGenerator = settings().for_deserialize().into_generator();
    let (mut properties, mut required) = (Map::new(), Vec::new());
    for (name, (schema, may_be_missing)) in names.iter().zip(A::schemas(&mut generator)) {
        properties.insert((*name).to_owned(), schema.to_value());
        if !may_be_missing {
            required.push(*name);
        }
    }
    let mut schema =
        json_schema!({ "type": "object", "properties": properties, "additionalProperties": false });
    if !required.is_empty() {
        schema.insert("required".to_owned(), required.into());
    }
    let definitions = generator.take_definitions(true);
    if !definitions.is_empty() {
        schema.insert("$defs".to_owned(), definitions.into());
    }
    schema
}

/// JSON Schema 2020-12, each schema with its own `$defs`, and without the line that says so.
fn settings() -> SchemaSettings {
    SchemaSettings::draft2020_12().with(|settings| settings.meta_schema = None)
}

/// Where a schema has a 128-bit integer, with a slash before each step.
fn wide_integer(schema: &Value) -> Option<String> {
    match schema {
        Value::Object(keywords) => {
            let is_wide =
                matches!(keywords.get("format"), Some(Value::String(format)) if format.ends_with("int128"));
            if is_wide {
                return Some(String::new());
            }
            keywords.iter().find_map(|(key, inner)| Some(format!("/{key}{}", wide_integer(inner)?)))
        }
        Value::Array(schemas) => schemas
            .iter()
            .enumerate()
            .find_map(|(index, inner)| Some(format!("/{index}{}", wide_integer(inner)?))),
        _ => None,
    }
}
