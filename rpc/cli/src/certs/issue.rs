//! `countersign certs issue`: a new identity.

use std::path::PathBuf;

use clap::Args;
use countersign_certs::authority::{Authority, AuthorityError, Existing, Host, Request};
use countersign_certs::{Credentials, Name};
use serde_json::json;

use super::{day, listed};
use crate::failure::Failure;
use crate::output;

#[derive(Debug, Args)]
pub(crate) struct Issue {
    /// The folder in which `countersign certs init` made the authority.
    dir: PathBuf,
    /// What the identity is called: spiffe://DOMAIN/NAME.
    name: Name,
    /// A host name or address at which it answers; makes it a server. May be given several times.
    #[arg(long = "host", value_name = "HOST")]
    hosts: Vec<Host>,
    /// For how many days it is valid.
    #[arg(long, default_value_t = Request::DAYS, value_parser = clap::value_parser!(u32).range(1..))]
    days: u32,
    /// Put it in the place of the identity of this name, if there is one.
    #[arg(long)]
    replace: bool,
}

impl Issue {
    pub(super) fn run(self, json: bool) -> Result<(), Failure> {
        let existing = if self.replace { Existing::Replace } else { Existing::Refuse };
        let request = Request { name: self.name, hosts: self.hosts, days: self.days };
        let issued = Authority::open(&self.dir)?.issue_to(&self.dir, &request, existing);
        let home = issued.map_err(|error| match error {
            AuthorityError::IdentityExists { .. } => Failure::new(error).or_try("the same with --replace"),
            other => other.into(),
        })?;
        let credentials = Credentials::load(&home)?;
        let (id, certificate) = (credentials.identity().id(), credentials.identity().certificate());
        if json {
            return output::json(&json!({
                "folder": home, "id": id, "hosts": request.hosts, "serial": certificate.serial(),
                "not_after": certificate.not_after(), "sha256": certificate.fingerprint(),
            }));
        }
        let role = match request.hosts.as_slice() {
            [] => "a client".to_owned(),
            hosts => format!("the server at {}", listed(hosts)),
        };
        let (home, until) = (home.display(), day(certificate.not_after()));
        output::say(&format!("issued {id} into {home}, for {role}, valid until {until}\n"))
    }
}
