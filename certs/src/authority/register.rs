//! The record of everything an authority ever signed: one line of JSON for each certificate.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::request::Host;
use super::{AuthorityError, CRL, HOME, ISSUED, files};
use crate::name::{Name, SpiffeId};
use crate::text::shown;

/// One certificate that was issued.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Record {
    /// Its serial number in hexadecimal: what a revocation names.
    pub serial: String,
    /// The name it was issued for.
    pub name: Name,
    /// Whose it is.
    pub id: SpiffeId,
    /// The hosts it may answer for; none for a client.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hosts: Vec<Host>,
    /// When it was issued.
    pub issued: Timestamp,
    /// Its first moment.
    pub not_before: Timestamp,
    /// Its last moment.
    pub not_after: Timestamp,
    /// The SHA-256 digest of the certificate in hexadecimal.
    pub fingerprint: String,
}

/// Everything that the authority in `folder` has issued, oldest first.
///
/// A line that cannot be read is an error, not a gap: a record that is skipped is a certificate
/// that nobody would think of revoking.
pub fn list(folder: impl AsRef<Path>) -> Result<Vec<Record>, AuthorityError> {
    let folder = folder.as_ref();
    let path = folder.join(HOME).join(ISSUED);
    let file = match File::open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return Err(AuthorityError::Missing { folder: folder.to_owned() });
        }
        Err(problem) => return Err(AuthorityError::io(&path, problem)),
    };
    file.lock_shared().map_err(|problem| AuthorityError::io(&path, problem))?;
    let mut records = Vec::new();
    for (line, text) in (1..).zip(BufReader::new(file).split(b'\n')) {
        let text = text.map_err(|problem| AuthorityError::io(&path, problem))?;
        match serde_json::from_slice(&text) {
            Ok(record) => records.push(record),
            Err(error) => {
                let reason = shown(&error.to_string(), 200);
                return Err(AuthorityError::Damaged { path, line, reason });
            }
        }
    }
    Ok(records)
}

/// Where an authority keeps its record and its revocation list.
pub(super) struct Register {
    home: PathBuf,
}

impl Register {
    pub(super) fn new(home: PathBuf) -> Register {
        Register { home }
    }

    /// Appends a record and puts a fresh revocation list in place, both under one lock.
    ///
    /// `sign` makes the new list out of the old one.
    pub(super) fn add(
        &self,
        record: &Record,
        sign: impl FnOnce(Option<&[u8]>) -> Result<String, AuthorityError>,
    ) -> Result<(), AuthorityError> {
        let path = self.home.join(ISSUED);
        let io = |problem| AuthorityError::io(&path, problem);
        // Held until the end of this function: two commands at once must neither mix their lines
        // nor sign two lists with the same number.
        let mut file = OpenOptions::new().read(true).append(true).create(true).open(&path).map_err(io)?;
        file.lock().map_err(io)?;
        let crl = self.next_crl(sign)?;
        append_line(&mut file, record).map_err(io)?;
        files::replace(&self.home, &files::public(CRL, crl.as_bytes()))
    }

    fn next_crl(
        &self,
        sign: impl FnOnce(Option<&[u8]>) -> Result<String, AuthorityError>,
    ) -> Result<String, AuthorityError> {
        let path = self.home.join(CRL);
        let old = match fs::read(&path) {
            Ok(old) => Some(old),
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(problem) => return Err(AuthorityError::io(&path, problem)),
        };
        sign(old.as_deref()).map_err(|error| match error {
            AuthorityError::Signing(reason) => AuthorityError::Unusable { path, reason },
            other => other,
        })
    }
}

fn append_line(file: &mut File, record: &Record) -> io::Result<()> {
    let mut line = serde_json::to_vec(record)?;
    line.push(b'\n');
    if ends_within_a_line(file)? {
        // An append was cut short, by a full disk perhaps. That line is lost; this one must not be.
        line.insert(0, b'\n');
    }
    file.write_all(&line)?;
    file.sync_data()
}

fn ends_within_a_line(file: &mut File) -> io::Result<bool> {
    if file.metadata()?.len() == 0 {
        return Ok(false);
    }
    let mut last = [0];
    file.seek(SeekFrom::End(-1))?;
    file.read_exact(&mut last)?;
    Ok(last != *b"\n")
}
