//! `countersign call`: JSON in, checked by the server's schema before it is sent; JSON out.

mod items;
mod page;

use std::fs;
use std::io::{self, Read};
use std::path::Path;
use std::time::{Duration, Instant};

use countersign::call::{End, RawReceiveHalf, RawSendHalf, RawStream};
use countersign::cbor::{self, Value};
use countersign::schema::{SchemaError, to_cbor, to_json};
use countersign::service::ProcedureDescription;
use countersign::{CallError, Client, Schema, Status};
use serde_json::Value as Json;

use crate::args::{Call, Dial};
use crate::failure::Failure;
use crate::reflected;

use items::Items;
use page::{Beside, Page};

/// What telling the server that a call was given up may take.
const GIVING_UP_MAX: Duration = Duration::from_secs(1);

pub(crate) async fn run(call: Call, json: bool) -> Result<(), Failure> {
    // What is wrong on this side is told before anybody is asked.
    let written = written(&call.arguments)?;
    let client = call.dial.connect().await?;
    let procedure = reflected::procedure(&client, &call.dial, &call.procedure).await?;
    let page = Page { json, diag: call.diag, verbose: call.verbose, procedure: &procedure };
    tokio::select! {
        done = make(&call, &client, &page, &written) => done,
        _ = tokio::signal::ctrl_c() => Err(given_up(&client).await),
    }
}

/// Makes the call, of whatever kind it is, and prints what comes back.
async fn make(call: &Call, client: &Client, page: &Page<'_>, written: &Json) -> Result<(), Failure> {
    let procedure = page.procedure;
    let arguments = encoded(&checked(&call.dial, &call.procedure, &procedure.arguments, written)?)?;
    let items = items(call, procedure)?;
    let began = Instant::now();
    // Whatever its kind is, a call is opened, may have items, and has one end.
    let mut pending = client.stream_raw(&call.procedure, arguments);
    if let Some(deadline) = call.terms.deadline.or(procedure.deadline_ms.map(Duration::from_millis)) {
        pending = pending.timeout(deadline);
    }
    if call.verbose {
        pending = pending.times();
    }
    for (key, value) in &call.terms.metadata {
        pending = pending.metadata(key.as_str(), value.as_str());
    }
    let end = converse(pending.await?, items, page).await?;
    let beside =
        Beside { metadata: end.metadata, trailing: end.trailing, timing: end.timing, took: began.elapsed() };
    match end.outcome {
        Ok(result) => page.result(&result, &beside),
        Err(error) => Err(page.failure(failure(error, procedure), &beside)),
    }
}

fn failure(error: CallError, procedure: &ProcedureDescription) -> Failure {
    match error {
        CallError::Status(status) => Failure::of_status(&status, fault_of(&status, procedure)),
        other => other.into(),
    }
}

/// How a call ended, unless what failed was on this side.
type Ended = Result<End, Failure>;

/// Sends items and prints those that come, until the call ends.
async fn converse(stream: RawStream, items: Option<Items>, page: &Page<'_>) -> Ended {
    let (sending, receiving) = stream.split();
    let mut received = std::pin::pin!(receive(receiving, page));
    let sent = send(sending, items, page.procedure);
    tokio::select! {
        // The server may end the call while there is still something to send.
        biased;
        ended = &mut received => return ended,
        sent = sent => sent?,
    }
    received.await
}

async fn send(
    mut sending: RawSendHalf,
    items: Option<Items>,
    procedure: &ProcedureDescription,
) -> Result<(), Failure> {
    let (Some(mut items), Some(schema)) = (items, &procedure.items_in) else { return Ok(()) };
    while let Some(item) = items.next(schema).await? {
        if sending.send(item).await.is_err() {
            // The receiving half is told why.
            break;
        }
    }
    Ok(())
}

async fn receive(mut receiving: RawReceiveHalf, page: &Page<'_>) -> Ended {
    loop {
        match receiving.next().await {
            Ok(Some(item)) => page.item(&item)?,
            Ok(None) | Err(_) => return Ok(receiving.end().await),
        }
    }
}

/// Where the items to send come from, if the procedure takes any.
fn items(call: &Call, procedure: &ProcedureDescription) -> Result<Option<Items>, Failure> {
    match (&call.items, &procedure.items_in) {
        (None, None) => Ok(None),
        (Some(_), None) => {
            let what = format!("{} takes no items", call.procedure);
            Err(Failure::new(what).or_try(call.dial.command("describe", &call.procedure)))
        }
        (given, Some(_)) => {
            let place = given.as_deref().unwrap_or("-");
            if place == "-" && call.arguments == "-" {
                let what = "standard input cannot hold both the arguments and the items";
                return Err(Failure::new(what).or_try("--items FILE"));
            }
            Items::open(place).map(Some)
        }
    }
}

/// The call was dropped, which cancels it. What is asked after that is answered once the server has read so.
async fn given_up(client: &Client) -> Failure {
    let next = client.call_raw("countersign.Health/get", vec![0xa0]).timeout(GIVING_UP_MAX);
    let heard = !matches!(next.await, Err(CallError::Deadline(_) | CallError::Lost(_)));
    Failure::new(match heard {
        true => "the call was given up, and the server was told",
        false => "the call was given up, and the server may not know",
    })
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
