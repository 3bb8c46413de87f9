//! The verifiers that rustls asks during a handshake: thin, since the `Judge` knows who may be a peer.

use std::sync::Arc;

use countersign_proto::Role;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::verify_tls13_signature;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{DigitallySignedStruct, DistinguishedName, Error, PeerIncompatible, SignatureScheme};

use super::judge::{Judge, names_host};
use super::{ExpectedServer, Refusal, Seen};

/// Judges the servers that a client meets.
#[derive(Debug)]
pub(super) struct ServerVerifier {
    pub(super) judge: Arc<Judge>,
    pub(super) expected: ExpectedServer,
    pub(super) seen: Seen,
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
        let verdict = self.judge.admit(Role::Server, end_entity, intermediates, now);
        self.seen.note(end_entity, &verdict);
        let id = verdict?.id;
        match &self.expected {
            ExpectedServer::Host => names_host(end_entity, server_name)?,
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
        verify_tls13_signature(message, cert, dss, self.judge.algorithms())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.judge.algorithms().supported_schemes()
    }
}

/// Judges the clients that a server meets.
#[derive(Debug)]
pub(super) struct ClientVerifier {
    pub(super) judge: Arc<Judge>,
    pub(super) seen: Seen,
}

impl ClientCertVerifier for ClientVerifier {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        self.judge.authorities()
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        let verdict = self.judge.admit(Role::Client, end_entity, intermediates, now);
        self.seen.note(end_entity, &verdict);
        verdict?;
        Ok(ClientCertVerified::assertion())
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
        verify_tls13_signature(message, cert, dss, self.judge.algorithms())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.judge.algorithms().supported_schemes()
    }
}
