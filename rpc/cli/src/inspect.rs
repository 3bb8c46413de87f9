//! `countersign list` and `countersign describe`: what a server says that it can do.

use std::fmt::Write as _;
use std::time::Duration;

use countersign::Schema;
use countersign::schema::{OutlineLine, example, outline};
use countersign::service::{CallKind, FaultDescription, ProcedureDescription, ServiceDescription};
use countersign::text::escaped;
use serde_json::json;

use crate::args::{Describe, Dial, List};
use crate::columns::columns;
use crate::failure::Failure;
use crate::output::{self, BOLD, DIM};
use crate::reflected;

pub(crate) async fn list(list: List, json: bool) -> Result<(), Failure> {
    let client = list.dial.connect().await?;
    let services = reflected::services(&client, &list.dial).await?;
    let forbidden = match list.all {
        true => reflected::forbidden(&client, &list.dial).await?,
        false => Vec::new(),
    };
    if json {
        let allowed = services.iter().flat_map(|service| {
            service.procedures.iter().map(|procedure| {
                json!({
                    "procedure": full_name(service, procedure), "documentation": procedure.documentation,
                    "kind": procedure.kind, "idempotent": procedure.idempotent, "allowed": true,
                })
            })
        });
        let forbidden = forbidden.iter().map(|name| json!({ "procedure": name, "allowed": false }));
        return output::json(&allowed.chain(forbidden).collect::<Vec<_>>());
    }
    let mut text = String::new();
    for service in &services {
        let row = |procedure: &ProcedureDescription| {
            let kind = match procedure.kind {
                CallKind::Unary => String::new(),
                stream => stream.to_string(),
            };
            [escaped(&full_name(service, procedure)), kind, first_line(&procedure.documentation)]
        };
        let rows: Vec<_> = service.procedures.iter().map(row).collect();
        write_service(&mut text, service);
        text.push_str(&columns("  ", &rows));
    }
    if !forbidden.is_empty() {
        text.push_str(&format!("\n{BOLD}not for you{BOLD:#}\n"));
        forbidden.iter().for_each(|name| line(&mut text, format_args!("  {DIM}{}{DIM:#}", escaped(name))));
    }
    output::say(&text)
}

pub(crate) async fn describe(describe: Describe, json: bool) -> Result<(), Failure> {
    let Describe { dial, what } = describe;
    let client = dial.connect().await?;
    let mut text = String::new();
    match what {
        Some(name) if name.contains('/') => {
            let procedure = reflected::procedure(&client, &dial, &name).await?;
            if json {
                return output::json(&procedure);
            }
            write_procedure(&mut text, &dial, &name, &procedure);
        }
        what => {
            let services = match what {
                Some(name) => vec![reflected::service(&client, &dial, &name).await?],
                None => reflected::services(&client, &dial).await?,
            };
            if json {
                return output::json(&services);
            }
            for service in &services {
                write_service(&mut text, service);
                for procedure in &service.procedures {
                    text.push('\n');
                    write_procedure(&mut text, &dial, &full_name(service, procedure), procedure);
                }
            }
        }
    }
    output::say(&text)
}

fn full_name(service: &ServiceDescription, procedure: &ProcedureDescription) -> String {
    format!("{}/{}", service.name, procedure.name)
}

fn write_service(text: &mut String, service: &ServiceDescription) {
    if !text.is_empty() {
        text.push('\n');
    }
    line(
        text,
        format_args!("{BOLD}{}{BOLD:#}  {}", escaped(&service.name), first_line(&service.documentation)),
    );
}

/// One procedure as a person reads it: what it does, takes, returns and fails with, and how to call it.
fn write_procedure(text: &mut String, dial: &Dial, name: &str, procedure: &ProcedureDescription) {
    let name = escaped(name);
    line(text, format_args!("{BOLD}{name}{BOLD:#}  {DIM}{}{DIM:#}", options(procedure)));
    for documentation in procedure.documentation.lines().filter(|line| !line.is_empty()) {
        line(text, format_args!("    {}", escaped(documentation)));
    }
    let takes = outlined(&procedure.arguments, true);
    write_part(text, "takes", if takes.is_empty() { vec!["nothing".to_owned()] } else { takes });
    let items = [("takes a stream of", &procedure.items_in), ("sends a stream of", &procedure.items_out)];
    for (title, schema) in items {
        if let Some(schema) = schema {
            write_part(text, title, outlined(schema, false));
        }
    }
    let returns = if procedure.kind == CallKind::Unary { "returns" } else { "returns at the end" };
    write_part(text, returns, outlined(&procedure.result, false));
    if !procedure.faults.is_empty() {
        let rows: Vec<_> = procedure.faults.iter().map(fault).collect();
        write_part(text, "fails with", columns("", &rows).lines().map(str::to_owned).collect());
    }
    if let Some(example) = command(dial, &name, procedure) {
        write_part(text, "example", vec![example]);
    }
}

/// How to call a procedure, if that is short enough to be read.
fn command(dial: &Dial, name: &str, procedure: &ProcedureDescription) -> Option<String> {
    let arguments = match quoted(&procedure.arguments)? {
        none if none == "'{}'" => String::new(),
        arguments => format!(" {arguments}"),
    };
    let call = dial.command("call", &format!("{name}{arguments}"));
    match &procedure.items_in {
        None => Some(call),
        Some(items) => quoted(items).map(|item| format!("echo {item} | {call}")),
    }
}

/// An example as a word of a command line. JSON text holds no control characters; what else could mislead a reader
/// is not worth an example.
fn quoted(schema: &Schema) -> Option<String> {
    let example = example(schema).to_string();
    let is_plain = !example.contains('\'') && example == escaped(&example);
    (is_plain && example.len() < EXAMPLE_LEN_MAX).then(|| format!("'{example}'"))
}

/// Characters of an example that are worth reading.
const EXAMPLE_LEN_MAX: usize = 280;

fn options(procedure: &ProcedureDescription) -> String {
    let mut options = vec![procedure.kind.to_string()];
    if procedure.idempotent {
        options.push("idempotent".to_owned());
    }
    if let Some(ms) = procedure.deadline_ms {
        options.push(format!("deadline {:?}", Duration::from_millis(ms)));
    }
    options.join(", ")
}

fn write_part(text: &mut String, title: &str, lines: Vec<String>) {
    line(text, format_args!("  {DIM}{title}{DIM:#}"));
    for each in lines {
        line(text, format_args!("    {each}"));
    }
}

/// A schema in words; of the arguments only the fields, since everybody knows that they are a record.
fn outlined(schema: &Schema, fields_alone: bool) -> Vec<String> {
    let lines = outline(schema).lines.into_iter();
    if !fields_alone {
        return lines.map(|line| line.to_string()).collect();
    }
    lines.skip(1).map(|line| OutlineLine { depth: line.depth - 1, ..line }.to_string()).collect()
}

fn fault(fault: &FaultDescription) -> [String; 3] {
    [&fault.variant, &fault.code, &fault.message].map(|text| escaped(text))
}

fn first_line(documentation: &str) -> String {
    escaped(documentation.lines().next().unwrap_or_default())
}

fn line(text: &mut String, line: std::fmt::Arguments<'_>) {
    // Writing to a `String` cannot fail.
    let _ = writeln!(text, "{line}");
}
