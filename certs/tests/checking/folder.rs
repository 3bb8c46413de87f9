//! A sound identity in a folder, and an authority that signs whatever spoils it.

use std::fs;
use std::path::{Path, PathBuf};

use countersign_certs::check::{Check, Finding, Report};
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, DnType, ExtendedKeyUsagePurpose,
    IsCa, Issuer, KeyIdMethod, KeyPair, KeyUsagePurpose, SanType, SerialNumber,
};
use tempfile::TempDir;
use time::{Duration, OffsetDateTime};

/// An authority that signs whatever a test needs.
pub(crate) struct Ca {
    pub(crate) pem: String,
    issuer: Issuer<'static, KeyPair>,
}

impl Ca {
    pub(crate) fn root(name: &str) -> Ca {
        let (params, key) = (authority(name), KeyPair::generate().unwrap());
        Ca { pem: params.self_signed(&key).unwrap().pem(), issuer: Issuer::new(params, key) }
    }

    /// An authority whose certificate does not allow to sign revocation lists.
    pub(crate) fn without_crls(name: &str) -> Ca {
        let (mut params, key) = (authority(name), KeyPair::generate().unwrap());
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        let pem = params.self_signed(&key).unwrap().pem();
        // What signs it does allow that, so that there is a list at all.
        Ca { pem, issuer: Issuer::new(authority(name), key) }
    }

    /// Another authority, which this one vouches for.
    pub(crate) fn intermediate(&self, name: &str, spoil: impl FnOnce(&mut CertificateParams)) -> Ca {
        let (mut params, key) = (authority(name), KeyPair::generate().unwrap());
        spoil(&mut params);
        Ca { pem: self.sign(&params, &key), issuer: Issuer::new(params, key) }
    }

    /// Its revocation list, after it was spoilt.
    pub(crate) fn crl(&self, spoil: impl FnOnce(&mut CertificateRevocationListParams)) -> String {
        let mut list = CertificateRevocationListParams {
            this_update: OffsetDateTime::now_utc() - Duration::hours(1),
            next_update: OffsetDateTime::now_utc() + Duration::days(30),
            crl_number: SerialNumber::from(1),
            issuing_distribution_point: None,
            revoked_certs: Vec::new(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        spoil(&mut list);
        list.signed_by(&self.issuer).unwrap().pem().unwrap()
    }

    pub(crate) fn sign(&self, params: &CertificateParams, key: &KeyPair) -> String {
        params.signed_by(key, &self.issuer).unwrap().pem()
    }
}

pub(crate) fn authority(name: &str) -> CertificateParams {
    let mut params = valid_days(365);
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

/// The serial number of her certificate.
pub(crate) const ALICE: u64 = 0x41;

/// The client and server `spiffe://countersign.internal/alice` at `localhost`.
pub(crate) fn alice() -> CertificateParams {
    let mut params = valid_days(30);
    params.distinguished_name.push(DnType::CommonName, "Alice");
    params.subject_alt_names =
        vec![uri("spiffe://countersign.internal/alice"), SanType::DnsName("localhost".try_into().unwrap())];
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages =
        vec![ExtendedKeyUsagePurpose::ClientAuth, ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    params.serial_number = Some(SerialNumber::from(ALICE));
    params
}

pub(crate) fn uri(text: &str) -> SanType {
    SanType::URI(text.try_into().unwrap())
}

fn valid_days(days: i64) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.not_before = OffsetDateTime::now_utc() - Duration::minutes(5);
    params.not_after = OffsetDateTime::now_utc() + Duration::days(days);
    params
}

/// A folder with the identity of alice, to be spoilt.
pub(crate) struct Folder {
    home: TempDir,
    pub(crate) ca: Ca,
    pub(crate) key: KeyPair,
}

impl Folder {
    pub(crate) fn of_alice() -> Folder {
        let home = tempfile::tempdir().unwrap();
        let folder = Folder { home, ca: Ca::root("Test root"), key: KeyPair::generate().unwrap() };
        folder.write("ca.pem", &folder.ca.pem);
        folder.write("crl.pem", folder.ca.crl(|_| {}));
        folder.write_key(&folder.key.serialize_pem());
        folder.write_leaf(|_| {});
        folder
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, contents: impl AsRef<[u8]>) {
        fs::write(self.path(name), contents).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    pub(crate) fn write_key(&self, pem: &str) {
        self.write("key.pem", pem);
        self.set_mode("key.pem", 0o600);
    }

    /// The certificate of alice, after it was spoilt.
    pub(crate) fn leaf(&self, ca: &Ca, spoil: impl FnOnce(&mut CertificateParams)) -> String {
        let mut params = alice();
        spoil(&mut params);
        ca.sign(&params, &self.key)
    }

    pub(crate) fn write_leaf(&self, spoil: impl FnOnce(&mut CertificateParams)) {
        self.write("cert.pem", self.leaf(&self.ca, spoil));
    }

    /// Trusts this authority instead, by its own list.
    pub(crate) fn trust_instead(&self, ca: &Ca) {
        self.write("ca.pem", &ca.pem);
        self.write("crl.pem", ca.crl(|_| {}));
    }

    /// The certificate of alice from the first of these intermediates, after it was spoilt, with all of them
    /// behind it and with their lists.
    pub(crate) fn write_chain(&self, intermediates: &[&Ca], spoil: impl FnOnce(&mut CertificateParams)) {
        let behind: String = intermediates.iter().map(|ca| ca.pem.as_str()).collect();
        self.write("cert.pem", self.leaf(intermediates[0], spoil) + &behind);
        let lists: String =
            intermediates.iter().copied().chain([&self.ca]).map(|ca| ca.crl(|_| {})).collect();
        self.write("crl.pem", lists);
    }

    pub(crate) fn write_trust(&self, name: &str, contents: impl AsRef<[u8]>) {
        fs::create_dir_all(self.path("trust")).unwrap();
        self.write(&format!("trust/{name}"), contents);
    }

    pub(crate) fn remove(&self, name: &str) {
        fs::remove_file(self.path(name)).unwrap();
    }

    #[cfg(unix)]
    pub(crate) fn set_mode(&self, name: &str, mode: u32) {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(self.path(name), fs::Permissions::from_mode(mode)).unwrap();
    }

    #[cfg(not(unix))]
    pub(crate) fn set_mode(&self, _name: &str, _mode: u32) {}

    pub(crate) fn check(&self) -> Check {
        Check::of(self.home.path())
    }

    pub(crate) fn report(&self) -> Report {
        self.check().run()
    }

    /// A finding as `severity file:line: what; remedy`, with the file as it lies in this folder.
    pub(crate) fn told(&self, finding: &Finding) -> String {
        let home = format!("{}/", self.home.path().display());
        let line = format!("{} {finding}", finding.severity());
        assert!(!line.contains('\n'), "{line}");
        line.replace(&home, "").replace(&home[..home.len() - 1], ".")
    }
}

/// The line of the `number`th BEGIN, counted from 1 both.
pub(crate) fn line_of_section(path: &Path, number: usize) -> usize {
    let text = fs::read_to_string(path).unwrap();
    let begins = (1..).zip(text.lines()).filter(|(_, line)| line.starts_with("-----BEGIN"));
    begins.map(|(line, _)| line).nth(number - 1).unwrap()
}
