//! What can go wrong at an authority, and what to do about it.

use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::Stage;
use crate::credentials::CredentialsError;
use crate::identity::IdentityError;
use crate::name::Name;

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
    #[error("{}", expired(*.not_after, *.is_root))]
    Expired {
        /// Its last moment.
        not_after: Timestamp,
        /// Whether it is its root that has expired, and not its intermediate.
        is_root: bool,
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
    /// The key of one of its certificates is not where it belongs, perhaps because it is kept offline.
    #[error("{}: the key of {subject} is not here, and this needs it; put it back", .path.display())]
    KeyAbsent {
        /// The file in which it would be.
        path: PathBuf,
        /// Whose key it is.
        subject: String,
    },
    /// Its keys are encrypted, and no passphrase was given.
    #[error("{}: the key in it is encrypted; open the authority with its passphrase", .path.display())]
    Locked {
        /// The file with the key.
        path: PathBuf,
    },
    /// The passphrase is not the one with which its keys were encrypted.
    #[error("{}: the passphrase is wrong", .path.display())]
    WrongPassphrase {
        /// The file with the key.
        path: PathBuf,
    },
    /// A passphrase without any words.
    #[error("the passphrase is empty; give some words")]
    NoPassphrase,
    /// Another command has changed its certificates since it was opened.
    #[error("{}: the authority has changed since it was opened; open it again", .home.display())]
    Changed {
        /// Where it is.
        home: PathBuf,
    },
    /// The certificate that signs identities was itself revoked.
    #[error(
        "the authority's {subject} was revoked; renew it with `countersign certs renew DIR --intermediate`"
    )]
    IssuerRevoked {
        /// Whose certificate it is.
        subject: String,
    },
    /// The revocation lists are gone, and with them who is revoked.
    #[error(
        "{}: missing; restore it from a copy, such as the one that your servers read: \
         a new list would pardon everyone",
        .path.display()
    )]
    CrlMissing {
        /// The file.
        path: PathBuf,
    },
    /// There is no identity of that name.
    #[error("{}: no identity here; issue one with `countersign certs issue`", .home.display())]
    NoIdentity {
        /// Where it was looked for.
        home: PathBuf,
    },
    /// The authority has no record of it.
    #[error("no certificate with {what} is on record; `countersign certs list` shows those that are")]
    NotOnRecord {
        /// What was looked for.
        what: String,
    },
    /// It was revoked, so it is not renewed as if nothing had happened.
    #[error(
        "{name}'s certificate {serial} was revoked; if it is to have a new one, issue it anew with --replace"
    )]
    WasRevoked {
        /// Whose it is.
        name: Name,
        /// Its serial number.
        serial: String,
    },
    /// A certificate that is valid for no time at all.
    #[error("a certificate for less than a second is of no use; ask for more")]
    NoTime,
    /// The authority is not in a folder, so it does not remember what it issued.
    #[error("this authority keeps no record; one in a folder does")]
    NoRecord,
    /// The root signs identities itself.
    #[error(
        "this authority has no intermediate; roll its root over to one that has: `countersign certs rollover`"
    )]
    NoIntermediate,
    /// It was issued by a root that nobody trusts any more.
    #[error("the certificate {serial} was issued by a root that is retired: nobody trusts it any more")]
    Retired {
        /// Its serial number.
        serial: String,
    },
    /// A step of a rollover that is not the next one.
    #[error("{}", next_step(*.stage))]
    WrongStage {
        /// How far it has come.
        stage: Stage,
    },
    /// Identities that a step of a rollover would cut off.
    #[error("not everyone is ready for this: renew {}", listed(.names))]
    NotReady {
        /// Whose identities they are.
        names: Vec<Name>,
    },
    /// A certificate would take the place of somebody else's.
    #[error("{}: {whose} is at home in this folder; choose another", .folder.display())]
    FolderTaken {
        /// The folder.
        folder: PathBuf,
        /// Whose certificate is in it.
        whose: String,
    },
    /// The identity's key is on another machine.
    #[error(
        "{}: the key is on another machine; make a new request there with `countersign certs csr`, and sign it here",
        .home.display()
    )]
    KeyElsewhere {
        /// The folder with its certificate.
        home: PathBuf,
    },
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

    /// Names the file that was being read or signed.
    pub(super) fn of_file(self, path: &Path) -> AuthorityError {
        match self {
            AuthorityError::Signing(reason) => AuthorityError::Unusable { path: path.to_owned(), reason },
            other => other,
        }
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

fn expired(not_after: Timestamp, is_root: bool) -> String {
    let (what, remedy) = match is_root {
        true => ("authority", "go over to a new root with `countersign certs rollover DIR`"),
        false => ("authority's intermediate", "renew it with `countersign certs renew DIR --intermediate`"),
    };
    format!("the {what} expired on {not_after}; {remedy}")
}

fn next_step(stage: Stage) -> &'static str {
    match stage {
        Stage::Settled => "no rollover is under way; begin one with `countersign certs rollover DIR`",
        Stage::Announced => {
            "a rollover is under way: the next root is trusted and does not sign yet; go on with \
             `countersign certs rollover DIR --switch`"
        }
        Stage::Switched => {
            "a rollover is under way: the next root signs, and the old one is still trusted; go on with \
             `countersign certs rollover DIR --retire`"
        }
    }
}

/// The first few names, and how many more there are.
fn listed(names: &[Name]) -> String {
    let shown: Vec<&str> = names.iter().take(5).map(Name::as_str).collect();
    match names.len().saturating_sub(shown.len()) {
        0 => shown.join(", "),
        more => format!("{}, and {more} more", shown.join(", ")),
    }
}
