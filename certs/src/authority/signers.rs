//! The certificates with which an authority signs, and the files in which they are kept.
//!
//! `cert.pem` holds the roots, the one in force first: it is what others trust. `intermediate.pem` holds the
//! intermediates, if there are any. Their keys are in `key.pem` and `intermediate-key.pem`, so that the root's can be
//! taken offline.

use std::path::Path;
use std::sync::Arc;

use rustls_pki_types::CertificateDer;
use zeroize::Zeroizing;

use super::files::{self, NewFile};
use super::passphrase::{self, Passphrase};
use super::signer::Signer;
use super::{AuthorityError, CERTIFICATE, CRL, INTERMEDIATE, INTERMEDIATE_KEY, ISSUED, KEY};
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
    /// With what their keys are encrypted, if they are.
    passphrase: Option<Passphrase>,
}

impl Signers {
    pub(super) fn new(
        (root, intermediate): (Signer, Option<Signer>),
        passphrase: Option<Passphrase>,
    ) -> Signers {
        Signers {
            roots: vec![Arc::new(root)],
            intermediates: intermediate.into_iter().map(Arc::new).collect(),
            passphrase,
        }
    }

    /// Loads those of the authority in `home`. The key of a root with an intermediate need not be there.
    pub(super) fn load(home: &Path, passphrase: Option<&Passphrase>) -> Result<Signers, AuthorityError> {
        let signers = Signers::read(home, Keys::Read(passphrase))?;
        match signers.issuing().key() {
            Some(_) => Ok(signers),
            None => Err(signers.issuing().key_absent()),
        }
    }

    /// Whether the certificates in `home` are still the same.
    pub(super) fn are_those_in(&self, home: &Path) -> Result<bool, AuthorityError> {
        let there = Signers::read(home, Keys::Leave)?;
        Ok(there.all().map(|one| &one.certificate).eq(self.all().map(|one| &one.certificate)))
    }

    fn read(home: &Path, keys: Keys<'_>) -> Result<Signers, AuthorityError> {
        let (roots, mut encrypted) = read(home, CERTIFICATE, KEY, keys)?;
        let mut intermediates = Vec::new();
        if home.join(INTERMEDIATE).try_exists().unwrap_or(true) {
            let (all, also_encrypted) = read(home, INTERMEDIATE, INTERMEDIATE_KEY, keys)?;
            // A rollover that was interrupted may leave one of a root that is not there.
            intermediates = all.into_iter().filter(|one| roots.iter().any(|root| root.signed(one))).collect();
            encrypted |= also_encrypted;
        }
        let passphrase = match keys {
            Keys::Read(passphrase) if encrypted => passphrase.cloned(),
            _ => None,
        };
        Ok(Signers { roots, intermediates, passphrase })
    }

    /// Makes the folder of a new authority.
    pub(super) fn create(&self, home: &Path, crl: &str, issued: &[u8]) -> Result<(), AuthorityError> {
        let (roots, root_keys) = (certificates_pem(&self.roots), self.keys_pem(&self.roots)?);
        let (certificates, keys) =
            (certificates_pem(&self.intermediates), self.keys_pem(&self.intermediates)?);
        let mut all = vec![
            files::public(CERTIFICATE, roots.as_bytes()),
            files::secret(KEY, root_keys.as_bytes()),
            files::public(INTERMEDIATE, certificates.as_bytes()),
            files::secret(INTERMEDIATE_KEY, keys.as_bytes()),
        ];
        all.retain(|file| !file.is_empty());
        all.extend([files::public(CRL, crl.as_bytes()), files::public(ISSUED, issued)]);
        files::create_folder(home, &all, |home| AuthorityError::Exists { home })
    }

    /// Puts these in the place of `old`. Each step leaves certificates whose keys are there: a key comes before its
    /// certificate, and goes after it.
    pub(super) fn replace(&self, old: &Signers, home: &Path) -> Result<(), AuthorityError> {
        let put_keys = |name, signers: &[Arc<Signer>]| {
            put(home, &files::secret(name, self.keys_pem(signers)?.as_bytes()))
        };
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

    fn keys_pem(&self, signers: &[Arc<Signer>]) -> Result<Zeroizing<String>, AuthorityError> {
        let keys = signers.iter().filter_map(|signer| signer.key());
        let sections = keys.map(|key| match &self.passphrase {
            Some(passphrase) => passphrase.seal(key.serialized_der()).map(Zeroizing::new),
            None => Ok(Zeroizing::new(key.serialize_pem())),
        });
        let sections = sections.collect::<Result<Vec<_>, _>>()?;
        Ok(Zeroizing::new(sections.iter().map(|section| section.as_str()).collect()))
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

/// Whether to read the keys that belong to certificates.
#[derive(Clone, Copy)]
enum Keys<'a> {
    Leave,
    Read(Option<&'a Passphrase>),
}

/// The signers whose certificates are in one file of `home` and whose keys, as far as they are here, in another; and
/// whether those are encrypted.
fn read(
    home: &Path,
    certificates: &str,
    keys: &str,
    which: Keys<'_>,
) -> Result<(Vec<Arc<Signer>>, bool), AuthorityError> {
    let (path, key_path) = (home.join(certificates), home.join(keys));
    let (keys, encrypted) = match which {
        Keys::Leave => (Vec::new(), false),
        Keys::Read(passphrase) => passphrase::keys(&key_path, passphrase)?,
    };
    let unusable = |reason| AuthorityError::Unusable { path: path.clone(), reason };
    let signers = pem::certificates(&path)?
        .into_iter()
        .map(|certificate| Signer::new(certificate, &keys, &key_path).map(Arc::new).map_err(unusable))
        .collect::<Result<Vec<_>, _>>()?;
    if !keys.is_empty() && signers.iter().all(|signer| signer.key().is_none()) {
        return Err(unusable(format!("no key in {} belongs to it", key_path.display())));
    }
    Ok((signers, encrypted))
}

fn both(new: &[Arc<Signer>], old: &[Arc<Signer>]) -> Vec<Arc<Signer>> {
    let gone = old.iter().filter(|old| new.iter().all(|new| new.certificate != old.certificate));
    new.iter().chain(gone).cloned().collect()
}

pub(super) fn certificates_pem(signers: &[Arc<Signer>]) -> String {
    pem::encode_certificates(signers.iter().map(|signer| &signer.certificate))
}

/// Writes a file, or removes it if there is nothing to be in it.
fn put(home: &Path, file: &NewFile<'_>) -> Result<(), AuthorityError> {
    if file.is_empty() { files::remove(home, file) } else { files::replace(home, file) }
}
