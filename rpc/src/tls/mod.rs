//! TLS, set up in one place: version 1.3, both sides with a certificate, no resumption, no early data.

mod cause;
mod judge;
mod leaf;
mod life;
mod refusal;
mod seen;
mod side;
mod verify;

use std::net::SocketAddr;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use countersign_certs::{Identity, SpiffeId};
use rustls::client::{ResolvesClientCert, Resumption};
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::server::NoServerSessionStorage;
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::version::TLS13;
use rustls::{ClientConfig, CommonState, ServerConfig, SignatureScheme};

use self::leaf::Named;
use crate::peer::Peer;

pub use cause::{ProbableCause, RefusedByPeer};
pub(crate) use cause::{refused_by_client, refused_by_server};
pub(crate) use judge::{Judge, Shown};
pub(crate) use life::{Known, Life};
pub use refusal::Refusal;
pub(crate) use seen::Seen;
pub(crate) use side::{ClientSide, ServerSide, Session};

/// The one version mechanism of the protocol.
pub(crate) const ALPN: &[u8] = b"countersign/1";

/// Credentials that TLS cannot use.
#[derive(Debug, thiserror::Error)]
#[error("these credentials cannot be used for TLS: {0}")]
pub struct TlsSetupError(#[from] rustls::Error);

/// How a client knows the server it wants.
#[derive(Debug, Clone)]
pub(crate) enum ExpectedServer {
    /// By the host that was dialled.
    Host,
    /// By this ID instead, wherever it answers.
    Id(SpiffeId),
}

/// The certificate authorities that a server said it trusts, as names in DER.
#[derive(Debug, Clone, Default)]
pub(crate) struct TrustedByServer(Arc<Mutex<Vec<Vec<u8>>>>);

impl TrustedByServer {
    fn names(&self) -> Vec<Vec<u8>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// The settings of a server for one connection: every client shows a certificate.
fn server_config(
    key: Arc<SingleCertAndKey>,
    judge: Arc<Judge>,
    seen: Seen,
) -> Result<ServerConfig, TlsSetupError> {
    let mut config = ServerConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&TLS13])?
        .with_client_cert_verifier(Arc::new(verify::ClientVerifier { judge, seen }))
        .with_cert_resolver(key);
    config.alpn_protocols = vec![ALPN.to_vec()];
    // A resumed session would never come before the verifier again.
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    Ok(config)
}

/// The settings of a client for one connection.
fn client_config(
    key: Arc<CertifiedKey>,
    judge: Arc<Judge>,
    expected: ExpectedServer,
    trusted_by_server: TrustedByServer,
    seen: Seen,
) -> Result<ClientConfig, TlsSetupError> {
    let mut config = ClientConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&TLS13])?
        // The name means that rustls does not check for us; `ServerVerifier` does, and more.
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verify::ServerVerifier { judge, expected, seen }))
        .with_client_cert_resolver(Arc::new(OneIdentity { key, trusted_by_server }));
    config.alpn_protocols = vec![ALPN.to_vec()];
    config.resumption = Resumption::disabled();
    Ok(config)
}

/// Who is at the other end of a session whose handshake is complete.
fn peer_of(tls: &CommonState, seen: &Seen, address: Option<SocketAddr>) -> Result<Peer, Refusal> {
    if tls.alpn_protocol() != Some(ALPN) {
        return Err(Refusal::NotCountersign);
    }
    let Some(Named { id, fingerprint, not_before, not_after }) = seen.named().cloned() else {
        return Err(Refusal::NoCertificate);
    };
    let key_exchange = tls.negotiated_key_exchange_group().map(|group| format!("{:?}", group.name()));
    let cipher = tls.negotiated_cipher_suite().map(|suite| format!("{:?}", suite.suite()));
    Ok(Peer {
        id,
        address,
        fingerprint,
        not_before,
        not_after,
        key_exchange: key_exchange.unwrap_or_default(),
        cipher: cipher.unwrap_or_default(),
    })
}

/// aws-lc-rs, named rather than taken from the process, with the post-quantum key exchange first.
fn provider() -> Arc<CryptoProvider> {
    static PROVIDER: LazyLock<Arc<CryptoProvider>> =
        LazyLock::new(|| Arc::new(aws_lc_rs::default_provider()));
    PROVIDER.clone()
}

/// The chain of an identity with its key, as rustls takes them.
fn certified(identity: &Identity) -> Result<CertifiedKey, TlsSetupError> {
    Ok(CertifiedKey::from_der(identity.chain().to_vec(), identity.key().clone_key(), &provider())?)
}

/// Shows the one certificate of the client whatever the server asks for, and notes whom the server trusts.
#[derive(Debug)]
struct OneIdentity {
    key: Arc<CertifiedKey>,
    trusted_by_server: TrustedByServer,
}

impl ResolvesClientCert for OneIdentity {
    fn resolve(
        &self,
        root_hint_subjects: &[&[u8]],
        schemes: &[SignatureScheme],
    ) -> Option<Arc<CertifiedKey>> {
        let names = root_hint_subjects.iter().map(|name| name.to_vec()).collect();
        *self.trusted_by_server.0.lock().unwrap_or_else(PoisonError::into_inner) = names;
        self.key.key.choose_scheme(schemes).map(|_| self.key.clone())
    }

    fn has_certs(&self) -> bool {
        true
    }
}
