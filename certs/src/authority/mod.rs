//! The authority of a trust domain: makes itself, issues identities, and keeps a record of them.
//!
//! Lives in `DIR/authority/`: its certificate `cert.pem`, its key `key.pem`, its revocation list
//! `crl.pem`, and `issued.jsonl`, one line for each certificate it ever signed.

mod crl;
mod error;
mod files;
mod issued;
mod register;
mod request;
mod template;

use std::fmt;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use rcgen::{Issuer, KeyPair, PublicKeyData};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use zeroize::Zeroizing;

use crate::certificate::CertificateInfo;
use crate::credentials::Credentials;
use crate::identity::{ClearedKey, Identity};
use crate::name::{SpiffeId, TrustDomain};
use crate::pem;
use crate::trust::Trust;

use register::Register;

pub use error::AuthorityError;
pub use issued::{Existing, Issued};
pub use register::{Record, list};
pub use request::{Host, ParseHostError, Request};

/// Vouches for the identities of one trust domain.
///
/// In memory, for tests and for embedding:
///
/// ```
/// use countersign_certs::TrustDomain;
/// use countersign_certs::authority::{Authority, Request};
///
/// let authority = Authority::in_memory(&TrustDomain::default())?;
/// let server = authority.issue(&Request::server("greeter".parse()?, ["localhost".parse()?]))?;
/// let client = authority.issue(&Request::client("alice".parse()?))?;
/// assert_eq!(client.credentials().identity().id().as_str(), "spiffe://countersign.internal/alice");
/// assert_eq!(server.certificate().dns_names(), ["localhost"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// In a folder, where every certificate is recorded before it is used:
///
/// ```
/// use countersign_certs::{Credentials, TrustDomain};
/// use countersign_certs::authority::{Authority, Existing, Request, list};
///
/// # let folder = tempfile::tempdir()?;
/// # let pki = folder.path();
/// let authority = Authority::init(pki, &TrustDomain::default())?;
/// let alice = authority.issue_to(pki, &Request::client("alice".parse()?), Existing::Refuse)?;
/// let credentials = Credentials::load(alice)?;
/// assert_eq!(list(pki)?[0].serial, credentials.identity().certificate().serial());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Authority {
    certificate: CertificateDer<'static>,
    info: CertificateInfo,
    domain: TrustDomain,
    trust: Trust,
    // Unlike an identity's, this key is not cleared when it goes: rcgen keeps a copy out of our reach.
    key: KeyPair,
    register: Option<Register>,
}

impl Authority {
    /// Makes the authority of `domain` in `folder/authority`, and refuses if there is one.
    pub fn init(folder: impl AsRef<Path>, domain: &TrustDomain) -> Result<Authority, AuthorityError> {
        let folder = folder.as_ref();
        let home = folder.join(HOME);
        if home.exists() {
            return Err(AuthorityError::Exists { home });
        }
        let mut authority = Authority::in_memory(domain)?;
        let crl = authority.sign_crl(None, Timestamp::now())?;
        let key_pem = Zeroizing::new(authority.key.serialize_pem());
        files::create_folder(
            &home,
            &[
                files::public(CERTIFICATE, authority.certificate_pem().as_bytes()),
                files::secret(KEY, key_pem.as_bytes()),
                files::public(CRL, crl.as_bytes()),
                files::public(ISSUED, b""),
            ],
        )
        .map_err(|problem| match files::is_taken(&problem) {
            true => AuthorityError::Exists { home: home.clone() },
            false => AuthorityError::io(&home, problem),
        })?;
        authority.register = Some(Register::new(home));
        Ok(authority)
    }

    /// Opens the authority in `folder/authority`.
    pub fn open(folder: impl AsRef<Path>) -> Result<Authority, AuthorityError> {
        let home = folder.as_ref().join(HOME);
        if !home.try_exists().unwrap_or(true) {
            return Err(AuthorityError::Missing { folder: folder.as_ref().to_owned() });
        }
        let certificate = pem::certificates(&home.join(CERTIFICATE))?.swap_remove(0);
        let (keys, _) = pem::keys(&home.join(KEY))?;
        let mut authority = Authority::with_one_of(certificate, usable(&keys))
            .map_err(|reason| AuthorityError::Unusable { path: home.join(CERTIFICATE), reason })?;
        authority.register = Some(Register::new(home));
        Ok(authority)
    }

    /// Makes an authority that is gone when it is dropped: for tests, and for one process that
    /// talks to itself.
    pub fn in_memory(domain: &TrustDomain) -> Result<Authority, AuthorityError> {
        let key = KeyPair::generate()?;
        let params = template::authority(domain, Timestamp::now())?;
        let certificate = params.self_signed(&key)?.der().clone();
        Authority::with_one_of(certificate, [key]).map_err(AuthorityError::Signing)
    }

    /// Takes an authority whose certificate and key are kept elsewhere, in a secret store for
    /// example. It records nothing.
    pub fn from_pem(certificate: &str, key: &str) -> Result<Authority, AuthorityError> {
        let unusable = |reason: &str| AuthorityError::Unusable {
            path: PathBuf::from("the authority given as text"),
            reason: reason.to_owned(),
        };
        let certificate = CertificateDer::from_pem_slice(certificate.as_bytes())
            .map_err(|_| unusable("there is no certificate in it"))?;
        let key = PrivateKeyDer::from_pem_slice(key.as_bytes())
            .map_err(|_| unusable("there is no private key in it"))?;
        let keys = [ClearedKey::from(key)];
        Authority::with_one_of(certificate, usable(&keys)).map_err(|reason| unusable(&reason))
    }

    /// Checks that the certificate is an authority's, and takes the key that belongs to it.
    fn with_one_of(
        certificate: CertificateDer<'static>,
        keys: impl IntoIterator<Item = KeyPair>,
    ) -> Result<Authority, String> {
        let info = CertificateInfo::from_der(&certificate).map_err(|e| e.to_string())?;
        if !info.is_ca() {
            return Err(format!("this certificate ({}) is not an authority's", info.subject()));
        }
        let id = info.spiffe_id().map_err(|e| format!("it does not name its trust domain: {e}"))?;
        if !id.path().is_empty() {
            return Err(format!(
                "its SPIFFE ID {id} has a path; an authority's is {}",
                id.trust_domain().id()
            ));
        }
        if info.subject_key_id().is_none() {
            return Err("it has no subject key identifier, which strict verifiers ask for".to_owned());
        }
        let domain = id.trust_domain().clone();
        let trust = Trust::new(domain.clone(), vec![certificate.clone()]).map_err(|e| e.to_string())?;
        let key = keys
            .into_iter()
            .find(|key| key.subject_public_key_info() == info.public_key())
            .ok_or("the key does not belong to it")?;
        Ok(Authority { certificate, info, domain, trust, key, register: None })
    }

    /// The trust domain that it vouches for.
    pub fn trust_domain(&self) -> &TrustDomain {
        &self.domain
    }

    /// What its own certificate says.
    pub fn certificate(&self) -> &CertificateInfo {
        &self.info
    }

    /// Its own certificate as PEM: the root that others trust.
    pub fn certificate_pem(&self) -> String {
        pem::encode("CERTIFICATE", &self.certificate)
    }

    /// The trust in this authority, and in nobody else.
    pub fn trust(&self) -> &Trust {
        &self.trust
    }

    /// Issues an identity with a key of its own.
    ///
    /// An authority in a folder records it before returning, so that no certificate exists that
    /// could not be revoked.
    pub fn issue(&self, request: &Request) -> Result<Issued, AuthorityError> {
        let now = Timestamp::now();
        let issued = self.sign(request, now)?;
        if let Some(register) = &self.register {
            register.add(&issued.record(request, now), |old| self.sign_crl(old, now))?;
        }
        Ok(issued)
    }

    /// Issues an identity into `folder/NAME`: `cert.pem`, `key.pem` and `ca.pem`, ready to be loaded.
    ///
    /// Returns that folder. Nobody but the owner can enter it.
    pub fn issue_to(
        &self,
        folder: impl AsRef<Path>,
        request: &Request,
        existing: Existing,
    ) -> Result<PathBuf, AuthorityError> {
        let home = folder.as_ref().join(request.name.as_str());
        let exists = home.exists();
        if exists && existing == Existing::Refuse {
            return Err(AuthorityError::IdentityExists { home });
        }
        let issued = self.issue(request)?;
        if exists {
            issued.replace_in(&home)?
        } else {
            issued.create(&home)?
        }
        Ok(home)
    }

    fn sign(&self, request: &Request, now: Timestamp) -> Result<Issued, AuthorityError> {
        if self.info.not_after() <= now {
            return Err(AuthorityError::Expired { not_after: self.info.not_after() });
        }
        let id = SpiffeId::new(&self.domain, &request.name);
        let params = template::leaf(&id, request, now, self.info.not_after())?;
        let key = KeyPair::generate()?;
        let certificate = params.signed_by(&key, &self.issuer()?)?.der().clone();
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let identity = Identity::new(vec![certificate], key)?;
        Ok(Issued::new(Credentials::new(identity, self.trust.clone())))
    }

    fn sign_crl(&self, old: Option<&[u8]>, now: Timestamp) -> Result<String, AuthorityError> {
        // `with_one_of` has seen to it that there is one.
        let key_id = self.info.subject_key_id().unwrap_or_default();
        crl::sign(&self.issuer()?, key_id, old, now)
    }

    fn issuer(&self) -> Result<Issuer<'_, &KeyPair>, AuthorityError> {
        Ok(Issuer::from_ca_cert_der(&self.certificate, &self.key)?)
    }
}

impl fmt::Debug for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authority")
            .field("domain", &self.domain.as_str())
            .field("fingerprint", &self.info.fingerprint())
            .finish_non_exhaustive()
    }
}

fn usable(keys: &[ClearedKey]) -> impl Iterator<Item = KeyPair> {
    keys.iter().filter_map(|key| KeyPair::try_from(key.der()).ok())
}

const HOME: &str = "authority";
const CERTIFICATE: &str = "cert.pem";
const KEY: &str = "key.pem";
const TRUST: &str = "ca.pem";
const CRL: &str = "crl.pem";
const ISSUED: &str = "issued.jsonl";
