//! An identity fresh from its authority, and how it gets into a folder.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use zeroize::Zeroizing;

use super::{AuthorityError, CERTIFICATE, KEY, TRUST, files};
use crate::certificate::CertificateInfo;
use crate::credentials::Credentials;
use crate::pem;

/// An identity fresh from its authority.
#[derive(Debug, Clone)]
pub struct Issued {
    credentials: Credentials,
}

impl Issued {
    pub(super) fn new(credentials: Credentials) -> Issued {
        Issued { credentials }
    }

    /// The identity, and the trust in the authority that issued it.
    pub fn credentials(&self) -> &Credentials {
        &self.credentials
    }

    /// What the certificate says.
    pub fn certificate(&self) -> &CertificateInfo {
        self.credentials.identity().certificate()
    }

    pub(super) fn create(&self, home: &Path) -> Result<(), AuthorityError> {
        files::create_folder(
            home,
            &[
                files::public(CERTIFICATE, self.certificate_pem().as_bytes()),
                files::secret(KEY, self.key_pem().as_bytes()),
                files::public(TRUST, self.trust_pem().as_bytes()),
            ],
            |home| AuthorityError::IdentityExists { home },
        )
    }

    /// Takes the place of an identity that may be in use: whoever loads the folder at any moment
    /// finds a certificate and its key.
    pub(super) fn replace_in(&self, home: &Path) -> Result<(), AuthorityError> {
        files::clean(home);
        let new_key = self.key_pem();
        let old_key = Zeroizing::new(read_if_there(&home.join(KEY))?);
        let both = Zeroizing::new([new_key.as_bytes(), &old_key].concat());
        files::replace(home, &files::secret(KEY, &both))?;
        let trust = self.trust_pem();
        if read_if_there(&home.join(TRUST))? != trust.as_bytes() {
            files::replace(home, &files::public(TRUST, trust.as_bytes()))?;
        }
        files::replace(home, &files::public(CERTIFICATE, self.certificate_pem().as_bytes()))?;
        files::replace(home, &files::secret(KEY, new_key.as_bytes()))
    }

    fn certificate_pem(&self) -> String {
        pem::encode_certificates(self.credentials.identity().chain())
    }

    fn key_pem(&self) -> Zeroizing<String> {
        Zeroizing::new(pem::encode("PRIVATE KEY", self.credentials.identity().key().secret_der()))
    }

    fn trust_pem(&self) -> String {
        let domain = self.credentials.identity().id().trust_domain();
        pem::encode_certificates(self.credentials.trust().roots(domain))
    }
}

/// What is in a file, or nothing.
fn read_if_there(path: &Path) -> Result<Vec<u8>, AuthorityError> {
    match fs::read(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Vec::new()),
        read => read.map_err(|problem| AuthorityError::io(path, problem)),
    }
}

/// What to do about an identity that is there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Existing {
    /// Leave it alone, and fail.
    Refuse,
    /// Put the new certificate and key in its place.
    Replace,
}
