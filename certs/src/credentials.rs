//! What a client or a server needs to prove itself and to judge others, loaded from one folder.

use std::cmp::Reverse;
use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::certificate::CertificateError;
use crate::identity::{Identity, IdentityError};
use crate::name::{ParseNameError, TrustDomain};
use crate::pem;
use crate::text::shown;
use crate::trust::{Trust, TrustError};

/// An identity to show and the trust to judge others by. Cheap to clone.
///
/// ```no_run
/// use countersign_certs::Credentials;
///
/// let credentials = Credentials::load("pki/alice")?;
/// println!("I am {}", credentials.identity().id());
/// for warning in credentials.warnings() {
///     eprintln!("warning: {warning}");
/// }
/// # Ok::<(), countersign_certs::CredentialsError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Credentials {
    identity: Identity,
    trust: Trust,
    warnings: Arc<[Warning]>,
}

impl Credentials {
    /// Brings together what was made or loaded elsewhere.
    pub fn new(identity: Identity, trust: Trust) -> Credentials {
        Credentials { identity, trust, warnings: Arc::new([]) }
    }

    /// Loads a folder: its certificate chain, its key, and whom it trusts.
    ///
    /// The files are `cert.pem`, `key.pem` and `ca.pem`, or the same three as cert-manager
    /// (`tls.crt`, `tls.key`, `ca.crt`) and SPIFFE's tools (`svid.pem`, `svid_key.pem`,
    /// `svid_bundle.pem`; `svid.0.pem`, `svid.0.key`, `bundle.0.pem`) name them. The third holds the
    /// roots of the certificate's own trust domain; those of other domains lie in
    /// `trust/DOMAIN.pem`. The key file may hold several keys, of which the matching one is taken.
    ///
    /// On Unix a key that everyone can read is refused. On Windows the access list of the folder is
    /// what protects it, and nothing is checked.
    pub fn load(folder: impl AsRef<Path>) -> Result<Credentials, CredentialsError> {
        let folder = folder.as_ref();
        let files = FileNames::used_in(folder)?;
        let certificate_path = folder.join(files.certificate);
        let key_path = folder.join(files.key);
        let trust_path = folder.join(files.trust);

        let chain = pem::certificates(&certificate_path)?;
        let (keys, warning) = pem::keys(&key_path)?;
        let identity = Identity::with_one_of(chain, keys).map_err(|problem| match problem {
            IdentityError::KeyMismatch => {
                CredentialsError::KeyMismatch { key: key_path, certificate: certificate_path }
            }
            IdentityError::UnsupportedKey => CredentialsError::Identity { path: key_path, problem },
            _ => CredentialsError::Identity { path: certificate_path, problem },
        })?;

        let own = identity.id().trust_domain().clone();
        let roots = pem::certificates(&trust_path)?;
        let trust = Trust::new(own, roots)
            .map_err(|problem| CredentialsError::Trust { path: trust_path, problem })?;
        let trust = with_other_domains(trust, &folder.join("trust"))?;
        Ok(Credentials { identity, trust, warnings: warning.into_iter().collect() })
    }

    /// Who I am.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// Whom I believe.
    pub fn trust(&self) -> &Trust {
        &self.trust
    }

    /// What is worth telling the operator, though it does not prevent the work.
    pub fn warnings(&self) -> &[Warning] {
        &self.warnings
    }
}

/// Something about the loaded files that an operator should change.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Warning {
    /// More people than the owner can reach the key.
    KeyOpenToGroup {
        /// The key file.
        path: PathBuf,
        /// Its Unix mode bits.
        mode: u32,
    },
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Warning::KeyOpenToGroup { path, mode } => {
                let path = path.display();
                write!(f, "{path}: its group can reach this key (mode {mode:04o}); run `chmod 600 {path}`")
            }
        }
    }
}

/// Why a folder could not be loaded: the file, what is wrong with it, and what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CredentialsError {
    /// The folder is not there.
    #[error("{}: no such folder; make an identity with `countersign certs issue`", .folder.display())]
    FolderMissing {
        /// The folder that was to be loaded.
        folder: PathBuf,
    },
    /// A file was given where a folder is needed.
    #[error(
        "{}: not a folder; give the folder that holds the certificate, the key and the trust",
        .path.display()
    )]
    NotAFolder {
        /// What was given.
        path: PathBuf,
    },
    /// The folder holds none of the known files.
    #[error(
        "{}: no identity in this folder; \
         it needs cert.pem, key.pem and ca.pem (or tls.crt, tls.key and ca.crt)",
        .folder.display()
    )]
    NoIdentity {
        /// The folder that was to be loaded.
        folder: PathBuf,
    },
    /// One of the files is not there.
    #[error("{}: no such file; put it beside the others, or issue the identity anew", .path.display())]
    FileMissing {
        /// The file that is missing.
        path: PathBuf,
    },
    /// Something else than a file has the name of one.
    #[error("{}: not a file", .path.display())]
    NotAFile {
        /// What has the name.
        path: PathBuf,
    },
    /// The system did not let us read a file.
    #[error("{}: cannot be read: {problem}", .path.display())]
    Unreadable {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        problem: io::Error,
    },
    /// A file is far larger than any certificate or key.
    #[error("{}: larger than {limit} bytes; this cannot be the right file", .path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// The most that is read.
        limit: u64,
    },
    /// A file is not well-formed PEM.
    #[error("{}: damaged PEM: {reason}; restore the file", .path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What was found.
        reason: &'static str,
    },
    /// A file is PEM, but holds something else.
    #[error("{}: no {what} in this file; {hint}", .path.display())]
    Empty {
        /// The file.
        path: PathBuf,
        /// What was looked for.
        what: &'static str,
        /// What the file seems to be instead.
        hint: &'static str,
    },
    /// Everyone can reach the key, so it no longer proves anything.
    #[error(
        "{path}: everyone on this machine can reach this key (mode {mode:04o}); run `chmod 600 {path}`",
        path = .path.display()
    )]
    KeyExposed {
        /// The key file.
        path: PathBuf,
        /// Its Unix mode bits.
        mode: u32,
    },
    /// The key and the certificate do not belong together.
    #[error(
        "{}: no key in this file belongs to the certificate in {}; \
         put the right key here, or issue both anew",
        .key.display(), .certificate.display()
    )]
    KeyMismatch {
        /// The key file.
        key: PathBuf,
        /// The certificate file.
        certificate: PathBuf,
    },
    /// One of the certificates in a file cannot be read.
    #[error("{}: its certificate {number} is {problem}", .path.display())]
    Certificate {
        /// The file.
        path: PathBuf,
        /// Which one, counted from 1.
        number: usize,
        /// What is wrong with it.
        problem: CertificateError,
    },
    /// The certificate or the key cannot be an identity's.
    #[error("{}: {problem}", .path.display())]
    Identity {
        /// The file.
        path: PathBuf,
        /// What is wrong with its contents.
        problem: IdentityError,
    },
    /// The certificates cannot be a domain's roots.
    #[error("{}: {problem}", .path.display())]
    Trust {
        /// The file.
        path: PathBuf,
        /// What is wrong with its contents.
        problem: TrustError,
    },
    /// A file in `trust` is not called after a trust domain.
    #[error(
        "{}: call it DOMAIN.pem after the trust domain whose roots it holds: {problem}",
        .path.display()
    )]
    TrustFileName {
        /// The file.
        path: PathBuf,
        /// What is wrong with its name.
        problem: ParseNameError,
    },
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

/// Adds the roots in `trust/DOMAIN.pem`, if there is such a folder.
fn with_other_domains(mut trust: Trust, folder: &Path) -> Result<Trust, CredentialsError> {
    let unreadable = |problem| CredentialsError::Unreadable { path: folder.to_owned(), problem };
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(trust),
        Err(problem) => return Err(unreadable(problem)),
    };
    let mut paths = entries
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<Vec<PathBuf>, _>>()
        .map_err(unreadable)?;
    // The folder's own order is arbitrary, and so would be which error is seen first.
    paths.sort();
    for path in paths {
        let Some(domain) = domain_of(&path)? else { continue };
        let roots = pem::certificates(&path)?;
        trust = trust.and(domain, roots).map_err(|problem| CredentialsError::Trust { path, problem })?;
    }
    Ok(trust)
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
