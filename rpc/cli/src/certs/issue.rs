//! `countersign certs issue`: a new identity.

use std::path::Path;

use clap::Args;
use countersign_certs::authority::{Existing, Host, Request};
use countersign_certs::{CertificateInfo, Credentials, Name};
use serde_json::json;

use super::home::Home;
use super::life::Life;
use super::{listed, or_replace};
use crate::failure::Failure;
use crate::output;

#[derive(Debug, Args)]
pub(crate) struct Issue {
    #[command(flatten)]
    home: Home,
    /// What the identity is called: spiffe://DOMAIN/NAME.
    name: Name,
    /// A host name or address at which it answers; makes it a server. May be given several times.
    #[arg(long = "host", value_name = "HOST")]
    hosts: Vec<Host>,
    /// 30 days by default, and never longer than its authority.
    #[command(flatten)]
    life: Life,
    /// Put it in the place of the identity of this name, if there is one.
    #[arg(long)]
    replace: bool,
}

impl Issue {
    pub(super) fn run(self, json: bool) -> Result<(), Failure> {
        let existing = if self.replace { Existing::Replace } else { Existing::Refuse };
        let valid = self.life.asked().unwrap_or(Request::VALID);
        let request = Request { name: self.name, hosts: self.hosts, valid };
        let authority = self.home.open()?;
        let home = authority.issue_to(&self.home.dir, &request, existing).map_err(or_replace)?;
        let credentials = Credentials::load(&home)?;
        tell("issued", &home, credentials.identity().certificate(), authority.issuer(), json)
    }
}

/// Tells of a certificate that is new in its folder.
pub(super) fn tell(
    what: &str,
    folder: &Path,
    certificate: &CertificateInfo,
    issuer: &CertificateInfo,
    json: bool,
) -> Result<(), Failure> {
    let (id, until) = (certificate.spiffe_id().ok(), certificate.not_after());
    // Nothing outlives what signed it.
    let clamped = until == issuer.not_after();
    let hosts = certificate.hosts();
    if json {
        return output::json(&json!({
            "folder": folder, "id": id, "hosts": hosts, "serial": certificate.serial(),
            "not_after": until, "sha256": certificate.fingerprint(), "clamped": clamped,
        }));
    }
    let id = id.map(ToString::to_string).unwrap_or_default();
    let role =
        if hosts.is_empty() { "a client".to_owned() } else { format!("the server at {}", listed(&hosts)) };
    let as_its_issuer = if clamped { ", as its authority is" } else { "" };
    let (folder, until) = (folder.display(), super::until(until));
    output::say(&format!("{what} {id} into {folder}, for {role}, valid until {until}{as_its_issuer}\n"))
}
