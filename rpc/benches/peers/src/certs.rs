//! The certificates of all peers: those of a Countersign authority. And the rustls settings made from them.
use anyhow::{Context, Result};
use countersign_certs::authority::{Authority, Existing, Request};
use countersign_certs::TrustDomain;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use rustls::server::WebPkiClientVerifier;
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub fn generate(dir: &Path) -> Result<()> {
    let authority = Authority::init(dir, &TrustDomain::default())?;
    let hosts = ["localhost".parse()?, "127.0.0.1".parse()?];
    authority.issue_to(dir, &Request::server("server".parse()?, hosts), Existing::Refuse)?;
    authority.issue_to(dir, &Request::client("client".parse()?), Existing::Refuse)?;
    Ok(())
}

/// The provider every rustls peer runs with: aws-lc-rs, TLS 1.3 AES-256-GCM, and the named group.
pub fn provider(kx: &str) -> CryptoProvider {
    let mut p = aws_lc_rs::default_provider();
    p.cipher_suites = vec![aws_lc_rs::cipher_suite::TLS13_AES_256_GCM_SHA384];
    p.kx_groups = match kx {
        "x25519mlkem768" => vec![aws_lc_rs::kx_group::X25519MLKEM768],
        _ => vec![aws_lc_rs::kx_group::X25519],
    };
    p
}

#[derive(Clone)]
pub struct Pki {
    pub dir: PathBuf,
}

impl Pki {
    pub fn read(&self, f: &str) -> Result<Vec<u8>> {
        std::fs::read(self.dir.join(f)).with_context(|| format!("reading {f} in {}", self.dir.display()))
    }
    fn roots(&self) -> Result<RootCertStore> {
        let mut r = RootCertStore::empty();
        for c in CertificateDer::pem_slice_iter(&self.read("server/ca.pem")?) {
            r.add(c?)?;
        }
        Ok(r)
    }
    fn ident(&self, who: &str) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>)> {
        let chain = CertificateDer::pem_slice_iter(&self.read(&format!("{who}/cert.pem"))?)
            .collect::<Result<Vec<_>, _>>()?;
        let key = PrivateKeyDer::from_pem_slice(&self.read(&format!("{who}/key.pem"))?)?;
        Ok((chain, key))
    }
    pub fn server(&self, kx: &str) -> Result<ServerConfig> {
        let prov = Arc::new(provider(kx));
        let v = WebPkiClientVerifier::builder_with_provider(Arc::new(self.roots()?), prov.clone()).build()?;
        let (chain, key) = self.ident("server")?;
        Ok(ServerConfig::builder_with_provider(prov)
            .with_protocol_versions(&[&rustls::version::TLS13])?
            .with_client_cert_verifier(v)
            .with_single_cert(chain, key)?)
    }
    pub fn client(&self, kx: &str) -> Result<ClientConfig> {
        let (chain, key) = self.ident("client")?;
        Ok(ClientConfig::builder_with_provider(Arc::new(provider(kx)))
            .with_protocol_versions(&[&rustls::version::TLS13])?
            .with_root_certificates(self.roots()?)
            .with_client_auth_cert(chain, key)?)
    }
}
