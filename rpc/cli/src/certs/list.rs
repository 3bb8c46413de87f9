//! `countersign certs list`: everything that the authority has issued.

use std::path::PathBuf;

use clap::Args;
use countersign_certs::authority::{self, Host, Kind, Record, State};
use jiff::Timestamp;
use serde_json::{Value as Json, json};

use super::{listed, until};
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
        let now = Timestamp::now();
        if json {
            return output::json(&records.iter().map(|record| entry(record, now)).collect::<Vec<_>>());
        }
        let mut rows = vec![["NAME", "KIND", "STATE", "VALID UNTIL", "SERIAL", "HOSTS"].map(str::to_owned)];
        rows.extend(records.iter().map(|record| row(record, now)));
        output::say(&columns("", &rows))
    }
}

fn entry(record: &Record, now: Timestamp) -> Json {
    let mut entry = json!(record);
    entry["kind"] = json!(record.kind());
    entry["state"] = json!(record.state(now));
    entry["hosts"] = json!(record.hosts);
    entry
}

fn row(record: &Record, now: Timestamp) -> [String; 6] {
    let kind = match record.kind() {
        Kind::Client => "client",
        Kind::Server => "server",
        _ => "intermediate",
    };
    let state = match record.state(now) {
        State::Valid => "valid",
        State::ExpiresSoon => "expires soon",
        State::Expired => "expired",
        _ => "revoked",
    };
    let hosts: Vec<_> = record.hosts.iter().map(Host::to_string).collect();
    let serial = record.serial.clone();
    [
        record.name.to_string(),
        kind.to_owned(),
        state.to_owned(),
        until(record.not_after),
        serial,
        listed(&hosts),
    ]
}
