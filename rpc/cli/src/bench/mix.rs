//! What to call, and how often each among the others: from words on the command line to targets of a load.

use std::str::FromStr;

use countersign::Client;
use countersign::cbor::Value;
use countersign::load::{TARGETS_MAX, Target, WEIGHT_MAX};
use countersign::schema::{Node, Shape, example};
use countersign::service::ProcedureDescription;
use countersign::text::escaped;

use crate::args::{Bench, Terms};
use crate::call::{checked, encoded, written};
use crate::failure::Failure;
use crate::reflected;

/// One `--procedure`: what to call, how often, and with what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wanted {
    procedure: String,
    weight: u32,
    arguments: Option<String>,
}

/// Finds out what is wanted of the server that `client` has, and makes up what was not said.
pub(super) async fn targets(bench: &Bench, client: &Client) -> Result<Vec<Target>, Failure> {
    bench.check_mix()?;
    let mut targets = Vec::new();
    let mut sized = bench.payload.is_none();
    for wanted in &bench.procedure {
        let procedure = reflected::unary(client, &bench.dial, &wanted.procedure).await?;
        let mut arguments = wanted.arguments(bench, &procedure)?;
        if let Some((len, name)) = bench.payload.zip(bytes_parameter(&procedure)) {
            fill(&mut arguments, name, len);
            sized = true;
        }
        let Terms { deadline: timeout, metadata } = &bench.terms;
        targets.push(Target {
            weight: wanted.weight,
            timeout: *timeout,
            metadata: metadata.iter().map(|(key, value)| (key.clone(), value.as_str().into())).collect(),
            ..Target::new(&wanted.procedure, encoded(&arguments)?)
        });
    }
    if !sized {
        let names: Vec<_> = targets.iter().map(|target| target.procedure.as_str()).collect();
        let what = format!("{} takes no bytes that --payload could be the size of", names.join(" nor "));
        return Err(Failure::new(what).or_try("--procedure demo.Echo/blob, or --arguments"));
    }
    Ok(targets)
}

impl Bench {
    /// What does not go together, before anybody is asked.
    fn check_mix(&self) -> Result<(), Failure> {
        let several = self.procedure.len() > 1;
        let own: Vec<_> = self.procedure.iter().filter_map(|wanted| wanted.arguments.as_deref()).collect();
        if self.arguments.is_some() && (several || !own.is_empty()) {
            let what = "--arguments are those of a single --procedure that has none of its own";
            return Err(Failure::new(what).or_try("--procedure 'demo.Clock/sleep {\"ms\": 20}'"));
        }
        if own.into_iter().filter(|arguments| *arguments == "-").count() > 1 {
            let what = "standard input can be the arguments of one --procedure only";
            return Err(Failure::new(what).or_try("@FILE for the others"));
        }
        if self.procedure.len() > TARGETS_MAX {
            return Err(Failure::new(format!("--procedure may be given {TARGETS_MAX} times")));
        }
        Ok(())
    }
}

impl Wanted {
    /// The arguments of every call: given, or made up.
    fn arguments(&self, bench: &Bench, procedure: &ProcedureDescription) -> Result<Value, Failure> {
        let json = match self.arguments.as_ref().or(bench.arguments.as_ref()) {
            Some(given) => written(given)?,
            None => example(&procedure.arguments),
        };
        checked(&bench.dial, &self.procedure, &procedure.arguments, &json)
    }
}

/// `PROCEDURE[=WEIGHT][ ARGUMENTS]`.
impl FromStr for Wanted {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (called, arguments) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
        let (procedure, weight) = match called.split_once('=') {
            None => (called, 1),
            Some((procedure, weight)) => (procedure, weight_of(weight)?),
        };
        if !procedure.contains('/') {
            return Err(format!("expected SERVICE/METHOD, not `{}`", escaped(procedure)));
        }
        let arguments = Some(arguments.trim()).filter(|arguments| !arguments.is_empty());
        Ok(Self { procedure: procedure.to_owned(), weight, arguments: arguments.map(str::to_owned) })
    }
}

fn weight_of(text: &str) -> Result<u32, String> {
    let weight = text.parse().ok().filter(|weight| (1..=WEIGHT_MAX).contains(weight));
    weight.ok_or_else(|| {
        format!("expected a weight from 1 to {WEIGHT_MAX} after the `=`, not `{}`", escaped(text))
    })
}

/// The first parameter that takes bytes.
fn bytes_parameter(procedure: &ProcedureDescription) -> Option<&str> {
    let Shape::Record(parameters) = Node::root(&procedure.arguments).shape() else { return None };
    let bytes = parameters.fields.iter().find(|field| matches!(field.node.shape(), Shape::Bytes { .. }));
    bytes.map(|field| field.name)
}

/// Gives this parameter as many bytes as were asked for.
fn fill(arguments: &mut Value, name: &str, len: u32) {
    if let Value::Map(entries) = arguments {
        entries.retain(|(key, _)| key.as_text() != Some(name));
        let bytes = Value::Bytes(vec![0xc5; len as usize].into());
        entries.push((Value::Text(name.to_owned()), bytes));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(procedure: &str, weight: u32, arguments: Option<&str>) -> Result<Wanted, String> {
        let arguments = arguments.map(str::to_owned);
        Ok(Wanted { procedure: procedure.to_owned(), weight, arguments })
    }

    #[test]
    fn a_procedure_may_have_a_weight_and_arguments() {
        for (text, read) in [
            ("demo.Echo/record", wanted("demo.Echo/record", 1, None)),
            ("demo.Echo/record=3", wanted("demo.Echo/record", 3, None)),
            ("demo.Clock/sleep {\"ms\": 5}", wanted("demo.Clock/sleep", 1, Some("{\"ms\": 5}"))),
            ("a.B/c=1000  @file name.json ", wanted("a.B/c", 1000, Some("@file name.json"))),
            ("a.B/c {\"is\": \"a=b\"}", wanted("a.B/c", 1, Some("{\"is\": \"a=b\"}"))),
        ] {
            assert_eq!(text.parse::<Wanted>(), read, "{text}");
        }
    }

    #[test]
    fn the_word_that_is_wrong_is_named() {
        for (text, word) in [
            ("demo.Echo", "`demo.Echo`"),
            ("=3", "``"),
            ("a.B/c=", "``"),
            ("a.B/c=0", "`0`"),
            ("a.B/c=1001", "`1001`"),
            ("a.B/c=many {}", "`many`"),
            ("a.B/c={\"ms\":5}", "`{\"ms\":5}`"),
        ] {
            let error = text.parse::<Wanted>().unwrap_err();
            assert!(error.ends_with(&format!("not {word}")), "{text}: {error}");
        }
    }
}
