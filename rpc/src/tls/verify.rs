//! Our verifiers, on top of webpki and never instead of it: a peer is one SPIFFE ID, and only the roots of
//! its own trust domain can vouch for it.

use std::collections::BTreeMap;
use std::sync::Arc;

use countersign_certs::{CertificateInfo, SpiffeId, Trust, TrustDomain};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::crypto::{CryptoProvider, WebPkiSupportedAlgorithms, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::server::{ParsedCertificate, WebPkiClientVerifier};
use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, Error, PeerIncompatible, RootCertStore,
    SignatureScheme,
};

use super::{ExpectedServer, Refusal, TlsSetupError};

/// Longest chain of intermediates accepted: ours have none, and each costs a signature to check.
const INTERMEDIATES_MAX: usize = 4;

/// Largest certificate accepted, in bytes.
const CERTIFICATE_LEN_MAX: usize = 16 << 10;

/// What a certificate must be before the authorities behind it are looked at. The answer is who it names.
fn named_peer(leaf: &CertificateDer<'_>, intermediates: &[CertificateDer<'_>]) -> Result<SpiffeId, Refusal> {
    if INTERMEDIATES_MAX < intermediates.len() {
        return Err(Refusal::Malformed(format!("more than {INTERMEDIATES_MAX} intermediates")));
    }
    if intermediates.iter().chain([leaf]).any(|certificate| CERTIFICATE_LEN_MAX < certificate.len()) {
        return Err(Refusal::Malformed(format!("longer than {CERTIFICATE_LEN_MAX} bytes")));
    }
    let certificate =
        CertificateInfo::from_der(leaf).map_err(|error| Refusal::Malformed(error.to_string()))?;
    if certificate.may_sign_for_others() {
        return Err(Refusal::IsAuthority);
    }
    certificate.spiffe_id().cloned().map_err(|error| Refusal::SpiffeId(error.to_string()))
}

fn wrong_domain<T>(domains: &BTreeMap<TrustDomain, T>, id: &SpiffeId) -> Refusal {
    Refusal::WrongTrustDomain {
        presented: id.trust_domain().clone(),
        trusted: domains.keys().cloned().collect(),
    }
}

/// What webpki says, except that an authority of the right name with another key is an unknown authority:
/// that is what it means to a person, and what the alert should tell the peer. A list that is too old is not
/// the peer's fault, and must not be told as `unknown_ca`.
fn judged<T>(verdict: Result<T, Error>) -> Result<T, Error> {
    verdict.map_err(|error| match error {
        Error::InvalidCertificate(CertificateError::BadSignature) => CertificateError::UnknownIssuer.into(),
        Error::InvalidCertificate(
            ref list @ (CertificateError::ExpiredRevocationListContext { .. }
            | CertificateError::UnknownRevocationStatus),
        ) => Refusal::of_certificate(list, "peer").into(),
        error => error,
    })
}

fn roots_of(trust: &Trust, domain: &TrustDomain) -> RootCertStore {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(trust.roots(domain).iter().cloned());
    roots
}

/// Judges the servers that a client meets.
#[derive(Debug)]
pub(super) struct ServerVerifier {
    domains: BTreeMap<TrustDomain, RootCertStore>,
    expected: ExpectedServer,
    algorithms: WebPkiSupportedAlgorithms,
}

impl ServerVerifier {
    pub(super) fn new(trust: &Trust, expected: ExpectedServer, provider: &CryptoProvider) -> Self {
        let domains = trust.domains().map(|domain| (domain.clone(), roots_of(trust, domain))).collect();
        Self { domains, expected, algorithms: provider.signature_verification_algorithms }
    }
}

impl ServerCertVerifier for ServerVerifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let id = named_peer(end_entity, intermediates)?;
        let roots = self.domains.get(id.trust_domain()).ok_or_else(|| wrong_domain(&self.domains, &id))?;
        let parsed = ParsedCertificate::try_from(end_entity)?;
        let chain = verify_server_cert_signed_by_trust_anchor(
            &parsed,
            roots,
            intermediates,
            now,
            self.algorithms.all,
        );
        judged(chain)?;
        match &self.expected {
            ExpectedServer::Host => verify_server_name(&parsed, server_name)?,
            ExpectedServer::Id(expected) if *expected == id => {}
            ExpectedServer::Id(expected) => {
                return Err(Refusal::WrongPeer { expected: expected.clone(), presented: id }.into());
            }
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _cert: &CertificateDer<'_>,
        _dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(PeerIncompatible::Tls13RequiredForQuic.into())
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, dss, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

/// Judges the clients that a server meets.
#[derive(Debug)]
pub(super) struct ClientVerifier {
    domains: BTreeMap<TrustDomain, Arc<dyn ClientCertVerifier>>,
    authorities: Vec<DistinguishedName>,
    algorithms: WebPkiSupportedAlgorithms,
}

impl ClientVerifier {
    pub(super) fn new(trust: &Trust, provider: &Arc<CryptoProvider>) -> Result<Self, TlsSetupError> {
        let mut domains = BTreeMap::new();
        let mut authorities = Vec::new();
        for domain in trust.domains() {
            let roots = roots_of(trust, domain);
            authorities.extend(roots.subjects());
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider.clone())
                .build()
                .map_err(|error| Error::General(error.to_string()))?;
            domains.insert(domain.clone(), verifier);
        }
        Ok(Self { domains, authorities, algorithms: provider.signature_verification_algorithms })
    }
}

impl ClientCertVerifier for ClientVerifier {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &self.authorities
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        let id = named_peer(end_entity, intermediates)?;
        let domain = self.domains.get(id.trust_domain()).ok_or_else(|| wrong_domain(&self.domains, &id))?;
        judged(domain.verify_client_cert(end_entity, intermediates, now))
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _cert: &CertificateDer<'_>,
        _dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(PeerIncompatible::Tls13RequiredForQuic.into())
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, dss, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}
