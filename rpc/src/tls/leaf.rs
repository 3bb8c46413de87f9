//! What a certificate must be in itself, before anybody looks at the authorities behind it.

use countersign_certs::check::{CERTIFICATE_LEN_MAX, INTERMEDIATES_MAX};
use countersign_certs::{CertificateInfo, SpiffeId};
use countersign_proto::Role;
use jiff::Timestamp;
use rustls::CertificateError;
use rustls::pki_types::CertificateDer;

use super::Refusal;

/// A peer as its own certificate names it.
#[derive(Debug, Clone)]
pub(super) struct Named {
    pub(super) id: SpiffeId,
    pub(super) fingerprint: String,
    pub(super) not_before: Timestamp,
    pub(super) not_after: Timestamp,
}

/// Checks the peer's own certificate for use in `role`. The answer is whom it names.
///
/// webpki lets a leaf pass that says nothing of its usages, and never looks at its key usage, at what the names
/// are made of, or at the strength of its key.
pub(super) fn named_peer(
    role: Role,
    leaf: &CertificateDer<'_>,
    intermediates: &[CertificateDer<'_>],
) -> Result<Named, rustls::Error> {
    if INTERMEDIATES_MAX < intermediates.len() {
        return malformed(format!("more than {INTERMEDIATES_MAX} intermediates stand behind it"));
    }
    if intermediates.iter().chain([leaf]).any(|certificate| CERTIFICATE_LEN_MAX < certificate.len()) {
        return malformed(format!("it, or one behind it, is longer than {CERTIFICATE_LEN_MAX} bytes"));
    }
    let certificate = match CertificateInfo::from_der(leaf) {
        Ok(certificate) => certificate,
        Err(error) => return malformed(error.to_string()),
    };
    if certificate.has_control_characters() {
        return malformed("there are control characters in its names".to_owned());
    }
    if certificate.may_sign_for_others() {
        return Err(Refusal::IsAuthority.into());
    }
    let id = certificate.spiffe_id().map_err(|error| Refusal::SpiffeId(error.to_string()))?;
    if id.path().is_empty() {
        return Err(Refusal::SpiffeId(format!("{id} is a whole trust domain")).into());
    }
    let has_purpose = match role {
        Role::Client => certificate.has_client_auth(),
        Role::Server => certificate.has_server_auth(),
    };
    if !has_purpose || !certificate.key_usages().contains(&"digitalSignature") {
        return Err(CertificateError::InvalidPurpose.into());
    }
    if certificate.has_weak_key() {
        return Err(Refusal::WeakKey(certificate.key_algorithm().to_owned()).into());
    }
    Ok(Named {
        id: id.clone(),
        fingerprint: certificate.fingerprint().to_owned(),
        not_before: certificate.not_before(),
        not_after: certificate.not_after(),
    })
}

fn malformed<T>(why: String) -> Result<T, rustls::Error> {
    Err(Refusal::Malformed(why).into())
}
