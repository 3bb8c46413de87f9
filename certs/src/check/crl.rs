//! Revocation lists: whether peers can be judged by them, and whether they revoke this very identity.

use std::path::Path;
use std::slice;

use jiff::Timestamp;
use rustls_pki_types::CertificateDer;

use super::member::Member;
use super::{Findings, Problem, files};
use crate::certificate::CertificateInfo;
use crate::credentials::soon;
use crate::crl::Crl;
use crate::pem::PemFile;
use crate::trust::{NEXT_CRL_BELOW_PERCENT, TrustError, authorities, check_crls, without_strangers};

/// Judges the lists in `file` by the roots of their domain, and by the intermediates that are at hand.
///
/// The answer is those that can be believed.
pub(super) fn check(
    file: &Path,
    roots: &[Member],
    chain: &[Member],
    now: Timestamp,
    findings: &mut Findings,
) -> Vec<Crl> {
    let Some(text) = files::read(file, PemFile::read_crls, findings) else { return Vec::new() };
    let (mut crls, mut number) = (Vec::new(), 0);
    let mut intermediates = ders(chain);
    for (section, der) in files::decoded(file, &text, |_| true, findings) {
        match section.label.as_str() {
            "CERTIFICATE" => intermediates.push(der.to_vec().into()),
            "X509 CRL" => {
                number += 1;
                match Crl::from_der(der.to_vec().into()) {
                    Ok(crl) => crls.push((number, section.line, crl)),
                    Err(error) => {
                        let problem = Problem::CrlUnreadable { number, reason: error.to_string() };
                        findings.add(file, Some(section.line), problem);
                    }
                }
            }
            _ => {}
        }
    }
    if number == 0 && !findings.has_errors_in(file) {
        findings.add(file, None, Problem::Lacks { what: "revocation list", hint: text.hint() });
    }
    // Without roots nothing can be believed, which was said of their file.
    let roots = ders(roots);
    if roots.is_empty() {
        return Vec::new();
    }
    let authorities = authorities(&roots, &intermediates);
    let mut believed: Vec<Crl> = Vec::new();
    for (number, line, crl) in without_strangers(&authorities, crls, |(_, _, crl)| crl) {
        let issuer = crl.issuer().to_owned();
        if let Err(error) = check_crls(&roots, &authorities, slice::from_ref(&crl)) {
            let problem = disbelief(number, &crl, error, roots.iter().chain(&intermediates));
            findings.add(file, Some(line), problem);
        } else if believed.iter().any(|earlier| crl.competes_with(earlier)) {
            findings.add(file, Some(line), Problem::CrlTwice { number, issuer });
        } else {
            check_dates(file, line, number, &crl, now, findings);
            believed.push(crl);
        }
    }
    believed
}

/// Whether the lists revoke a certificate of the chain in `file`, or say nothing of it.
pub(super) fn check_chain(
    file: &Path,
    crl_file: &Path,
    members: &[Member],
    roots: &[Member],
    crls: &[Crl],
    findings: &mut Findings,
) {
    let own = members.iter().filter(|member| !roots.iter().any(|root| root.der == member.der));
    for member in own.filter(|_| !crls.is_empty()) {
        let (number, subject) = (member.number, member.subject());
        if crls.iter().any(|crl| crl.revokes(member.info.issuer_der(), member.info.raw_serial())) {
            findings.add(file, Some(member.line), Problem::Revoked { number, subject });
        } else if is_at_hand(member, members, roots)
            && !crls.iter().any(|crl| crl.issuer_der() == member.info.issuer_der())
        {
            let issuer = member.info.issuer().to_owned();
            findings.add(crl_file, None, Problem::CrlMissing { issuer });
        }
    }
}

/// Whether its issuer is. What is wrong if it is not was said of the chain.
fn is_at_hand(member: &Member, members: &[Member], roots: &[Member]) -> bool {
    let mut authorities = members.iter().chain(roots).filter(|other| other.info.is_ca());
    authorities.any(|authority| member.names_as_issuer(authority))
}

fn ders(members: &[Member]) -> Vec<CertificateDer<'static>> {
    members.iter().map(|member| member.der.clone()).collect()
}

/// Why the list cannot be believed, or the verifier cannot work with it. `at_hand` is every authority's certificate
/// that there is, vouched for or not.
fn disbelief<'a>(
    number: usize,
    crl: &Crl,
    error: TrustError,
    at_hand: impl Iterator<Item = &'a CertificateDer<'static>>,
) -> Problem {
    let issuer = crl.issuer().to_owned();
    match error {
        TrustError::CrlForged { .. } if !is_known(crl, at_hand) => Problem::CrlOfOther { number, issuer },
        TrustError::CrlForged { .. } => Problem::CrlForged { number, issuer },
        TrustError::CrlNotAllowed { .. } => Problem::CrlNotAllowed { number, issuer },
        TrustError::CrlUnusable { reason, .. } => Problem::CrlUnusable { number, issuer, reason },
        other => Problem::CrlUnreadable { number, reason: other.to_string() },
    }
}

/// Whether there is an authority of the list's name.
fn is_known<'a>(crl: &Crl, mut authorities: impl Iterator<Item = &'a CertificateDer<'static>>) -> bool {
    authorities.any(|authority| {
        CertificateInfo::from_der(authority).is_ok_and(|info| info.subject_der() == crl.issuer_der())
    })
}

fn check_dates(file: &Path, line: usize, number: usize, crl: &Crl, now: Timestamp, findings: &mut Findings) {
    let (issuer, next_update) = (crl.issuer().to_owned(), crl.next_update());
    let problem = if crl.is_stale_at(now) {
        Problem::CrlStale { number, issuer, since: next_update }
    } else if now < crl.this_update() {
        Problem::CrlNotYet { number, issuer, from: crl.this_update() }
    } else if soon(crl.this_update(), next_update, NEXT_CRL_BELOW_PERCENT, now).is_some() {
        Problem::CrlStaleSoon { number, issuer, at: next_update }
    } else {
        return;
    };
    findings.add(file, Some(line), problem);
}
