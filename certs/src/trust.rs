//! Whom I believe: the roots of each trust domain, kept apart.

use std::collections::BTreeMap;
use std::sync::Arc;

use rustls::RootCertStore;
use rustls_pki_types::CertificateDer;

use crate::certificate::{CertificateError, CertificateInfo};
use crate::name::TrustDomain;

/// The roots that may vouch for each trust domain. Cheap to clone.
///
/// A domain's roots speak for that domain alone: pouring all of them into one store would let any
/// authority issue identities in the name of every other.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Trust(Arc<BTreeMap<TrustDomain, Vec<CertificateDer<'static>>>>);

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
        Arc::make_mut(&mut self.0).insert(domain, roots);
        Ok(self)
    }

    /// Every domain that is trusted, in order.
    pub fn domains(&self) -> impl Iterator<Item = &TrustDomain> {
        self.0.keys()
    }

    /// The roots that may vouch for `domain`; none if it is not trusted.
    pub fn roots(&self, domain: &TrustDomain) -> &[CertificateDer<'static>] {
        self.0.get(domain).map_or(&[], Vec::as_slice)
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
