//! `countersign call`: JSON in, checked by the server's schema before it is sent; JSON out.

use std::fs;
use std::io::{self, Read};
use std::path::Path;
use std::time::Duration;

use countersign::cbor::{self, Value};
use countersign::schema::{SchemaError, to_cbor, to_json};
use countersign::service::ProcedureDescription;
use countersign::{CallError, Schema, Status};
use serde_json::Value as Json;

use crate::args::{Call, Dial};
use crate::failure::Failure;
use crate::{output, reflected};

pub(crate) async fn run(call: Call, json: bool) -> Result<(), Failure> {
    // What is wrong on this side is told before anybody is asked.
    let written = written(&call.arguments)?;
    let client = call.dial.connect().await?;
    let procedure = reflected::unary(&client, &call.dial, &call.procedure).await?;
    let arguments = checked(&call.dial, &call.procedure, &procedure.arguments, &written)?;

    let mut raw = client.call_raw(&call.procedure, encoded(&arguments)?);
    if let Some(deadline) = call.deadline.or(procedure.deadline_ms.map(Duration::from_millis)) {
        raw = raw.timeout(deadline);
    }
    for (key, value) in call.metadata {
        raw = raw.metadata(key, value);
    }
    let reply = raw.await.map_err(|error| match error {
        CallError::Status(status) => Failure::of_status(&status, fault_of(&status, &procedure)),
        other => other.into(),
    })?;
    let result: Value = cbor::from_slice(&reply.payload)
        .map_err(|error| Failure::new(format!("the reply cannot be read: {error}")))?;
    if call.diag {
        return output::say(&format!("{}\n", cbor::Diagnostic::new(&result).indented()));
    }
    let result = to_json(&procedure.result, &result);
    if json {
        return output::json(&result);
    }
    output::say(&format!("{result:#}\n"))
}

/// The arguments as they are written on the command line, in a file, or on standard input.
pub(crate) fn written(arguments: &str) -> Result<Json, Failure> {
    let (place, text) = match arguments.strip_prefix('@') {
        Some(path) => (path, fs::read_to_string(path).map_err(|error| unreadable(path, &error))?),
        None if arguments == "-" => {
            let mut text = String::new();
            io::stdin().read_to_string(&mut text).map_err(|error| unreadable("standard input", &error))?;
            ("standard input", text)
        }
        None => ("the arguments", arguments.to_owned()),
    };
    serde_json::from_str(&text).map_err(|error| {
        let failure = Failure::new(format!("{place}: not JSON: {error}"));
        if place == "the arguments" && Path::new(arguments).is_file() {
            return failure.or_try(format!("@{arguments}, to read that file"));
        }
        failure.or_try("an object of the parameters by name, such as '{\"ms\": 20}' for demo.Clock/sleep")
    })
}

fn unreadable(place: &str, error: &io::Error) -> Failure {
    Failure::new(format!("{place}: cannot be read: {error}"))
}

/// The arguments as they travel, or every problem with its path.
pub(crate) fn checked(dial: &Dial, name: &str, schema: &Schema, written: &Json) -> Result<Value, Failure> {
    to_cbor(schema, written).map_err(|error: SchemaError| {
        let problems = error.problems().iter().map(ToString::to_string);
        Failure::several(problems).or_try(dial.command("describe", name))
    })
}

pub(crate) fn encoded(arguments: &Value) -> Result<Vec<u8>, Failure> {
    cbor::to_vec(arguments).map_err(|error| Failure::new(format!("the arguments cannot be written: {error}")))
}

/// The fault within a status, as JSON by its schema.
fn fault_of(status: &Status, procedure: &ProcedureDescription) -> Option<Json> {
    let value: Value = cbor::from_slice(&status.details).ok()?;
    procedure.fault.as_ref().map(|schema| to_json(schema, &value))
}
