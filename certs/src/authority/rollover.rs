//! From one root to the next, so that everyone trusts everyone all the time.
//!
//! First the next root is trusted and signs nothing; then it signs, and the old one is still trusted; then it is alone.
//! Between the steps everyone has to get what is new: each step looks in the record for those who have not.

use std::collections::BTreeMap;
use std::path::Path;

use jiff::Timestamp;
use serde::Serialize;

use super::signer::Signer;
use super::signers::{self, Signers};
use super::{Authority, AuthorityError, CERTIFICATE, HOME, Plan, Record, State};
use crate::name::Name;
use crate::pem;

/// How far an authority is from one root to the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Stage {
    /// There is one root.
    Settled,
    /// The next root is trusted, and signs nothing yet.
    Announced,
    /// The next root signs, and the old one is still trusted.
    Switched,
}

/// What to do about identities that a step of a rollover would cut off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Late {
    /// Fail, and name them.
    Wait,
    /// Go on without them: they were helped by other means, or do not matter.
    LeaveBehind,
}

impl Authority {
    /// Makes the next root and has it trusted beside the one in force, which goes on signing.
    ///
    /// It is like `plan`, whose trust domain and passphrase do not count: those stay. Needs the key of the root in
    /// force. Then renew every identity, or hand the [`bundle`](Authority::bundle) to whoever trusts the old root alone.
    ///
    /// ```
    /// use countersign_certs::TrustDomain;
    /// use countersign_certs::authority::{Authority, Existing, Late, Plan, Request};
    ///
    /// # let folder = tempfile::tempdir()?;
    /// # let pki = folder.path();
    /// let mut authority = Authority::init(pki, &TrustDomain::default())?;
    /// let alice = Request::client("alice".parse()?);
    /// authority.issue_to(pki, &alice, Existing::Refuse)?;
    ///
    /// authority.begin_rollover(&Plan::new(TrustDomain::default()))?;
    /// authority.switch_root(Late::Wait).unwrap_err(); // alice does not trust the next root yet
    /// authority.renew(pki, &alice.name, None)?;
    /// authority.switch_root(Late::Wait)?;
    /// authority.renew(pki, &alice.name, None)?;
    /// authority.retire_root(Late::Wait)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn begin_rollover(&mut self, plan: &Plan) -> Result<(), AuthorityError> {
        self.expect(Stage::Settled)?;
        let now = Timestamp::now();
        let old = self.signers.root();
        if old.key().is_none() {
            return Err(old.key_absent());
        }
        let plan = Plan { domain: self.domain.clone(), ..plan.clone() };
        // The later one of two is the next, even if both are made within a second.
        let (root, intermediate) = Signer::generate_after(old.info.not_before(), &plan, now)?;
        let record = match &intermediate {
            Some(intermediate) => Some(Record::of_intermediate(&intermediate.info, &root.info, now)?),
            None => None,
        };
        let mut signers = self.signers.clone();
        signers.roots.push(root.into());
        signers.intermediates.extend(intermediate.map(Into::into));
        self.change(signers, record, now)
    }

    /// Lets the next root sign from now on. The old one is still trusted.
    ///
    /// Waits for everyone who was not told of the next root yet: they would not believe those who have its certificates.
    /// Then renew every identity once more.
    pub fn switch_root(&mut self, late: Late) -> Result<(), AuthorityError> {
        self.expect(Stage::Announced)?;
        self.wait_for_nobody(late, |signers, record| {
            record.roots.contains(&signers.roots[1].info.serial().to_owned())
        })?;
        let mut signers = self.signers.clone();
        signers.roots.swap(0, 1);
        self.change(signers, None, Timestamp::now())
    }

    /// Ends the trust in the old root, and forgets its key.
    ///
    /// Waits for everyone who still has a certificate from it.
    pub fn retire_root(&mut self, late: Late) -> Result<(), AuthorityError> {
        self.expect(Stage::Switched)?;
        self.wait_for_nobody(late, |signers, record| {
            let root = signers.root();
            let mut issuers = signers.intermediates.iter().filter(|one| root.signed(one));
            record.issuer == root.info.serial() || issuers.any(|one| record.issuer == one.info.serial())
        })?;
        let mut signers = self.signers.clone();
        let retired = signers.roots.remove(1);
        signers.intermediates.retain(|one| !retired.signed(one));
        self.change(signers, None, Timestamp::now())
    }

    /// How far a rollover has come.
    pub fn stage(&self) -> Stage {
        match self.signers.roots.as_slice() {
            [one, other, ..] if one.info.not_before() < other.info.not_before() => Stage::Announced,
            [_, _, ..] => Stage::Switched,
            _ => Stage::Settled,
        }
    }

    /// Every root that is to be trusted, as PEM: what belongs into `ca.pem`.
    pub fn bundle(&self) -> String {
        signers::certificates_pem(&self.signers.roots)
    }

    fn expect(&self, stage: Stage) -> Result<(), AuthorityError> {
        if self.stage() == stage { Ok(()) } else { Err(AuthorityError::WrongStage { stage: self.stage() }) }
    }

    /// Fails if there is a name whose latest certificate is in use and not `ready`.
    fn wait_for_nobody(
        &self,
        late: Late,
        ready: impl Fn(&Signers, &Record) -> bool,
    ) -> Result<(), AuthorityError> {
        if late == Late::LeaveBehind {
            return Ok(());
        }
        let mut register = self.lock()?;
        let (lists, now) = (register.lists()?, Timestamp::now());
        let mut latest: BTreeMap<Name, Record> = BTreeMap::new();
        for mut record in register.records()? {
            record.revoked = lists.revoked(&record.serial);
            latest.insert(record.name.clone(), record);
        }
        latest.remove(&Name::authority());
        latest.retain(|_, record| {
            let in_use = matches!(record.state(now), State::Valid | State::ExpiresSoon);
            in_use && !ready(&self.signers, record)
        });
        match latest.into_keys().collect::<Vec<_>>() {
            names if names.is_empty() => Ok(()),
            names => Err(AuthorityError::NotReady { names }),
        }
    }
}

/// Every root that the authority in `folder` wants to be trusted, as PEM. Needs no key.
pub fn bundle(folder: impl AsRef<Path>) -> Result<String, AuthorityError> {
    let folder = folder.as_ref();
    let home = folder.join(HOME);
    if !home.try_exists().unwrap_or(true) {
        return Err(AuthorityError::Missing { folder: folder.to_owned() });
    }
    Ok(pem::encode_certificates(&pem::certificates(&home.join(CERTIFICATE))?))
}
