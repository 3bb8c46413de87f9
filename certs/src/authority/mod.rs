//! The authority of a trust domain: makes itself, issues identities, and keeps a record of them.
//!
//! Lives in `DIR/authority/`: its root `cert.pem` with the key `key.pem`, perhaps an intermediate
//! `intermediate.pem` with the key `intermediate-key.pem`, the revocation lists `crl.pem`, and
//! `issued.jsonl`, one line for each certificate it ever issued.

mod crl;
mod csr;
mod error;
mod files;
mod issued;
mod passphrase;
mod plan;
#[cfg(test)]
mod power;
mod record;
mod register;
mod renew;
mod request;
mod revoke;
mod rollover;
mod signer;
mod signers;
mod template;

use std::fmt;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use rcgen::KeyPair;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

use crate::certificate::CertificateInfo;
use crate::credentials::Credentials;
use crate::identity::{ClearedKey, Identity};
use crate::name::{SpiffeId, TrustDomain};
use crate::trust::Trust;

use crl::Lists;
use register::Register;
use signer::Signer;
use signers::Signers;

pub use csr::{Signed, SigningRequest, request};
pub use error::AuthorityError;
pub use files::place;
pub use issued::{Existing, Issued};
pub use passphrase::Passphrase;
pub use plan::Plan;
pub use record::{Kind, Record, State, list};
pub use request::{Host, ParseHostError, Request};
pub use revoke::{Reason, Revocation};
pub use rollover::{Late, Stage, bundle};

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
    domain: TrustDomain,
    trust: Trust,
    signers: Signers,
    home: Option<PathBuf>,
}

impl Authority {
    /// Makes the authority of a domain in `folder/authority`, and refuses if there is one.
    pub fn init(folder: impl AsRef<Path>, plan: impl Into<Plan>) -> Result<Authority, AuthorityError> {
        let home = folder.as_ref().join(HOME);
        if home.exists() {
            return Err(AuthorityError::Exists { home });
        }
        let mut authority = Authority::in_memory(plan)?;
        let now = Timestamp::now();
        let crl = Lists::default().next(authority.signers.all(), &[], now)?;
        let mut records = Vec::new();
        for intermediate in &authority.signers.intermediates {
            let record = Record::of_intermediate(&intermediate.info, authority.certificate(), now)?;
            records.extend(record.line().map_err(|problem| AuthorityError::io(&home, problem))?);
        }
        authority.signers.create(&home, &crl, &records)?;
        authority.home = Some(home);
        Ok(authority)
    }

    /// Opens the authority in `folder/authority`. Fails with [`AuthorityError::Locked`] if its keys are encrypted.
    pub fn open(folder: impl AsRef<Path>) -> Result<Authority, AuthorityError> {
        Authority::open_with(folder.as_ref(), None)
    }

    /// Opens the authority in `folder/authority`, whether or not its keys are encrypted.
    pub fn unlock(folder: impl AsRef<Path>, passphrase: &Passphrase) -> Result<Authority, AuthorityError> {
        Authority::open_with(folder.as_ref(), Some(passphrase))
    }

    fn open_with(folder: &Path, passphrase: Option<&Passphrase>) -> Result<Authority, AuthorityError> {
        let home = folder.join(HOME);
        if !home.try_exists().unwrap_or(true) {
            return Err(AuthorityError::Missing { folder: folder.to_owned() });
        }
        let signers = Signers::load(&home, passphrase)?;
        let mut authority = Authority::of(signers)
            .map_err(|reason| AuthorityError::Unusable { path: home.join(CERTIFICATE), reason })?;
        authority.home = Some(home);
        Ok(authority)
    }

    /// Makes an authority that is gone when it is dropped: for tests, and for one process that
    /// talks to itself.
    pub fn in_memory(plan: impl Into<Plan>) -> Result<Authority, AuthorityError> {
        let plan = plan.into();
        let signers = Signers::new(Signer::generate(&plan, Timestamp::now())?, plan.passphrase);
        Authority::of(signers).map_err(AuthorityError::Signing)
    }

    /// Takes an authority whose certificate and key are kept elsewhere, in a secret store for
    /// example. It records nothing.
    pub fn from_pem(certificate: &str, key: &str) -> Result<Authority, AuthorityError> {
        let path = Path::new("the authority given as text");
        let unusable = |reason: String| AuthorityError::Unusable { path: path.to_owned(), reason };
        let certificate = CertificateDer::from_pem_slice(certificate.as_bytes())
            .map_err(|_| unusable("there is no certificate in it".to_owned()))?;
        let key = PrivateKeyDer::from_pem_slice(key.as_bytes())
            .map_err(|_| unusable("there is no private key in it".to_owned()))?;
        let signer = Signer::new(certificate, &[ClearedKey::from(key)], path).map_err(unusable)?;
        if signer.key().is_none() {
            return Err(unusable("the key does not belong to it".to_owned()));
        }
        Authority::of(Signers::new((signer, None), None)).map_err(unusable)
    }

    fn of(signers: Signers) -> Result<Authority, String> {
        let domain = signers.domain()?;
        let trust = signers.trust(&domain).map_err(|e| e.to_string())?;
        Ok(Authority { domain, trust, signers, home: None })
    }

    /// The trust domain that it vouches for.
    pub fn trust_domain(&self) -> &TrustDomain {
        &self.domain
    }

    /// What its own certificate says: that of the root in force.
    pub fn certificate(&self) -> &CertificateInfo {
        &self.signers.root().info
    }

    /// What the certificate says with which it signs identities: the root's, or else an intermediate's.
    ///
    /// No identity outlives it.
    pub fn issuer(&self) -> &CertificateInfo {
        &self.signers.issuing().info
    }

    /// Its own certificate as PEM: the root that others trust.
    pub fn certificate_pem(&self) -> String {
        crate::pem::encode("CERTIFICATE", &self.signers.root().certificate)
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
        let mut register = self.lock_any()?;
        self.issue_under(register.as_mut(), request)
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
        let folder = folder.as_ref();
        let home = folder.join(request.name.as_str());
        // Held until the files are in place: of two commands for one name, the second finds what the first has made.
        let mut register = self.lock_any()?;
        files::clean(folder);
        let exists = home.exists();
        if exists && existing == Existing::Refuse {
            return Err(AuthorityError::IdentityExists { home });
        }
        let issued = self.issue_under(register.as_mut(), request)?;
        if exists {
            issued.replace_in(&home)?
        } else {
            issued.create(&home)?
        }
        Ok(home)
    }

    fn issue_under(
        &self,
        register: Option<&mut Register>,
        request: &Request,
    ) -> Result<Issued, AuthorityError> {
        let now = Timestamp::now();
        let key = KeyPair::generate()?;
        let chain = self.sign(request, &key, now)?;
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let issued = Issued::new(Credentials::new(Identity::new(chain, key)?, self.trust.clone()));
        if let Some(register) = register {
            self.remember(register, request, issued.certificate(), now)?;
        }
        Ok(issued)
    }

    /// Signs a certificate for `key`; the chain that its owner shows.
    fn sign(
        &self,
        request: &Request,
        key: &impl rcgen::PublicKeyData,
        now: Timestamp,
    ) -> Result<Vec<CertificateDer<'static>>, AuthorityError> {
        let issuing = self.signers.issuing();
        if issuing.info.not_after() <= now {
            let (not_after, is_root) = (issuing.info.not_after(), issuing.is_root());
            return Err(AuthorityError::Expired { not_after, is_root });
        }
        let id = SpiffeId::new(&self.domain, &request.name);
        let params = template::leaf(&id, request, now, issuing.info.not_after())?;
        Ok([issuing.sign(&params, key)?].into_iter().chain(self.signers.chain()).collect())
    }

    /// Puts a certificate on record, and signs the revocation lists anew.
    fn remember(
        &self,
        register: &mut Register,
        request: &Request,
        certificate: &CertificateInfo,
        now: Timestamp,
    ) -> Result<(), AuthorityError> {
        let lists = register.lists()?;
        if lists.revoked(self.issuer().serial()).is_some() {
            return Err(AuthorityError::IssuerRevoked { subject: self.issuer().subject().to_owned() });
        }
        let lists = lists.next(self.signers.all(), &[], now)?;
        let (name, hosts) = (request.name.clone(), request.hosts.clone());
        let record = Record::new(certificate, name, hosts, self.issuer(), now)?;
        let roots = self.signers.roots.iter().map(|root| root.info.serial().to_owned());
        let clamped = certificate.not_after() == self.issuer().not_after();
        let wanted_s = clamped.then_some(request.valid.as_secs());
        register.append(&Record { roots: roots.collect(), wanted_s, ..record })?;
        register.put_lists(&lists)
    }

    /// Signs with others from now on: keys, certificates, revocation lists. `record` tells of a new intermediate.
    fn change(
        &mut self,
        signers: Signers,
        record: Option<Record>,
        now: Timestamp,
    ) -> Result<(), AuthorityError> {
        let trust = signers.trust(&self.domain).map_err(|e| AuthorityError::Signing(e.to_string()))?;
        if let Some(mut register) = self.lock_any()? {
            let lists = register.lists()?.next(signers.all(), &[], now)?;
            if let Some(record) = record {
                register.append(&record)?;
            }
            register.put_signers(&signers, &self.signers)?;
            register.put_lists(&lists)?;
        }
        (self.signers, self.trust) = (signers, trust);
        Ok(())
    }

    /// The record, locked; none if the authority is not in a folder.
    fn lock_any(&self) -> Result<Option<Register>, AuthorityError> {
        let Some(home) = &self.home else { return Ok(None) };
        let register = Register::lock(home)?;
        if !self.signers.are_those_in(home)? {
            return Err(AuthorityError::Changed { home: home.clone() });
        }
        files::clean(home);
        Ok(Some(register))
    }

    /// The record, locked.
    fn lock(&self) -> Result<Register, AuthorityError> {
        self.lock_any()?.ok_or(AuthorityError::NoRecord)
    }
}

impl fmt::Debug for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authority")
            .field("domain", &self.domain.as_str())
            .field("fingerprint", &self.certificate().fingerprint())
            .finish_non_exhaustive()
    }
}

const HOME: &str = "authority";
const CERTIFICATE: &str = "cert.pem";
const KEY: &str = "key.pem";
const INTERMEDIATE: &str = "intermediate.pem";
const INTERMEDIATE_KEY: &str = "intermediate-key.pem";
const TRUST: &str = "ca.pem";
const REQUEST: &str = "request.csr";
const CRL: &str = "crl.pem";
const ISSUED: &str = "issued.jsonl";
