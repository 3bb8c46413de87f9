//! `countersign trace`: the latest slow and failed calls of a server.

use std::time::Duration;

use countersign::builtin::stats::StatsClient;
use countersign::builtin::trace::{TraceClient, TracedCall};
use countersign::text::escaped;

use crate::args::Trace;
use crate::columns::headed;
use crate::failure::Failure;
use crate::names;
use crate::output;
use crate::time::latency;

pub(crate) async fn run(trace: Trace, json: bool) -> Result<(), Failure> {
    let Trace { dial, procedure, limit } = trace;
    let client = dial.connect().await?;
    let calls =
        TraceClient::new(client.clone()).list(procedure.clone(), Some(limit)).timeout(dial.timeout).await?;
    // Whoever may not ask for the counters cannot know better.
    if calls.is_empty()
        && let Some(name) = &procedure
        && let Ok(counters) = StatsClient::new(client).get().timeout(dial.timeout).await
    {
        names::check(&dial, name, &counters.procedures)?;
    }
    if json {
        return output::json(&calls);
    }
    if calls.is_empty() {
        return output::say("no call was slow or has failed\n");
    }
    let head = ["started (UTC)", "took", "procedure", "peer", "what and where"];
    output::say(&headed("", head, calls.iter().map(row)))
}

fn row(call: &TracedCall) -> [String; 5] {
    [
        call.started.strftime("%F %T%.3f").to_string(),
        took(call.total_us),
        escaped(&call.procedure),
        escaped(&call.peer),
        format!("{}{}", ended(call), parts(call)),
    ]
}

/// `NOT_FOUND: no such cup; `, or nothing if the call was just slow.
fn ended(call: &TracedCall) -> String {
    let code = escaped(&call.code);
    match &call.message {
        _ if code == "OK" => String::new(),
        Some(message) => format!("{code}: {}; ", escaped(message)),
        None => format!("{code}; "),
    }
}

/// Where the time went: `queue 3.00 µs, handler 20.3 ms`.
fn parts(call: &TracedCall) -> String {
    let parts = [
        ("queue", Some(call.queue_us)),
        ("decode", call.decode_us),
        ("handler", Some(call.handler_us)),
        ("encode", call.encode_us),
        ("write", call.write_us),
    ];
    let told = parts.iter().filter_map(|(name, us)| us.filter(|us| *us > 0).map(|us| (name, us)));
    let told: Vec<_> = told.map(|(name, us)| format!("{name} {}", took(us))).collect();
    told.join(", ")
}

fn took(us: u64) -> String {
    latency(Duration::from_micros(us))
}
