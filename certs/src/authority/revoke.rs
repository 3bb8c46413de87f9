//! Taking back what was issued.

use jiff::Timestamp;

use super::crl::Revoke;
use super::{Authority, AuthorityError, Lists, Record, Register};
use crate::name::Name;
use crate::text::shown;

/// What a revocation did.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Revocation {
    /// The certificates that it revoked.
    pub revoked: Vec<Record>,
    /// Those that had been revoked before.
    pub already: Vec<Record>,
}

/// Why a certificate is revoked, for whoever reads the list. Nobody believes it more or less for that.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// Nothing is said.
    #[default]
    Unspecified,
    /// Somebody else has the key, or may have.
    KeyCompromise,
    /// Whoever it names does not belong to the organization any more.
    AffiliationChanged,
    /// Another certificate has taken its place.
    Superseded,
    /// Whatever it names is not in use any more.
    CessationOfOperation,
    /// Whoever it names may not have it any more.
    PrivilegeWithdrawn,
}

impl Authority {
    /// Revokes every unexpired certificate of `name`.
    ///
    /// They are on the revocation lists in `authority/crl.pem` when this returns. To whom these go is up to you.
    ///
    /// ```
    /// use countersign_certs::TrustDomain;
    /// use countersign_certs::authority::{Authority, Existing, Request, State, list};
    ///
    /// # let folder = tempfile::tempdir()?;
    /// # let pki = folder.path();
    /// let authority = Authority::init(pki, &TrustDomain::default())?;
    /// let alice = Request::client("alice".parse()?);
    /// authority.issue_to(pki, &alice, Existing::Refuse)?;
    /// assert_eq!(authority.revoke(&alice.name)?.revoked.len(), 1);
    /// assert_eq!(authority.revoke(&alice.name)?.already.len(), 1);
    /// assert_eq!(list(pki)?[0].state(jiff::Timestamp::now()), State::Revoked);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn revoke(&self, name: &Name) -> Result<Revocation, AuthorityError> {
        self.revoke_for(name, Reason::Unspecified)
    }

    /// The same, with the reason.
    pub fn revoke_for(&self, name: &Name, reason: Reason) -> Result<Revocation, AuthorityError> {
        let now = Timestamp::now();
        let mut register = self.lock()?;
        let mut records = register.records()?;
        records.retain(|record| record.name == *name);
        if records.is_empty() {
            return Err(AuthorityError::NotOnRecord { what: format!("the name {name}") });
        }
        records.retain(|record| record.not_after >= now && self.subject_of_issuer(record).is_some());
        self.revoke_all(&register, records, reason, now)
    }

    /// Revokes the one certificate with this serial number, whether of an identity or of an intermediate.
    ///
    /// The number is in hexadecimal, with or without colons.
    pub fn revoke_serial(&self, serial: &str) -> Result<Revocation, AuthorityError> {
        self.revoke_serial_for(serial, Reason::Unspecified)
    }

    /// The same, with the reason.
    pub fn revoke_serial_for(&self, serial: &str, reason: Reason) -> Result<Revocation, AuthorityError> {
        let mut register = self.lock()?;
        let wanted = serial.replace(':', "").to_ascii_lowercase();
        let record =
            register.records()?.into_iter().find(|record| record.serial == wanted).ok_or_else(|| {
                AuthorityError::NotOnRecord { what: format!("the serial number {}", shown(serial, 80)) }
            })?;
        if self.subject_of_issuer(&record).is_none() {
            return Err(AuthorityError::Retired { serial: record.serial });
        }
        self.revoke_all(&register, vec![record], reason, Timestamp::now())
    }

    /// Signs the revocation lists anew, and returns them as PEM, as they are in `authority/crl.pem`: one for each
    /// issuer.
    ///
    /// Every other command of the authority does so, too. They are good for thirty days, and a server refuses everyone
    /// once they are stale.
    pub fn crl(&self) -> Result<String, AuthorityError> {
        let now = Timestamp::now();
        match self.lock_any()? {
            Some(register) => self.sign_lists(&register, register.lists()?, &[], now),
            None => Lists::default().next(self.signers.all(), &[], now),
        }
    }

    fn revoke_all(
        &self,
        register: &Register,
        records: Vec<Record>,
        reason: Reason,
        now: Timestamp,
    ) -> Result<Revocation, AuthorityError> {
        let lists = register.lists()?;
        let mut done = Revocation { revoked: Vec::new(), already: Vec::new() };
        for mut record in records {
            record.revoked = lists.revoked(&record.serial);
            match record.revoked {
                Some(_) => done.already.push(record),
                None => done.revoked.push(Record { revoked: Some(now), ..record }),
            }
        }
        let revoke = done.revoked.iter().map(|record| Revoke {
            issuer: self.subject_of_issuer(record).unwrap_or_default(),
            serial: &record.serial,
            reason,
        });
        self.sign_lists(register, lists, &revoke.collect::<Vec<_>>(), now)?;
        Ok(done)
    }

    fn sign_lists(
        &self,
        register: &Register,
        lists: Lists,
        revoke: &[Revoke<'_>],
        now: Timestamp,
    ) -> Result<String, AuthorityError> {
        let text = lists.next(self.signers.all(), revoke, now)?;
        register.put_lists(&text)?;
        Ok(text)
    }

    /// The name in DER of the signer that issued this certificate; none if that one is retired.
    fn subject_of_issuer(&self, record: &Record) -> Option<&[u8]> {
        let issuer = self.signers.all().find(|signer| signer.info.serial() == record.issuer);
        issuer.map(|signer| signer.subject())
    }
}
