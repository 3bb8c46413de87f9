//! Whom the folder trusts: its own domain's roots, and those of others.

use std::path::Path;
use std::{fs, io};

use jiff::Timestamp;
use webpki::anchor_from_trusted_cert;

use super::member::Member;
use super::{Findings, Problem, dates, files, name_of};
use crate::credentials::{CredentialsError, domain_called};
use crate::name::TrustDomain;
use crate::text::shown;

/// Judges the roots of `domain` in `file`.
pub(super) fn check(
    file: &Path,
    domain: Option<&TrustDomain>,
    roots: &[Member],
    now: Timestamp,
    findings: &mut Findings,
) {
    for root in roots {
        let (number, subject, line) = (root.number, root.subject(), Some(root.line));
        if !root.info.is_ca() {
            findings.add(file, line, Problem::NotAnAuthority { number, subject });
            continue;
        }
        if let Err(error) = anchor_from_trusted_cert(&root.der) {
            let reason = shown(&format!("{error:?}"), 80);
            findings.add(file, line, Problem::UnusableRoot { number, subject, reason });
            continue;
        }
        let says = root.info.spiffe_id().ok().map(|id| id.trust_domain());
        if let Some((says, domain)) = says.zip(domain).filter(|(says, domain)| says != domain) {
            let (says, domain) = (says.clone(), domain.clone());
            findings.add(file, line, Problem::RootOfOtherDomain { number, subject, says, domain });
        }
        dates::check(file, root, now, findings);
    }
}

/// Judges the files of `folder`, each with the roots of the domain after which it is called.
pub(super) fn check_other_domains(
    folder: &Path,
    own: Option<&TrustDomain>,
    own_file: &str,
    now: Timestamp,
    findings: &mut Findings,
) {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return,
        Err(error) => return findings.add(folder, None, Problem::Unreadable { reason: error.to_string() }),
    };
    let mut paths: Vec<_> = entries.filter_map(|entry| entry.ok().map(|entry| entry.path())).collect();
    paths.sort();
    for path in paths {
        let name = name_of(&path);
        let Some(stem) = name.strip_suffix(".pem") else {
            findings.add(&path, None, Problem::Ignored);
            continue;
        };
        match domain_called(stem.strip_suffix(".crl").unwrap_or(stem), &path) {
            Ok(_) if stem.ends_with(".crl") => {}
            Ok(domain) => {
                if own == Some(&domain) {
                    let elsewhere = own_file.to_owned();
                    findings.add(&path, None, Problem::TrustTwice { domain: domain.clone(), elsewhere });
                }
                let roots = files::certificates(&path, findings);
                check(&path, Some(&domain), &roots, now, findings);
            }
            Err(CredentialsError::TrustFileName { path, problem }) => {
                findings.add(&path, None, Problem::TrustFileName { reason: problem.to_string() });
            }
            Err(error) => findings.add(&path, None, Problem::Unreadable { reason: error.to_string() }),
        }
    }
}
