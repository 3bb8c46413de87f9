//! What a server says and answers that speaks the protocol well and means ill. All of it passes the decoder.

mod cases;
pub(crate) mod disk;
pub(crate) mod kept;
pub(crate) mod loads;
pub(crate) mod watched;

use std::time::Duration;

use countersign::Schema;
use countersign::builtin::stats::{ProcedureStats, Snapshot};
use countersign::cbor::{self, Value};
use countersign::service::{CallKind, FaultDescription, ProcedureDescription, ServiceDescription};
use serde_json::{Value as Json, json};

pub use self::cases::CASES;

/// The names of procedures that are described in ways that are hard to show.
pub(crate) const NUISANCES: [&str; 10] =
    ["deep", "recursive", "circle", "wide", "widest", "vast", "misleading", "wordy", "faulty", "streaming"];

/// As many arrays within one another as the decoder lets through.
const DEEPEST: usize = 127;

/// Services that are hard to show: so many procedures with names that are meant to confuse, one of each nuisance,
/// and names of a quarter of a megabyte.
pub(crate) fn services(count: usize) -> Vec<ServiceDescription> {
    let crowd = (0..count).map(|i| procedure(&confusing(i), json!({}))).collect();
    let giants = (0..2).map(|i| procedure(&format!("{i}{}", "W".repeat(1 << 18)), json!({}))).collect();
    vec![
        service("evil.Nuisance", NUISANCES.map(nuisance).to_vec()),
        service("evil.Crowd", crowd),
        service(&format!("evil.{}", "G".repeat(1 << 18)), giants),
    ]
}

/// The paths of so many procedures that may not be called.
pub(crate) fn forbidden(count: usize) -> Vec<String> {
    (0..count).map(|i| format!("evil{}.Secret{}/{}", i % 7, i % 501, confusing(i))).collect()
}

/// A name that is meant to confuse.
fn confusing(i: usize) -> String {
    match i % 5 {
        0 => format!("\u{202e}{i}\u{2066}"),
        1 => format!("line\nbreak\t{i}\u{0}"),
        2 => format!("{i}{}", "a\u{300}\u{301}\u{302}".repeat(8)),
        3 => format!("{i}ß\u{200d}\u{feff}\u{fe0f}"),
        _ => format!("ordinary{i}"),
    }
}

fn service(name: &str, procedures: Vec<ProcedureDescription>) -> ServiceDescription {
    let documentation = "\u{202e}docs\n".repeat(2000);
    ServiceDescription { name: name.to_owned(), documentation, sha256: String::new(), procedures }
}

/// A procedure that is described so.
fn procedure(name: &str, arguments: Json) -> ProcedureDescription {
    let arguments = Schema::try_from(arguments).unwrap_or_default();
    ProcedureDescription {
        name: name.to_owned(),
        documentation: "\u{202e}All of this is a lie.\u{0}".to_owned(),
        kind: CallKind::Unary,
        idempotent: false,
        deadline_ms: Some(u64::MAX),
        items_in: None,
        items_out: None,
        result: Schema::default(),
        fault: None,
        faults: Vec::new(),
        arguments,
    }
}

/// The procedure of this name among [`NUISANCES`].
fn nuisance(name: &str) -> ProcedureDescription {
    let fields = |count: usize, field: &Json| -> Json {
        (0..count).map(|i| (format!("field{i}"), field.clone())).collect()
    };
    let all = |count: usize, field: Json| {
        let properties = fields(count, &field);
        let required: Vec<String> = (0..count).map(|i| format!("field{i}")).collect();
        json!({ "type": "object", "properties": properties, "required": required })
    };
    let variants: Vec<String> = (0..500).map(|i| format!("variant{i}")).collect();
    let with = |mut schema: Json, definitions: Json| {
        schema["$defs"] = definitions;
        schema
    };
    match name {
        "deep" => procedure(
            name,
            (0..120).fold(json!(true), |inner, _| match inner {
                Json::Bool(_) => all(1, inner),
                inner => json!({ "type": "array", "items": inner, "minItems": 1 }),
            }),
        ),
        "recursive" => {
            let node = all(2, json!({ "$ref": "#/$defs/T" }));
            procedure(name, with(all(2, json!({ "$ref": "#/$defs/T" })), json!({ "T": node })))
        }
        "circle" => procedure(
            name,
            with(
                all(3, json!({ "$ref": "#/$defs/A" })),
                json!({
                    "A": { "anyOf": [{ "$ref": "#/$defs/B" }, { "$ref": "#/$defs/A" }] },
                    "B": { "allOf": [{ "$ref": "#/$defs/A" }, { "$ref": "#/$defs/B" }] },
                }),
            ),
        ),
        "wide" => {
            let huge = json!({ "Huge": { "enum": variants } });
            procedure(name, with(all(280, json!({ "$ref": "#/$defs/Huge" })), huge))
        }
        "widest" => procedure(name, all(20_000, json!({ "type": "string" }))),
        "vast" => {
            procedure(name, all(4, all(280, json!({ "type": "string", "description": "\u{202e}why" }))))
        }
        "misleading" => procedure(
            name,
            json!({
                "type": "object", "description": "\u{202e}txet desrever\u{0}\u{1b}[2J",
                "properties": { "a\u{202e}b": { "type": "string", "default": "\u{2066}" }, "x\ny": {} },
            }),
        ),
        "wordy" => {
            let field =
                json!({ "type": "integer", "description": "word ".repeat(1000), "title": "T".repeat(5000) });
            procedure(name, all(60, field))
        }
        "streaming" => {
            let (kind, items_out) = (CallKind::ServerStream, Some(Schema::default()));
            ProcedureDescription { kind, items_out, ..procedure(name, json!({})) }
        }
        _ => {
            let fault = |i: usize| FaultDescription {
                variant: format!("Fault{i}{}", "x".repeat(2000)),
                code: "\u{202e}NO".to_owned(),
                message: "m".repeat(2000),
            };
            ProcedureDescription { faults: (0..100).map(fault).collect(), ..procedure(name, json!({})) }
        }
    }
}

/// Results that are hard to show: deep, long, wide, and texts of megabytes. Each is as large as a message may be, or
/// has as many items as are decoded, but for the first one; or a part of that.
pub(crate) fn results(part: usize) -> [(&'static str, Vec<u8>); 8] {
    let text = |text: &str| Value::Text(text.to_owned());
    let abyss = || (0..DEEPEST).fold(Value::Null, |inner, _| Value::Array(vec![inner]));
    let mass = Value::Array(vec![Value::Float(f64::NAN); 1_000_000 / part]);
    let rows =
        (0..340_000 / part as u64).map(|i| Value::Map(vec![(Value::Integer(i.into()), text("\u{202e}\n"))]));
    let ladders = Value::Array(vec![abyss(); 8000 / part]);
    let flood = text(&"\u{202e}x\nW".repeat(690_000 / part));
    let dump = Value::Bytes((0..4_190_000 / part).map(|i| (i % 251) as u8).collect::<Vec<_>>().into());
    let name = |i: u64| text(&format!("{i}{}", "\u{2066}N".repeat(500)));
    let names = (0..2000 / part as u64).map(|i| (name(i), Value::Integer(i.into())));
    let long = Value::Array((0..16).map(|_| text(&"e\u{301}".repeat(80_000 / part))).collect());
    let named = [
        ("abyss", abyss()),
        ("mass", mass),
        ("rows", Value::Array(rows.collect())),
        ("ladders", ladders),
        ("flood", flood),
        ("dump", dump),
        ("names", Value::Map(names.collect())),
        ("lines", long),
    ];
    named.map(|(name, value)| (name, cbor::to_vec(&value).unwrap_or_default()))
}

/// Counters of so many procedures that cannot be: as large as numbers are, and of codes that do not exist.
pub(crate) fn counters(count: usize) -> Snapshot {
    let row = |i: usize| ProcedureStats {
        procedure: format!("evil.Crowd/{}", confusing(i)),
        in_flight: u64::MAX,
        errors: (0..40)
            .map(|code| (format!("CODE\u{202e}{code}"), if i.is_multiple_of(2) { u64::MAX } else { 1 }))
            .collect(),
        ..ProcedureStats::default()
    };
    Snapshot { start_id: 1, monotonic_ns: 0, procedures: (0..count).map(row).collect() }
}

/// A second passes, in which each of them had calls of this many kinds of latencies.
pub(crate) fn count_on(counters: &mut Snapshot, latencies: u64) {
    counters.monotonic_ns += 1_000_000_000;
    for (i, row) in counters.procedures.iter_mut().enumerate() {
        // More than there can be, or all of them failed.
        let calls = if i % 2 == 0 { u64::MAX / 3 } else { 1 };
        (row.calls, row.bytes_in) = (row.calls.wrapping_add(calls), row.bytes_in.wrapping_sub(1));
        for latency in 0..latencies {
            // Sixteen to a power of two, from a microsecond on.
            let ns = (16 + latency % 16) << (6 + latency / 16);
            row.latency.record(Duration::from_nanos(ns));
        }
        let next = row.errors.len();
        row.errors.insert(format!("CODE{}", next % 200), counters.monotonic_ns);
    }
}

/// A message of megabytes with whatever misleads in it.
pub(crate) fn megabyte() -> String {
    "\u{202e}evil\n\u{0}\u{2066}\u{301}".repeat(1 << 16)
}
