//! `countersign certs sign`: a certificate for a key that is on another machine.

use std::path::{Path, PathBuf};

use clap::Args;
use countersign_certs::Name;
use countersign_certs::authority::{Host, Request, SigningRequest};
use serde_json::json;

use super::home::Home;
use super::life::{Life, is_clamped};
use super::{issue, until};
use crate::failure::Failure;
use crate::output;

#[derive(Debug, Args)]
pub(crate) struct Sign {
    #[command(flatten)]
    home: Home,
    /// The request, as `countersign certs csr` or another tool made it.
    request: PathBuf,
    /// The name to certify, whatever the request asks for.
    #[arg(long)]
    name: Option<Name>,
    /// A host to certify; with any, those of the request do not count. May be given several times.
    #[arg(long = "host", value_name = "HOST")]
    hosts: Vec<Host>,
    /// 30 days by default, and never longer than the authority.
    #[command(flatten)]
    life: Life,
    /// The folder for cert.pem and ca.pem; that of the request by default.
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
}

impl Sign {
    pub(super) fn run(self, json: bool) -> Result<(), Failure> {
        let asked = SigningRequest::load(&self.request)?;
        let request = Request {
            name: self.name.map_or_else(|| name_in(&asked, &self.request), Ok)?,
            hosts: if self.hosts.is_empty() { asked.hosts().to_vec() } else { self.hosts },
            valid: self.life.asked().unwrap_or(Request::VALID),
        };
        let beside = self.request.parent().filter(|folder| *folder != "").unwrap_or(Path::new("."));
        let folder = self.out.as_deref().unwrap_or(beside);
        let authority = self.home.open()?;
        let signed = authority.sign_request_to(folder, &asked, &request)?;
        let certificate = signed.certificate();
        let clamped = is_clamped(certificate, authority.issuer());
        let id = certificate.spiffe_id().ok();
        if json {
            return output::json(&json!({
                "folder": folder, "id": id, "hosts": request.hosts, "serial": certificate.serial(),
                "not_after": certificate.not_after(), "sha256": certificate.fingerprint(), "clamped": clamped,
            }));
        }
        let role = issue::role(&issue::hosts(certificate));
        let as_its_issuer = if clamped { ", as its authority is" } else { "" };
        output::say(&format!(
            "signed {} for {role}, valid until {}{as_its_issuer}\n\
             cert.pem and ca.pem in {} belong beside its key\n",
            id.map(ToString::to_string).unwrap_or_default(),
            until(certificate.not_after()),
            folder.display(),
        ))
    }
}

fn name_in(asked: &SigningRequest, file: &Path) -> Result<Name, Failure> {
    asked.name().cloned().map_err(|error| {
        Failure::new(format!("{}: its common name cannot be certified: {error}", file.display()))
            .or_try("the same with --name NAME")
    })
}
