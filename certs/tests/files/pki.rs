//! An authority and an identity folder for tests to spoil.

use std::fs;
use std::path::{Path, PathBuf};

use countersign_certs::{Credentials, CredentialsError, Watched};
use jiff::{SignedDuration, Timestamp};
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationList, CertificateRevocationListParams,
    DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyIdMethod, KeyPair, KeyUsagePurpose,
    RevokedCertParams, SanType, SerialNumber,
};
use rustls_pki_types::CertificateDer;
use tempfile::TempDir;
use time::OffsetDateTime;

pub(crate) const HOUR: SignedDuration = SignedDuration::from_hours(1);

/// An authority of some domain, which signs whatever a test needs.
pub(crate) struct Ca {
    pub(crate) pem: String,
    pub(crate) der: CertificateDer<'static>,
    pub(crate) issuer: Issuer<'static, KeyPair>,
}

impl Ca {
    pub(crate) fn new() -> Ca {
        Ca::named("an authority")
    }

    pub(crate) fn named(name: &str) -> Ca {
        let (params, key) = (Ca::params(name), KeyPair::generate().unwrap());
        let certificate = params.self_signed(&key).unwrap();
        Ca::from(params, key, &certificate)
    }

    /// An intermediate authority that this one vouches for.
    pub(crate) fn intermediate(&self, name: &str) -> Ca {
        let (params, key) = (Ca::params(name), KeyPair::generate().unwrap());
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        Ca::from(params, key, &certificate)
    }

    pub(crate) fn params(name: &str) -> CertificateParams {
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        params.use_authority_key_identifier_extension = true;
        params
    }

    pub(crate) fn from(params: CertificateParams, key: KeyPair, certificate: &rcgen::Certificate) -> Ca {
        Ca { pem: certificate.pem(), der: certificate.der().clone(), issuer: Issuer::new(params, key) }
    }

    /// A revocation list of a month, made now.
    pub(crate) fn crl(&self, number: u64, revoked: &[&[u8]]) -> String {
        self.crl_of(number, revoked, -HOUR, 30 * 24 * HOUR).pem().unwrap()
    }

    /// A revocation list with other dates, counted from now.
    pub(crate) fn crl_of(
        &self,
        number: u64,
        revoked: &[&[u8]],
        from: SignedDuration,
        until: SignedDuration,
    ) -> CertificateRevocationList {
        crl_params(number, revoked, from, until).signed_by(&self.issuer).unwrap()
    }

    pub(crate) fn sign(&self, params: &CertificateParams, key: &KeyPair) -> String {
        params.signed_by(key, &self.issuer).unwrap().pem()
    }
}

pub(crate) fn with_uris(uris: &[&str]) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.subject_alt_names = uris.iter().map(|uri| SanType::URI((*uri).try_into().unwrap())).collect();
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    params
}

pub(crate) fn alice() -> CertificateParams {
    with_uris(&["spiffe://countersign.internal/alice"])
}

/// A folder with an identity in it, to be spoilt.
pub(crate) struct Folder {
    pub(crate) home: TempDir,
    pub(crate) ca: Ca,
    pub(crate) key: KeyPair,
}

impl Folder {
    pub(crate) fn of_alice() -> Folder {
        Folder::called("cert.pem", "key.pem", "ca.pem")
    }

    pub(crate) fn called(certificate: &str, key_name: &str, trust: &str) -> Folder {
        let folder =
            Folder { home: tempfile::tempdir().unwrap(), ca: Ca::new(), key: KeyPair::generate().unwrap() };
        folder.write(certificate, folder.ca.sign(&alice(), &folder.key));
        folder.write_key(key_name, &folder.key.serialize_pem());
        folder.write(trust, &folder.ca.pem);
        folder
    }

    pub(crate) fn write(&self, name: &str, contents: impl AsRef<[u8]>) {
        fs::create_dir_all(self.path(name).parent().unwrap()).unwrap();
        fs::write(self.path(name), contents).unwrap();
    }

    pub(crate) fn write_key(&self, name: &str, contents: &str) {
        self.write(name, contents);
        set_mode(&self.path(name), 0o600);
    }

    pub(crate) fn write_certificate(&self, params: &CertificateParams) {
        self.write("cert.pem", self.ca.sign(params, &self.key));
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    pub(crate) fn load(&self) -> Result<Credentials, CredentialsError> {
        Credentials::load(self.home.path())
    }

    /// Credentials that are looked at only when a test says so.
    pub(crate) fn on_request(&self) -> Watched<Credentials> {
        Credentials::loader(self.home.path()).on_request().unwrap()
    }

    /// The refusal, after checking that it is one line and begins with the path of `file`.
    pub(crate) fn refusal(&self, file: &str) -> String {
        self.about(file, &self.load().unwrap_err().to_string())
    }

    /// What is said after the path of `file`, which comes first in one line.
    pub(crate) fn about(&self, file: &str, refusal: &str) -> String {
        assert!(!refusal.contains('\n'), "{refusal}");
        let path = self.path(file).display().to_string();
        let reason = refusal.strip_prefix(&format!("{path}: "));
        reason.unwrap_or_else(|| panic!("not about {file}: {refusal}")).to_owned()
    }
}

#[cfg(unix)]
pub(crate) fn set_mode(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[cfg(not(unix))]
pub(crate) fn set_mode(_path: &Path, _mode: u32) {}

pub(crate) fn crl_params(
    number: u64,
    revoked: &[&[u8]],
    from: SignedDuration,
    until: SignedDuration,
) -> CertificateRevocationListParams {
    let revoked = revoked.iter().map(|serial| RevokedCertParams {
        serial_number: SerialNumber::from_slice(serial),
        revocation_time: date(from),
        reason_code: None,
        invalidity_date: None,
    });
    CertificateRevocationListParams {
        this_update: date(from),
        next_update: date(until),
        crl_number: SerialNumber::from(number),
        issuing_distribution_point: None,
        revoked_certs: revoked.collect(),
        key_identifier_method: KeyIdMethod::Sha256,
    }
}

/// The moment so long after now.
pub(crate) fn date(after: SignedDuration) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp((Timestamp::now() + after).as_second()).unwrap()
}
