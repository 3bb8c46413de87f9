//! `countersign certs csr`: a key that never leaves its machine, and a request for its certificate.

use std::path::PathBuf;

use clap::Args;
use countersign_certs::Name;
use countersign_certs::authority::{self, Existing, Host};
use serde_json::json;

use crate::failure::Failure;
use crate::output;

#[derive(Debug, Args)]
pub(crate) struct Csr {
    /// What the identity is to be called: spiffe://DOMAIN/NAME.
    name: Name,
    /// A host name or address at which it answers; makes it a server. May be given several times.
    #[arg(long = "host", value_name = "HOST")]
    hosts: Vec<Host>,
    /// The folder for key.pem and request.csr; NAME by default.
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
    /// Put a new key beside the one that is in use, and a new request in the place of the old one.
    #[arg(long)]
    replace: bool,
}

impl Csr {
    pub(super) fn run(self, json: bool) -> Result<(), Failure> {
        let folder = self.out.unwrap_or_else(|| PathBuf::from(self.name.as_str()));
        let existing = if self.replace { Existing::Replace } else { Existing::Refuse };
        authority::request(&folder, &self.name, &self.hosts, existing).map_err(super::or_replace)?;
        let request = folder.join("request.csr");
        if json {
            let key = folder.join("key.pem");
            return output::json(&json!({ "folder": folder, "request": request, "key": key }));
        }
        let (request, folder) = (request.display(), folder.display());
        output::say(&format!(
            "made {request}, and a key that stays here\n\
             carry the request to the authority for `countersign certs sign DIR {request}`, and bring cert.pem and \
             ca.pem back into {folder}\n"
        ))
    }
}
