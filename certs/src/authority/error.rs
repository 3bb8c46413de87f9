//! What can go wrong at an authority, and what to do about it.

use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use crate::credentials::CredentialsError;
use crate::identity::IdentityError;

/// Why an authority could not do what it was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AuthorityError {
    /// There is an authority already, and it is never overwritten.
    #[error(
        "{}: there is an authority already; choose another folder, or move this one away",
        .home.display()
    )]
    Exists {
        /// Where it is.
        home: PathBuf,
    },
    /// There is no authority.
    #[error(
        "{folder}: no authority here; make one with `countersign certs init {folder}`",
        folder = .folder.display()
    )]
    Missing {
        /// Where it was looked for.
        folder: PathBuf,
    },
    /// One of its files cannot be loaded.
    #[error(transparent)]
    Files(#[from] CredentialsError),
    /// Its certificate or key cannot be an authority's.
    #[error("{}: {reason}", .path.display())]
    Unusable {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// Its own certificate has expired, so nothing it signs would be believed.
    #[error("the authority expired on {not_after}; make a new one in another folder, and issue from that")]
    Expired {
        /// Its last moment.
        not_after: Timestamp,
    },
    /// There is an identity of that name already.
    #[error(
        "{}: there is an identity of this name already; choose another name, or ask to replace it",
        .home.display()
    )]
    IdentityExists {
        /// Where it is.
        home: PathBuf,
    },
    /// A certificate that is valid for no time at all.
    #[error("a certificate for 0 days is of no use; ask for at least 1")]
    NoDays,
    /// A line of the record of issued certificates cannot be read.
    #[error(
        "{}: line {line} is damaged: {reason}; restore the file from a copy, or mend that line",
        .path.display()
    )]
    Damaged {
        /// The record.
        path: PathBuf,
        /// The line, counted from 1.
        line: usize,
        /// What is wrong with it.
        reason: String,
    },
    /// The system did not let us read or write.
    #[error("{}: {problem}", .path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        problem: io::Error,
    },
    /// The certificate could not be made.
    #[error("the certificate could not be made: {0}")]
    Signing(String),
}

impl AuthorityError {
    pub(super) fn io(path: &Path, problem: io::Error) -> AuthorityError {
        AuthorityError::Io { path: path.to_owned(), problem }
    }
}

impl From<rcgen::Error> for AuthorityError {
    fn from(error: rcgen::Error) -> AuthorityError {
        AuthorityError::Signing(error.to_string())
    }
}

impl From<IdentityError> for AuthorityError {
    fn from(error: IdentityError) -> AuthorityError {
        AuthorityError::Signing(error.to_string())
    }
}
