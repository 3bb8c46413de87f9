//! `countersign bench`: how many calls a second a server answers, and how fast.

mod load;
mod report;

use std::time::Instant;

use countersign::cbor::Value;
use countersign::schema::{Node, Shape, example};
use countersign::service::ProcedureDescription;

use crate::args::Bench;
use crate::call::{checked, encoded, written};
use crate::failure::Failure;
use crate::reflected;

use load::Plan;

pub(crate) async fn run(bench: Bench, json: bool) -> Result<(), Failure> {
    if bench.duration.is_zero() {
        return Err(Failure::new("nothing can be measured in no time").or_try("--duration 5s"));
    }
    let credentials = bench.dial.credentials()?;
    let client = bench.dial.connect_as(credentials.clone()).await?;
    let procedure = reflected::unary(&client, &bench.dial, &bench.procedure).await?;
    let arguments = arguments(&bench, &procedure)?;
    let mut clients = vec![client];
    while clients.len() < bench.connections as usize {
        clients.push(bench.dial.connect_as(credentials.clone()).await?);
    }
    let begin = Instant::now() + bench.warmup;
    let plan = Plan { procedure: bench.procedure.clone(), arguments, begin, end: begin + bench.duration };
    let tally = load::put(clients, bench.in_flight, plan).await?;
    report::print(&bench, &tally, json)
}

/// The arguments of every call: given, or made up, and then with as many bytes as were asked for.
fn arguments(bench: &Bench, procedure: &ProcedureDescription) -> Result<Vec<u8>, Failure> {
    let json = match &bench.arguments {
        Some(given) => written(given)?,
        None => example(&procedure.arguments),
    };
    let mut arguments = checked(&bench.dial, &bench.procedure, &procedure.arguments, &json)?;
    if let Some(len) = bench.payload {
        let name = bytes_parameter(procedure).ok_or_else(|| {
            let what = format!("{} takes no bytes that --payload could be the size of", bench.procedure);
            Failure::new(what).or_try("--procedure demo.Echo/blob, or --arguments")
        })?;
        let bytes = Value::Bytes(vec![0xc5; len as usize].into());
        if let Value::Map(entries) = &mut arguments {
            entries.retain(|(key, _)| key.as_text() != Some(name));
            entries.push((Value::Text(name.to_owned()), bytes));
        }
    }
    encoded(&arguments)
}

/// The first parameter that takes bytes.
fn bytes_parameter(procedure: &ProcedureDescription) -> Option<&str> {
    let Shape::Record(parameters) = Node::root(&procedure.arguments).shape() else { return None };
    let bytes = parameters.fields.iter().find(|field| matches!(field.node.shape(), Shape::Bytes { .. }));
    bytes.map(|field| field.name)
}
