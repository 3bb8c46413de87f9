//! What a forged certificate says.

use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyUsagePurpose, SanType, SerialNumber,
};
use time::{Duration, OffsetDateTime};

use super::uri;

/// What a forged certificate says. Begins as a sound one of `spiffe://DOMAIN/mallory` for `localhost`.
pub struct Leaf {
    pub(super) params: CertificateParams,
}

impl Leaf {
    pub(super) fn of(domain: &str) -> Self {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, "mallory");
        params.subject_alt_names = vec![uri(&format!("spiffe://{domain}/mallory")), host("localhost")];
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages =
            vec![ExtendedKeyUsagePurpose::ClientAuth, ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        params.not_before = OffsetDateTime::now_utc() - Duration::minutes(5);
        params.not_after = OffsetDateTime::now_utc() + Duration::hours(1);
        Leaf { params }
    }

    /// Its time is over.
    pub fn expired(mut self) -> Self {
        self.params.not_before = OffsetDateTime::now_utc() - Duration::hours(2);
        self.params.not_after = OffsetDateTime::now_utc() - Duration::hours(1);
        self
    }

    /// Its time has not come.
    pub fn not_yet_valid(mut self) -> Self {
        self.params.not_before = OffsetDateTime::now_utc() + Duration::hours(1);
        self.params.not_after = OffsetDateTime::now_utc() + Duration::hours(2);
        self
    }

    /// For a server's side alone.
    pub fn server_only(mut self) -> Self {
        self.params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        self
    }

    /// For a client's side alone.
    pub fn client_only(mut self) -> Self {
        self.params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        self
    }

    /// For neither side.
    pub fn without_usages(mut self) -> Self {
        self.params.extended_key_usages.clear();
        self
    }

    /// With these URIs and the host `localhost`.
    pub fn uris(mut self, uris: &[&str]) -> Self {
        self.params.subject_alt_names = uris.iter().map(|text| uri(text)).collect();
        self.host("localhost")
    }

    /// An authority's certificate.
    pub fn authority(mut self) -> Self {
        self.params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        self.params.key_usages.push(KeyUsagePurpose::KeyCertSign);
        self
    }

    /// Made for signing code.
    pub fn for_code(mut self) -> Self {
        self.params.extended_key_usages = vec![ExtendedKeyUsagePurpose::CodeSigning];
        self
    }

    /// For anything at all, and so for nothing in particular.
    pub fn for_anything(mut self) -> Self {
        self.params.extended_key_usages = vec![ExtendedKeyUsagePurpose::Any];
        self
    }

    /// With this key usage alone, or none.
    pub fn key_usage(mut self, usage: Option<KeyUsagePurpose>) -> Self {
        self.params.key_usages = Vec::from_iter(usage);
        self
    }

    /// With no alternative names at all.
    pub fn nameless(mut self) -> Self {
        self.params.subject_alt_names.clear();
        self
    }

    /// With one more host.
    pub fn host(mut self, name: &str) -> Self {
        self.params.subject_alt_names.push(host(name));
        self
    }

    /// With one more URI.
    pub fn uri(mut self, name: &str) -> Self {
        self.params.subject_alt_names.push(uri(name));
        self
    }

    /// Another common name.
    pub fn common_name(mut self, name: &str) -> Self {
        self.params.distinguished_name.push(DnType::CommonName, name);
        self
    }

    /// One more extension, which may be there already.
    pub fn extension(mut self, oid: &[u64], content: Vec<u8>, critical: bool) -> Self {
        let mut extension = CustomExtension::from_oid_content(oid, content);
        extension.set_criticality(critical);
        self.params.custom_extensions.push(extension);
        self
    }

    /// With this serial number.
    pub fn serial(mut self, serial: u64) -> Self {
        self.params.serial_number = Some(SerialNumber::from(serial));
        self
    }

    /// Until so many seconds from now.
    pub fn ends_in(mut self, seconds: i64) -> Self {
        self.params.not_after = OffsetDateTime::now_utc() + Duration::seconds(seconds);
        self
    }
}

fn host(name: &str) -> SanType {
    SanType::DnsName(name.try_into().expect("ASCII"))
}
