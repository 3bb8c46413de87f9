//! `countersign certs check`: whether an identity can be used, and everything that is wrong with it.

use std::path::PathBuf;

use anstyle::{AnsiColor, Style};
use clap::{Args, ValueEnum};
use countersign_certs::check::{Check as Checkup, Finding, Problem, Report, Role, Severity};
use serde_json::{Value as Json, json};

use crate::failure::Failure;
use crate::output::{self, BOLD};

#[derive(Debug, Args)]
pub(crate) struct Check {
    /// The folder with the certificate and the key, wherever they were made.
    folder: PathBuf,
    /// Ask whether it can be used in this role, instead of in those that its certificate names.
    #[arg(long = "as", value_name = "ROLE")]
    role: Option<As>,
    /// Ask whether a server with it can answer at this name or address. May be given several times.
    #[arg(long = "host", value_name = "HOST")]
    hosts: Vec<String>,
    /// The revocation list of the own trust domain, instead of crl.pem in the folder.
    #[arg(long, value_name = "FILE")]
    crl: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum As {
    Client,
    Server,
}

impl Check {
    pub(super) fn run(self, json: bool) -> Result<(), Failure> {
        let mut checkup = Checkup::of(&self.folder);
        if let Some(role) = self.role {
            checkup = checkup.used_as(match role {
                As::Client => Role::Client,
                As::Server => Role::Server,
            });
        }
        if let Some(file) = &self.crl {
            checkup = checkup.crl(file);
        }
        let report = self.hosts.iter().fold(checkup, |checkup, host| checkup.host(host)).run();
        if json {
            output::json(&as_json(&report)?)?;
        } else {
            output::say(&in_words(&report))?;
        }
        if report.is_usable() { Ok(()) } else { Err(Failure::Said) }
    }
}

fn as_json(report: &Report) -> Result<Json, Failure> {
    let mut told = serde_json::to_value(report).map_err(std::io::Error::from)?;
    told["usable"] = json!(report.is_usable());
    Ok(told)
}

fn in_words(report: &Report) -> String {
    let mut words: String = report.findings.iter().map(told).collect();
    let who = report.id.as_ref().map(|id| format!("{id} ")).unwrap_or_default();
    let roles: Vec<_> = report.roles.iter().map(|role| format!(" as a {role}")).collect();
    let (folder, roles) = (report.folder.display(), roles.join(" and"));
    let errors = report.findings.iter().filter(|finding| finding.severity() == Severity::Error).count();
    words.push_str(&match report.is_usable() {
        true => format!("{folder}: {who}can be used{roles}\n"),
        false => format!("{folder}: {who}cannot be used{roles}: {}\n", problems(errors)),
    });
    words
}

/// What is wrong, and under it what to do about it.
fn told(finding: &Finding) -> String {
    let (style, severity) = (style(finding.severity()), finding.severity());
    let (place, problem, remedy) = (finding.place(), &finding.problem, finding.remedy());
    let mut words =
        format!("{style}{severity}:{style:#} {place}: {problem}\n  {BOLD}try:{BOLD:#} {remedy}\n");
    let suggestion = match problem {
        Problem::NoSpiffeId { suggestion }
        | Problem::NotSpiffeId { suggestion, .. }
        | Problem::NoPath { suggestion, .. } => suggestion.lines(),
        _ => Vec::new(),
    };
    for line in suggestion {
        words.push_str(&format!("    {line}\n"));
    }
    words
}

fn problems(count: usize) -> String {
    if count == 1 { "1 problem".to_owned() } else { format!("{count} problems") }
}

fn style(severity: Severity) -> Style {
    match severity {
        Severity::Error => AnsiColor::Red.on_default().bold(),
        Severity::Warning => AnsiColor::Yellow.on_default().bold(),
        Severity::Note => Style::new().bold(),
    }
}
