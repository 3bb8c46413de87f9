//! The folder of an authority, while one command works on it: the record and the revocation lists, under one lock.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::crl::Lists;
use super::record::{self, Record};
use super::signers::Signers;
use super::{AuthorityError, CRL, ISSUED, files};

/// The record of everything an authority ever signed, one line of JSON for each certificate, and its revocation
/// lists. Nobody else can change them while this is held: two commands at once must neither mix their lines nor sign
/// two lists with the same number.
pub(super) struct Register {
    home: PathBuf,
    path: PathBuf,
    file: File,
}

impl Register {
    /// Waits until no other command holds it.
    pub(super) fn lock(home: &Path) -> Result<Register, AuthorityError> {
        let path = home.join(ISSUED);
        let io = |problem| AuthorityError::io(&path, problem);
        let file =
            OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path).map_err(io)?;
        file.lock().map_err(io)?;
        Ok(Register { home: home.to_owned(), path, file })
    }

    /// Everything on record, oldest first.
    pub(super) fn records(&mut self) -> Result<Vec<Record>, AuthorityError> {
        self.file.seek(SeekFrom::Start(0)).map_err(|problem| AuthorityError::io(&self.path, problem))?;
        record::read(&mut self.file, &self.path)
    }

    /// The revocation lists in force.
    pub(super) fn lists(&self) -> Result<Lists, AuthorityError> {
        let path = self.home.join(CRL);
        let text = match fs::read(&path) {
            Ok(text) => text,
            // Starting over would quietly pardon everyone, unless there is nobody to pardon.
            Err(error) if error.kind() == ErrorKind::NotFound && self.is_empty() => {
                return Ok(Lists::default());
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return Err(AuthorityError::CrlMissing { path });
            }
            Err(problem) => return Err(AuthorityError::io(&path, problem)),
        };
        Lists::read(&text).map_err(|error| error.of_file(&path))
    }

    fn is_empty(&self) -> bool {
        self.file.metadata().is_ok_and(|metadata| metadata.len() == 0)
    }

    /// Appends a record. It is on the disk when this returns.
    pub(super) fn append(&mut self, record: &Record) -> Result<(), AuthorityError> {
        self.try_append(record).map_err(|problem| AuthorityError::io(&self.path, problem))
    }

    fn try_append(&mut self, record: &Record) -> io::Result<()> {
        let line = record.line()?;
        self.cut_what_was_cut_short()?;
        files::point("before the record");
        self.file.write_all(&line)?;
        files::sync(&self.file)?;
        files::point("after the record");
        Ok(())
    }

    /// Goes to the end. An earlier append may have been interrupted, by a full disk perhaps: half a line would spoil the
    /// next one.
    fn cut_what_was_cut_short(&mut self) -> io::Result<()> {
        // Through this handle: on some systems the lock keeps others from reading.
        let mut text = Vec::new();
        self.file.seek(SeekFrom::Start(0))?;
        self.file.read_to_end(&mut text)?;
        match record::cut_short(&text) {
            [] => {}
            // Only its line break is missing: somebody has edited the file.
            tail if record::is_record(tail) => self.file.write_all(b"\n")?,
            tail => self.file.set_len((text.len() - tail.len()) as u64)?,
        }
        self.file.seek(SeekFrom::End(0)).map(drop)
    }

    /// Puts new signers in the place of the old ones.
    pub(super) fn put_signers(&self, new: &Signers, old: &Signers) -> Result<(), AuthorityError> {
        new.replace(old, &self.home)
    }

    /// Puts new revocation lists in the place of the old ones.
    pub(super) fn put_lists(&self, text: &str) -> Result<(), AuthorityError> {
        files::replace(&self.home, &files::public(CRL, text.as_bytes()))
    }
}
