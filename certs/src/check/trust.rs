//! Whom the folder trusts: its own domain's roots, and those of others.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{fs, io};

use jiff::Timestamp;
use webpki::anchor_from_trusted_cert;

use super::member::Member;
use super::{Findings, Problem, crl, dates, files, name_of};
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
        dates::check_root(file, root, now, findings);
    }
}

/// Judges the files of `folder`, each about the domain after which it is called.
pub(super) fn check_other_domains(
    folder: &Path,
    own: Option<&TrustDomain>,
    own_file: &str,
    now: Timestamp,
    findings: &mut Findings,
) {
    let mut domains = BTreeMap::new();
    let mut lists = Vec::new();
    for path in paths_in(folder, findings) {
        let name = name_of(&path);
        // Whoever may write here may choose names that move a cursor.
        let path = path.with_file_name(shown(&name, 255));
        let Some(stem) = name.strip_suffix(".pem") else {
            findings.add(&path, None, Problem::Ignored);
            continue;
        };
        let list = stem.strip_suffix(".crl");
        match (domain_called(list.unwrap_or(stem), &path), list) {
            (Ok(domain), None) => {
                if own == Some(&domain) {
                    let elsewhere = own_file.to_owned();
                    findings.add(&path, None, Problem::TrustTwice { domain: domain.clone(), elsewhere });
                }
                let roots = files::certificates(&path, findings);
                check(&path, Some(&domain), &roots, now, findings);
                domains.insert(domain, roots);
            }
            (Ok(domain), Some(_)) => lists.push((domain, path)),
            (Err(CredentialsError::TrustFileName { path, problem }), _) => {
                findings.add(&path, None, Problem::TrustFileName { reason: problem.to_string() });
            }
            (Err(error), _) => findings.add(&path, None, Problem::Unreadable { reason: error.to_string() }),
        }
    }
    for (domain, roots) in &domains {
        if roots.is_empty() || own == Some(domain) || lists.iter().any(|(has, _)| has == domain) {
            continue;
        }
        let path = folder.join(format!("{domain}.crl.pem"));
        findings.add(&path, None, Problem::NoCrl { domain: domain.clone() });
    }
    for (domain, path) in lists {
        match domains.get(&domain) {
            _ if own == Some(&domain) => findings.add(&path, None, Problem::CrlElsewhere { domain }),
            None => findings.add(&path, None, Problem::CrlOfStranger { domain }),
            Some(roots) => drop(crl::check(&path, roots, &[], now, findings)),
        }
    }
}

fn paths_in(folder: &Path, findings: &mut Findings) -> Vec<PathBuf> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) => {
            if error.kind() != io::ErrorKind::NotFound {
                findings.add(folder, None, Problem::Unreadable { reason: error.to_string() });
            }
            return Vec::new();
        }
    };
    let mut paths: Vec<PathBuf> = entries.filter_map(|entry| entry.ok().map(|entry| entry.path())).collect();
    paths.sort();
    paths
}
