//! `countersign certs init`: a new authority.

use std::path::PathBuf;

use clap::Args;
use countersign_certs::TrustDomain;
use countersign_certs::authority::Authority;
use serde_json::json;

use super::day;
use crate::failure::Failure;
use crate::output;

#[derive(Debug, Args)]
pub(crate) struct Init {
    /// The folder for the authority and the identities that it will issue.
    dir: PathBuf,
    /// The domain for whose names the authority vouches.
    #[arg(long, value_name = "DOMAIN", default_value_t = TrustDomain::default())]
    trust_domain: TrustDomain,
}

impl Init {
    pub(super) fn run(self, json: bool) -> Result<(), Failure> {
        let (dir, domain) = (&self.dir, &self.trust_domain);
        let authority = Authority::init(dir, domain)?;
        let (certificate, home) = (authority.certificate(), dir.join("authority"));
        if json {
            return output::json(&json!({
                "folder": home, "trust_domain": domain,
                "not_after": certificate.not_after(), "sha256": certificate.fingerprint(),
            }));
        }
        output::say(&format!(
            "made the authority of {domain} in {}, valid until {}\n\
             keep its key to yourself; issue identities with `countersign certs issue {} NAME`\n",
            home.display(),
            day(certificate.not_after()),
            dir.display(),
        ))
    }
}
