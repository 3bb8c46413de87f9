//! The files of an identity folder: what they are called, and all of them as they were at one look.

use std::cmp::Reverse;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::{Credentials, CredentialsError};
use crate::identity::{Identity, IdentityError};
use crate::name::TrustDomain;
use crate::pem::{PemFile, if_there};
use crate::text::shown;
use crate::trust::{StaleCrl, Trust, TrustError};

/// Everything that a folder says, read but not yet understood.
#[derive(PartialEq)]
pub(super) struct Files {
    certificate: PemFile,
    key: PemFile,
    trust: PemFile,
    crl: Option<PemFile>,
    others: OtherDomains,
}

/// What is known of other trust domains than the own one, each in the order of the paths.
#[derive(Default, PartialEq)]
struct OtherDomains {
    roots: Vec<(TrustDomain, PemFile)>,
    crls: Vec<(TrustDomain, PemFile)>,
}

impl Files {
    /// Reads a folder. The revocation list of the own domain may lie elsewhere; then it must be there.
    pub(super) fn read(folder: &Path, crl: Option<&Path>) -> Result<Files, CredentialsError> {
        let names = FileNames::used_in(folder)?;
        Ok(Files {
            certificate: PemFile::read(&folder.join(names.certificate))?,
            key: PemFile::read(&folder.join(names.key))?,
            trust: PemFile::read(&folder.join(names.trust))?,
            crl: match crl {
                Some(path) => Some(PemFile::read_crls(path)?),
                None => if_there(PemFile::read_crls(&crl_in(folder)))?,
            },
            others: OtherDomains::read(&folder.join(OTHERS))?,
        })
    }

    pub(super) fn credentials(&self, stale: StaleCrl) -> Result<Credentials, CredentialsError> {
        let (keys, warning) = self.key.keys()?;
        let identity = Identity::with_one_of(self.certificate.certificates()?, keys)
            .map_err(|problem| self.no_identity(problem))?;
        let trust = self.trust(&identity, stale)?;
        let warnings = warning.into_iter().collect();
        Ok(Credentials { warnings, ..Credentials::new(identity, trust) })
    }

    fn trust(&self, identity: &Identity, stale: StaleCrl) -> Result<Trust, CredentialsError> {
        let own = identity.id().trust_domain();
        let mut trust = Trust::default();
        let others = self.others.roots.iter().map(|(domain, file)| (domain, file));
        for (domain, file) in [(own, &self.trust)].into_iter().chain(others) {
            trust = trust.and(domain.clone(), file.certificates()?).map_err(wrong(file))?;
        }
        for (domain, file) in &self.others.crls {
            if domain == own {
                return Err(wrong(file)(TrustError::CrlElsewhere { domain: domain.clone() }));
            }
            let (crls, intermediates) = file.crls()?;
            trust = trust.with_crls_by(&intermediates, domain, crls, stale).map_err(wrong(file))?;
        }
        if let Some(file) = &self.crl {
            let (crls, mut intermediates) = file.crls()?;
            // Those that stand behind my own certificate are at hand.
            intermediates.extend_from_slice(&identity.chain()[1..]);
            trust = trust.with_crls_by(&intermediates, own, crls, stale).map_err(wrong(file))?;
        }
        Ok(trust)
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
pub(crate) struct FileNames {
    pub(crate) certificate: &'static str,
    pub(crate) key: &'static str,
    pub(crate) trust: &'static str,
}

pub(crate) const KNOWN_FILE_NAMES: [FileNames; 5] = [
    FileNames { certificate: "cert.pem", key: "key.pem", trust: "ca.pem" },
    FileNames { certificate: "tls.crt", key: "tls.key", trust: "ca.crt" },
    FileNames { certificate: "svid.pem", key: "svid_key.pem", trust: "svid_bundle.pem" },
    FileNames { certificate: "svid.0.pem", key: "svid.0.key", trust: "bundle.0.pem" },
    FileNames { certificate: "site.crt", key: "site.key", trust: "root.crt" },
];

/// The folder with what is known of other domains.
pub(crate) const OTHERS: &str = "trust";

/// The revocation list of the own domain, beside the other files. The name is ours: other tools have none.
pub(crate) fn crl_in(folder: &Path) -> PathBuf {
    folder.join("crl.pem")
}

/// That of another domain.
pub(super) fn crl_of_other(folder: &Path, domain: &TrustDomain) -> PathBuf {
    folder.join(OTHERS).join(format!("{domain}.crl.pem"))
}

/// The certificate, or where it should be.
pub(crate) fn certificate_in(folder: &Path) -> PathBuf {
    let name = FileNames::used_in(folder).map_or(KNOWN_FILE_NAMES[0].certificate, |names| names.certificate);
    folder.join(name)
}

impl FileNames {
    /// The names of which most are there, so that an error names the one that is missing.
    pub(crate) fn used_in(folder: &Path) -> Result<&'static FileNames, CredentialsError> {
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

impl OtherDomains {
    /// Reads `DOMAIN.pem` and `DOMAIN.crl.pem` in the folder, if there is such a folder.
    fn read(folder: &Path) -> Result<OtherDomains, CredentialsError> {
        let unreadable = |problem| CredentialsError::Unreadable { path: folder.to_owned(), problem };
        let mut others = OtherDomains::default();
        let entries = match fs::read_dir(folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(others),
            Err(problem) => return Err(unreadable(problem)),
        };
        let mut paths = entries
            .map(|entry| entry.map(|entry| entry.path()))
            .collect::<Result<Vec<PathBuf>, _>>()
            .map_err(unreadable)?;
        // The folder's own order is arbitrary, and so would be which error is seen first.
        paths.sort();
        for path in paths {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            if let Some(stem) = name.strip_suffix(".crl.pem") {
                others.crls.push((domain_called(stem, &path)?, PemFile::read_crls(&path)?));
            } else if let Some(stem) = name.strip_suffix(".pem") {
                others.roots.push((domain_called(stem, &path)?, PemFile::read(&path)?));
            }
        }
        Ok(others)
    }
}

/// The domain after which a file in `trust` is called.
pub(crate) fn domain_called(stem: &str, path: &Path) -> Result<TrustDomain, CredentialsError> {
    stem.parse().map_err(|problem| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        CredentialsError::TrustFileName { path: path.with_file_name(shown(&name, 255)), problem }
    })
}

fn wrong(file: &PemFile) -> impl Fn(TrustError) -> CredentialsError {
    |problem| CredentialsError::Trust { path: file.path().to_owned(), problem }
}
