//! `countersign certs init`: a new authority.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use countersign_certs::TrustDomain;
use countersign_certs::authority::{Authority, AuthorityError, Plan};
use serde_json::json;

use super::home::Words;
use super::until;
use crate::failure::Failure;
use crate::output;

#[derive(Debug, Args)]
pub(crate) struct Init {
    /// The folder for the authority and the identities that it will issue.
    dir: PathBuf,
    /// The domain for whose names the authority vouches.
    #[arg(long, value_name = "DOMAIN", default_value_t = TrustDomain::default())]
    trust_domain: TrustDomain,
    /// Let an intermediate sign the identities, so that the root's key can be kept offline.
    #[arg(long)]
    intermediate: bool,
    /// Encrypt the authority's keys with a passphrase.
    #[arg(long)]
    passphrase: bool,
    #[command(flatten)]
    words: Words,
    /// For how many days the root is valid.
    #[arg(long, value_name = "N", default_value_t = 3650, value_parser = clap::value_parser!(u32).range(1..))]
    days: u32,
}

impl Init {
    pub(super) fn run(self, json: bool) -> Result<(), Failure> {
        let (dir, domain) = (&self.dir, &self.trust_domain);
        let mut plan = Plan::new(domain.clone()).valid_for(Duration::from_hours(24 * u64::from(self.days)));
        if self.intermediate {
            plan = plan.with_intermediate();
        }
        let home = dir.join("authority");
        if home.exists() {
            return Err(AuthorityError::Exists { home }.into());
        }
        let encrypted = self.passphrase || self.words.in_a_file();
        if encrypted {
            plan = plan.encrypted(self.words.chosen(&home.join("key.pem"))?);
        }
        let authority = Authority::init(dir, plan)?;
        let certificate = authority.certificate();
        if json {
            return output::json(&json!({
                "folder": home, "trust_domain": domain, "intermediate": self.intermediate, "encrypted": encrypted,
                "not_after": certificate.not_after(), "sha256": certificate.fingerprint(),
            }));
        }
        let guard = match self.intermediate {
            true => format!(
                "move {} offline: it is needed to renew the intermediate and to roll the root over, and not before",
                home.join("key.pem").display()
            ),
            false => "keep its key to yourself".to_owned(),
        };
        output::say(&format!(
            "made the authority of {domain} in {}, valid until {}\n\
             {guard}\n\
             issue identities with `countersign certs issue {} NAME`\n",
            home.display(),
            until(certificate.not_after()),
            dir.display(),
        ))
    }
}
