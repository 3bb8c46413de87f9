//! `countersign certs bundle`: the roots that are to be trusted.

use std::path::PathBuf;

use clap::Args;
use countersign_certs::authority::{self, place};
use serde_json::json;

use crate::failure::Failure;
use crate::output;

#[derive(Debug, Args)]
pub(crate) struct Bundle {
    /// The folder in which `countersign certs init` made the authority.
    dir: PathBuf,
    /// Put it here, in one step, instead of printing it. May be given several times.
    #[arg(long, value_name = "FILE")]
    out: Vec<PathBuf>,
}

impl Bundle {
    pub(super) fn run(self, json: bool) -> Result<(), Failure> {
        let bundle = authority::bundle(self.dir)?;
        for out in &self.out {
            place(out, &bundle)?;
        }
        if json {
            return output::json(&json!({ "bundle": bundle, "files": self.out }));
        }
        if self.out.is_empty() {
            return output::say(&bundle);
        }
        let lines = self.out.iter().map(|file| format!("placed {}\n", file.display()));
        output::say(&lines.collect::<String>())
    }
}
