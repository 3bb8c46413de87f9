//! Certificates that no sound authority issues, for those who must refuse them.

mod leaf;

use std::sync::Arc;

use countersign::Credentials;
use countersign_certs::authority::Authority;
use countersign_certs::{Crl, Identity, SpiffeId, Trust, TrustDomain};
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, DnType, IsCa, Issuer, KeyIdMethod,
    KeyPair, KeyUsagePurpose, PublicKeyData, RevokedCertParams, SanType, SerialNumber,
};
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::version::TLS13;
use time::{Duration, OffsetDateTime};

pub use leaf::Leaf;

/// An authority that signs whatever it is told to.
pub struct Forge {
    issuer: Issuer<'static, KeyPair>,
    certificate: CertificateDer<'static>,
    authority: Authority,
}

/// An authority that another one signed for. Signs whatever it is told to.
pub struct Below<'a> {
    issuer: Issuer<'static, KeyPair>,
    /// Its certificate, and those between it and the root.
    above: Vec<CertificateDer<'static>>,
    forge: &'a Forge,
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
        Self::named(&format!("{domain} authority"), domain)
    }

    /// The same under a name of its own.
    pub fn named(common_name: &str, domain: &str) -> Self {
        let key = KeyPair::generate().expect("a key");
        let params = authority(common_name, domain);
        let certificate = params.self_signed(&key).expect("a certificate");
        let authority = Authority::from_pem(&certificate.pem(), &key.serialize_pem()).expect("an authority");
        Self { certificate: certificate.der().clone(), authority, issuer: Issuer::new(params, key) }
    }

    /// The same authority, as one that issues only what is sound.
    pub fn authority(&self) -> &Authority {
        &self.authority
    }

    /// For whom it speaks.
    pub fn domain(&self) -> &TrustDomain {
        self.authority.trust_domain()
    }

    /// Whom its own peers trust.
    pub fn trust(&self) -> &Trust {
        self.authority.trust()
    }

    /// Its certificate.
    pub fn certificate(&self) -> &CertificateDer<'static> {
        &self.certificate
    }

    /// A sound leaf, to be spoilt.
    pub fn leaf(&self) -> Leaf {
        Leaf::of(self.domain().as_str())
    }

    /// An authority below this one, with these limits, for whom it signs.
    pub fn below(&self, spoil: impl FnOnce(CertificateParams) -> CertificateParams) -> Below<'_> {
        let key = KeyPair::generate().expect("a key");
        let params = spoil(authority(&format!("{} below", self.domain()), self.domain().as_str()));
        let certificate = params.signed_by(&key, &self.issuer).expect("a certificate").der().clone();
        Below { above: vec![certificate], issuer: Issuer::new(params, key), forge: self }
    }

    /// Signs it.
    pub fn sign(&self, leaf: Leaf) -> Pair {
        signed(leaf, &self.issuer, &[])
    }

    /// Revokes these serial numbers, in a list whose successor is due so many seconds from now.
    pub fn revocations(&self, serials: &[u64], due_in: i64) -> Crl {
        let now = OffsetDateTime::now_utc();
        let revoked = serials.iter().map(|serial| RevokedCertParams {
            serial_number: SerialNumber::from(*serial),
            revocation_time: now,
            reason_code: None,
            invalidity_date: None,
        });
        let list = CertificateRevocationListParams {
            this_update: now - Duration::minutes(5),
            next_update: now + Duration::seconds(due_in),
            crl_number: SerialNumber::from(1),
            issuing_distribution_point: None,
            revoked_certs: revoked.collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        Crl::from_der(list.signed_by(&self.issuer).expect("a list").der().clone()).expect("a list")
    }

    /// Signs it for a key that nobody holds.
    pub fn sign_for(&self, leaf: Leaf, public_key: &impl PublicKeyData) -> Pair {
        let certificate = leaf.params.signed_by(public_key, &self.issuer).expect("a certificate");
        Pair { chain: vec![certificate.der().clone()], key: private(&KeyPair::generate().expect("a key")) }
    }

    /// Lets it sign itself.
    pub fn self_sign(&self, leaf: Leaf) -> Pair {
        let key = KeyPair::generate().expect("a key");
        let certificate = leaf.params.self_signed(&key).expect("a certificate");
        Pair { chain: vec![certificate.der().clone()], key: private(&key) }
    }

    /// Signs it and makes credentials of it, where our own library takes it.
    pub fn credentials(&self, leaf: Leaf) -> Credentials {
        self.trusting(leaf, self.trust().clone())
    }

    /// The same, with trust in others.
    pub fn trusting(&self, leaf: Leaf, trust: Trust) -> Credentials {
        self.sign(leaf).credentials(trust)
    }
}

impl<'a> Below<'a> {
    /// Signs it.
    pub fn sign(&self, leaf: Leaf) -> Pair {
        signed(leaf, &self.issuer, &self.above)
    }

    /// Another one below this one.
    pub fn below(&self) -> Below<'a> {
        let (domain, key) = (self.forge.domain(), KeyPair::generate().expect("a key"));
        let params = authority(&format!("{domain} at {}", self.above.len()), domain.as_str());
        let certificate = params.signed_by(&key, &self.issuer).expect("a certificate").der().clone();
        let above = [&[certificate], &self.above[..]].concat();
        Below { above, issuer: Issuer::new(params, key), forge: self.forge }
    }
}

impl Pair {
    /// With another chain in place of its own.
    pub fn showing(
        self,
        spoil: impl FnOnce(Vec<CertificateDer<'static>>) -> Vec<CertificateDer<'static>>,
    ) -> Self {
        Self { chain: spoil(self.chain), key: self.key }
    }

    /// Credentials of it, where our own library takes it.
    pub fn credentials(self, trust: Trust) -> Credentials {
        Credentials::new(Identity::new(self.chain, self.key).expect("one SPIFFE ID"), trust)
    }

    /// This, whatever is wrong with it.
    fn shown(self) -> Arc<SingleCertAndKey> {
        let key = aws_lc_rs::sign::any_supported_type(&self.key).expect("a key of ours");
        Arc::new(SingleCertAndKey::from(CertifiedKey::new(self.chain, key)))
    }

    /// A client of rustls alone, which believes `root` and shows this.
    pub fn client(self, root: &CertificateDer<'static>, alpn: &[u8]) -> rustls::ClientConfig {
        let mut config = client_builder(root).with_client_cert_resolver(self.shown());
        config.alpn_protocols = alpns(alpn);
        config
    }

    /// A server of rustls alone, which asks for no certificate and shows this.
    pub fn server(self, alpn: &[u8]) -> rustls::ServerConfig {
        let builder = rustls::ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_protocol_versions(&[&TLS13])
            .expect("TLS 1.3");
        let mut config = builder.with_no_client_auth().with_cert_resolver(self.shown());
        config.alpn_protocols = alpns(alpn);
        config
    }
}

/// An authority's certificate, as a sound one makes it.
fn authority(common_name: &str, domain: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, common_name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.subject_alt_names = vec![uri(&format!("spiffe://{domain}"))];
    params.not_before = OffsetDateTime::now_utc() - Duration::hours(1);
    params.not_after = OffsetDateTime::now_utc() + Duration::days(30);
    params
}

fn signed(leaf: Leaf, issuer: &Issuer<'_, KeyPair>, above: &[CertificateDer<'static>]) -> Pair {
    let key = KeyPair::generate().expect("a key");
    let certificate = leaf.params.signed_by(&key, issuer).expect("a certificate").der().clone();
    Pair { chain: [&[certificate], above].concat(), key: private(&key) }
}

fn private(key: &KeyPair) -> PrivateKeyDer<'static> {
    PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()))
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
