//! What a run came to, as text and as JSON, and the command that does the same again.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value as Json, json};

use super::compared::sides;
use super::news::{Offered, Outcome};
use super::plan::{Arrivals, Pace, Schedule};
use super::record::Record;
use super::run::What;
use crate::model::journal::shell::{self, json, option, with_unit};
use crate::text;

/// As what a run is copied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CopyAs {
    /// For people.
    Text,
    /// For programs.
    Json,
    /// A command for a shell.
    Command,
}

/// The run in this form, or why there is none.
pub(crate) fn copied(record: &Record, what: CopyAs) -> Result<String, String> {
    match what {
        CopyAs::Text => Ok(words(record)),
        CopyAs::Json => Ok(numbers(record)),
        CopyAs::Command => command(&record.what),
    }
}

fn words(record: &Record) -> String {
    let What { at, server, request, plan } = &record.what;
    let address = text::line(&server.address, usize::MAX);
    let mut lines = vec![
        format!("{} at {address}, {}", request.procedure, at.strftime("%Y-%m-%d %H:%M:%S UTC")),
        plan.words(),
    ];
    match &record.outcome {
        Err(failure) => lines.push(format!("failed: {}", failure.reason)),
        Ok(outcome) => lines.extend(outcome_in_words(outcome)),
    }
    lines.join("\n") + "\n"
}

fn outcome_in_words(outcome: &Outcome) -> Vec<String> {
    let stopped = if outcome.stopped { ", stopped early" } else { "" };
    let mut lines = vec![format!(
        "{} calls/s over {}{stopped}",
        text::rate(outcome.rate()),
        text::elapsed(outcome.elapsed)
    )];
    lines.push(format!("{:<8}{:>10}{:>10}{:>10}", "", "client", "server", "between"));
    for row in sides(outcome) {
        let [client, server] = &row.values;
        lines.push(
            format!("{:<8}{client:>10}{server:>10}{:>10}", row.name, row.difference).trim_end().to_owned(),
        );
    }
    if let Err(reason) = &outcome.server {
        lines.push(format!("server: {}", text::line(reason, usize::MAX)));
    }
    for (code, count) in &outcome.errors {
        lines.push(format!("{} {}", text::count(*count), code.name()));
    }
    lines.extend(outcome.doubts.iter().cloned());
    lines
}

/// With the names that `countersign bench --json` has for the same things.
fn numbers(record: &Record) -> String {
    let What { at, server, request, plan } = &record.what;
    let mut numbers = json!({
        "procedure": request.procedure,
        "server": server.address,
        "started": at.to_string(),
        "plan": plan.words(),
        "connections": plan.connections,
        "in_flight": plan.in_flight,
    });
    let more = match &record.outcome {
        Err(failure) => json!({ "failed": failure.reason }),
        Ok(outcome) => outcome_in_numbers(outcome, plan.pace),
    };
    if let (Json::Object(all), Json::Object(more)) = (&mut numbers, more) {
        all.extend(more);
    }
    let lines = format!("{numbers:#}");
    lines.lines().map(|line| text::safe_json(line) + "\n").collect()
}

fn outcome_in_numbers(outcome: &Outcome, pace: Pace) -> Json {
    let client = |q| outcome.client.quantile(q).map(us);
    let server = |q| Some(us(outcome.server.as_ref().ok()?.quantile(q)?));
    let errors: BTreeMap<&str, u64> =
        outcome.errors.iter().map(|(code, count)| (code.name(), *count)).collect();
    let mut numbers = json!({
        "requests_per_s": (outcome.rate() * 10.0).round() / 10.0,
        "p50_us": client(0.5), "p90_us": client(0.9), "p95_us": client(0.95), "p99_us": client(0.99),
        "p999_us": client(0.999), "p9999_us": client(0.9999), "max_us": outcome.client.max().map(us),
        "calls": outcome.client.all.count(),
        "errors": outcome.failed(),
        "errors_by_code": errors,
        "measured_s": outcome.elapsed.as_secs_f64(),
        "cut_short": outcome.stopped,
        "server": {
            "p50_us": server(0.5), "p90_us": server(0.9), "p95_us": server(0.95), "p99_us": server(0.99),
            "p999_us": server(0.999), "p9999_us": server(0.9999),
            "calls": outcome.server.as_ref().ok().map(|server| server.count()),
            "unknown_because": outcome.server.as_ref().err(),
        },
        "doubts": outcome.doubts,
    });
    if let (Some(offered), Pace::Open(schedule, _)) = (&outcome.offered, pace) {
        numbers["open_loop"] = offered_in_numbers(offered, schedule);
    }
    numbers
}

fn offered_in_numbers(offered: &Offered, schedule: Schedule) -> Json {
    let Offered { due, held_up, not_started, unanswered, lateness } = offered;
    let late = |q| lateness.quantile(q).map(us);
    json!({
        "offered_per_s": schedule.rate,
        "arrivals": arrivals(schedule.arrivals),
        "due": due, "held_up": held_up, "not_started": not_started, "unanswered": unanswered,
        "late_p50_us": late(0.5), "late_p99_us": late(0.99), "late_max_us": lateness.max().map(us),
    })
}

/// The command that does the same, or why there is none.
fn command(what: &What) -> Result<String, String> {
    let What { server, request, plan, .. } = what;
    if let Some(reason) = request.is_partial() {
        return Err(reason.to_owned());
    }
    if request.procedure.contains(|c: char| c == '=' || c.is_whitespace()) {
        return Err("countersign bench takes no procedure of this name.".to_owned());
    }
    let arguments = json(request.arguments.text().unwrap_or_default())?;
    let mut options = vec![option("--procedure", &request.procedure)?, option("--arguments", &arguments)?];
    options.extend(shell::options(server, request)?);
    match plan.pace {
        Pace::Times(calls) => options.push(format!("--calls {calls}")),
        Pace::Closed(_) => {}
        Pace::Open(schedule, _) => {
            options.push(format!("--rate {}", schedule.rate));
            options.push(format!("--arrivals {}", arrivals(schedule.arrivals)));
        }
    }
    options.push(format!("--connections {} --in-flight {}", plan.connections, plan.in_flight));
    if let Some(span) = plan.span() {
        let warm_up = with_unit(span.warm_up);
        options.push(format!("--warmup {warm_up} --duration {}", with_unit(span.duration)));
    }
    shell::line("bench", &[&server.address], options)
}

fn arrivals(arrivals: Arrivals) -> &'static str {
    match arrivals {
        Arrivals::Even => "even",
        Arrivals::Random => "random",
    }
}

/// Microseconds, as far as they mean anything.
fn us(took: Duration) -> f64 {
    (took.as_secs_f64() * 1e7).round() / 10.0
}
