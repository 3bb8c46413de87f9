//! `countersign certs show`: whatever is in PEM files, in words.

use std::path::{Path, PathBuf};

use clap::Args;
use countersign_certs::contents::{Content, Piece};
use countersign_certs::{CertificateInfo, Validity};
use jiff::Timestamp;
use serde_json::{Value as Json, json};

use crate::failure::Failure;
use crate::output;

#[derive(Debug, Args)]
pub(crate) struct Show {
    /// A PEM file with certificates, revocation lists, requests or keys; or the folder of an identity.
    #[arg(required = true)]
    files: Vec<PathBuf>,
}

impl Show {
    pub(super) fn run(self, json: bool) -> Result<(), Failure> {
        let mut pieces = Vec::new();
        for file in &self.files {
            pieces.extend(Piece::load(file)?.into_iter().map(|piece| (file.as_path(), piece)));
        }
        if json {
            return output::json(
                &pieces.iter().map(|(file, piece)| as_json(file, piece)).collect::<Vec<_>>(),
            );
        }
        let words: Vec<_> = pieces.iter().map(|(_, piece)| piece.content.describe()).collect();
        output::say(&words.join("\n"))
    }
}

fn as_json(file: &Path, piece: &Piece) -> Json {
    let (kind, mut told) = match &piece.content {
        Content::Certificate(certificate) => ("certificate", certificate_json(certificate)),
        Content::RevocationList(list) => ("revocation_list", json!(list)),
        Content::Request(request) => ("request", json!(request)),
        Content::PrivateKey { kind, usable } => {
            ("private_key", json!({ "key_algorithm": kind, "usable": usable }))
        }
        Content::PublicKey { kind } => ("public_key", json!({ "key_algorithm": kind })),
        Content::Damaged { label, line, reason } => {
            ("damaged", json!({ "label": label, "damaged_line": line, "reason": reason }))
        }
        Content::Other { label } => ("other", json!({ "label": label })),
        _ => ("other", json!({})),
    };
    told["kind"] = kind.into();
    told["file"] = json!(file);
    told["line"] = piece.line.into();
    told
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
