//! What a handshake brought to light of the peer's certificate, whatever came of it: for the session, and for the log.

use std::sync::{Arc, OnceLock};

use countersign_certs::CertificateInfo;

use super::leaf::Named;

/// What the verifier made of the certificate that a peer showed, once it has shown one. A certificate is read once for
/// each handshake, and of a peer that is not accepted TLS keeps nothing.
#[derive(Debug, Clone, Default)]
pub(crate) struct Seen(Arc<OnceLock<Sight>>);

#[derive(Debug)]
enum Sight {
    Admitted(Named),
    /// The fingerprint is what is known of it.
    Refused(String),
}

impl Seen {
    /// It showed this certificate, and was judged so.
    pub(super) fn note(&self, certificate: &[u8], verdict: &Result<Named, rustls::Error>) {
        self.0.get_or_init(|| match verdict {
            Ok(named) => Sight::Admitted(named.clone()),
            Err(_) => Sight::Refused(CertificateInfo::fingerprint_of(certificate)),
        });
    }

    /// The peer, if it was admitted.
    pub(super) fn named(&self) -> Option<&Named> {
        match self.0.get() {
            Some(Sight::Admitted(named)) => Some(named),
            Some(Sight::Refused(_)) | None => None,
        }
    }

    pub(crate) fn fingerprint(&self) -> Option<&str> {
        self.0.get().map(|sight| match sight {
            Sight::Admitted(Named { fingerprint, .. }) | Sight::Refused(fingerprint) => fingerprint.as_str(),
        })
    }
}
