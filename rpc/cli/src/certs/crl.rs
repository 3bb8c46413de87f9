//! `countersign certs crl`: fresh revocation lists.

use std::path::PathBuf;

use clap::Args;
use countersign_certs::authority::place;
use serde_json::json;

use super::home::Home;
use crate::failure::Failure;
use crate::output;

#[derive(Debug, Args)]
pub(crate) struct Crl {
    #[command(flatten)]
    home: Home,
    /// Put a copy here, in one step: where a server or a client reads it.
    #[arg(long, value_name = "FILE")]
    out: Vec<PathBuf>,
}

impl Crl {
    pub(super) fn run(self, json: bool) -> Result<(), Failure> {
        let text = self.home.open()?.crl()?;
        for out in &self.out {
            place(out, &text)?;
        }
        let own = self.home.file("crl.pem");
        let files: Vec<_> = [own].into_iter().chain(self.out).collect();
        if json {
            return output::json(&json!({ "files": files }));
        }
        let lines = files.iter().map(|file| format!("signed anew: {}\n", file.display()));
        output::say(&lines.collect::<String>())
    }
}
