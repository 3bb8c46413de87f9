//! Whom I believe: the roots and the revocations of each trust domain, kept apart.

mod revocation;

use std::collections::BTreeMap;
use std::sync::Arc;

use rustls::RootCertStore;
use rustls_pki_types::CertificateDer;

use crate::certificate::{CertificateError, CertificateInfo};
use crate::crl::Crl;
use crate::name::TrustDomain;

pub(crate) use revocation::{NEXT_CRL_BELOW_PERCENT, authorities, check as check_crls, without_strangers};
pub use revocation::{Revocation, StaleCrl};

/// The roots that may vouch for each trust domain, and what they revoked. Cheap to clone.
///
/// A domain's roots speak for that domain alone: pouring all of them into one store would let any
/// authority issue identities in the name of every other, and revoke those of every other.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Trust(Arc<BTreeMap<TrustDomain, DomainTrust>>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct DomainTrust {
    roots: Vec<CertificateDer<'static>>,
    revocation: Revocation,
}

impl Trust {
    /// Trust in one domain.
    pub fn new(domain: TrustDomain, roots: Vec<CertificateDer<'static>>) -> Result<Trust, TrustError> {
        Trust::default().and(domain, roots)
    }

    /// The same trust, and another domain beside those it has.
    ///
    /// Fails if the domain is already there: which roots count must not depend on an order.
    pub fn and(
        mut self,
        domain: TrustDomain,
        roots: Vec<CertificateDer<'static>>,
    ) -> Result<Trust, TrustError> {
        if self.0.contains_key(&domain) {
            return Err(TrustError::Twice { domain });
        }
        check(&roots)?;
        Arc::make_mut(&mut self.0).insert(domain, DomainTrust { roots, revocation: Revocation::Unchecked });
        Ok(self)
    }

    /// The same trust, and the peers of `domain` are checked against these lists from now on.
    ///
    /// Each must be signed by one of the domain's roots; those of other issuers are left aside, unless there are no
    /// others. A peer whose issuer has no list here is refused, also
    /// one whose issuer is an intermediate: each issuer needs a list of its own.
    pub fn with_crls(
        self,
        domain: &TrustDomain,
        crls: Vec<Crl>,
        stale: StaleCrl,
    ) -> Result<Trust, TrustError> {
        self.with_crls_by(&[], domain, crls, stale)
    }

    /// The same, where the lists may be signed by these intermediates, too, if a root stands behind them.
    pub(crate) fn with_crls_by(
        mut self,
        intermediates: &[CertificateDer<'static>],
        domain: &TrustDomain,
        crls: Vec<Crl>,
        stale: StaleCrl,
    ) -> Result<Trust, TrustError> {
        let Some(trusted) = Arc::make_mut(&mut self.0).get_mut(domain) else {
            return Err(TrustError::CrlOfStranger { domain: domain.clone() });
        };
        let authorities = authorities(&trusted.roots, intermediates);
        let crls = without_strangers(&authorities, crls, |crl| crl);
        check_crls(&trusted.roots, &authorities, &crls)?;
        trusted.revocation = Revocation::Checked { crls, stale };
        Ok(self)
    }

    /// Every domain that is trusted, in order.
    pub fn domains(&self) -> impl Iterator<Item = &TrustDomain> {
        self.0.keys()
    }

    /// The roots that may vouch for `domain`; none if it is not trusted.
    pub fn roots(&self, domain: &TrustDomain) -> &[CertificateDer<'static>] {
        self.0.get(domain).map_or(&[], |trusted| &trusted.roots)
    }

    /// How revocation is checked for the peers of `domain`.
    pub fn revocation(&self, domain: &TrustDomain) -> &Revocation {
        self.0.get(domain).map_or(&Revocation::Unchecked, |trusted| &trusted.revocation)
    }
}

/// Why certificates cannot serve as the roots of a trust domain.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TrustError {
    /// There are none.
    #[error("there is no certificate in it")]
    Empty,
    /// One of them cannot be read.
    #[error("its certificate {number} is {problem}")]
    Unreadable {
        /// Which one, counted from 1.
        number: usize,
        /// What is wrong with it.
        problem: CertificateError,
    },
    /// One of them is somebody's own, not an authority's.
    #[error(
        "its certificate {number} ({subject}) is not an authority's; put only authorities' certificates here"
    )]
    NotAnAuthority {
        /// Which one, counted from 1.
        number: usize,
        /// Whose it is.
        subject: String,
    },
    /// One of them is an authority's, but of a kind that the verifier cannot work with.
    #[error("its certificate {number} ({subject}) cannot be a root: {reason}")]
    Unusable {
        /// Which one, counted from 1.
        number: usize,
        /// Whose it is.
        subject: String,
        /// What the verifier says.
        reason: String,
    },
    /// The domain has roots already.
    #[error("the trust domain {domain} has its roots from elsewhere already; keep one of the two")]
    Twice {
        /// The domain that was given twice.
        domain: TrustDomain,
    },
    /// There are revocation lists for a domain that has no roots.
    #[error(
        "the trust domain {domain} has no roots here; place them in trust/{domain}.pem, or remove this file"
    )]
    CrlOfStranger {
        /// The domain that is not trusted.
        domain: TrustDomain,
    },
    /// There are revocation lists of the own domain where those of others are.
    #[error(
        "{domain} is the own trust domain, whose revocation list is crl.pem, beside the certificate; \
         move it there"
    )]
    CrlElsewhere {
        /// The own domain.
        domain: TrustDomain,
    },
    /// There is no revocation list where there should be one.
    #[error("there is no revocation list in it")]
    NoCrl,
    /// More revocation lists than a domain has issuers.
    #[error("it has more than {limit} revocation lists; keep the latest of each issuer")]
    TooManyCrls {
        /// The most that are taken.
        limit: usize,
    },
    /// No authority of the domain signed a revocation list.
    #[error(
        "its list {number} (of {issuer}) is not signed by an authority of this trust domain; get it from \
         that authority again, and if an intermediate signed it, put its certificate into this file, too"
    )]
    CrlForged {
        /// Which one, counted from 1.
        number: usize,
        /// Whose it says it is.
        issuer: String,
    },
    /// The authority that signed a revocation list may not do so.
    #[error(
        "its list {number} (of {issuer}) is signed by an authority whose certificate does not allow that; \
         issue that one anew with the key usage cRLSign"
    )]
    CrlNotAllowed {
        /// Which one, counted from 1.
        number: usize,
        /// Whose it is.
        issuer: String,
    },
    /// Two revocation lists are of the same issuer.
    #[error("it has two lists of {issuer}; keep the latest")]
    CrlTwice {
        /// The issuer of both.
        issuer: String,
    },
    /// A revocation list is sound, but of a kind that the verifier cannot work with.
    #[error(
        "its list {number} (of {issuer}) cannot be used: {reason}; have a complete list of version 2 made"
    )]
    CrlUnusable {
        /// Which one, counted from 1.
        number: usize,
        /// Whose it is.
        issuer: String,
        /// What the verifier says.
        reason: String,
    },
}

fn check(roots: &[CertificateDer<'static>]) -> Result<(), TrustError> {
    if roots.is_empty() {
        return Err(TrustError::Empty);
    }
    for (number, root) in (1..).zip(roots) {
        let certificate =
            CertificateInfo::from_der(root).map_err(|problem| TrustError::Unreadable { number, problem })?;
        if !certificate.is_ca() {
            let subject = certificate.subject().to_owned();
            return Err(TrustError::NotAnAuthority { number, subject });
        }
        // Found out here, with a file to name, and not when the first peer is turned away.
        RootCertStore::empty().add(root.clone()).map_err(|error| TrustError::Unusable {
            number,
            subject: certificate.subject().to_owned(),
            reason: error.to_string(),
        })?;
    }
    Ok(())
}
