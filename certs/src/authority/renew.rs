//! The same identity with a new key and a new certificate.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::{Authority, AuthorityError, CERTIFICATE, KEY, Record, Register, Request};
use crate::certificate::CertificateInfo;
use crate::credentials::CredentialsError;
use crate::name::Name;

impl Authority {
    /// Renews the identity in `folder/NAME`: the same name and hosts, a new key and a new serial number.
    ///
    /// It is valid for as long as before, or for `valid`. Whoever loads the folder meanwhile finds the old
    /// certificate or the new one, each with its key. The old certificate stays good until it expires.
    ///
    /// ```
    /// use countersign_certs::{CertificateInfo, TrustDomain};
    /// use countersign_certs::authority::{Authority, Existing, Request};
    ///
    /// # let folder = tempfile::tempdir()?;
    /// # let pki = folder.path();
    /// let authority = Authority::init(pki, &TrustDomain::default())?;
    /// let alice = Request::client("alice".parse()?);
    /// let home = authority.issue_to(pki, &alice, Existing::Refuse)?;
    /// let old = CertificateInfo::load(home.join("cert.pem"))?;
    /// authority.renew(pki, &alice.name, None)?;
    /// let new = CertificateInfo::load(home.join("cert.pem"))?;
    /// assert_eq!(new[0].spiffe_id(), old[0].spiffe_id());
    /// assert_ne!(new[0].serial(), old[0].serial());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn renew(
        &self,
        folder: impl AsRef<Path>,
        name: &Name,
        valid: Option<Duration>,
    ) -> Result<PathBuf, AuthorityError> {
        let home = folder.as_ref().join(name.as_str());
        let mut register = self.lock()?;
        let old = record_of(&home, name, &mut register)?;
        if register.lists()?.revoked(&old.serial).is_some() {
            return Err(AuthorityError::WasRevoked { name: old.name, serial: old.serial });
        }
        if !home.join(KEY).try_exists().unwrap_or(true) {
            return Err(AuthorityError::KeyElsewhere { home });
        }
        let valid = valid.unwrap_or_else(|| old.life());
        let request = Request { name: old.name, hosts: old.hosts, valid };
        self.issue_under(Some(&mut register), &request)?.replace_in(&home)?;
        Ok(home)
    }
}

impl Authority {
    /// Renews the intermediate: identities are issued by the new one from now on.
    ///
    /// Needs the root's key. The old one stays until it expires, to revoke what it has issued. Whoever checks revocation
    /// needs the new lists before the first identity that the new one issues: see [`Authority::crl`].
    pub fn renew_intermediate(&mut self) -> Result<(), AuthorityError> {
        let now = Timestamp::now();
        if self.signers.issuing().is_root() {
            return Err(AuthorityError::NoIntermediate);
        }
        let new = self.signers.root().intermediate(now)?;
        let record = Record::of_intermediate(&new.info, self.certificate(), now)?;
        let mut signers = self.signers.clone();
        signers.intermediates.retain(|old| old.info.not_after() >= now);
        signers.intermediates.insert(0, Arc::new(new));
        self.change(signers, Some(record), now)
    }
}

/// What is on record of the certificate in `home`.
fn record_of(home: &Path, name: &Name, register: &mut Register) -> Result<Record, AuthorityError> {
    let certificates = CertificateInfo::load(home.join(CERTIFICATE)).map_err(|error| match error {
        CredentialsError::FileMissing { .. } => AuthorityError::NoIdentity { home: home.to_owned() },
        other => other.into(),
    })?;
    let serial = certificates[0].serial();
    let mut records = register.records()?.into_iter();
    records.find(|record| record.serial == serial && record.name == *name).ok_or_else(|| {
        AuthorityError::NotOnRecord { what: format!("the name {name} and the serial number {serial}") }
    })
}
