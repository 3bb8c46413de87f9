//! Why a command failed: one line that says what, and what to do about it.

use std::fmt::Display;
use std::io::{self, ErrorKind, Write};
use std::process::ExitCode;

use anstyle::{AnsiColor, Style};
use clap::CommandFactory;
use clap::error::ErrorKind as Usage;
use countersign::text::escaped;
use countersign::{BindError, CallError, Code, ConnectError, FailureKind, HandlerRan, Status};
use countersign_certs::CredentialsError;
use countersign_certs::authority::AuthorityError;
use serde_json::{Map, Value as Json, json};

use crate::args::Arguments;
use crate::output::BOLD;

/// Why a command failed.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Something to tell.
    Told(Box<Told>),
    /// What the output has told of already: it only makes the exit code.
    Said,
    /// Whoever read our output has seen enough, as `head` does. That is nobody's mistake.
    ReaderLeft,
}

/// What is told of a failure.
#[derive(Debug, Default)]
pub(crate) struct Told {
    /// One line for each problem; mostly there is one.
    what: Vec<String>,
    remedy: Option<String>,
    /// Its row in the table of failures, for machines.
    kind: Option<FailureKind>,
    /// What a call ended with, for machines.
    status: Option<Json>,
    /// What came beside that, for machines.
    beside: Map<String, Json>,
    /// It was ended with Ctrl+C.
    interrupted: bool,
}

const RED: Style = AnsiColor::Red.on_default().bold();

/// The exit code of a command that was not understood.
const USAGE: u8 = 2;

/// The exit code of a command that was ended with Ctrl+C, as shells have it.
const INTERRUPTED: u8 = 130;

impl Failure {
    /// A failure in one sentence, without a dot at its end.
    pub(crate) fn new(what: impl Display) -> Self {
        Self::several([what.to_string()])
    }

    /// Several at once, each with a line of its own.
    pub(crate) fn several(what: impl IntoIterator<Item = String>) -> Self {
        Self::Told(Box::new(Told { what: what.into_iter().collect(), ..Told::default() }))
    }

    /// The same failure, and what to do about it.
    pub(crate) fn or_try(mut self, remedy: impl Display) -> Self {
        if let Self::Told(told) = &mut self {
            told.remedy = Some(remedy.to_string());
        }
        self
    }

    /// The same failure, and which of several things it is about.
    pub(crate) fn at(mut self, place: impl Display) -> Self {
        if let Self::Told(told) = &mut self {
            told.what.iter_mut().for_each(|what| *what = format!("{place}: {what}"));
        }
        self
    }

    /// The same failure, of a command that somebody ended with Ctrl+C.
    pub(crate) fn of_an_interrupt(mut self) -> Self {
        if let Self::Told(told) = &mut self {
            told.interrupted = true;
        }
        self
    }

    /// The same failure of a call, and what came beside it.
    pub(crate) fn with(mut self, beside: Map<String, Json>) -> Self {
        if let Self::Told(told) = &mut self {
            told.beside = beside;
        }
        self
    }

    /// Why there is no connection, in the words of the table of failures.
    fn of_connecting(error: &ConnectError) -> Self {
        let (what, remedy) = (vec![error.to_string()], Some(error.remedy().to_owned()));
        Self::Told(Box::new(Told { what, remedy, kind: Some(error.kind()), ..Told::default() }))
    }

    /// A call that ended with a status, and its fault where it carries one.
    pub(crate) fn of_status(status: &Status, fault: Option<Json>) -> Self {
        let mut line = status.code.to_string();
        if !status.message.is_empty() {
            line = format!("{line}: {}", escaped(&status.message));
        }
        if let Some(fault) = &fault {
            line = format!("{line}; fault: {fault}");
        }
        let handler_ran = match status.handler_ran {
            HandlerRan::Yes => "yes",
            HandlerRan::No => "no",
            HandlerRan::Unknown => "unknown",
        };
        let status = json!({
            "code": status.code.name(), "message": status.message, "fault": fault,
            "handler_ran": handler_ran, "retry_after_ms": status.retry_after_ms,
        });
        Self::Told(Box::new(Told { what: vec![line], status: Some(status), ..Told::default() }))
    }

    /// Tells it on standard error.
    pub(crate) fn report(self, json: bool) -> ExitCode {
        let told = match self {
            Self::Told(told) => told,
            Self::Said => return ExitCode::FAILURE,
            Self::ReaderLeft => return ExitCode::SUCCESS,
        };
        let code = if told.interrupted { ExitCode::from(INTERRUPTED) } else { ExitCode::FAILURE };
        // Standard error is the last place to tell of anything.
        let _ = if json { told.write_json() } else { told.write_lines() };
        code
    }
}

impl Told {
    fn write_lines(&self) -> io::Result<()> {
        let mut out = anstream::stderr().lock();
        for (at, what) in self.what.iter().enumerate() {
            write!(out, "{RED}error:{RED:#} {what}")?;
            if let Some(remedy) = self.remedy.as_ref().filter(|_| at + 1 == self.what.len()) {
                write!(out, "; {BOLD}try:{BOLD:#} {remedy}")?;
            }
            writeln!(out)?;
        }
        Ok(())
    }

    fn write_json(self) -> io::Result<()> {
        let mut error = json!({ "problems": self.what, "try": self.remedy, "status": self.status });
        if let Some(kind) = self.kind {
            error["kind"] = kind.code().into();
        }
        self.beside.into_iter().for_each(|(name, value)| error[name] = value);
        writeln!(io::stderr(), "{}", json!({ "error": error }))
    }
}

/// Tells of a command that was not understood, in one line, or prints the help that was asked for.
pub(crate) fn of_usage(error: &clap::Error) -> ExitCode {
    let help_or_version =
        [Usage::DisplayHelp, Usage::DisplayVersion, Usage::DisplayHelpOnMissingArgumentOrSubcommand];
    if help_or_version.contains(&error.kind()) {
        // A reader that has left needs no help.
        let _ = error.print();
        return if error.exit_code() == 0 { ExitCode::SUCCESS } else { ExitCode::from(USAGE) };
    }
    // What is wrong comes first; after an empty line there are tips and the usage.
    let rendered = error.to_string();
    let problem = rendered.split("\n\n").next().unwrap_or_default();
    let problem = problem.split_whitespace().collect::<Vec<_>>().join(" ");
    let problem = problem.strip_prefix("error: ").unwrap_or(&problem).to_owned();
    let help = format!("{} --help", command_of(std::env::args().skip(1)));
    let _ = Failure::new(problem).or_try(help).report(false);
    ExitCode::from(USAGE)
}

/// The command that these arguments are for, such as `countersign certs issue`.
fn command_of(arguments: impl Iterator<Item = String>) -> String {
    let mut command = Arguments::command();
    let mut path = command.get_name().to_owned();
    for word in arguments {
        match command.find_subcommand(&word).cloned() {
            Some(inner) => command = inner,
            None if word.starts_with('-') => continue,
            None => break,
        }
        path = format!("{path} {word}");
    }
    path
}

impl From<ConnectError> for Failure {
    fn from(error: ConnectError) -> Self {
        Self::of_connecting(&error)
    }
}

impl From<CallError> for Failure {
    fn from(error: CallError) -> Self {
        let (code, handler_ran) = (error.code().unwrap_or(Code::Unknown), error.handler_ran());
        match error {
            CallError::Status(status) => Self::of_status(&status, None),
            CallError::NotConnected(reason) => Self::of_connecting(&reason),
            other => {
                Self::of_status(&Status::new(code, other.to_string()).with_handler_ran(handler_ran), None)
            }
        }
    }
}

// What follows says in its own words what to do.

impl From<CredentialsError> for Failure {
    fn from(error: CredentialsError) -> Self {
        Self::new(error)
    }
}

impl From<AuthorityError> for Failure {
    fn from(error: AuthorityError) -> Self {
        Self::new(error)
    }
}

impl From<BindError> for Failure {
    fn from(error: BindError) -> Self {
        Self::new(error)
    }
}

/// Output that cannot be written; whatever else a system says has its own place.
impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            ErrorKind::BrokenPipe => Self::ReaderLeft,
            _ => Self::new(format!("cannot write the output: {error}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn help_is_offered_for_the_command_that_was_meant() {
        for (words, command) in [
            ("", "countersign"),
            ("--json call localhost:1 list", "countersign call"),
            ("certs issue certs", "countersign certs issue"),
            ("cal", "countersign"),
        ] {
            assert_eq!(command_of(words.split_whitespace().map(str::to_owned)), command);
        }
    }
}
