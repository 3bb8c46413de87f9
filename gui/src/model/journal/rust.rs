//! A call as a Rust program that makes it again.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use countersign::cbor::{self, Diagnostic};

use super::entry::{Entry, Items, Request, Said};
use super::variable;
use crate::text;

/// What fits into a line, as in this project's own code.
const WIDTH: usize = 110;
/// How much of the procedure's name the first line tells.
const NAME_SHOWN: usize = 60;

/// The program, or why there is none.
///
/// The identity is in it as a folder, and a secret as the variable of the environment from which it is taken.
pub(crate) fn program(entry: &Entry) -> Result<String, String> {
    let request = &entry.request;
    if let Some(reason) = request.is_partial() {
        return Err(reason.to_owned());
    }
    let sections = [head(request), constants(request), main(entry)];
    Ok(sections.map(|lines| lines.join("\n") + "\n").join("\n"))
}

/// What it is, and what it uses.
fn head(request: &Request) -> Vec<String> {
    let name = text::line(&request.procedure, NAME_SHOWN);
    let mut lines = vec![
        format!(
            "//! Calls {name}, as the Countersign dashboard did. An argument is the address of another server."
        ),
        "//!".to_owned(),
        "//! Needs `countersign`, and `tokio` with its features `macros` and `rt-multi-thread`.".to_owned(),
        String::new(),
    ];
    lines.push("use std::env;".to_owned());
    lines.push("use std::error::Error;".to_owned());
    if request.deadline().is_some() {
        lines.push("use std::time::Duration;".to_owned());
    }
    lines.push(String::new());
    lines.push("use countersign::cbor::{self, Diagnostic, Value};".to_owned());
    lines.push("use countersign::{Client, Credentials};".to_owned());
    lines
}

/// What is sent.
fn constants(request: &Request) -> Vec<String> {
    let mut lines = vec!["/// The arguments, in CBOR diagnostic notation.".to_owned()];
    lines.push(constant("ARGUMENTS: &str", request.arguments.text().unwrap_or_default()));
    if request.takes_items() {
        lines.push(String::new());
        lines.push("/// The items.".to_owned());
        lines.extend(list("ITEMS: &[&str]", &request.items));
    }
    lines
}

fn main(entry: &Entry) -> Vec<String> {
    let Entry { server, request, .. } = entry;
    let mut connecting = Vec::new();
    if let Some(id) = &server.expected {
        connecting.push(format!("expect_peer({id:?}.parse()?)"));
    }
    connecting.push("connect(&address)".to_owned());
    connecting.push("await?".to_owned());
    let mut lines = vec![
        "#[tokio::main]".to_owned(),
        "async fn main() -> Result<(), Box<dyn Error>> {".to_owned(),
        format!("    let address = env::args().nth(1).unwrap_or_else(|| {:?}.to_owned());", server.address),
        format!("    let credentials = Credentials::load({:?})?;", server.identity),
        chain("client", "Client::builder(credentials)", &connecting),
        "    let arguments = cbor::to_vec(&cbor::from_diagnostic(ARGUMENTS)?)?;".to_owned(),
    ];
    let (what, make) = if request.streams() { ("stream", "stream_raw") } else { ("reply", "call_raw") };
    let what = if request.streams() && !request.takes_items() { "mut stream" } else { what };
    let mut calling = vec![format!("{make}({:?}, arguments)", request.procedure)];
    calling.extend(request.deadline().map(timeout));
    calling.extend(request.metadata.iter().map(|(key, said)| metadata(key, said)));
    calling.push("await?".to_owned());
    lines.push(chain(what, "client", &calling));
    let talking = if request.takes_items() {
        TALKING
    } else if request.streams() {
        LISTENING
    } else {
        ""
    };
    lines.extend(talking.lines().map(str::to_owned));
    lines.extend(END.lines().map(str::to_owned));
    lines
}

const TALKING: &str = r#"    let (mut sending, mut receiving) = stream.split();
    let send = async move {
        for item in ITEMS {
            // Why no more can be sent, the receiving half is told.
            if sending.send(cbor::to_vec(&cbor::from_diagnostic(item)?)?).await.is_err() {
                break;
            }
        }
        // Dropped here, the sending half says that no items follow.
        drop(sending);
        Ok::<_, Box<dyn Error>>(())
    };
    let receive = async move {
        while let Some(item) = receiving.next().await? {
            println!("{}", Diagnostic::new(&cbor::from_slice(&item)?));
        }
        Ok(receiving.finish().await?)
    };
    let ((), reply) = tokio::try_join!(send, receive)?;
"#;

const LISTENING: &str = r#"    while let Some(item) = stream.next().await? {
        println!("{}", Diagnostic::new(&cbor::from_slice(&item)?));
    }
    let reply = stream.finish().await?;
"#;

const END: &str = r#"    let result: Value = cbor::from_slice(&reply.payload)?;
    println!("{}", Diagnostic::new(&result).indented());
    Ok(())
}
"#;

/// A statement that calls one method after the other: in one line, or in one for each.
fn chain(name: &str, first: &str, methods: &[String]) -> String {
    let line = format!("    let {name} = {first}.{};", methods.join("."));
    if line.chars().count() <= WIDTH {
        return line;
    }
    format!("    let {name} = {first}\n        .{};", methods.join("\n        ."))
}

fn timeout(deadline: Duration) -> String {
    let (number, unit) = text::exact(deadline, ["secs", "millis", "micros"]);
    format!("timeout(Duration::from_{unit}({number}))")
}

fn metadata(key: &str, said: &Said) -> String {
    match said {
        Said::Text(value) => format!("metadata({key:?}, {value:?})"),
        Said::Withheld => format!("metadata({key:?}, env::var({:?})?)", variable(key)),
        Said::Bytes(base64) => {
            let bytes = BASE64.decode(base64).unwrap_or_default();
            let bytes = format!("countersign::Bytes::from(b\"{}\")", bytes.escape_ascii());
            format!("metadata({key:?}, {bytes}.into_inner())")
        }
    }
}

/// A constant of this value: in one line, or spread out.
fn constant(name: &str, notation: &str) -> String {
    let line = format!("const {name} = {};", raw(notation));
    if line.chars().count() <= WIDTH {
        return line;
    }
    match cbor::from_diagnostic(notation) {
        Ok(value) => format!("const {name} = {};", raw(&Diagnostic::new(&value).indented().to_string())),
        Err(_) => line,
    }
}

fn list(name: &str, items: &Items) -> Vec<String> {
    let items: Vec<String> = items.first.iter().map(|item| raw(item)).collect();
    let line = format!("const {name} = &[{}];", items.join(", "));
    if line.chars().count() <= WIDTH {
        return vec![line];
    }
    let first = format!("const {name} = &[");
    let items = items.into_iter().map(|item| format!("    {item},"));
    [first].into_iter().chain(items).chain(["];".to_owned()]).collect()
}

/// Notation as a literal in which it stands as it is: nothing in it is invisible or turns the reading around.
fn raw(notation: &str) -> String {
    if !notation.contains(['"', '\\']) {
        return format!("\"{notation}\"");
    }
    let hashes =
        (0..).map(|count| "#".repeat(count)).find(|hashes| !notation.contains(&format!("\"{hashes}")));
    let hashes = hashes.unwrap_or_default();
    format!("r{hashes}\"{notation}\"{hashes}")
}
