//! The chain from the identity's certificate to a root, judged by the verifier that every handshake asks.

use std::path::Path;

use jiff::Timestamp;
use rustls::crypto::aws_lc_rs;
use rustls_pki_types::{CertificateDer, TrustAnchor, UnixTime};
use webpki::{EndEntityCert, Error, KeyUsage, anchor_from_trusted_cert};

use super::dates;
use super::member::Member;
use super::{Findings, Problem, Role};
use crate::text::shown;

/// Longest chain of intermediates that a handshake accepts: ours have one at most, and each costs a signature
/// to check.
pub const INTERMEDIATES_MAX: usize = 4;

/// Largest certificate that a handshake accepts, in bytes. Ours have 600.
pub const CERTIFICATE_LEN_MAX: usize = 16 << 10;

/// Judges the chain in `file` by `roots`, in each role.
pub(super) fn check(
    file: &Path,
    leaf: &Member,
    members: &[Member],
    roots: &[Member],
    roles: &[Role],
    now: Timestamp,
    findings: &mut Findings,
) {
    check_sizes(file, members, findings);
    for member in members {
        dates::check(file, member, now, findings);
    }
    if roots.is_empty() {
        return; // Which was said of the trust file.
    }
    let chain = Chain { leaf, intermediates: others(leaf, members), roots };
    // Dates were judged one by one; here they must not hide what else is wrong.
    let at = dates::common_moment(members, now);
    let mut used = None;
    for role in roles {
        match chain.verify(*role, at) {
            Ok(path) => used = Some(path),
            // Said of the certificate itself, in better words.
            Err(Error::CaUsedAsEndEntity) => return,
            Err(Error::RequiredEkuNotFoundContext(_)) if !chain.leaf_is_for(*role) => {}
            Err(error) => {
                let (member, problem) = chain.explain(&error);
                return findings.add(file, Some(member.line), problem);
            }
        }
    }
    if let Some(used) = used {
        check_order(file, &chain, &used, findings);
    }
}

fn check_sizes(file: &Path, members: &[Member], findings: &mut Findings) {
    let count = members.len().saturating_sub(1);
    if INTERMEDIATES_MAX < count {
        let line = members.get(INTERMEDIATES_MAX + 1).map(|member| member.line);
        findings.add(file, line, Problem::ChainTooLong { count, limit: INTERMEDIATES_MAX });
    }
    for member in members.iter().filter(|member| CERTIFICATE_LEN_MAX < member.der.len()) {
        let (number, len, limit) = (member.number, member.der.len(), CERTIFICATE_LEN_MAX);
        findings.add(file, Some(member.line), Problem::CertificateTooLong { number, len, limit });
    }
}

fn others<'a>(leaf: &Member, members: &'a [Member]) -> Vec<&'a Member> {
    members.iter().filter(|member| member.number != leaf.number).collect()
}

struct Chain<'a> {
    leaf: &'a Member,
    intermediates: Vec<&'a Member>,
    roots: &'a [Member],
}

impl Chain<'_> {
    /// The numbers of the intermediates that lead to a root, in the order in which they do.
    fn verify(&self, role: Role, at: Timestamp) -> Result<Vec<usize>, Error> {
        let leaf = EndEntityCert::try_from(&self.leaf.der)?;
        let roots: Vec<TrustAnchor<'_>> =
            self.roots.iter().filter_map(|root| anchor_from_trusted_cert(&root.der).ok()).collect();
        let intermediates: Vec<CertificateDer<'_>> =
            self.intermediates.iter().map(|member| CertificateDer::from(member.der.as_ref())).collect();
        let usage = match role {
            Role::Client => KeyUsage::client_auth(),
            Role::Server => KeyUsage::server_auth(),
        };
        let algorithms = aws_lc_rs::default_provider().signature_verification_algorithms;
        let path =
            leaf.verify_for_usage(algorithms.all, &roots, &intermediates, unix(at), usage, None, None)?;
        let used = path.intermediate_certificates().map(|used| {
            let number = self.intermediates.iter().find(|member| member.der == used.der());
            number.map_or(0, |member| member.number)
        });
        Ok(used.collect())
    }

    fn leaf_is_for(&self, role: Role) -> bool {
        self.leaf.info.extended_key_usages().iter().any(|usage| usage == role.usage())
    }

    /// What the verifier's error means, and for which certificate.
    fn explain(&self, error: &Error) -> (&Member, Problem) {
        let top = self.top();
        let (number, subject, issuer) = (top.number, top.subject(), top.info.issuer().to_owned());
        let problem = match error {
            Error::UnknownIssuer if !self.is_issuer_at_hand(top) => {
                Problem::IssuerMissing { number, subject, issuer }
            }
            Error::UnknownIssuer | Error::InvalidSignatureForPublicKey => {
                Problem::OtherAuthority { number, subject, issuer }
            }
            Error::UnsupportedSignatureAlgorithmContext(_)
            | Error::UnsupportedSignatureAlgorithmForPublicKeyContext(_) => {
                return self.weakest();
            }
            Error::EndEntityUsedAsCa => {
                let impostor = self.intermediates.iter().copied().find(|member| !member.info.is_ca());
                let impostor = impostor.unwrap_or(top);
                let (number, subject) = (impostor.number, impostor.subject());
                return (impostor, Problem::IssuerNotAuthority { number, subject });
            }
            other => Problem::ChainRefused { reason: words(other) },
        };
        (top, problem)
    }

    /// The last certificate that is reached from the leaf by the names of issuers.
    fn top(&self) -> &Member {
        let mut top = self.leaf;
        // Each step takes another certificate, so that a circle ends.
        for _ in &self.intermediates {
            let issuers = || self.intermediates.iter().filter(|member| top.names_as_issuer(member));
            let named = issuers().find(|member| top.names_key_of(member)).or_else(|| issuers().next());
            match named {
                Some(issuer) if issuer.number != top.number && !issuer.is_root() => top = issuer,
                _ => break,
            }
        }
        top
    }

    fn is_issuer_at_hand(&self, member: &Member) -> bool {
        self.intermediates.iter().copied().chain(self.roots).any(|other| member.names_as_issuer(other))
    }

    /// The certificate whose signature is of a kind that is not accepted.
    fn weakest(&self) -> (&Member, Problem) {
        let all = || std::iter::once(self.leaf).chain(self.intermediates.iter().copied());
        let weak = all().find(|member| signature(member).1).unwrap_or(self.leaf);
        let problem = Problem::WeakSignature {
            number: weak.number,
            subject: weak.subject(),
            algorithm: signature(weak).0.to_owned(),
        };
        (weak, problem)
    }
}

/// Whether the certificates that lead to the root are in order, and nothing is among them but those.
fn check_order(file: &Path, chain: &Chain<'_>, used: &[usize], findings: &mut Findings) {
    if !used.is_sorted() {
        let first = chain.intermediates.first().map(|member| member.line);
        findings.add(file, first, Problem::ChainOrder);
    }
    for member in chain.intermediates.iter().filter(|member| !used.contains(&member.number)) {
        let problem = Problem::Unneeded { number: member.number, subject: member.subject() };
        findings.add(file, Some(member.line), problem);
    }
}

/// How a certificate is signed, and whether that is known to be too weak.
fn signature(member: &Member) -> (&str, bool) {
    match member.signature.as_str() {
        "1.2.840.113549.1.1.4" => ("RSA and MD5", true),
        "1.2.840.113549.1.1.5" => ("RSA and SHA-1", true),
        "1.2.840.10045.4.1" => ("ECDSA and SHA-1", true),
        "1.2.840.113549.1.1.11" => ("RSA and SHA-256", false),
        "1.2.840.10045.4.3.2" => ("ECDSA and SHA-256", false),
        other => (other, false),
    }
}

/// What the verifier says, as a person would.
fn words(error: &Error) -> String {
    let words = match error {
        Error::PathLenConstraintViolated => "one of its issuers may not sign for so long a chain",
        Error::NameConstraintViolation => "it has a name for which one of its issuers may not speak",
        Error::RequiredEkuNotFoundContext(_) => "one of its issuers may not issue for this usage",
        Error::UnsupportedCriticalExtension => "it has a critical extension that nobody here knows",
        Error::UnsupportedCertVersion => "it is not of X.509 version 3",
        other => return shown(&format!("{other:?}"), 80),
    };
    words.to_owned()
}

/// The moment as the verifier takes it; before 1970 nothing of ours was valid.
fn unix(at: Timestamp) -> UnixTime {
    let seconds = u64::try_from(at.as_second()).unwrap_or(0);
    UnixTime::since_unix_epoch(std::time::Duration::from_secs(seconds))
}
