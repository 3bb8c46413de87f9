//! A revocation list in words.

use std::fmt::Write;

use jiff::Timestamp;
use rustls_pki_types::CertificateRevocationListDer;
use serde::Serialize;
use x509_parser::prelude::FromDer;
use x509_parser::revocation_list::{CertificateRevocationList, RevokedCertificate};

use crate::certificate::{timestamp, words};
use crate::crl::Crl;
use crate::text::hex;

/// What a revocation list claims, fit to be shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct RevocationListInfo {
    /// Whose certificates it is about, as a distinguished name.
    pub issuer: String,
    /// Which one of its issuer's lists it is, in decimal, if it says so.
    pub number: Option<String>,
    /// When it was made.
    pub this_update: Timestamp,
    /// When the next one is due.
    pub next_update: Timestamp,
    /// The certificates that it revokes, in its order.
    pub revoked: Vec<RevokedInfo>,
}

/// A certificate that does not count any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct RevokedInfo {
    /// Its serial number in hexadecimal.
    pub serial: String,
    /// When it was revoked.
    pub at: Timestamp,
    /// Why, if the list says so, such as `Key Compromise`.
    pub reason: Option<String>,
}

impl RevocationListInfo {
    pub(super) fn from_der(der: &[u8]) -> Result<RevocationListInfo, String> {
        let crl =
            Crl::from_der(CertificateRevocationListDer::from(der.to_vec())).map_err(|e| e.to_string())?;
        let (_, parsed) =
            CertificateRevocationList::from_der(der).map_err(|e| words::clipped(&e.to_string()))?;
        Ok(RevocationListInfo {
            issuer: crl.issuer().to_owned(),
            number: crl.number(),
            this_update: crl.this_update(),
            next_update: crl.next_update(),
            revoked: parsed.iter_revoked_certificates().map(revoked).collect(),
        })
    }

    pub(super) fn describe(&self) -> String {
        let mut words = format!("A revocation list of {}.\n", self.issuer);
        let mut line = |label: &str, text: &str| {
            // Writing to a `String` cannot fail.
            let _ = writeln!(words, "  {label:<13}{text}");
        };
        line("Made", &words::moment(self.this_update));
        line("Next due", &words::moment(self.next_update));
        line("Number", self.number.as_deref().unwrap_or("none"));
        line("Revokes", &self.revoked.len().to_string());
        for entry in self.revoked.iter().take(LIST_LIMIT) {
            let reason = entry.reason.as_deref().map(|reason| format!(" ({reason})")).unwrap_or_default();
            line("", &format!("{} on {}{reason}", entry.serial, words::moment(entry.at)));
        }
        let more = self.revoked.len().saturating_sub(LIST_LIMIT);
        if more > 0 {
            line("", &format!("and {more} more"));
        }
        words
    }
}

/// How many entries are worth reading in a description.
const LIST_LIMIT: usize = 16;

fn revoked(entry: &RevokedCertificate<'_>) -> RevokedInfo {
    RevokedInfo {
        serial: hex(entry.raw_serial()),
        at: timestamp(entry.revocation_date),
        reason: entry.reason_code().map(|(_, code)| code.to_string()),
    }
}
