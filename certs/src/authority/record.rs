//! What is remembered of every certificate that an authority issued, and how each of them stands.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read};
use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize};

use super::crl::Lists;
use super::request::Host;
use super::{AuthorityError, CRL, HOME, ISSUED};
use crate::certificate::CertificateInfo;
use crate::credentials::{RENEW_BELOW_PERCENT, soon};
use crate::name::{Name, SpiffeId};
use crate::text::shown;

/// One certificate that was issued.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Record {
    /// Its serial number in hexadecimal: what a revocation names.
    pub serial: String,
    /// The name it was issued for; `authority` for an intermediate.
    #[serde(deserialize_with = "name_or_authority")]
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
    /// The serial number of the certificate that signed it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub issuer: String,
    /// The serial numbers of the roots that its owner was given to trust.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub roots: Vec<String>,
    /// For how many seconds it was wanted, if its issuer did not last as long.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wanted_s: Option<u64>,
    /// When it was revoked, if it was. Not in the record, but read from the revocation lists.
    #[serde(default, skip_deserializing, skip_serializing_if = "Option::is_none")]
    pub revoked: Option<Timestamp>,
}

/// What a certificate is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Kind {
    /// To call others.
    Client,
    /// To answer at its hosts, and to call others.
    Server,
    /// To sign the certificates of clients and servers.
    Intermediate,
}

/// How a certificate stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum State {
    /// In order.
    Valid,
    /// In order, but less than a third of its life is left: it is time to renew it.
    ExpiresSoon,
    /// Its last moment has passed.
    Expired,
    /// It was revoked.
    Revoked,
}

impl Record {
    /// What it is for.
    pub fn kind(&self) -> Kind {
        if self.name == Name::authority() {
            Kind::Intermediate
        } else if self.hosts.is_empty() {
            Kind::Client
        } else {
            Kind::Server
        }
    }

    /// How it stands at `now`.
    pub fn state(&self, now: Timestamp) -> State {
        if self.revoked.is_some() {
            State::Revoked
        } else if self.not_after < now {
            State::Expired
        } else if soon(self.issued, self.not_after, RENEW_BELOW_PERCENT, now).is_some() {
            State::ExpiresSoon
        } else {
            State::Valid
        }
    }

    /// For how long it was wanted.
    pub(super) fn life(&self) -> Duration {
        let life = self.not_after.duration_since(self.issued).try_into().unwrap_or_default();
        self.wanted_s.map_or(life, Duration::from_secs)
    }

    /// The line that stands for it in the record.
    pub(super) fn line(&self) -> io::Result<Vec<u8>> {
        let mut line = serde_json::to_vec(self)?;
        line.push(b'\n');
        Ok(line)
    }

    /// That of an intermediate.
    pub(super) fn of_intermediate(
        certificate: &CertificateInfo,
        root: &CertificateInfo,
        now: Timestamp,
    ) -> Result<Record, AuthorityError> {
        Record::new(certificate, Name::authority(), Vec::new(), root, now)
    }

    pub(super) fn new(
        certificate: &CertificateInfo,
        name: Name,
        hosts: Vec<Host>,
        issuer: &CertificateInfo,
        now: Timestamp,
    ) -> Result<Record, AuthorityError> {
        let id = certificate.spiffe_id().map_err(|problem| AuthorityError::Signing(problem.to_string()))?;
        Ok(Record {
            serial: certificate.serial().to_owned(),
            name,
            id: id.clone(),
            hosts,
            issued: super::template::whole_second(now),
            not_before: certificate.not_before(),
            not_after: certificate.not_after(),
            fingerprint: certificate.fingerprint().to_owned(),
            issuer: issuer.serial().to_owned(),
            roots: Vec::new(),
            wanted_s: None,
            revoked: None,
        })
    }
}

/// Everything that the authority in `folder` has issued, oldest first, and what of it is revoked.
///
/// A line that cannot be read is an error, not a gap: a record that is skipped is a certificate
/// that nobody would think of revoking.
pub fn list(folder: impl AsRef<Path>) -> Result<Vec<Record>, AuthorityError> {
    let folder = folder.as_ref();
    let (path, crl) = (folder.join(HOME).join(ISSUED), folder.join(HOME).join(CRL));
    let mut file = match File::open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return Err(AuthorityError::Missing { folder: folder.to_owned() });
        }
        Err(problem) => return Err(AuthorityError::io(&path, problem)),
    };
    file.lock_shared().map_err(|problem| AuthorityError::io(&path, problem))?;
    let mut records = read(&mut file, &path)?;
    let lists = fs::read(&crl).map_err(|problem| AuthorityError::io(&crl, problem))?;
    let lists = Lists::read(&lists).map_err(|error| error.of_file(&crl))?;
    for record in &mut records {
        record.revoked = lists.revoked(&record.serial);
    }
    Ok(records)
}

/// Every line but a last one that was cut short: so was the command that wrote it, and the certificate never left its
/// memory.
pub(super) fn read(file: &mut File, path: &Path) -> Result<Vec<Record>, AuthorityError> {
    let mut text = Vec::new();
    file.read_to_end(&mut text).map_err(|problem| AuthorityError::io(path, problem))?;
    let tail = cut_short(&text);
    let whole = if is_record(tail) { text.as_slice() } else { &text[..text.len() - tail.len()] };
    let lines = whole.strip_suffix(b"\n").unwrap_or(whole).split(|&byte| byte == b'\n');
    (1..)
        .zip(lines.filter(|_| !whole.is_empty()))
        .map(|(line, text)| {
            serde_json::from_slice(text).map_err(|error| AuthorityError::Damaged {
                path: path.to_owned(),
                line,
                reason: shown(&error.to_string(), 200),
            })
        })
        .collect()
}

/// What follows the last line break.
pub(super) fn cut_short(text: &[u8]) -> &[u8] {
    text.rsplit(|&byte| byte == b'\n').next().unwrap_or_default()
}

pub(super) fn is_record(line: &[u8]) -> bool {
    serde_json::from_slice::<Record>(line).is_ok()
}

/// The name of an identity, or the one that is reserved for authorities.
fn name_or_authority<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Name, D::Error> {
    let text = String::deserialize(deserializer)?;
    let authority = Name::authority();
    if text == authority.as_str() { Ok(authority) } else { text.parse().map_err(serde::de::Error::custom) }
}
