//! `countersign certs revoke`: taking back what was issued.

use clap::Args;
use countersign_certs::Name;
use countersign_certs::authority::Record;
use serde_json::json;

use super::home::Home;
use crate::failure::Failure;
use crate::output;

#[derive(Debug, Args)]
pub(crate) struct Revoke {
    #[command(flatten)]
    home: Home,
    /// Whose certificates to revoke: all that have not expired.
    #[arg(required_unless_present = "serial")]
    name: Option<Name>,
    /// Revoke the one certificate with this serial number instead.
    #[arg(long, value_name = "HEX", conflicts_with = "name")]
    serial: Option<String>,
}

impl Revoke {
    pub(super) fn run(self, json: bool) -> Result<(), Failure> {
        let authority = self.home.open()?;
        let done = match (&self.name, &self.serial) {
            (Some(name), _) => authority.revoke(name)?,
            (None, serial) => authority.revoke_serial(serial.as_deref().unwrap_or_default())?,
        };
        let crl = self.home.file("crl.pem");
        if json {
            return output::json(&json!({ "revoked": done.revoked, "already": done.already, "crl": crl }));
        }
        let mut words = String::new();
        for record in &done.revoked {
            words += &format!("revoked {}\n", told(record));
        }
        for record in &done.already {
            words += &format!("{} was revoked before\n", told(record));
        }
        if words.is_empty() {
            words += "nothing to revoke: every certificate of that name has expired\n";
        }
        let (crl, placing) = (crl.display(), self.home.placing());
        output::say(&format!("{words}place {crl} where servers and clients read it: {placing}\n"))
    }
}

fn told(record: &Record) -> String {
    format!("{}'s certificate {}", record.name, record.serial)
}
