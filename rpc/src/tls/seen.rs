//! Which certificate a stranger showed, for the log, whatever came of it.

use std::sync::{Arc, OnceLock};

use countersign_certs::CertificateInfo;

/// The fingerprint of the certificate that a peer showed, once it has shown one. What is known of a peer that is not
/// accepted, since TLS keeps nothing of it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Seen(Arc<OnceLock<String>>);

impl Seen {
    /// It showed this certificate.
    pub(super) fn shown(&self, certificate: &[u8]) {
        self.0.get_or_init(|| CertificateInfo::fingerprint_of(certificate));
    }

    pub(crate) fn fingerprint(&self) -> Option<&str> {
        self.0.get().map(String::as_str)
    }
}
