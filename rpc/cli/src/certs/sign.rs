//! `countersign certs sign`: a certificate for a key that is on another machine.

use std::path::{Path, PathBuf};

use clap::Args;
use countersign_certs::Name;
use countersign_certs::authority::{Host, Request, SigningRequest};

use super::home::Home;
use super::issue;
use super::life::Life;
use crate::failure::Failure;

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
        issue::tell("signed", folder, signed.certificate(), authority.issuer(), json)
    }
}

fn name_in(asked: &SigningRequest, file: &Path) -> Result<Name, Failure> {
    asked.name().cloned().map_err(|error| {
        Failure::new(format!("{}: its common name cannot be certified: {error}", file.display()))
            .or_try("the same with --name NAME")
    })
}
