//! What goes into a certificate. Strict verifiers decide the details; each is told below.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyUsagePurpose, SanType, SerialNumber,
};
use time::OffsetDateTime;

use super::request::{Host, Request};
use super::{AuthorityError, Plan};
use crate::name::{SpiffeId, TrustDomain};
use crate::text::hex;

/// How long an intermediate lives: so often the root's key has to come back from where it is kept.
const INTERMEDIATE_VALID: Duration = Duration::from_hours(365 * 24);

/// How far certificates are backdated: a peer whose clock is slow must not refuse a fresh one.
pub(super) const BACKDATED: SignedDuration = SignedDuration::from_mins(5);

/// The root of a domain, which begins later than `before`. It signs leaves and nothing else, or else intermediates
/// that do.
pub(super) fn root(
    plan: &Plan,
    before: Timestamp,
    now: Timestamp,
) -> Result<CertificateParams, AuthorityError> {
    let ends = end_of(plan.valid, now)?;
    let mut params = authority(&plan.domain, "authority", now, ends)?;
    params.not_before = params.not_before.max(date(before).saturating_add(time::Duration::SECOND));
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(u8::from(plan.intermediate)));
    Ok(params)
}

/// What stands between a root that is kept offline and the leaves. Ends no later than the root.
pub(super) fn intermediate(
    domain: &TrustDomain,
    now: Timestamp,
    root_ends: Timestamp,
) -> Result<CertificateParams, AuthorityError> {
    authority(domain, "intermediate", now, after(now, INTERMEDIATE_VALID).min(root_ends))
}

fn authority(
    domain: &TrustDomain,
    kind: &str,
    now: Timestamp,
    ends: Timestamp,
) -> Result<CertificateParams, AuthorityError> {
    let serial = random_serial()?;
    // Two authorities of one domain need different names: a verifier that knows only one of them
    // can then tell that a certificate comes from the other.
    let common_name = format!("{domain:.36} {kind} {}", hex(&serial[1..5]));
    let mut params = base(serial, &common_name, &domain.id(), now, ends);
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    Ok(params)
}

/// An identity for `request`, which ends no later than its authority.
pub(super) fn leaf(
    id: &SpiffeId,
    request: &Request,
    now: Timestamp,
    authority_ends: Timestamp,
) -> Result<CertificateParams, AuthorityError> {
    let ends = end_of(request.valid, now)?.min(authority_ends);
    let mut params = base(random_serial()?, request.name.as_str(), id, now, ends);
    // Says "not an authority" aloud, and with it comes the subject key identifier.
    params.is_ca = IsCa::ExplicitNoCa;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    for host in &request.hosts {
        params.insert_extended_key_usage(ExtendedKeyUsagePurpose::ServerAuth);
        params.subject_alt_names.push(self::host(host)?);
    }
    Ok(params)
}

/// A host as one of the alternative names.
pub(super) fn host(host: &Host) -> Result<SanType, AuthorityError> {
    Ok(match host.ip() {
        Some(ip) => SanType::IpAddress(ip),
        None => SanType::DnsName(host.to_string().try_into()?),
    })
}

fn base(
    serial: [u8; 16],
    common_name: &str,
    id: &SpiffeId,
    now: Timestamp,
    ends: Timestamp,
) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.serial_number = Some(SerialNumber::from_slice(&serial));
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, common_name);
    params.not_before = date(now - BACKDATED);
    params.not_after = date(ends);
    params.use_authority_key_identifier_extension = true;
    let id = id.as_str().try_into().expect("a SPIFFE ID is ASCII");
    params.subject_alt_names = vec![SanType::URI(id)];
    params
}

/// Sixteen random bytes that read as a positive number of that length: RFC 5280 wants it positive,
/// and a leading zero would be another spelling of a shorter one.
fn random_serial() -> Result<[u8; 16], AuthorityError> {
    let mut serial = random::<16>()?;
    serial[0] = serial[0] & 0x3f | 0x40;
    Ok(serial)
}

pub(super) fn random<const N: usize>() -> Result<[u8; N], AuthorityError> {
    let mut bytes = [0; N];
    rustls::crypto::aws_lc_rs::default_provider()
        .secure_random
        .fill(&mut bytes)
        .map_err(|_| AuthorityError::Signing("the system has no random numbers for us".to_owned()))?;
    Ok(bytes)
}

/// The last moment of a certificate that is made now and valid for that long.
fn end_of(valid: Duration, now: Timestamp) -> Result<Timestamp, AuthorityError> {
    // Certificates count in whole seconds.
    if valid < Duration::from_secs(1) { Err(AuthorityError::NoTime) } else { Ok(after(now, valid)) }
}

/// The moment that much later, or the end of time if that comes first.
pub(super) fn after(now: Timestamp, later: Duration) -> Timestamp {
    SignedDuration::try_from(later)
        .ok()
        .and_then(|later| now.checked_add(later).ok())
        .unwrap_or(Timestamp::MAX)
}

/// The moment as rcgen takes it.
pub(super) fn date(at: Timestamp) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(at.as_second()).expect("both types end with the year 9999")
}

/// Certificates know no fractions of a second, and neither do the records of them.
pub(super) fn whole_second(at: Timestamp) -> Timestamp {
    Timestamp::from_second(at.as_second()).expect("a timestamp's own second is in range")
}
