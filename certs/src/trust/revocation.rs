//! How revocation is checked for one trust domain, and which lists may be believed.

use std::sync::Arc;

use rustls::RootCertStore;
use rustls::crypto::aws_lc_rs;
use rustls::server::WebPkiClientVerifier;
use rustls_pki_types::CertificateDer;
use x509_parser::prelude::{FromDer, X509Certificate};

use super::TrustError;
use crate::crl::Crl;
use crate::signature;

/// The most lists that one trust domain may have: one for each issuer, and each costs a signature to check.
const CRLS_MAX: usize = 64;

/// The most intermediates that are looked at: each may have to be checked against every other.
const INTERMEDIATES_MAX: usize = 32;

/// The next revocation list should be there when less than this part of the latest one's life is left.
pub(crate) const NEXT_CRL_BELOW_PERCENT: i32 = 20;

/// How revocation is checked for the peers of one trust domain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Revocation {
    /// Not at all: there is no list.
    Unchecked,
    /// By these lists.
    Checked {
        /// One for each issuer; there is at least one.
        crls: Vec<Crl>,
        /// What becomes of new peers while the list of their issuer is stale.
        stale: StaleCrl,
    },
}

impl Revocation {
    /// The lists, if there are any.
    pub fn crls(&self) -> &[Crl] {
        match self {
            Revocation::Unchecked => &[],
            Revocation::Checked { crls, .. } => crls,
        }
    }
}

/// What to do about new peers while a list is stale. Those that are connected stay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum StaleCrl {
    /// Refuses them: who knows what was revoked since.
    #[default]
    Refuse,
    /// Goes on with what the list says.
    Accept,
}

/// The lists without those of issuers that are unknown here, unless all are.
///
/// While a root is rolled over, the authority has one list more than those who know only the old root, or only the
/// new one. That list is of no use to them, and does no harm: they believe nobody whom it is about.
pub(crate) fn without_strangers<T>(
    authorities: &[X509Certificate<'_>],
    mut lists: Vec<T>,
    crl: impl Fn(&T) -> &Crl,
) -> Vec<T> {
    let is_known = |list: &T| authorities.iter().any(|one| one.subject().as_raw() == crl(list).issuer_der());
    if lists.iter().any(is_known) {
        lists.retain(is_known);
    }
    lists
}

/// Refuses lists that no authority of the domain signed, and those that the verifier could not work with.
///
/// Found out here, with a file to name, and not when the first peer is turned away.
pub(crate) fn check(
    roots: &[CertificateDer<'static>],
    authorities: &[X509Certificate<'_>],
    crls: &[Crl],
) -> Result<(), TrustError> {
    if crls.is_empty() {
        return Err(TrustError::NoCrl);
    }
    if CRLS_MAX < crls.len() {
        return Err(TrustError::TooManyCrls { limit: CRLS_MAX });
    }
    for (number, crl) in (1..).zip(crls) {
        let issuer = || crl.issuer().to_owned();
        let Some(signer) = authorities.iter().find(|authority| crl.is_signed_by(authority)) else {
            return Err(TrustError::CrlForged { number, issuer: issuer() });
        };
        if !may_sign_crls(signer) {
            return Err(TrustError::CrlNotAllowed { number, issuer: issuer() });
        }
        if crls[..number - 1].iter().any(|earlier| crl.competes_with(earlier)) {
            return Err(TrustError::CrlTwice { issuer: issuer() });
        }
        is_usable(roots, crl).map_err(|reason| TrustError::CrlUnusable {
            number,
            issuer: issuer(),
            reason,
        })?;
    }
    Ok(())
}

/// The roots, and those of the intermediates that stand below one of them.
pub(crate) fn authorities<'a>(
    roots: &'a [CertificateDer<'static>],
    intermediates: &'a [CertificateDer<'static>],
) -> Vec<X509Certificate<'a>> {
    let parsed =
        |der: &'a CertificateDer<'static>| X509Certificate::from_der(der).ok().map(|(_, parsed)| parsed);
    let mut believed: Vec<_> = roots.iter().filter_map(parsed).collect();
    let candidates = intermediates.iter().take(INTERMEDIATES_MAX).filter_map(parsed);
    let mut others: Vec<_> = candidates.filter(|candidate| candidate.is_ca()).collect();
    // Each round finds the next generation; every certificate is at most one.
    let mut known = 0;
    while known < believed.len() {
        known = believed.len();
        others.retain(|candidate| {
            let vouched = believed[..known].iter().any(|authority| is_issued_by(candidate, authority));
            if vouched {
                believed.push(candidate.clone());
            }
            !vouched
        });
    }
    believed
}

fn is_issued_by(certificate: &X509Certificate<'_>, authority: &X509Certificate<'_>) -> bool {
    let signed = certificate.tbs_certificate.as_ref();
    certificate.issuer().as_raw() == authority.subject().as_raw()
        && signature::verifies(
            authority,
            &certificate.signature_algorithm,
            &certificate.signature_value,
            signed,
        )
}

/// As the verifier sees it: without the extension everything is allowed.
fn may_sign_crls(authority: &X509Certificate<'_>) -> bool {
    match authority.key_usage() {
        Ok(Some(usage)) => usage.value.crl_sign(),
        Ok(None) => true,
        Err(_) => false,
    }
}

/// Asks the verifier that will have to work with it, which is stricter than our own parser.
fn is_usable(roots: &[CertificateDer<'static>], crl: &Crl) -> Result<(), String> {
    let mut store = RootCertStore::empty();
    store.add_parsable_certificates(roots.iter().cloned());
    let provider = Arc::new(aws_lc_rs::default_provider());
    let built = WebPkiClientVerifier::builder_with_provider(Arc::new(store), provider)
        .with_crls([crl.der().clone()])
        .build();
    built.map(drop).map_err(|error| error.to_string())
}
