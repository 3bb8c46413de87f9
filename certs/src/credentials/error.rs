//! Why credentials could not be loaded.

use std::io;
use std::path::PathBuf;

use super::SuccessionError;
use crate::certificate::CertificateError;
use crate::crl::CrlError;
use crate::identity::IdentityError;
use crate::name::ParseNameError;
use crate::trust::TrustError;

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
    /// One of the revocation lists in a file cannot be read.
    #[error("{}: its list {number} is {problem}; get it from its authority again", .path.display())]
    Crl {
        /// The file.
        path: PathBuf,
        /// Which one, counted from 1.
        number: usize,
        /// What is wrong with it.
        problem: CrlError,
    },
    /// The certificate or the key cannot be an identity's.
    #[error("{}: {problem}", .path.display())]
    Identity {
        /// The file.
        path: PathBuf,
        /// What is wrong with its contents.
        problem: IdentityError,
    },
    /// The certificates cannot be a domain's roots, or the lists its revocations.
    #[error("{}: {problem}", .path.display())]
    Trust {
        /// The file.
        path: PathBuf,
        /// What is wrong with its contents.
        problem: TrustError,
    },
    /// What a file holds is sound, and may not take the place of what is in force.
    #[error("{}: {problem}", .path.display())]
    Succession {
        /// The file.
        path: PathBuf,
        /// What speaks against it.
        problem: SuccessionError,
    },
    /// A file in `trust` is not called after a trust domain.
    #[error(
        "{}: call it after the trust domain whose roots or revocations it holds, \
         DOMAIN.pem or DOMAIN.crl.pem: {problem}",
        .path.display()
    )]
    TrustFileName {
        /// The file.
        path: PathBuf,
        /// What is wrong with its name.
        problem: ParseNameError,
    },
}
