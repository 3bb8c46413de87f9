//! `countersign certs revoke`: taking back what was issued.

use clap::{Args, ValueEnum};
use countersign_certs::Name;
use countersign_certs::authority::{Reason, Record};
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
    /// Say why, on the revocation list.
    #[arg(long, value_enum)]
    reason: Option<Why>,
}

/// Why a certificate is revoked.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Why {
    /// Somebody else has the key, or may have.
    KeyCompromise,
    /// Whoever it names does not belong to the organization any more.
    AffiliationChanged,
    /// Another certificate has taken its place.
    Superseded,
    /// Whatever it names is not in use any more.
    CessationOfOperation,
    /// Whoever it names may not have it any more.
    PrivilegeWithdrawn,
}

impl From<Why> for Reason {
    fn from(why: Why) -> Self {
        match why {
            Why::KeyCompromise => Self::KeyCompromise,
            Why::AffiliationChanged => Self::AffiliationChanged,
            Why::Superseded => Self::Superseded,
            Why::CessationOfOperation => Self::CessationOfOperation,
            Why::PrivilegeWithdrawn => Self::PrivilegeWithdrawn,
        }
    }
}

impl Revoke {
    pub(super) fn run(self, json: bool) -> Result<(), Failure> {
        let authority = self.home.open()?;
        let reason = self.reason.map(Reason::from).unwrap_or_default();
        let done = match (&self.name, &self.serial) {
            (Some(name), _) => authority.revoke_for(name, reason)?,
            (None, serial) => authority.revoke_serial_for(serial.as_deref().unwrap_or_default(), reason)?,
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
