//! The files of an identity folder: what they are called, and all of them as they were at one look.

use std::cmp::Reverse;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::{Credentials, CredentialsError};
use crate::identity::{Identity, IdentityError};
use crate::name::TrustDomain;
use crate::pem::PemFile;
use crate::text::shown;
use crate::trust::Trust;

/// Everything that a folder says, read but not yet understood.
#[derive(PartialEq)]
pub(super) struct Files {
    certificate: PemFile,
    key: PemFile,
    trust: PemFile,
    /// The roots of other domains, in the order of their paths.
    others: Vec<(TrustDomain, PemFile)>,
}

impl Files {
    pub(super) fn read(folder: &Path) -> Result<Files, CredentialsError> {
        let names = FileNames::used_in(folder)?;
        Ok(Files {
            certificate: PemFile::read(&folder.join(names.certificate))?,
            key: PemFile::read(&folder.join(names.key))?,
            trust: PemFile::read(&folder.join(names.trust))?,
            others: other_domains(&folder.join("trust"))?,
        })
    }

    pub(super) fn credentials(&self) -> Result<Credentials, CredentialsError> {
        let (keys, warning) = self.key.keys()?;
        let identity = Identity::with_one_of(self.certificate.certificates()?, keys)
            .map_err(|problem| self.no_identity(problem))?;
        let own = identity.id().trust_domain().clone();
        let mut trust = Trust::default();
        for (domain, file) in [(&own, &self.trust)].into_iter().chain(self.others.iter().map(|(d, f)| (d, f)))
        {
            trust = trust
                .and(domain.clone(), file.certificates()?)
                .map_err(|problem| CredentialsError::Trust { path: file.path().to_owned(), problem })?;
        }
        Ok(Credentials { identity, trust, warnings: warning.into_iter().collect() })
    }

    fn no_identity(&self, problem: IdentityError) -> CredentialsError {
        let (key, certificate) = (self.key.path().to_owned(), self.certificate.path().to_owned());
        match problem {
            IdentityError::KeyMismatch => CredentialsError::KeyMismatch { key, certificate },
            IdentityError::UnsupportedKey => CredentialsError::Identity { path: key, problem },
            _ => CredentialsError::Identity { path: certificate, problem },
        }
    }
}

/// What one tool calls the three files.
struct FileNames {
    certificate: &'static str,
    key: &'static str,
    trust: &'static str,
}

const KNOWN_FILE_NAMES: [FileNames; 4] = [
    FileNames { certificate: "cert.pem", key: "key.pem", trust: "ca.pem" },
    FileNames { certificate: "tls.crt", key: "tls.key", trust: "ca.crt" },
    FileNames { certificate: "svid.pem", key: "svid_key.pem", trust: "svid_bundle.pem" },
    FileNames { certificate: "svid.0.pem", key: "svid.0.key", trust: "bundle.0.pem" },
];

impl FileNames {
    /// The names of which most are there, so that an error names the one that is missing.
    fn used_in(folder: &Path) -> Result<&'static FileNames, CredentialsError> {
        match fs::metadata(folder) {
            Ok(metadata) if metadata.is_dir() => {}
            Ok(_) => return Err(CredentialsError::NotAFolder { path: folder.to_owned() }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(CredentialsError::FolderMissing { folder: folder.to_owned() });
            }
            Err(problem) => return Err(CredentialsError::Unreadable { path: folder.to_owned(), problem }),
        }
        KNOWN_FILE_NAMES
            .iter()
            .filter(|names| names.count_in(folder) > 0)
            .min_by_key(|names| Reverse(names.count_in(folder)))
            .ok_or_else(|| CredentialsError::NoIdentity { folder: folder.to_owned() })
    }

    fn count_in(&self, folder: &Path) -> usize {
        [self.certificate, self.key, self.trust].iter().filter(|name| may_exist(&folder.join(name))).count()
    }
}

/// Whether there is such a file, or none of our business: opening it then says why.
fn may_exist(path: &Path) -> bool {
    path.try_exists().unwrap_or(true)
}

/// The roots in `trust/DOMAIN.pem`, if there is such a folder.
fn other_domains(folder: &Path) -> Result<Vec<(TrustDomain, PemFile)>, CredentialsError> {
    let unreadable = |problem| CredentialsError::Unreadable { path: folder.to_owned(), problem };
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(problem) => return Err(unreadable(problem)),
    };
    let mut paths = entries
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<Vec<PathBuf>, _>>()
        .map_err(unreadable)?;
    // The folder's own order is arbitrary, and so would be which error is seen first.
    paths.sort();
    let mut domains = Vec::new();
    for path in paths {
        if let Some(domain) = domain_of(&path)? {
            domains.push((domain, PemFile::read(&path)?));
        }
    }
    Ok(domains)
}

/// The domain after which a trust file is called; none for files that hold no roots.
fn domain_of(path: &Path) -> Result<Option<TrustDomain>, CredentialsError> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let Some(domain) = name.strip_suffix(".pem").filter(|stem| !stem.ends_with(".crl")) else {
        return Ok(None);
    };
    match domain.parse() {
        Ok(domain) => Ok(Some(domain)),
        Err(problem) => {
            let path = path.with_file_name(shown(&name, 255));
            Err(CredentialsError::TrustFileName { path, problem })
        }
    }
}
