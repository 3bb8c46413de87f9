//! What comes back from a call, as it is printed.

use std::time::Duration;

use countersign::cbor::{self, Diagnostic, Value};
use countersign::schema::to_json;
use countersign::service::{CallKind, ProcedureDescription};
use countersign::text::escaped;
use countersign::{Metadata, MetadataValue, Schema, Times};
use serde_json::{Map, Value as Json, json};

use crate::failure::Failure;
use crate::output;
use crate::time::latency;

/// How to print what a procedure answers.
pub(super) struct Page<'a> {
    pub(super) json: bool,
    pub(super) diag: bool,
    pub(super) verbose: bool,
    pub(super) procedure: &'a ProcedureDescription,
}

/// What came beside the end of a call.
pub(super) struct Beside {
    pub(super) metadata: Metadata,
    pub(super) trailing: Metadata,
    pub(super) timing: Option<Times>,
    /// As long as it took.
    pub(super) took: Duration,
}

impl Page<'_> {
    /// An item, in a line of its own.
    pub(super) fn item(&self, item: &[u8]) -> Result<(), Failure> {
        let value = read("an item", item)?;
        if self.diag {
            return output::say(&format!("{}\n", Diagnostic::new(&value)));
        }
        let item = to_json(self.procedure.items_out.as_ref().unwrap_or(&Schema::default()), &value);
        if self.json { output::json(&json!({ "item": item })) } else { output::json(&item) }
    }

    /// What the call ended with.
    pub(super) fn result(&self, result: &[u8], beside: &Beside) -> Result<(), Failure> {
        let value = read("the reply", result)?;
        let is_stream = self.procedure.kind != CallKind::Unary;
        if self.json {
            let result = to_json(&self.procedure.result, &value);
            // The result of a unary call alone is all that there is.
            return match is_stream || self.verbose {
                true => output::json(&self.envelope(result, beside)),
                false => output::json(&result),
            };
        }
        match self.diag {
            true if is_stream => output::say(&format!("{}\n", Diagnostic::new(&value)))?,
            true => output::say(&format!("{}\n", Diagnostic::new(&value).indented()))?,
            // After the items, a result that says nothing would only look like another item.
            false if is_stream && value == Value::Null => {}
            false if is_stream => output::json(&to_json(&self.procedure.result, &value))?,
            false => output::say(&format!("{:#}\n", to_json(&self.procedure.result, &value)))?,
        }
        if self.verbose {
            output::note(&beside.lines());
        }
        Ok(())
    }

    /// What the call ended with instead.
    pub(super) fn failure(&self, failure: Failure, beside: &Beside) -> Failure {
        match (self.verbose, self.json) {
            (false, _) => failure,
            (true, true) => failure.with(beside.json()),
            (true, false) => {
                output::note(&beside.lines());
                failure
            }
        }
    }

    fn envelope(&self, result: Json, beside: &Beside) -> Json {
        let mut envelope = Map::from_iter([("result".to_owned(), result)]);
        if self.verbose {
            envelope.extend(beside.json());
        }
        Json::Object(envelope)
    }
}

impl Beside {
    fn json(&self) -> Map<String, Json> {
        let Self { metadata, trailing, timing, took } = self;
        Map::from_iter([
            ("metadata".to_owned(), of_metadata(metadata)),
            ("trailing".to_owned(), of_metadata(trailing)),
            ("took_us".to_owned(), json!(micros(*took))),
            ("server".to_owned(), json!(timing.as_ref().map(of_times))),
        ])
    }

    fn lines(&self) -> String {
        let mut text = String::new();
        for (name, metadata) in [("metadata", &self.metadata), ("trailing", &self.trailing)] {
            for (key, value) in metadata.iter() {
                let value = match value {
                    MetadataValue::Text(text) => escaped(text),
                    MetadataValue::Bytes(_) => of_value(value).to_string(),
                };
                text.push_str(&format!("{name} {key}: {value}\n"));
            }
        }
        text.push_str(&format!("took {}", latency(self.took)));
        if let Some(Times { decode_us, queue_us, handler_us, encode_us }) = self.timing {
            let parts =
                [("decode", decode_us), ("queue", queue_us), ("handler", handler_us), ("encode", encode_us)];
            let server = parts.iter().fold(0_u64, |sum, (_, us)| sum.saturating_add(*us));
            let wire = [("wire", micros(self.took).saturating_sub(server))];
            for (name, us) in parts.into_iter().chain(wire).filter(|(_, us)| *us > 0) {
                text.push_str(&format!(", {name} {}", latency(Duration::from_micros(us))));
            }
        }
        text + "\n"
    }
}

fn read(what: &str, encoded: &[u8]) -> Result<Value, Failure> {
    cbor::from_slice(encoded).map_err(|error| Failure::new(format!("{what} cannot be read: {error}")))
}

fn of_metadata(metadata: &Metadata) -> Json {
    Json::Object(metadata.iter().map(|(key, value)| (key.to_owned(), of_value(value))).collect())
}

fn of_value(value: &MetadataValue) -> Json {
    match value {
        MetadataValue::Text(text) => json!(text),
        MetadataValue::Bytes(bytes) => to_json(&Schema::default(), &Value::Bytes(bytes.to_vec().into())),
    }
}

fn of_times(times: &Times) -> Json {
    let Times { decode_us, queue_us, handler_us, encode_us } = times;
    json!({ "decode_us": decode_us, "queue_us": queue_us, "handler_us": handler_us, "encode_us": encode_us })
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}
