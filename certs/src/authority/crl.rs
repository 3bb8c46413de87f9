//! The revocation list: signed anew by every command, with what was revoked before.

use jiff::Timestamp;
use rcgen::{
    CertificateRevocationListParams, Issuer, KeyIdMethod, KeyPair, RevocationReason, RevokedCertParams,
    SerialNumber,
};
use rustls_pki_types::CertificateRevocationListDer;
use rustls_pki_types::pem::PemObject;
use x509_parser::prelude::FromDer;
use x509_parser::revocation_list::{CertificateRevocationList, RevokedCertificate};

use super::AuthorityError;
use super::template::{BACKDATED, after, date};

/// How long a list is good for. A server refuses new peers on a stale one, so it is signed anew
/// with every command, long before.
const DAYS: u32 = 30;

/// Signs the list that follows `old`: the same entries, a higher number, fresh dates. In PEM.
pub(super) fn sign(
    issuer: &Issuer<'_, &KeyPair>,
    key_id: &[u8],
    old: Option<&[u8]>,
    now: Timestamp,
) -> Result<String, AuthorityError> {
    let old = old.map(Old::read).transpose()?.unwrap_or_default();
    let list = CertificateRevocationListParams {
        this_update: date(now - BACKDATED),
        next_update: date(after(now, DAYS)),
        crl_number: SerialNumber::from(old.number.saturating_add(1)),
        issuing_distribution_point: None,
        revoked_certs: old.revoked,
        key_identifier_method: KeyIdMethod::PreSpecified(key_id.to_vec()),
    };
    Ok(list.signed_by(issuer)?.pem()?)
}

#[derive(Default)]
struct Old {
    number: u64,
    revoked: Vec<RevokedCertParams>,
}

impl Old {
    /// Fails if it cannot be read: going on would quietly pardon everything it revokes.
    fn read(pem: &[u8]) -> Result<Old, AuthorityError> {
        let damaged =
            || AuthorityError::Signing("damaged revocation list; restore it from a copy".to_owned());
        let der = CertificateRevocationListDer::from_pem_slice(pem).map_err(|_| damaged())?;
        let (_, list) = CertificateRevocationList::from_der(&der).map_err(|_| damaged())?;
        let number = list.crl_number().and_then(|number| u64::try_from(number).ok()).ok_or_else(damaged)?;
        Ok(Old { number, revoked: list.iter_revoked_certificates().map(revoked).collect() })
    }
}

fn revoked(entry: &RevokedCertificate<'_>) -> RevokedCertParams {
    RevokedCertParams {
        serial_number: SerialNumber::from_slice(entry.raw_serial()),
        revocation_time: entry.revocation_date.to_datetime(),
        reason_code: entry.reason_code().and_then(|(_, code)| reason(code.0)),
        invalidity_date: entry.invalidity_date().map(|(_, date)| date.to_datetime()),
    }
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
