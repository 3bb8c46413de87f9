//! Who may be a peer, by one snapshot of our trust. webpki verifies, and nothing here replaces it: the chain has to
//! lead to a root of the peer's own trust domain, since with all roots in one set each authority could speak for
//! every domain.

use std::collections::BTreeMap;
use std::fmt;

use countersign_certs::{SpiffeId, Trust, TrustDomain};
use countersign_proto::Role;
use rustls::crypto::{CryptoProvider, WebPkiSupportedAlgorithms};
use rustls::pki_types::{CertificateDer, ServerName, TrustAnchor, UnixTime};
use rustls::{CertificateError, DistinguishedName, Error};
use webpki::{EndEntityCert, KeyUsage};

use super::leaf::named_peer;
use super::{Refusal, TlsSetupError};

/// Judges peers in both roles.
pub(crate) struct Judge {
    domains: BTreeMap<TrustDomain, Domain>,
    /// The names of all roots, which a server tells its clients.
    authorities: Vec<DistinguishedName>,
    algorithms: WebPkiSupportedAlgorithms,
}

/// Who speaks for one trust domain.
struct Domain {
    anchors: Vec<TrustAnchor<'static>>,
}

impl Judge {
    pub(super) fn new(trust: &Trust, provider: &CryptoProvider) -> Result<Self, TlsSetupError> {
        let mut authorities = Vec::new();
        let mut domains = BTreeMap::new();
        for domain in trust.domains() {
            let anchors = anchors(trust.roots(domain))?;
            authorities.extend(anchors.iter().map(|anchor| DistinguishedName::in_sequence(&anchor.subject)));
            domains.insert(domain.clone(), Domain { anchors });
        }
        Ok(Self { domains, authorities, algorithms: provider.signature_verification_algorithms })
    }

    /// Whether a peer in `role` may be served, or called, and who it is.
    pub(super) fn admit(
        &self,
        role: Role,
        leaf: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<SpiffeId, Error> {
        let id = named_peer(role, leaf, intermediates)?;
        let domain = self.domains.get(id.trust_domain()).ok_or_else(|| self.wrong_domain(&id))?;
        let certificate = EndEntityCert::try_from(leaf).map_err(of_webpki)?;
        let usage = match role {
            Role::Client => KeyUsage::client_auth(),
            Role::Server => KeyUsage::server_auth(),
        };
        let algorithms = self.algorithms.all;
        let verdict =
            certificate.verify_for_usage(algorithms, &domain.anchors, intermediates, now, usage, None, None);
        verdict.map_err(of_webpki)?;
        Ok(id)
    }

    pub(super) fn authorities(&self) -> &[DistinguishedName] {
        &self.authorities
    }

    pub(super) fn algorithms(&self) -> &WebPkiSupportedAlgorithms {
        &self.algorithms
    }

    fn wrong_domain(&self, id: &SpiffeId) -> Refusal {
        Refusal::WrongTrustDomain {
            presented: id.trust_domain().clone(),
            trusted: self.domains.keys().cloned().collect(),
        }
    }
}

impl fmt::Debug for Judge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Judge").field("domains", &self.domains.keys()).finish_non_exhaustive()
    }
}

/// Whether a server's certificate is for this host.
pub(super) fn names_host(leaf: &CertificateDer<'_>, host: &ServerName<'_>) -> Result<(), Error> {
    let certificate = EndEntityCert::try_from(leaf).map_err(of_webpki)?;
    certificate.verify_is_valid_for_subject_name(host).map_err(of_webpki)
}

fn anchors(roots: &[CertificateDer<'static>]) -> Result<Vec<TrustAnchor<'static>>, TlsSetupError> {
    roots
        .iter()
        .map(|root| webpki::anchor_from_trusted_cert(root).map(|anchor| anchor.to_owned()))
        .collect::<Result<_, _>>()
        .map_err(|error| Error::General(format!("a root of the trust is {error}")).into())
}

/// What webpki says, in the words that make rustls send the right alert.
fn of_webpki(error: webpki::Error) -> Error {
    use webpki::Error as Found;
    let error = match error {
        Found::CertExpired { time, not_after } => CertificateError::ExpiredContext { time, not_after },
        Found::CertNotValidYet { time, not_before } => {
            CertificateError::NotValidYetContext { time, not_before }
        }
        // An authority of the right name with another key, or that is none, or may not issue this, is not one
        // that is trusted: so a person sees it, and that is what the alert should tell the peer.
        Found::UnknownIssuer
        | Found::InvalidSignatureForPublicKey
        | Found::EndEntityUsedAsCa
        | Found::PathLenConstraintViolated
        | Found::NameConstraintViolation
        | Found::MaximumPathDepthExceeded
        | Found::MaximumSignatureChecksExceeded
        | Found::MaximumPathBuildCallsExceeded
        | Found::UnsupportedSignatureAlgorithmContext(_)
        | Found::UnsupportedSignatureAlgorithmForPublicKeyContext(_) => CertificateError::UnknownIssuer,
        Found::CertNotValidForName(webpki::InvalidNameContext { expected, presented }) => {
            CertificateError::NotValidForNameContext { expected, presented }
        }
        Found::RequiredEkuNotFoundContext(_) | Found::EmptyEkuExtension => CertificateError::InvalidPurpose,
        other => return Refusal::Malformed(other.to_string()).into(),
    };
    error.into()
}
