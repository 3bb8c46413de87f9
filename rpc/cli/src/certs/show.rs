//! `countersign certs show`: certificates in words.

use std::path::PathBuf;

use clap::Args;
use countersign_certs::{CertificateInfo, Validity};
use jiff::Timestamp;
use serde_json::{Value as Json, json};

use crate::failure::Failure;
use crate::output;

#[derive(Debug, Args)]
pub(crate) struct Show {
    /// A PEM file with certificates, or the folder of an identity.
    #[arg(required = true)]
    files: Vec<PathBuf>,
}

impl Show {
    pub(super) fn run(self, json: bool) -> Result<(), Failure> {
        let mut certificates = Vec::new();
        for file in self.files {
            let file = if file.is_dir() { file.join("cert.pem") } else { file };
            certificates.extend(CertificateInfo::load(file)?);
        }
        if json {
            return output::json(&certificates.iter().map(certificate_json).collect::<Vec<_>>());
        }
        let words: Vec<_> = certificates.iter().map(CertificateInfo::describe).collect();
        output::say(&words.join("\n"))
    }
}

fn certificate_json(certificate: &CertificateInfo) -> Json {
    json!({
        "id": certificate.spiffe_id().ok(),
        "subject": certificate.subject(),
        "issuer": certificate.issuer(),
        "serial": certificate.serial(),
        "not_before": certificate.not_before(),
        "not_after": certificate.not_after(),
        "valid": certificate.validity_at(Timestamp::now()) == Validity::Valid,
        "uris": certificate.uris(),
        "dns_names": certificate.dns_names(),
        "ips": certificate.ips(),
        "is_ca": certificate.is_ca(),
        "key_usages": certificate.key_usages(),
        "extended_key_usages": certificate.extended_key_usages(),
        "key_algorithm": certificate.key_algorithm(),
        "sha256": certificate.fingerprint(),
    })
}
