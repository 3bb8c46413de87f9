//! Our own driver for the list of cases.

use std::collections::BTreeMap;
use std::time::Duration;

use countersign::call::RawStream;
use countersign::cbor::{self, Value};
use countersign::{CallError, Client, HandlerRan, Metadata, MetadataValue, Reply};
use serde::Deserialize;
use serde_json::Value as Json;

use super::values::value;

/// A call, and what must come of it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// What the call is about.
    pub name: String,
    procedure: String,
    #[serde(default = "nothing")]
    arguments: Json,
    #[serde(default)]
    metadata: BTreeMap<String, Json>,
    timeout_ms: Option<u64>,
    /// What to do one after the other, before anything else.
    #[serde(default)]
    steps: Vec<Step>,
    /// Items to send then.
    send: Option<Json>,
    /// Whether to say that there are no more.
    #[serde(default = "yes")]
    half_close: bool,
    /// Items that must come then, and no others.
    items: Option<Json>,
    /// The result, unless there is a `status`.
    #[serde(default)]
    result: Json,
    status: Option<ExpectedStatus>,
    response_metadata: Option<BTreeMap<String, Json>>,
    trailing_metadata: Option<BTreeMap<String, Json>>,
    /// A call to make afterwards, and to wait for.
    then: Option<Aside>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Step {
    Send(Json),
    Receive(Json),
    HalfClose,
    Call(Aside),
    Cancel,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Aside {
    procedure: String,
    arguments: Json,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ExpectedStatus {
    code: String,
    message: Option<String>,
    /// What the message must name.
    names: Option<String>,
    details: Option<Json>,
    retry_after_ms: Option<u64>,
    handler_ran: Option<String>,
}

fn nothing() -> Json {
    Json::Object(serde_json::Map::new())
}

fn yes() -> bool {
    true
}

/// Every case there is.
pub fn all() -> Vec<Case> {
    serde_json::from_str(include_str!("../../conformance.json")).expect("a list of cases")
}

impl Case {
    /// Makes the call. What is not as it should be panics.
    pub async fn run(&self, client: &Client) {
        match self.answer(client).await {
            Some(Ok(reply)) => self.check_reply(&reply),
            Some(Err(error)) => self.check_error(&error),
            None => assert!(self.status.is_none(), "it was given up"),
        }
        if let Some(then) = &self.then {
            then.make(client).await;
        }
    }

    async fn answer(&self, client: &Client) -> Option<Result<Reply, CallError>> {
        let timeout = Duration::from_millis(self.timeout_ms.unwrap_or(20_000));
        let (procedure, arguments) = (named(&self.procedure), encoded(&self.arguments));
        let metadata = self.metadata.iter().map(|(key, value)| (key, metadata_value(value)));
        if self.steps.is_empty() && self.send.is_none() && self.items.is_none() {
            let call = client.call_raw(&procedure, arguments).timeout(timeout);
            return Some(metadata.fold(call, |call, (key, value)| call.metadata(key, value)).await);
        }
        let call = client.stream_raw(&procedure, arguments).timeout(timeout);
        match metadata.fold(call, |call, (key, value)| call.metadata(key, value)).await {
            Ok(stream) => self.converse(client, stream).await,
            Err(error) => Some(Err(error)),
        }
    }

    /// Follows the steps, and goes on to the end; none is a call that was given up.
    async fn converse(&self, client: &Client, mut stream: RawStream) -> Option<Result<Reply, CallError>> {
        for step in &self.steps {
            match step {
                Step::Send(item) => stream.send(encoded(item)).await.expect("it is taken"),
                Step::Receive(item) => {
                    let received = stream.next().await.expect("no status").expect("an item");
                    assert_eq!(read(&received), shown(item));
                }
                Step::HalfClose => stream.half_close(),
                Step::Call(aside) => aside.make(client).await,
                Step::Cancel => return None,
            }
        }
        if let Some(Value::Array(items)) = self.send.as_ref().map(value) {
            for item in items {
                // A server may end the call first: how it ended is told below.
                let _ = stream.send(cbor::to_vec(&item).expect("a value")).await;
            }
        }
        if self.half_close {
            stream.half_close();
        }
        match &self.items {
            Some(items) => self.receive(stream, items).await,
            None => Some(stream.finish().await),
        }
    }

    async fn receive(&self, mut stream: RawStream, expected: &Json) -> Option<Result<Reply, CallError>> {
        let mut items = Vec::new();
        let end = loop {
            match stream.next().await {
                Ok(Some(item)) => items.push(cbor::from_slice::<Value>(&item).expect("a value")),
                Ok(None) => break stream.finish().await,
                Err(error) => break Err(error),
            }
        };
        assert!(Value::Array(items) == value(expected), "other items");
        Some(end)
    }

    fn check_reply(&self, reply: &Reply) {
        assert!(self.status.is_none(), "it went well");
        assert_eq!(read(&reply.payload), shown(&self.result));
        for (found, expected) in
            [(&reply.metadata, &self.response_metadata), (&reply.trailing, &self.trailing_metadata)]
        {
            if let Some(expected) = expected {
                let expected = expected.iter().map(|(key, json)| (key.as_str(), metadata_value(json)));
                assert_eq!(entries(found), expected.collect());
            }
        }
    }

    fn check_error(&self, error: &CallError) {
        let Some(expected) = &self.status else { panic!("{error}") };
        assert_eq!(error.code().map(|code| code.name()), Some(expected.code.as_str()), "{error}");
        if let Some(ran) = &expected.handler_ran {
            assert_eq!(said(error.handler_ran()), ran, "{error}");
        }
        if let Some(named) = &expected.names {
            assert!(error.to_string().contains(named), "{error}");
        }
        if let CallError::Status(status) = error {
            assert_eq!(expected.message.as_ref().unwrap_or(&status.message), &status.message);
            assert_eq!(expected.retry_after_ms, status.retry_after_ms);
            if let Some(details) = &expected.details {
                assert_eq!(read(&status.details), shown(details));
            }
        }
    }
}

impl Aside {
    async fn make(&self, client: &Client) {
        let call = client.call_raw(&named(&self.procedure), encoded(&self.arguments));
        call.timeout(Duration::from_secs(20)).await.expect("an answer");
    }
}

fn named(method: &str) -> String {
    format!("conformance.Test/{method}")
}

fn encoded(json: &Json) -> Vec<u8> {
    cbor::to_vec(&value(json)).expect("a value")
}

/// A payload in words, so that what is not a number equals itself; long ones by their length.
fn read(payload: &[u8]) -> String {
    let value = cbor::from_slice::<Value>(payload).expect("a value");
    match &value {
        Value::Bytes(bytes) if bytes.len() > 64 && bytes.iter().all(|byte| *byte == 0) => {
            format!("{} zeros", bytes.len())
        }
        value => cbor::Diagnostic::new(value).to_string(),
    }
}

fn shown(json: &Json) -> String {
    read(&encoded(json))
}

fn metadata_value(json: &Json) -> MetadataValue {
    match value(json) {
        Value::Text(text) => MetadataValue::Text(text),
        Value::Bytes(bytes) => MetadataValue::Bytes(bytes),
        other => panic!("{other:?} is no metadata"),
    }
}

/// Entries of metadata, whose order says nothing.
fn entries(metadata: &Metadata) -> BTreeMap<&str, MetadataValue> {
    metadata.iter().map(|(key, value)| (key, value.clone())).collect()
}

fn said(ran: HandlerRan) -> &'static str {
    match ran {
        HandlerRan::Yes => "yes",
        HandlerRan::No => "no",
        HandlerRan::Unknown => "unknown",
    }
}
