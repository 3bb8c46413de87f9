//! The files of an identity's folder, read as far as they can be, with everything about them that is wrong.

use std::path::Path;

use rustls_pki_types::CertificateDer;
use zeroize::Zeroizing;

use super::member::Member;
use super::{Findings, Problem};
use crate::credentials::{CredentialsError, FileNames, KNOWN_FILE_NAMES, Warning};
use crate::key::PrivateKey;
use crate::pem::PemFile;
use crate::sections::{Section, sections};

/// Which of the known names the folder uses, unless it is no such folder.
pub(super) fn names(folder: &Path, findings: &mut Findings) -> Option<&'static FileNames> {
    let problem = match FileNames::used_in(folder) {
        Ok(names) => return Some(names),
        Err(CredentialsError::FolderMissing { .. }) => Problem::FolderMissing,
        Err(CredentialsError::NotAFolder { .. }) => Problem::NotAFolder,
        Err(CredentialsError::NoIdentity { .. }) => Problem::NoIdentity,
        Err(error) => unreadable(error),
    };
    findings.add(folder, None, problem);
    None
}

/// The certificates that can be read, with their numbers and lines.
pub(super) fn certificates(path: &Path, findings: &mut Findings) -> Vec<Member> {
    let Some(file) = read(path, PemFile::read, findings) else { return Vec::new() };
    // It says whom to believe, or who this is.
    if let Some(mode) = file.mode().filter(|mode| mode & 0o002 != 0) {
        findings.add(path, None, Problem::OpenToAll { mode });
    }
    let (mut members, mut number) = (Vec::new(), 0);
    for (section, der) in decoded(path, &file, |section| section.label == CERTIFICATE, findings) {
        number += 1;
        match Member::read(CertificateDer::from(der.to_vec()), number, section.line) {
            Ok(member) => members.push(member),
            Err(reason) => {
                let problem = Problem::CertificateUnreadable { number, reason };
                findings.add(path, Some(section.line), problem);
            }
        }
    }
    if number == 0 && !findings.has_errors_in(path) {
        findings.add(path, None, Problem::Lacks { what: "certificate", hint: file.hint() });
    }
    members
}

/// The private keys that can be read, and the line of each.
pub(super) fn keys(path: &Path, findings: &mut Findings) -> Vec<(PrivateKey, usize)> {
    let Some(file) = read(path, PemFile::read, findings) else { return Vec::new() };
    let mounted = path.parent().is_some_and(is_mounted_by_kubernetes);
    match file.check_access() {
        Err(CredentialsError::KeyExposed { mode, .. }) => {
            findings.add(path, None, Problem::KeyExposed { mode, mounted });
        }
        Ok(Some(Warning::KeyOpenToGroup { mode, .. })) => {
            findings.add(path, None, Problem::KeyOpenToGroup { mode, mounted });
        }
        _ => {}
    }
    let keys: Vec<_> = decoded(path, &file, Section::is_private_key, findings)
        .into_iter()
        .map(|(section, der)| (PrivateKey::read(&section, &der), section.line))
        .collect();
    if keys.is_empty() && !findings.has_errors_in(path) {
        findings.add(path, None, Problem::Lacks { what: "private key", hint: file.hint() });
    }
    keys
}

/// The sections of the kinds that are `wanted`, decoded; of each that cannot be is said why.
pub(super) fn decoded(
    path: &Path,
    file: &PemFile,
    wanted: impl Fn(&Section) -> bool,
    findings: &mut Findings,
) -> Vec<(Section, Zeroizing<Vec<u8>>)> {
    let mut decoded = Vec::new();
    for mut section in sections(file.text()) {
        match std::mem::replace(&mut section.body, Ok(Zeroizing::default())) {
            Ok(der) if wanted(&section) => decoded.push((section, der)),
            Ok(_) => {}
            Err(damage) => {
                findings.add(path, Some(damage.line), Problem::Damaged { reason: damage.reason });
            }
        }
    }
    decoded
}

/// Whether the kubelet mounted the folder: it swaps this link when a secret changes.
pub(super) fn is_mounted_by_kubernetes(folder: &Path) -> bool {
    folder.join("..data").exists()
}

/// Reads a file, unless it cannot be.
pub(super) fn read(
    path: &Path,
    read: impl Fn(&Path) -> Result<PemFile, CredentialsError>,
    findings: &mut Findings,
) -> Option<PemFile> {
    let problem = match read(path) {
        Ok(read) => return Some(read),
        Err(CredentialsError::FileMissing { .. }) => Problem::FileMissing { instead: other_name(path) },
        Err(CredentialsError::NotAFile { .. }) => Problem::NotAFile,
        Err(CredentialsError::TooLarge { limit, .. }) => Problem::TooLarge { limit },
        Err(error) => unreadable(error),
    };
    findings.add(path, None, problem);
    None
}

fn unreadable(error: CredentialsError) -> Problem {
    let reason = match error {
        CredentialsError::Unreadable { problem, .. } => problem.to_string(),
        other => other.to_string(),
    };
    Problem::Unreadable { reason }
}

/// What another tool calls the same file, if that is there.
fn other_name(path: &Path) -> Option<String> {
    let name = path.file_name()?;
    let same = |names: &FileNames| [names.certificate, names.key, names.trust];
    let place =
        KNOWN_FILE_NAMES.iter().find_map(|names| same(names).iter().position(|known| *known == name))?;
    let others = KNOWN_FILE_NAMES.iter().map(|names| same(names)[place]);
    others.filter(|other| path.with_file_name(other).exists()).map(str::to_owned).next()
}

const CERTIFICATE: &str = "CERTIFICATE";
