//! `countersign certs list`: everything that the authority has issued.

use std::path::PathBuf;

use clap::Args;
use countersign_certs::authority::{self, Record};
use jiff::Timestamp;

use super::{day, listed};
use crate::columns::columns;
use crate::failure::Failure;
use crate::output;

#[derive(Debug, Args)]
pub(crate) struct List {
    /// The folder in which `countersign certs init` made the authority.
    dir: PathBuf,
}

impl List {
    pub(super) fn run(self, json: bool) -> Result<(), Failure> {
        let records = authority::list(self.dir)?;
        if json {
            return output::json(&records);
        }
        let now = Timestamp::now();
        let mut rows = vec![["NAME", "VALID UNTIL", "SERIAL", "HOSTS"].map(str::to_owned)];
        rows.extend(records.iter().map(|record| row(record, now)));
        output::say(&columns("", &rows))
    }
}

fn row(record: &Record, now: Timestamp) -> [String; 4] {
    let expired = if record.not_after < now { " (expired)" } else { "" };
    let until = format!("{}{expired}", day(record.not_after));
    [record.name.to_string(), until, record.serial.clone(), listed(&record.hosts)]
}
