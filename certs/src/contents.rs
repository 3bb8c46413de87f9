//! What is in a PEM file, whoever made it: certificates, revocation lists, requests, and keys by their kind alone.
//!
//! For people who want to look. Believes nothing, reads on behind what is damaged, and shows nothing that could
//! deceive a reader; of a private key it shows its kind and size.

mod list;
mod request;

use std::path::Path;

use crate::certificate::{CertificateInfo, words};
use crate::credentials::{CredentialsError, certificate_in};
use crate::key::PrivateKey;
use crate::pem::PemFile;
use crate::sections::{Section, sections};

pub use list::{RevocationListInfo, RevokedInfo};
pub use request::RequestInfo;

/// One section of a PEM file.
///
/// ```no_run
/// use countersign_certs::contents::Piece;
///
/// for piece in Piece::load("pki/alice/cert.pem")? {
///     println!("at line {}: {}", piece.line, piece.content.describe());
/// }
/// # Ok::<(), countersign_certs::CredentialsError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Piece {
    /// The line at which it begins, counted from 1.
    pub line: usize,
    /// What it holds.
    pub content: Content,
}

/// What a section holds.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Content {
    /// A certificate.
    Certificate(Box<CertificateInfo>),
    /// A revocation list.
    RevocationList(Box<RevocationListInfo>),
    /// A request for a certificate.
    Request(Box<RequestInfo>),
    /// A private key, of which nothing is known but this.
    PrivateKey {
        /// Such as `ECDSA P-256`; or that it is encrypted or damaged.
        kind: String,
        /// Whether an identity can use it.
        usable: bool,
    },
    /// A public key.
    PublicKey {
        /// Such as `ECDSA P-256`.
        kind: String,
    },
    /// Something else.
    Other {
        /// What its BEGIN line calls it.
        label: String,
    },
    /// Something that cannot be read.
    Damaged {
        /// What its BEGIN line calls it.
        label: String,
        /// The line at which that shows.
        line: usize,
        /// What is wrong with it.
        reason: String,
    },
}

impl Piece {
    /// Reads every section of a file; of an identity's folder that is the file with its certificate.
    pub fn load(path: impl AsRef<Path>) -> Result<Vec<Piece>, CredentialsError> {
        let path = path.as_ref();
        let file = PemFile::read_crls(&if path.is_dir() { certificate_in(path) } else { path.to_owned() })?;
        let pieces: Vec<Piece> = sections(file.text()).into_iter().map(piece).collect();
        if pieces.is_empty() { Err(file.empty("PEM section")) } else { Ok(pieces) }
    }
}

impl Content {
    /// What it says, in words: a sentence, then one line for each fact.
    pub fn describe(&self) -> String {
        match self {
            Content::Certificate(certificate) => certificate.describe(),
            Content::RevocationList(list) => list.describe(),
            Content::Request(request) => request.describe(),
            Content::PrivateKey { kind, usable: true } => format!("A private key: {kind}.\n"),
            Content::PrivateKey { kind, usable: false } => {
                format!("A private key that cannot be used: {kind}.\n")
            }
            Content::PublicKey { kind } => format!("A public key: {kind}.\n"),
            Content::Other { label } => format!("A section {label}, which is not read.\n"),
            Content::Damaged { label, line, reason } => {
                format!("A section {label} that cannot be read: {reason} (line {line}).\n")
            }
        }
    }
}

fn piece(section: Section) -> Piece {
    let (line, label) = (section.line, section.label.clone());
    let content = match &section.body {
        Ok(der) => content(&section, der).unwrap_or_else(|reason| Content::Damaged { label, line, reason }),
        Err(damage) => Content::Damaged { label, line: damage.line, reason: damage.reason.to_owned() },
    };
    Piece { line, content }
}

fn content(section: &Section, der: &[u8]) -> Result<Content, String> {
    Ok(match section.label.as_str() {
        "CERTIFICATE" | "X509 CERTIFICATE" => {
            let certificate = CertificateInfo::from_der(der).map_err(|error| error.to_string())?;
            Content::Certificate(Box::new(certificate))
        }
        "X509 CRL" => Content::RevocationList(Box::new(RevocationListInfo::from_der(der)?)),
        "CERTIFICATE REQUEST" | "NEW CERTIFICATE REQUEST" => {
            Content::Request(Box::new(RequestInfo::from_der(der)?))
        }
        "PUBLIC KEY" => Content::PublicKey { kind: words::public_key(der)? },
        _ if section.is_private_key() => {
            let key = PrivateKey::read(section, der);
            let usable = matches!(key, PrivateKey::Usable { .. });
            Content::PrivateKey { kind: key.into_kind(), usable }
        }
        label => Content::Other { label: label.to_owned() },
    })
}
