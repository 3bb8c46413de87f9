//! A call as the command that makes it again, for a POSIX shell.

use std::time::Duration;

use countersign::Schema;
use countersign::cbor;
use countersign::schema::to_json;

use super::entry::{Entry, Items, Request, Said, Server};
use super::variable;
use crate::text;

/// The command, or why there is none.
///
/// Its words mean to a shell what they are, whatever a server or a user put into them. A secret is not in it: the
/// command takes it from a variable of the environment, and fails if that is not set.
pub(crate) fn command(entry: &Entry) -> Result<String, String> {
    let request = &entry.request;
    if let Some(reason) = request.is_partial() {
        return Err(reason.to_owned());
    }
    let mut options = options(&entry.server, request)?;
    if request.takes_items() {
        options.push("--items -".to_owned());
    }
    let arguments = json(request.arguments.text().unwrap_or_default())?;
    let command = line("call", &[&entry.server.address, &request.procedure, &arguments], options)?;
    if request.takes_items() { with_items(command, &request.items) } else { Ok(command) }
}

/// Whom a call is asked of, as whom, and what goes with it beside its arguments: as all commands take it that make
/// calls.
pub(in crate::model) fn options(server: &Server, request: &Request) -> Result<Vec<String>, String> {
    let mut options = vec![option("--identity", &server.identity)?];
    if let Some(id) = &server.expected {
        options.push(option("--expect-peer", id)?);
    }
    if let Some(deadline) = request.deadline() {
        options.push(option("--deadline", &with_unit(deadline))?);
    }
    for (key, said) in &request.metadata {
        options.push(match said {
            Said::Text(value) => option("--metadata", &format!("{key}={value}"))?,
            // Keys have no character that means anything between double quotes.
            Said::Withheld => format!("--metadata \"{key}=${{{}:?}}\"", variable(key)),
            Said::Bytes(_) => return Err(format!("The command takes no bytes as metadata, as {key} has.")),
        });
    }
    Ok(options)
}

/// A command of these words, where options are ready for the shell. What only looks like one comes behind them.
pub(in crate::model) fn line(
    command: &str,
    positions: &[&str],
    options: Vec<String>,
) -> Result<String, String> {
    let looks_like_option = positions.iter().any(|position| position.starts_with('-'));
    let positions = positions.iter().map(|position| word(position)).collect::<Result<Vec<_>, _>>()?;
    let words = match looks_like_option {
        false => [positions, options].concat(),
        true => [options, vec!["--".to_owned()], positions].concat(),
    };
    Ok(format!("countersign {command} {}", words.join(" ")))
}

/// The command with its items on standard input, as a text between two lines that are none.
fn with_items(command: String, items: &Items) -> Result<String, String> {
    let mut lines = vec![format!("{command} <<'ITEMS'")];
    for item in &items.first {
        lines.push(json(item)?);
    }
    // Followed by a line break, without which a shell does not know it for the end.
    lines.push("ITEMS\n".to_owned());
    Ok(lines.join("\n"))
}

/// A value in diagnostic notation as the JSON that the command takes. What could mislead a reader, or does
/// something to a terminal into which it is pasted, is escaped.
pub(in crate::model) fn json(notation: &str) -> Result<String, String> {
    let value = cbor::from_diagnostic(notation).map_err(|error| format!("It cannot be read: {error}"))?;
    Ok(text::safe_json(&to_json(&Schema::default(), &value).to_string()))
}

pub(in crate::model) fn option(flag: &str, value: &str) -> Result<String, String> {
    let is_like_a_flag = value.starts_with('-');
    Ok(format!("{flag}{}{}", if is_like_a_flag { "=" } else { " " }, word(value)?))
}

fn word(word: &str) -> Result<String, String> {
    match word.contains('\0') {
        true => Err("No command can have a NUL character in it.".to_owned()),
        false => Ok(text::shell_word(word)),
    }
}

/// A time as the command takes it, exactly.
pub(in crate::model) fn with_unit(time: Duration) -> String {
    let (number, unit) = text::exact(time, ["s", "ms", "us"]);
    format!("{number}{unit}")
}
