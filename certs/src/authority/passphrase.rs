//! The words without which an authority's keys are of no use to whoever finds them.

use std::fmt;
use std::path::Path;

use pkcs8::pkcs5::{pbes2, scrypt};
use pkcs8::{EncryptedPrivateKeyInfoRef, PrivateKeyInfoRef};
use rustls_pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use zeroize::Zeroizing;

use super::{AuthorityError, template};
use crate::identity::ClearedKey;
use crate::pem;
use crate::sections::sections;

/// What the keys of an authority are encrypted with. `Debug` never shows it, and its memory is cleared.
///
/// ```
/// use countersign_certs::TrustDomain;
/// use countersign_certs::authority::{Authority, AuthorityError, Passphrase, Plan};
///
/// # let folder = tempfile::tempdir()?;
/// # let pki = folder.path();
/// let passphrase = Passphrase::new("correct horse battery staple")?;
/// Authority::init(pki, Plan::new(TrustDomain::default()).encrypted(passphrase.clone()))?;
/// assert!(matches!(Authority::open(pki), Err(AuthorityError::Locked { .. })));
/// Authority::unlock(pki, &passphrase)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Passphrase(Zeroizing<String>);

impl Passphrase {
    /// Takes any words but none.
    pub fn new(words: impl Into<String>) -> Result<Passphrase, AuthorityError> {
        let words = Zeroizing::new(words.into());
        if words.is_empty() { Err(AuthorityError::NoPassphrase) } else { Ok(Passphrase(words)) }
    }

    /// A private key in PKCS#8, encrypted, as a PEM section that openssl reads, too.
    pub(super) fn seal(&self, key: &[u8]) -> Result<String, AuthorityError> {
        let failed =
            |problem: &dyn fmt::Display| AuthorityError::Signing(format!("encrypting the key: {problem}"));
        let cost = scrypt::Params::new(LOG_N, R, P).map_err(|e| failed(&e))?;
        let parameters = pbes2::Parameters::generate_scrypt_aes256cbc(
            cost,
            &template::random::<16>()?,
            template::random()?,
        );
        let parameters = parameters.map_err(|e| failed(&e))?;
        let key = PrivateKeyInfoRef::try_from(key).map_err(|e| failed(&e))?;
        let sealed = key.encrypt_with_params(parameters, self.0.as_bytes()).map_err(|e| failed(&e))?;
        Ok(pem::encode(LABEL, sealed.as_bytes()))
    }

    /// The key in an encrypted section of the file at `path`.
    fn open(&self, sealed: &[u8], path: &Path) -> Result<ClearedKey, AuthorityError> {
        let unusable = |reason: &dyn fmt::Display| AuthorityError::Unusable {
            path: path.to_owned(),
            reason: format!("its encrypted key cannot be read: {reason}"),
        };
        let sealed = EncryptedPrivateKeyInfoRef::try_from(sealed).map_err(|e| unusable(&e))?;
        let key = match sealed.decrypt(self.0.as_bytes()) {
            Ok(key) => key.to_bytes().to_vec(),
            // Either the padding is wrong, or by chance it is not and there is no key behind it.
            Err(
                pkcs8::Error::EncryptedPrivateKey(pkcs8::pkcs5::Error::DecryptFailed) | pkcs8::Error::Asn1(_),
            ) => {
                return Err(AuthorityError::WrongPassphrase { path: path.to_owned() });
            }
            Err(error) => return Err(unusable(&error)),
        };
        Ok(ClearedKey::from(PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key))))
    }
}

impl fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Passphrase(..)")
    }
}

// As much work as OWASP asks for, with the memory that openssl allows itself: 16 MiB.
const LOG_N: u8 = 14;
const R: u32 = 8;
const P: u32 = 5;

const LABEL: &str = "ENCRYPTED PRIVATE KEY";

/// The keys in a file of an authority, none if there is no such file, and whether they are encrypted.
pub(super) fn keys(
    path: &Path,
    passphrase: Option<&Passphrase>,
) -> Result<(Vec<ClearedKey>, bool), AuthorityError> {
    let Some(file) = pem::PemFile::read_if_there(path)? else { return Ok((Vec::new(), false)) };
    let sealed = sealed(file.text(), path)?;
    if sealed.is_empty() {
        return Ok((file.keys()?.0, false));
    }
    file.check_access()?;
    let passphrase = passphrase.ok_or_else(|| AuthorityError::Locked { path: path.to_owned() })?;
    let keys = sealed.iter().map(|sealed| passphrase.open(sealed, path)).collect::<Result<_, _>>()?;
    Ok((keys, true))
}

/// The encrypted sections of a PEM file.
fn sealed(text: &[u8], path: &Path) -> Result<Vec<Zeroizing<Vec<u8>>>, AuthorityError> {
    let damaged = |_| AuthorityError::Unusable {
        path: path.to_owned(),
        reason: "its encrypted key is damaged; restore the file from a copy".to_owned(),
    };
    let sealed = sections(text).into_iter().filter(|section| section.label == LABEL);
    sealed.map(|section| section.body.map_err(damaged)).collect()
}
