//! `countersign policy`: whether a policy says what its author means.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use countersign::{Explanation, Policy, PolicyError, PolicyProblem, SpiffeId};
use serde_json::{Value as Json, json};

use crate::failure::Failure;
use crate::output::{self, BOLD};

#[derive(Debug, Subcommand)]
pub(crate) enum PolicyCommand {
    /// Look for mistakes in a policy, and ask it who may call what.
    #[command(after_help = "\
Examples:
  countersign policy check policy.toml
  countersign policy check policy.toml --peer spiffe://countersign.internal/alice --procedure demo.Math/divide

Exits with 0 if there is no mistake and, where it is asked for one, the call is allowed. Nothing is contacted: what
a server is told by its policy does not depend on what it serves.")]
    Check(Check),
}

#[derive(Debug, Args)]
pub(crate) struct Check {
    /// The policy, as rpc/POLICY.md describes it.
    file: PathBuf,
    /// Ask about calls of this peer.
    #[arg(long, value_name = "SPIFFE-ID", requires = "procedure")]
    peer: Option<SpiffeId>,
    /// Ask about calls of this procedure, such as demo.Math/divide.
    #[arg(long, value_name = "PROCEDURE", requires = "peer")]
    procedure: Option<String>,
}

pub(crate) fn run(command: PolicyCommand, json: bool) -> Result<(), Failure> {
    match command {
        PolicyCommand::Check(check) => check.run(json),
    }
}

impl Check {
    fn run(self, json: bool) -> Result<(), Failure> {
        let policy = match Policy::load(&self.file) {
            Err(error) if json && !error.problems().is_empty() => {
                output::json(&mistaken(&self.file, &error))?;
                return Err(Failure::Said);
            }
            loaded => loaded?,
        };
        let question = self.peer.as_ref().zip(self.procedure.as_deref());
        let answer = question.map(|(peer, procedure)| policy.explain(peer, procedure));
        if json {
            output::json(&json!({
                "file": self.file, "sound": true, "rules": policy.rules(), "problems": [],
                "warnings": policy.warnings().iter().map(problem).collect::<Vec<_>>(),
                "decision": answer.as_ref().map(decision),
            }))?;
        } else {
            output::say(&in_words(&policy, answer.as_ref()))?;
        }
        if answer.is_none_or(|answer| answer.is_allowed()) { Ok(()) } else { Err(Failure::Said) }
    }
}

fn in_words(policy: &Policy, answer: Option<&Explanation>) -> String {
    let mut words: String =
        policy.warnings().iter().map(|warning| format!("{BOLD}warning:{BOLD:#} {warning}\n")).collect();
    match answer {
        Some(answer) => words.push_str(&format!("{answer}\n")),
        None => words.push_str(&format!("no mistakes: {policy}\n")),
    }
    words
}

fn mistaken(file: &Path, error: &PolicyError) -> Json {
    let problems: Vec<_> = error.problems().iter().map(problem).collect();
    json!({ "file": file, "sound": false, "rules": null, "problems": problems, "warnings": [], "decision": null })
}

fn problem(problem: &PolicyProblem) -> Json {
    json!({ "line": problem.line(), "column": problem.column(), "message": problem.message() })
}

fn decision(answer: &Explanation) -> Json {
    json!({
        "allowed": answer.is_allowed(), "rule": answer.rule(), "line": answer.line(),
        "explanation": answer.to_string(),
    })
}

impl From<PolicyError> for Failure {
    /// Each says in its own words what to do.
    fn from(error: PolicyError) -> Self {
        match error.problems() {
            [] => Self::new(error),
            problems => Self::several(problems.iter().map(ToString::to_string)),
        }
    }
}
