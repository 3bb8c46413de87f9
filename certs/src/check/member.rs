//! One certificate of a file, with what a check asks of it beyond what it says of its owner.

use rustls_pki_types::CertificateDer;
use x509_parser::extensions::ParsedExtension;
use x509_parser::prelude::{FromDer, X509Certificate};

use crate::certificate::{CertificateInfo, words};

/// A certificate and where it stands.
pub(super) struct Member {
    pub(super) der: CertificateDer<'static>,
    pub(super) info: CertificateInfo,
    /// Which one of its file, counted from 1.
    pub(super) number: usize,
    /// The line of its BEGIN.
    pub(super) line: usize,
    /// The name that its subject goes by, as it came.
    pub(super) common_name: Option<String>,
    /// How it is signed, as an OID.
    pub(super) signature: String,
    issuer_key_id: Option<Vec<u8>>,
    extensions: Vec<String>,
}

impl Member {
    /// Fails with the reason why it cannot be read without doubt.
    pub(super) fn read(der: CertificateDer<'static>, number: usize, line: usize) -> Result<Member, String> {
        let info = CertificateInfo::from_der(&der).map_err(|error| error.to_string())?;
        let (_, parsed) =
            X509Certificate::from_der(&der).map_err(|error| words::clipped(&error.to_string()))?;
        let common_name = parsed.subject().iter_common_name().find_map(|name| name.as_str().ok());
        let issuer_key_id =
            parsed.iter_extensions().find_map(|extension| match extension.parsed_extension() {
                ParsedExtension::AuthorityKeyIdentifier(id) => {
                    id.key_identifier.as_ref().map(|id| id.0.to_vec())
                }
                _ => None,
            });
        Ok(Member {
            number,
            line,
            common_name: common_name.map(str::to_owned),
            signature: words::clipped(&parsed.signature_algorithm.algorithm.to_id_string()),
            issuer_key_id,
            extensions: parsed.iter_extensions().map(|extension| extension.oid.to_id_string()).collect(),
            info,
            der,
        })
    }

    /// Whether it has the extension of this OID.
    pub(super) fn has_extension(&self, oid: &str) -> bool {
        self.extensions.iter().any(|has| has == oid)
    }

    /// Whether this one says that `issuer` signed it. Proves nothing.
    pub(super) fn names_as_issuer(&self, issuer: &Member) -> bool {
        self.info.issuer_der() == issuer.info.subject_der()
    }

    /// Whether it names the key of `issuer`, too, or none.
    pub(super) fn names_key_of(&self, issuer: &Member) -> bool {
        match (&self.issuer_key_id, issuer.info.subject_key_id()) {
            (Some(named), Some(key)) => named == key,
            _ => true,
        }
    }

    /// Whether it says that it signed itself, as a root does.
    pub(super) fn is_root(&self) -> bool {
        self.names_as_issuer(self)
    }

    pub(super) fn subject(&self) -> String {
        self.info.subject().to_owned()
    }
}
