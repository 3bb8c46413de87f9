//! One certificate that signs others, and its key where that is at hand.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use rcgen::{CertificateParams, Issuer, KeyPair, PublicKeyData};
use rustls_pki_types::CertificateDer;

use super::{AuthorityError, Plan, template};
use crate::certificate::CertificateInfo;
use crate::identity::ClearedKey;

/// A root or an intermediate of an authority.
pub(super) struct Signer {
    pub(super) certificate: CertificateDer<'static>,
    pub(super) info: CertificateInfo,
    /// Where the key belongs.
    key_path: PathBuf,
    // Unlike an identity's, this key is not cleared when it goes: rcgen keeps a copy out of our reach.
    key: Option<KeyPair>,
}

impl Signer {
    /// A new root, and a new intermediate below it if the plan has one.
    pub(super) fn generate(plan: &Plan, now: Timestamp) -> Result<(Signer, Option<Signer>), AuthorityError> {
        Signer::generate_after(Timestamp::MIN, plan, now)
    }

    /// The same, where the root begins later than `before`.
    pub(super) fn generate_after(
        before: Timestamp,
        plan: &Plan,
        now: Timestamp,
    ) -> Result<(Signer, Option<Signer>), AuthorityError> {
        let key = KeyPair::generate()?;
        let params = template::root(plan, before, now)?;
        let root = Signer::made(params.self_signed(&key)?.der().clone(), key)?;
        let intermediate = if plan.intermediate { Some(root.intermediate(now)?) } else { None };
        Ok((root, intermediate))
    }

    /// A new intermediate below this root.
    pub(super) fn intermediate(&self, now: Timestamp) -> Result<Signer, AuthorityError> {
        let domain =
            self.info.spiffe_id().map_err(|e| AuthorityError::Signing(e.to_string()))?.trust_domain();
        let key = KeyPair::generate()?;
        let params = template::intermediate(domain, now, self.info.not_after())?;
        Signer::made(self.sign(&params, &key)?, key)
    }

    fn made(certificate: CertificateDer<'static>, key: KeyPair) -> Result<Signer, AuthorityError> {
        let mut signer = Signer::check(certificate).map_err(AuthorityError::Signing)?;
        signer.key = Some(key);
        Ok(signer)
    }

    /// Checks that the certificate is an authority's, and takes the one of `keys` that belongs to it, if any does.
    /// They are from the file `key_path`.
    pub(super) fn new(
        certificate: CertificateDer<'static>,
        keys: &[ClearedKey],
        key_path: &Path,
    ) -> Result<Signer, String> {
        let mut signer = Signer::check(certificate)?;
        signer.key = keys
            .iter()
            .filter_map(|key| KeyPair::try_from(key.der()).ok())
            .find(|key| key.subject_public_key_info() == signer.info.public_key());
        signer.key_path = key_path.to_owned();
        Ok(signer)
    }

    fn check(certificate: CertificateDer<'static>) -> Result<Signer, String> {
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
        Ok(Signer { certificate, info, key_path: PathBuf::new(), key: None })
    }

    pub(super) fn key(&self) -> Option<&KeyPair> {
        self.key.as_ref()
    }

    pub(super) fn is_root(&self) -> bool {
        self.info.issuer_der() == self.subject()
    }

    pub(super) fn signed(&self, other: &Signer) -> bool {
        other.info.issuer_der() == self.subject() && !other.is_root()
    }

    /// Its name in DER: what its certificates and revocation lists call their issuer.
    pub(super) fn subject(&self) -> &[u8] {
        self.info.subject_der()
    }

    pub(super) fn key_id(&self) -> &[u8] {
        // `check` has seen to it that there is one.
        self.info.subject_key_id().unwrap_or_default()
    }

    pub(super) fn sign(
        &self,
        params: &CertificateParams,
        subject_key: &impl PublicKeyData,
    ) -> Result<CertificateDer<'static>, AuthorityError> {
        Ok(params.signed_by(subject_key, &self.issuer()?)?.der().clone())
    }

    /// As rcgen takes it; fails if the key is not here.
    pub(super) fn issuer(&self) -> Result<Issuer<'_, &KeyPair>, AuthorityError> {
        let key = self.key.as_ref().ok_or_else(|| self.key_absent())?;
        Ok(Issuer::from_ca_cert_der(&self.certificate, key)?)
    }

    pub(super) fn key_absent(&self) -> AuthorityError {
        AuthorityError::KeyAbsent { path: self.key_path.clone(), subject: self.info.subject().to_owned() }
    }
}
