//! Certificates that no sound authority issues, for those who must refuse them.

use std::sync::Arc;

use countersign::Credentials;
use countersign_certs::authority::Authority;
use countersign_certs::{Identity, SpiffeId, Trust};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, SanType,
};
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::version::TLS13;
use time::{Duration, OffsetDateTime};

/// An authority that signs whatever it is told to.
pub struct Forge {
    issuer: Issuer<'static, KeyPair>,
    certificate: CertificateDer<'static>,
    trust: Trust,
    authority: Authority,
}

/// What a forged certificate says. Begins as a sound one of `spiffe://DOMAIN/mallory` for `localhost`.
pub struct Leaf {
    params: CertificateParams,
}

/// A chain with its key, as rustls takes them.
pub struct Pair {
    /// The leaf alone.
    pub chain: Vec<CertificateDer<'static>>,
    /// Its key.
    pub key: PrivateKeyDer<'static>,
}

impl Forge {
    /// An authority of `domain` whose key is at hand.
    pub fn of(domain: &str) -> Self {
        let key = KeyPair::generate().expect("a key");
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, format!("{domain} authority"));
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        params.subject_alt_names = vec![uri(&format!("spiffe://{domain}"))];
        params.not_before = OffsetDateTime::now_utc() - Duration::hours(1);
        params.not_after = OffsetDateTime::now_utc() + Duration::days(30);
        let certificate = params.self_signed(&key).expect("a certificate");
        let authority = Authority::from_pem(&certificate.pem(), &key.serialize_pem()).expect("an authority");
        Self {
            certificate: certificate.der().clone(),
            trust: authority.trust().clone(),
            authority,
            issuer: Issuer::new(params, key),
        }
    }

    /// The same authority, as one that issues only what is sound.
    pub fn authority(&self) -> &Authority {
        &self.authority
    }

    /// Whom its own peers trust.
    pub fn trust(&self) -> &Trust {
        &self.trust
    }

    /// Its certificate.
    pub fn certificate(&self) -> &CertificateDer<'static> {
        &self.certificate
    }

    /// A sound leaf, to be spoilt.
    pub fn leaf(&self) -> Leaf {
        let domain = self.authority.trust_domain();
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, "mallory");
        params.subject_alt_names = vec![
            uri(&format!("spiffe://{domain}/mallory")),
            SanType::DnsName("localhost".try_into().expect("a name")),
        ];
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages =
            vec![ExtendedKeyUsagePurpose::ClientAuth, ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        params.not_before = OffsetDateTime::now_utc() - Duration::minutes(5);
        params.not_after = OffsetDateTime::now_utc() + Duration::hours(1);
        Leaf { params }
    }

    /// Signs it.
    pub fn sign(&self, leaf: Leaf) -> Pair {
        let key = KeyPair::generate().expect("a key");
        let certificate = leaf.params.signed_by(&key, &self.issuer).expect("a certificate");
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        Pair { chain: vec![certificate.der().clone()], key }
    }

    /// Signs it and makes credentials of it, where our own library takes it.
    pub fn credentials(&self, leaf: Leaf) -> Credentials {
        let pair = self.sign(leaf);
        Credentials::new(Identity::new(pair.chain, pair.key).expect("one SPIFFE ID"), self.trust.clone())
    }
}

impl Leaf {
    /// Its time is over.
    pub fn expired(mut self) -> Self {
        self.params.not_before = OffsetDateTime::now_utc() - Duration::hours(2);
        self.params.not_after = OffsetDateTime::now_utc() - Duration::hours(1);
        self
    }

    /// Its time has not come.
    pub fn not_yet_valid(mut self) -> Self {
        self.params.not_before = OffsetDateTime::now_utc() + Duration::hours(1);
        self.params.not_after = OffsetDateTime::now_utc() + Duration::hours(2);
        self
    }

    /// For a server's side alone.
    pub fn server_only(mut self) -> Self {
        self.params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        self
    }

    /// For a client's side alone.
    pub fn client_only(mut self) -> Self {
        self.params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        self
    }

    /// For neither side.
    pub fn without_usages(mut self) -> Self {
        self.params.extended_key_usages.clear();
        self
    }

    /// With these URIs and the host `localhost`.
    pub fn uris(mut self, uris: &[&str]) -> Self {
        self.params.subject_alt_names = uris.iter().map(|text| uri(text)).collect();
        self.params.subject_alt_names.push(SanType::DnsName("localhost".try_into().expect("a name")));
        self
    }

    /// An authority's certificate.
    pub fn authority(mut self) -> Self {
        self.params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        self.params.key_usages.push(KeyUsagePurpose::KeyCertSign);
        self
    }
}

impl Pair {
    /// A client of rustls alone, which believes `root` and shows this.
    pub fn client(self, root: &CertificateDer<'static>, alpn: &[u8]) -> rustls::ClientConfig {
        let builder = client_builder(root);
        let mut config = builder.with_client_auth_cert(self.chain, self.key).expect("a matching key");
        config.alpn_protocols = alpns(alpn);
        config
    }

    /// A server of rustls alone, which asks for no certificate and shows this.
    pub fn server(self, alpn: &[u8]) -> rustls::ServerConfig {
        let builder = rustls::ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_protocol_versions(&[&TLS13])
            .expect("TLS 1.3");
        let mut config =
            builder.with_no_client_auth().with_single_cert(self.chain, self.key).expect("a matching key");
        config.alpn_protocols = alpns(alpn);
        config
    }
}

/// A client of rustls alone, which believes `root` and shows nothing.
pub fn anonymous_client(root: &CertificateDer<'static>, alpn: &[u8]) -> rustls::ClientConfig {
    let mut config = client_builder(root).with_no_client_auth();
    config.alpn_protocols = alpns(alpn);
    config
}

fn client_builder(
    root: &CertificateDer<'static>,
) -> rustls::ConfigBuilder<rustls::ClientConfig, rustls::client::WantsClientCert> {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(root.clone()).expect("a root");
    rustls::ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_protocol_versions(&[&TLS13])
        .expect("TLS 1.3")
        .with_root_certificates(roots)
}

fn alpns(alpn: &[u8]) -> Vec<Vec<u8>> {
    if alpn.is_empty() { Vec::new() } else { vec![alpn.to_vec()] }
}

fn uri(text: &str) -> SanType {
    SanType::URI(text.try_into().expect("ASCII"))
}

/// An ID in words of its own.
pub fn id(text: &str) -> SpiffeId {
    text.parse().expect("a SPIFFE ID")
}
