//! The certificates of all peers, which are those of a Countersign authority, and rustls' settings made from
//! them.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result};
use countersign_certs::TrustDomain;
use countersign_certs::authority::{Authority, Existing, Request};
use rustls::crypto::aws_lc_rs::{self, cipher_suite, kx_group};
use rustls::crypto::{CryptoProvider, SupportedKxGroup};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use rustls::server::WebPkiClientVerifier;
use rustls::version::TLS13;
use rustls::{ClientConfig, RootCertStore, ServerConfig};

/// Makes `DIR/{server,client}/{cert,key,ca}.pem` with an authority of their own.
pub(crate) fn generate(dir: &Path) -> Result<()> {
    let authority = Authority::init(dir, &TrustDomain::default())?;
    let hosts = ["localhost".parse()?, "127.0.0.1".parse()?];
    authority.issue_to(dir, &Request::server("server".parse()?, hosts), Existing::Refuse)?;
    authority.issue_to(dir, &Request::client("client".parse()?), Existing::Refuse)?;
    Ok(())
}

/// How the two sides of a connection agree on its keys.
#[derive(Clone, Copy)]
pub(crate) enum KeyExchange {
    /// What peers other than Countersign do by themselves.
    X25519,
    /// What Countersign does.
    PostQuantum,
}

/// What every peer on rustls runs with: aws-lc-rs and AES-256-GCM, as Countersign does.
pub(crate) fn provider(exchange: KeyExchange) -> CryptoProvider {
    let group: &dyn SupportedKxGroup = match exchange {
        KeyExchange::X25519 => kx_group::X25519,
        KeyExchange::PostQuantum => kx_group::X25519MLKEM768,
    };
    CryptoProvider {
        cipher_suites: vec![cipher_suite::TLS13_AES_256_GCM_SHA384],
        kx_groups: vec![group],
        ..aws_lc_rs::default_provider()
    }
}

/// A folder that [`generate`] made.
#[derive(Clone)]
pub(crate) struct Pki {
    pub(crate) dir: PathBuf,
}

impl Pki {
    pub(crate) fn read(&self, file: &str) -> Result<Vec<u8>> {
        let path = self.dir.join(file);
        std::fs::read(&path).with_context(|| {
            format!("cannot read {}; try: peers certs {}", path.display(), self.dir.display())
        })
    }

    pub(crate) fn server(&self, exchange: KeyExchange) -> Result<ServerConfig> {
        let provider = Arc::new(provider(exchange));
        let roots = Arc::new(self.roots()?);
        let verifier = WebPkiClientVerifier::builder_with_provider(roots, provider.clone()).build()?;
        let (chain, key) = self.identity("server")?;
        Ok(ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&TLS13])?
            .with_client_cert_verifier(verifier)
            .with_single_cert(chain, key)?)
    }

    pub(crate) fn client(&self, exchange: KeyExchange) -> Result<ClientConfig> {
        let (chain, key) = self.identity("client")?;
        Ok(ClientConfig::builder_with_provider(Arc::new(provider(exchange)))
            .with_protocol_versions(&[&TLS13])?
            .with_root_certificates(self.roots()?)
            .with_client_auth_cert(chain, key)?)
    }

    fn roots(&self) -> Result<RootCertStore> {
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(&self.read("server/ca.pem")?) {
            roots.add(certificate?)?;
        }
        Ok(roots)
    }

    fn identity(&self, name: &str) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>)> {
        let chain = CertificateDer::pem_slice_iter(&self.read(&format!("{name}/cert.pem"))?)
            .collect::<Result<Vec<_>, _>>()?;
        let key = PrivateKeyDer::from_pem_slice(&self.read(&format!("{name}/key.pem"))?)?;
        Ok((chain, key))
    }
}
