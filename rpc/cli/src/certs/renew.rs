//! `countersign certs renew`: the same identity with a new key and certificate.

use clap::Args;
use countersign_certs::authority::AuthorityError;
use countersign_certs::{Credentials, Name};
use serde_json::json;

use super::home::Home;
use super::life::Life;
use super::{issue, until};
use crate::failure::Failure;
use crate::output;

#[derive(Debug, Args)]
pub(crate) struct Renew {
    #[command(flatten)]
    home: Home,
    /// The identity to renew, which is in DIR/NAME.
    #[arg(required_unless_present = "intermediate")]
    name: Option<Name>,
    /// As long as before by default.
    #[command(flatten)]
    life: Life,
    /// Renew the authority's intermediate instead; needs the root's key.
    #[arg(long, conflicts_with_all = ["name", "days", "valid"])]
    intermediate: bool,
}

impl Renew {
    pub(super) fn run(self, json: bool) -> Result<(), Failure> {
        let mut authority = self.home.open()?;
        if let Some(name) = &self.name {
            let home =
                authority.renew(&self.home.dir, name, self.life.asked()).map_err(|error| match error {
                    AuthorityError::WasRevoked { .. } => {
                        let dir = self.home.dir.display();
                        Failure::new(error).or_try(format!("countersign certs issue {dir} {name} --replace"))
                    }
                    other => other.into(),
                })?;
            let credentials = Credentials::load(&home)?;
            let certificate = credentials.identity().certificate();
            return issue::tell("renewed", &home, certificate, authority.issuer(), json);
        }
        authority.renew_intermediate()?;
        let issuer = authority.issuer();
        if json {
            return output::json(&json!({
                "serial": issuer.serial(), "not_after": issuer.not_after(), "sha256": issuer.fingerprint(),
            }));
        }
        output::say(&format!(
            "renewed the intermediate, valid until {}\n\
             place the new {}, which has one list more, where servers read it before you issue with it: {}\n",
            until(issuer.not_after()),
            self.home.file("crl.pem").display(),
            self.home.placing(),
        ))
    }
}
