//! What figures are worth nothing without: the day, the machine, the versions, the command.

use std::process::Command;

use jiff::Zoned;
use serde::{Deserialize, Serialize};

use crate::os;

/// The first line of a file of runs.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct About {
    pub(crate) kind: Kind,
    pub(crate) date: String,
    pub(crate) machine: String,
    pub(crate) versions: Vec<String>,
    pub(crate) command: String,
}

/// What the runs are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Kind {
    /// The cases that have goals.
    Table,
    /// Latencies under a load that does not wait.
    Latency,
    /// How cost grows with one thing.
    Growth,
}

impl About {
    /// This program, here and now.
    pub(crate) fn this(kind: Kind) -> Self {
        let arguments: Vec<_> = std::env::args().skip(1).collect();
        Self {
            kind,
            date: Zoned::now().strftime("%Y-%m-%d %H:%M").to_string(),
            machine: os::machine(),
            versions: versions(),
            command: format!("cargo run --release -- {}", arguments.join(" ")),
        }
    }

    /// The same as Markdown, for a page.
    pub(crate) fn markdown(&self) -> String {
        format!(
            "{}, {}; {}.\n\n```sh\n{}\n```\n",
            self.date,
            self.machine,
            self.versions.join(", "),
            self.command
        )
    }
}

/// Of what is measured and of what it stands on, as the lock file has them.
fn versions() -> Vec<String> {
    let lock = include_str!("../Cargo.lock");
    let version = |name: &str| {
        let (_, rest) = lock.split_once(&format!("name = \"{name}\"\nversion = \""))?;
        Some(format!("{name} {}", rest.split_once('"')?.0))
    };
    let mut versions = vec![format!("countersign {}", commit())];
    versions.extend(
        ["tonic", "tarpc", "capnp-rpc", "tokio", "rustls", "aws-lc-rs"].into_iter().filter_map(version),
    );
    versions
}

/// The commit that is checked out, and whether something was changed since.
fn commit() -> String {
    let described = Command::new("git")
        .args(["-C", env!("CARGO_MANIFEST_DIR"), "describe", "--always", "--dirty", "--exclude", "*"])
        .output();
    let text = described.ok().filter(|output| output.status.success()).map(|output| output.stdout);
    text.and_then(|text| String::from_utf8(text).ok())
        .map_or("of no commit".into(), |text| text.trim().into())
}
