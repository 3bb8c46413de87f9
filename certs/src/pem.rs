//! PEM files, read with errors that name the file. Knows what is in a file, not what it is for.

use std::fs::{File, Metadata};
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use rustls_pki_types::pem::{self, PemObject, SectionKind};
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use zeroize::Zeroizing;

use crate::credentials::{CredentialsError, Warning};
use crate::crl::Crl;
use crate::identity::ClearedKey;

/// The certificates in a file, in their order. There is at least one.
pub(crate) fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, CredentialsError> {
    PemFile::read(path)?.certificates()
}

/// A file as it was when it was read, in memory that is cleared afterwards: it may hold a key.
///
/// Two are equal if they say the same and let the same people at it.
#[derive(PartialEq)]
pub(crate) struct PemFile {
    path: PathBuf,
    text: Zeroizing<Vec<u8>>,
    /// The Unix mode bits, where there are some.
    mode: Option<u32>,
}

impl PemFile {
    /// A file with certificates or keys.
    pub(crate) fn read(path: &Path) -> Result<PemFile, CredentialsError> {
        PemFile::read_up_to(FILE_LIMIT, path)
    }

    /// The same, or none if there is no such file.
    #[cfg(feature = "authority")]
    pub(crate) fn read_if_there(path: &Path) -> Result<Option<PemFile>, CredentialsError> {
        if_there(PemFile::read(path))
    }

    /// A file with revocation lists.
    pub(crate) fn read_crls(path: &Path) -> Result<PemFile, CredentialsError> {
        PemFile::read_up_to(CRL_FILE_LIMIT, path)
    }

    fn read_up_to(limit: u64, path: &Path) -> Result<PemFile, CredentialsError> {
        let (file, metadata) = open(path, limit)?;
        let text = read(path, file, &metadata, limit)?;
        Ok(PemFile { path: path.to_owned(), text, mode: mode(&metadata) })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The certificates in it, in their order. There is at least one.
    pub(crate) fn certificates(&self) -> Result<Vec<CertificateDer<'static>>, CredentialsError> {
        let certificates = CertificateDer::pem_slice_iter(&self.text)
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| malformed(&self.path, &error))?;
        if certificates.is_empty() {
            return Err(self.empty("certificate"));
        }
        Ok(certificates)
    }

    /// The revocation lists in it, and the certificates of intermediates who may have signed them.
    pub(crate) fn crls(&self) -> Result<(Vec<Crl>, Vec<CertificateDer<'static>>), CredentialsError> {
        let (mut crls, mut intermediates) = (Vec::new(), Vec::new());
        for section in <(SectionKind, Vec<u8>)>::pem_slice_iter(&self.text) {
            match section.map_err(|error| malformed(&self.path, &error))? {
                (SectionKind::Crl, der) => {
                    let number = crls.len() + 1;
                    crls.push(Crl::from_der(der.into()).map_err(|problem| CredentialsError::Crl {
                        path: self.path.clone(),
                        number,
                        problem,
                    })?);
                }
                (SectionKind::Certificate, der) => intermediates.push(der.into()),
                _ => {}
            }
        }
        if crls.is_empty() {
            return Err(self.empty("revocation list"));
        }
        Ok((crls, intermediates))
    }

    /// The private keys in it, if only its owner can read it, and a warning if a group can, too.
    pub(crate) fn keys(&self) -> Result<(Vec<ClearedKey>, Option<Warning>), CredentialsError> {
        let warning = self.check_access()?;
        let keys = PrivateKeyDer::pem_slice_iter(&self.text)
            .map(|key| key.map(ClearedKey::from))
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| malformed(&self.path, &error))?;
        if keys.is_empty() {
            return Err(self.empty("private key"));
        }
        Ok((keys, warning))
    }

    /// Everything that it says, whatever that is.
    pub(crate) fn text(&self) -> &[u8] {
        &self.text
    }

    /// Its Unix mode bits, where there are some.
    pub(crate) fn mode(&self) -> Option<u32> {
        self.mode
    }

    /// What it may be instead, if it lacks what it should hold.
    pub(crate) fn hint(&self) -> &'static str {
        hint(&self.text)
    }

    /// Refuses a key that everyone can reach, and warns of one that a group can.
    pub(crate) fn check_access(&self) -> Result<Option<Warning>, CredentialsError> {
        let Some(mode) = self.mode else { return Ok(None) };
        let path = self.path.clone();
        if mode & 0o006 != 0 {
            Err(CredentialsError::KeyExposed { path, mode })
        } else if mode & 0o060 != 0 {
            Ok(Some(Warning::KeyOpenToGroup { path, mode }))
        } else {
            Ok(None)
        }
    }

    pub(crate) fn empty(&self, what: &'static str) -> CredentialsError {
        CredentialsError::Empty { path: self.path.clone(), what, hint: self.hint() }
    }
}

/// Certificates, one section each.
#[cfg(feature = "authority")]
pub(crate) fn encode_certificates<'a>(
    certificates: impl IntoIterator<Item = &'a CertificateDer<'static>>,
) -> String {
    certificates.into_iter().map(|der| encode("CERTIFICATE", der)).collect()
}

/// What was read, or nothing if there is no such file.
pub(crate) fn if_there(read: Result<PemFile, CredentialsError>) -> Result<Option<PemFile>, CredentialsError> {
    match read {
        Ok(file) => Ok(Some(file)),
        Err(CredentialsError::FileMissing { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// One PEM section.
#[cfg(feature = "authority")]
pub(crate) fn encode(label: &str, der: &[u8]) -> String {
    use base64::Engine;
    let body = Zeroizing::new(base64::engine::general_purpose::STANDARD.encode(der));
    // Room for all of it from the start, for the same reason as in `read`.
    let mut text = String::with_capacity(body.len() / 64 + body.len() + 2 * label.len() + 40);
    text.extend(["-----BEGIN ", label, "-----\n"]);
    for line in body.as_bytes().chunks(64) {
        text.extend(line.iter().map(|&byte| char::from(byte)));
        text.push('\n');
    }
    text.extend(["-----END ", label, "-----\n"]);
    text
}

/// The longest file read as PEM: five times the roots of every public authority together.
const FILE_LIMIT: u64 = 1 << 20;

/// The longest file of revocation lists: some 150,000 revocations, which is read twice a second.
const CRL_FILE_LIMIT: u64 = 8 << 20;

fn open(path: &Path, limit: u64) -> Result<(File, Metadata), CredentialsError> {
    let opened = File::open(path).and_then(|file| Ok((file.metadata()?, file)));
    match opened {
        Ok((metadata, _)) if !metadata.is_file() => Err(CredentialsError::NotAFile { path: path.to_owned() }),
        Ok((metadata, _)) if metadata.len() > limit => {
            Err(CredentialsError::TooLarge { path: path.to_owned(), limit })
        }
        Ok((metadata, file)) => Ok((file, metadata)),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            Err(CredentialsError::FileMissing { path: path.to_owned() })
        }
        Err(problem) => Err(CredentialsError::Unreadable { path: path.to_owned(), problem }),
    }
}

/// The whole file, in memory that is cleared afterwards: it may hold a key.
fn read(
    path: &Path,
    file: File,
    metadata: &Metadata,
    limit: u64,
) -> Result<Zeroizing<Vec<u8>>, CredentialsError> {
    // Room for all of it from the start: growing would leave copies behind that nobody clears.
    let room = metadata.len().min(limit) as usize + 1;
    let mut text = Zeroizing::new(Vec::with_capacity(room));
    match file.take(limit + 1).read_to_end(&mut text) {
        Ok(len) if len as u64 > limit => Err(CredentialsError::TooLarge { path: path.to_owned(), limit }),
        Ok(_) => Ok(text),
        Err(problem) => Err(CredentialsError::Unreadable { path: path.to_owned(), problem }),
    }
}

fn malformed(path: &Path, error: &pem::Error) -> CredentialsError {
    let reason = match error {
        pem::Error::MissingSectionEnd { .. } => "a BEGIN line without its END line",
        pem::Error::IllegalSectionStart { .. } => "a BEGIN line that is not well-formed",
        pem::Error::Base64Decode(_) => "text between BEGIN and END that is not base64",
        _ => "a section that cannot be read",
    };
    CredentialsError::Malformed { path: path.to_owned(), reason }
}

/// What a file that lacks the expected may be instead.
fn hint(text: &[u8]) -> &'static str {
    let has = |needle: &str| text.windows(needle.len()).any(|window| window == needle.as_bytes());
    if text.is_empty() {
        "it is empty"
    } else if text.starts_with(&[0xff, 0xfe]) || text.starts_with(&[0xfe, 0xff]) {
        "it is UTF-16; save it as UTF-8, without a byte order mark"
    } else if text.starts_with(BYTE_ORDER_MARK) {
        "it begins with a byte order mark, which hides its first line; save it without one"
    } else if has(" -----BEGIN ") || has("\t-----BEGIN ") {
        "blanks stand before its BEGIN line; take them out"
    } else if text[0] == DER_SEQUENCE {
        "it looks like DER; convert it to PEM with openssl"
    } else if has("BEGIN ENCRYPTED PRIVATE KEY") || has("Proc-Type: 4,ENCRYPTED") {
        "the key in it is encrypted; decrypt it with `openssl pkey` and protect the file itself"
    } else if has("PRIVATE KEY-----") {
        "it holds a private key"
    } else if has("BEGIN X509 CRL-----") {
        "it holds a revocation list"
    } else if has("BEGIN CERTIFICATE-----") {
        "it holds a certificate"
    } else {
        "it holds no PEM section of that kind"
    }
}

/// What some editors on Windows put before UTF-8.
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// The first byte of everything in DER that we read.
const DER_SEQUENCE: u8 = 0x30;

/// The mode bits of the open file, not of its path: that may be another file by now.
#[cfg(unix)]
fn mode(metadata: &Metadata) -> Option<u32> {
    use std::os::unix::fs::PermissionsExt;
    Some(metadata.permissions().mode() & 0o7777)
}

/// Elsewhere a file has no mode bits: who may read the key is what its folder's access list says.
#[cfg(not(unix))]
fn mode(_metadata: &Metadata) -> Option<u32> {
    None
}
