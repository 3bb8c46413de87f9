//! The certificates with which an authority signs, and the files in which they are kept.
//!
//! `cert.pem` holds the roots, the one in force first: it is what others trust. `intermediate.pem` holds the
//! intermediates, if there are any. Their keys are in `key.pem` and `intermediate-key.pem`, so that the root's can be
//! taken offline.

use std::io;
use std::path::Path;
use std::sync::Arc;

use rustls_pki_types::CertificateDer;
use zeroize::Zeroizing;

use super::files::{self, NewFile};
use super::signer::Signer;
use super::{AuthorityError, CERTIFICATE, CRL, INTERMEDIATE, INTERMEDIATE_KEY, ISSUED, KEY};
use crate::credentials::CredentialsError;
use crate::name::{SpiffeId, TrustDomain};
use crate::pem;
use crate::trust::{Trust, TrustError};

/// The roots of an authority and its intermediates.
#[derive(Clone)]
pub(super) struct Signers {
    /// The one in force comes first. There is at least one.
    pub(super) roots: Vec<Arc<Signer>>,
    /// The one in force is the first of those below the root in force.
    pub(super) intermediates: Vec<Arc<Signer>>,
}

impl Signers {
    pub(super) fn new((root, intermediate): (Signer, Option<Signer>)) -> Signers {
        Signers {
            roots: vec![Arc::new(root)],
            intermediates: intermediate.into_iter().map(Arc::new).collect(),
        }
    }

    /// Loads those of the authority in `home`. The key of a root with an intermediate need not be there.
    pub(super) fn load(home: &Path) -> Result<Signers, AuthorityError> {
        let signers = Signers::read(home, true)?;
        match signers.issuing().key() {
            Some(_) => Ok(signers),
            None => Err(signers.issuing().key_absent()),
        }
    }

    /// Whether the certificates in `home` are still the same.
    pub(super) fn are_those_in(&self, home: &Path) -> Result<bool, AuthorityError> {
        let there = Signers::read(home, false)?;
        Ok(there.all().map(|one| &one.certificate).eq(self.all().map(|one| &one.certificate)))
    }

    fn read(home: &Path, with_keys: bool) -> Result<Signers, AuthorityError> {
        let roots = read(home, CERTIFICATE, KEY, with_keys)?;
        let mut intermediates = Vec::new();
        if home.join(INTERMEDIATE).try_exists().unwrap_or(true) {
            intermediates = read(home, INTERMEDIATE, INTERMEDIATE_KEY, with_keys)?;
            // A rollover that was interrupted may leave one of a root that is not there.
            intermediates.retain(|one| roots.iter().any(|root| root.signed(one)));
        }
        Ok(Signers { roots, intermediates })
    }

    /// Makes the folder of a new authority.
    pub(super) fn create(&self, home: &Path, crl: &str, issued: &[u8]) -> io::Result<()> {
        let (roots, root_keys) = (certificates_pem(&self.roots), keys_pem(&self.roots));
        let (certificates, keys) = (certificates_pem(&self.intermediates), keys_pem(&self.intermediates));
        let mut all = vec![
            files::public(CERTIFICATE, roots.as_bytes()),
            files::secret(KEY, root_keys.as_bytes()),
            files::public(INTERMEDIATE, certificates.as_bytes()),
            files::secret(INTERMEDIATE_KEY, keys.as_bytes()),
        ];
        all.retain(|file| !file.is_empty());
        all.extend([files::public(CRL, crl.as_bytes()), files::public(ISSUED, issued)]);
        files::create_folder(home, &all)
    }

    /// Puts these in the place of `old`. Each step leaves certificates whose keys are there: a key comes before its
    /// certificate, and goes after it.
    pub(super) fn replace(&self, old: &Signers, home: &Path) -> Result<(), AuthorityError> {
        let put_keys =
            |name, signers: &[Arc<Signer>]| put(home, &files::secret(name, keys_pem(signers).as_bytes()));
        let put_certificates = |name, signers: &[Arc<Signer>]| {
            put(home, &files::public(name, certificates_pem(signers).as_bytes()))
        };
        put_keys(KEY, &both(&self.roots, &old.roots))?;
        put_keys(INTERMEDIATE_KEY, &both(&self.intermediates, &old.intermediates))?;
        put_certificates(INTERMEDIATE, &self.intermediates)?;
        put_certificates(CERTIFICATE, &self.roots)?;
        put_keys(KEY, &self.roots)?;
        put_keys(INTERMEDIATE_KEY, &self.intermediates)
    }

    /// The one that signs identities.
    pub(super) fn issuing(&self) -> &Signer {
        let root = self.root();
        self.intermediates.iter().map(Arc::as_ref).find(|one| root.signed(one)).unwrap_or(root)
    }

    /// The root in force.
    pub(super) fn root(&self) -> &Signer {
        &self.roots[0]
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Signer> {
        self.roots.iter().chain(&self.intermediates).map(Arc::as_ref)
    }

    /// What an identity shows behind its own certificate: everything between it and the root.
    pub(super) fn chain(&self) -> impl Iterator<Item = CertificateDer<'static>> {
        let issuing = self.issuing();
        (!issuing.is_root()).then(|| issuing.certificate.clone()).into_iter()
    }

    /// The trust domain of all of them.
    pub(super) fn domain(&self) -> Result<TrustDomain, String> {
        let domains = self.all().map(|one| one.info.spiffe_id().map(SpiffeId::trust_domain));
        let mut domains = domains.collect::<Result<Vec<_>, _>>().map_err(|e| e.to_string())?;
        domains.dedup();
        match domains.as_slice() {
            [domain] => Ok((*domain).clone()),
            _ => Err("its certificates are of several trust domains".to_owned()),
        }
    }

    /// The trust in all of the roots.
    pub(super) fn trust(&self, domain: &TrustDomain) -> Result<Trust, TrustError> {
        Trust::new(domain.clone(), self.roots.iter().map(|root| root.certificate.clone()).collect())
    }
}

/// The signers whose certificates are in one file of `home` and whose keys, as far as they are here, in another.
fn read(
    home: &Path,
    certificates: &str,
    keys: &str,
    with_keys: bool,
) -> Result<Vec<Arc<Signer>>, AuthorityError> {
    let (path, key_path) = (home.join(certificates), home.join(keys));
    let keys = match with_keys.then(|| pem::keys(&key_path)) {
        Some(Ok((keys, _))) => keys,
        None | Some(Err(CredentialsError::FileMissing { .. })) => Vec::new(),
        Some(Err(error)) => return Err(error.into()),
    };
    let unusable = |reason| AuthorityError::Unusable { path: path.clone(), reason };
    let signers = pem::certificates(&path)?
        .into_iter()
        .map(|certificate| Signer::new(certificate, &keys, &key_path).map(Arc::new).map_err(unusable))
        .collect::<Result<Vec<_>, _>>()?;
    if !keys.is_empty() && signers.iter().all(|signer| signer.key().is_none()) {
        return Err(unusable(format!("no key in {} belongs to it", key_path.display())));
    }
    Ok(signers)
}

fn both(new: &[Arc<Signer>], old: &[Arc<Signer>]) -> Vec<Arc<Signer>> {
    let gone = old.iter().filter(|old| new.iter().all(|new| new.certificate != old.certificate));
    new.iter().chain(gone).cloned().collect()
}

pub(super) fn certificates_pem(signers: &[Arc<Signer>]) -> String {
    signers.iter().map(|signer| pem::encode("CERTIFICATE", &signer.certificate)).collect()
}

pub(super) fn keys_pem(signers: &[Arc<Signer>]) -> Zeroizing<String> {
    let keys = signers.iter().filter_map(|signer| signer.key());
    let keys: Vec<_> = keys.map(|key| Zeroizing::new(key.serialize_pem())).collect();
    Zeroizing::new(keys.iter().map(|key| key.as_str()).collect())
}

/// Writes a file, or removes it if there is nothing to be in it.
fn put(home: &Path, file: &NewFile<'_>) -> Result<(), AuthorityError> {
    if file.is_empty() { files::remove(home, file) } else { files::replace(home, file) }
}
