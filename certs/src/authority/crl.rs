//! The revocation lists, one for each signer: signed anew by every command, with what was revoked before.

use std::time::Duration;

use jiff::Timestamp;
use rcgen::{
    CertificateRevocationListParams, KeyIdMethod, RevocationReason, RevokedCertParams, SerialNumber,
};
use rustls_pki_types::CertificateRevocationListDer;
use rustls_pki_types::pem::PemObject;
use x509_parser::prelude::FromDer;
use x509_parser::revocation_list::{CertificateRevocationList, RevokedCertificate};

use super::signer::Signer;
use super::template::{BACKDATED, after, date};
use super::{AuthorityError, Reason};
use crate::pem;

/// How long a list is good for. A server refuses new peers on a stale one, so it is signed anew
/// with every command, long before.
const VALID: Duration = Duration::from_hours(30 * 24);

/// What the lists in force say.
#[derive(Default)]
pub(super) struct Lists(Vec<List>);

struct List {
    issuer: Vec<u8>,
    number: u64,
    revoked: Vec<RevokedCertParams>,
    der: Vec<u8>,
}

impl Lists {
    /// Fails if one cannot be read: going on would quietly pardon everything it revokes.
    pub(super) fn read(text: &[u8]) -> Result<Lists, AuthorityError> {
        let lists = CertificateRevocationListDer::pem_slice_iter(text)
            .map(|der| der.map_err(|_| damaged()).and_then(|der| List::read(&der)))
            .collect::<Result<Vec<_>, _>>()?;
        if lists.is_empty() { Err(damaged()) } else { Ok(Lists(lists)) }
    }

    /// When the certificate with this serial number was revoked, by whichever issuer.
    pub(super) fn revoked(&self, serial: &str) -> Option<Timestamp> {
        let serial = bytes(serial);
        let mut entries = self.0.iter().flat_map(|list| &list.revoked);
        let entry = entries.find(|entry| entry.serial_number.as_ref() == serial)?;
        Timestamp::from_second(entry.revocation_time.unix_timestamp()).ok()
    }

    /// The lists that follow these, in PEM: for each of `signers` the same entries and those of `add` that it
    /// issued, a higher number, fresh dates. Where a signer's key is not here, its list stays as it is.
    pub(super) fn next<'a>(
        self,
        signers: impl IntoIterator<Item = &'a Signer>,
        add: &[Revoke<'_>],
        now: Timestamp,
    ) -> Result<String, AuthorityError> {
        let signers: Vec<&Signer> = signers.into_iter().collect();
        let mut text = String::new();
        for signer in &signers {
            let old = self.0.iter().find(|list| list.issuer == signer.subject());
            let add =
                add.iter().filter(|revoke| revoke.issuer == signer.subject()).map(|revoke| revoke.entry(now));
            let add: Vec<_> = add.collect();
            let der = match old {
                Some(old) if signer.key().is_none() && add.is_empty() => old.der.clone(),
                _ => sign(signer, old, add, good_until(signer, &signers, now), now)?,
            };
            if !signer.is_root() {
                // Whoever reads the lists knows the roots alone, and could not tell who signed this one.
                text.push_str(&pem::encode("CERTIFICATE", &signer.certificate));
            }
            text.push_str(&pem::encode("X509 CRL", &der));
        }
        Ok(text)
    }
}

/// A certificate to revoke.
pub(super) struct Revoke<'a> {
    /// The name of its issuer in DER.
    pub(super) issuer: &'a [u8],
    /// Its serial number in hexadecimal.
    pub(super) serial: &'a str,
    pub(super) reason: Reason,
}

impl Revoke<'_> {
    fn entry(&self, now: Timestamp) -> RevokedCertParams {
        RevokedCertParams {
            serial_number: SerialNumber::from_slice(&bytes(self.serial)),
            revocation_time: date(now),
            reason_code: code(self.reason),
            invalidity_date: None,
        }
    }
}

/// The bytes that `hex` made these digits of.
fn bytes(digits: &str) -> Vec<u8> {
    digits
        .as_bytes()
        .chunks(2)
        .map(|pair| pair.iter().fold(0, |byte, &digit| byte << 4 | value(digit)))
        .collect()
}

fn value(digit: u8) -> u8 {
    char::from(digit).to_digit(16).map_or(0, |value| value as u8)
}

/// The list of a root with intermediates lasts as long as they do: its key is kept offline until they are renewed.
fn good_until(signer: &Signer, all: &[&Signer], now: Timestamp) -> Timestamp {
    let below = all.iter().filter(|other| signer.signed(other)).map(|other| other.info.not_after());
    below.max().unwrap_or(Timestamp::MIN).max(after(now, VALID))
}

fn sign(
    signer: &Signer,
    old: Option<&List>,
    add: Vec<RevokedCertParams>,
    until: Timestamp,
    now: Timestamp,
) -> Result<Vec<u8>, AuthorityError> {
    let (number, mut revoked) = old.map_or((0, Vec::new()), |old| (old.number, old.revoked.clone()));
    revoked.extend(add);
    let list = CertificateRevocationListParams {
        this_update: date(now - BACKDATED),
        next_update: date(until),
        crl_number: SerialNumber::from(number.saturating_add(1)),
        issuing_distribution_point: None,
        revoked_certs: revoked,
        key_identifier_method: KeyIdMethod::PreSpecified(signer.key_id().to_vec()),
    };
    Ok(list.signed_by(&signer.issuer()?)?.der().to_vec())
}

impl List {
    fn read(der: &[u8]) -> Result<List, AuthorityError> {
        let (_, list) = CertificateRevocationList::from_der(der).map_err(|_| damaged())?;
        let number = list.crl_number().and_then(|number| u64::try_from(number).ok()).ok_or_else(damaged)?;
        Ok(List {
            issuer: list.issuer().as_raw().to_vec(),
            number,
            revoked: list.iter_revoked_certificates().map(entry).collect(),
            der: der.to_vec(),
        })
    }
}

fn damaged() -> AuthorityError {
    AuthorityError::Signing("damaged revocation list; restore it from a copy".to_owned())
}

fn entry(entry: &RevokedCertificate<'_>) -> RevokedCertParams {
    RevokedCertParams {
        serial_number: SerialNumber::from_slice(entry.raw_serial()),
        revocation_time: entry.revocation_date.to_datetime(),
        reason_code: entry.reason_code().and_then(|(_, code)| reason(code.0)),
        invalidity_date: entry.invalidity_date().map(|(_, date)| date.to_datetime()),
    }
}

/// That there is none is written as nothing at all (RFC 5280, 5.3.1).
fn code(reason: Reason) -> Option<RevocationReason> {
    Some(match reason {
        Reason::Unspecified => return None,
        Reason::KeyCompromise => RevocationReason::KeyCompromise,
        Reason::AffiliationChanged => RevocationReason::AffiliationChanged,
        Reason::Superseded => RevocationReason::Superseded,
        Reason::CessationOfOperation => RevocationReason::CessationOfOperation,
        Reason::PrivilegeWithdrawn => RevocationReason::PrivilegeWithdrawn,
    })
}

fn reason(code: u8) -> Option<RevocationReason> {
    Some(match code {
        1 => RevocationReason::KeyCompromise,
        2 => RevocationReason::CaCompromise,
        3 => RevocationReason::AffiliationChanged,
        4 => RevocationReason::Superseded,
        5 => RevocationReason::CessationOfOperation,
        6 => RevocationReason::CertificateHold,
        8 => RevocationReason::RemoveFromCrl,
        9 => RevocationReason::PrivilegeWithdrawn,
        10 => RevocationReason::AaCompromise,
        _ => return None,
    })
}
