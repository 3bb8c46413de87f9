//! Who may be a peer, by one snapshot of our trust. webpki verifies, and nothing here replaces it: the chain has to
//! lead to a root of the peer's own trust domain, since with all roots in one set each authority could speak for
//! every domain.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use countersign_certs::{CertificateInfo, Revocation, SpiffeId, StaleCrl, Trust, TrustDomain};
use countersign_proto::Role;
use jiff::Timestamp;
use rustls::crypto::{CryptoProvider, WebPkiSupportedAlgorithms};
use rustls::pki_types::{CertificateDer, ServerName, TrustAnchor, UnixTime};
use rustls::{CertificateError, DistinguishedName, Error};
use webpki::{
    CertRevocationList, EndEntityCert, ExpirationPolicy, KeyUsage, OwnedCertRevocationList,
    RevocationOptionsBuilder, UnknownStatusPolicy, VerifiedPath,
};

use super::leaf::{Named, named_peer};
use super::life::name;
use super::refusal::timestamp;
use super::{Refusal, TlsSetupError};

/// Judges peers in both roles.
pub(crate) struct Judge {
    domains: BTreeMap<TrustDomain, Domain>,
    /// The names of all roots, which a server tells its clients.
    authorities: Vec<DistinguishedName>,
    algorithms: WebPkiSupportedAlgorithms,
}

/// The certificates that a peer showed, its own first, to be judged again for as long as it is there.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Shown {
    role: Role,
    certificates: Arc<[CertificateDer<'static>]>,
}

/// Who speaks for one trust domain.
struct Domain {
    anchors: Vec<TrustAnchor<'static>>,
    /// What its authorities revoked: a list of each.
    revoked: Vec<CertRevocationList<'static>>,
    stale: StaleCrl,
}

/// Which revocation lists count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lists {
    /// Those whose successor is not overdue, unless the domain's setting is to accept them.
    InTime,
    /// All of them: what they revoke is revoked.
    OfAnyAge,
}

impl Lists {
    /// Of a peer without a list of its issuer: it is not let in, and if it is, not sent away.
    fn unknown(self) -> UnknownStatusPolicy {
        match self {
            Self::InTime => UnknownStatusPolicy::Deny,
            Self::OfAnyAge => UnknownStatusPolicy::Allow,
        }
    }
}

impl Domain {
    fn new(trust: &Trust, domain: &TrustDomain) -> Result<Self, TlsSetupError> {
        let anchors = anchors(trust.roots(domain))?;
        let revocation = trust.revocation(domain);
        let lists = revocation.crls().iter().map(|crl| OwnedCertRevocationList::from_der(crl.der()));
        let revoked = lists
            .map(|list| list.map(CertRevocationList::from))
            .collect::<Result<_, _>>()
            .map_err(|error| Error::General(format!("a revocation list of {domain} is {error}")))?;
        let stale = match revocation {
            Revocation::Checked { stale, .. } => *stale,
            _ => StaleCrl::default(),
        };
        Ok(Self { anchors, revoked, stale })
    }

    fn expiration(&self, lists: Lists) -> ExpirationPolicy {
        match (lists, self.stale) {
            (Lists::InTime, StaleCrl::Refuse) => ExpirationPolicy::Enforce,
            (Lists::OfAnyAge, _) | (_, StaleCrl::Accept) => ExpirationPolicy::Ignore,
        }
    }
}

impl Judge {
    pub(super) fn new(trust: &Trust, provider: &CryptoProvider) -> Result<Self, TlsSetupError> {
        let mut authorities = Vec::new();
        let mut domains = BTreeMap::new();
        for domain in trust.domains() {
            let trusted = Domain::new(trust, domain)?;
            let names = trusted.anchors.iter().map(|anchor| DistinguishedName::in_sequence(&anchor.subject));
            authorities.extend(names);
            domains.insert(domain.clone(), trusted);
        }
        Ok(Self { domains, authorities, algorithms: provider.signature_verification_algorithms })
    }

    /// Whether a peer in `role` may be served, or called, and who it is.
    pub(super) fn admit(
        &self,
        role: Role,
        leaf: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<Named, Error> {
        self.verify(role, (leaf, intermediates), now, Lists::InTime, |_| ()).map(|(named, ())| named)
    }

    /// Whether a peer that was admitted would be again, by what is trusted here now. That the list which says so is
    /// stale ends no connection.
    pub(super) fn still_good(&self, shown: &Shown) -> Result<(), Refusal> {
        let Some((leaf, intermediates)) = shown.certificates.split_first() else { return Ok(()) };
        let verdict =
            self.verify(shown.role, (leaf, intermediates), UnixTime::now(), Lists::OfAnyAge, |_| ());
        verdict.map(drop).map_err(|error| Refusal::of(&error, name(shown.role)))
    }

    /// The earliest end among the certificates between a peer's own and the root, if there are any.
    pub(super) fn ends_between(&self, shown: &Shown) -> Option<Timestamp> {
        let (leaf, intermediates) = shown.certificates.split_first()?;
        if intermediates.is_empty() {
            return None;
        }
        let ends = |der: &[u8]| CertificateInfo::from_der(der).ok().map(|between| between.not_after());
        let earliest = |path: &VerifiedPath<'_>| {
            path.intermediate_certificates().filter_map(|between| ends(&between.der())).min()
        };
        let chain = (leaf, intermediates);
        self.verify(shown.role, chain, UnixTime::now(), Lists::OfAnyAge, earliest).ok()?.1
    }

    fn verify<R>(
        &self,
        role: Role,
        (leaf, intermediates): (&CertificateDer<'_>, &[CertificateDer<'_>]),
        now: UnixTime,
        lists: Lists,
        read: impl FnOnce(&VerifiedPath<'_>) -> R,
    ) -> Result<(Named, R), Error> {
        let named = named_peer(role, leaf, intermediates)?;
        let id = &named.id;
        let domain = self.domains.get(id.trust_domain()).ok_or_else(|| self.wrong_domain(id))?;
        let certificate = EndEntityCert::try_from(leaf).map_err(of_webpki)?;
        let usage = match role {
            Role::Client => KeyUsage::client_auth(),
            Role::Server => KeyUsage::server_auth(),
        };
        let revoked: Vec<_> = domain.revoked.iter().collect();
        // Without lists there is nothing to check, and the server has said so at its start.
        let revocation = RevocationOptionsBuilder::new(&revoked)
            .ok()
            .map(|options| options.with_expiration_policy(domain.expiration(lists)))
            .map(|options| options.with_status_policy(lists.unknown()).build());
        let verdict = certificate.verify_for_usage(
            self.algorithms.all,
            &domain.anchors,
            intermediates,
            now,
            usage,
            revocation,
            None,
        );
        let path = verdict.map_err(of_webpki)?;
        Ok((named, read(&path)))
    }

    pub(super) fn authorities(&self) -> &[DistinguishedName] {
        &self.authorities
    }

    pub(super) fn algorithms(&self) -> &WebPkiSupportedAlgorithms {
        &self.algorithms
    }

    fn wrong_domain(&self, id: &SpiffeId) -> Refusal {
        Refusal::WrongTrustDomain {
            presented: id.trust_domain().clone(),
            trusted: self.domains.keys().cloned().collect(),
        }
    }
}

impl Shown {
    pub(super) fn new(role: Role, certificates: &[CertificateDer<'static>]) -> Self {
        Self { role, certificates: certificates.into() }
    }
}

impl fmt::Debug for Judge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Judge").field("domains", &self.domains.keys()).finish_non_exhaustive()
    }
}

/// Whether a server's certificate is for this host.
pub(super) fn names_host(leaf: &CertificateDer<'_>, host: &ServerName<'_>) -> Result<(), Error> {
    let certificate = EndEntityCert::try_from(leaf).map_err(of_webpki)?;
    certificate.verify_is_valid_for_subject_name(host).map_err(of_webpki)
}

fn anchors(roots: &[CertificateDer<'static>]) -> Result<Vec<TrustAnchor<'static>>, TlsSetupError> {
    roots
        .iter()
        .map(|root| webpki::anchor_from_trusted_cert(root).map(|anchor| anchor.to_owned()))
        .collect::<Result<_, _>>()
        .map_err(|error| Error::General(format!("a root of the trust is {error}")).into())
}

/// What webpki says, in the words that make rustls send the right alert.
fn of_webpki(error: webpki::Error) -> Error {
    use webpki::Error as Found;
    let error = match error {
        Found::CertExpired { time, not_after } => CertificateError::ExpiredContext { time, not_after },
        Found::CertNotValidYet { time, not_before } => {
            CertificateError::NotValidYetContext { time, not_before }
        }
        // An authority of the right name with another key, or that is none, or may not issue this, is not one
        // that is trusted: so a person sees it, and that is what the alert should tell the peer.
        Found::UnknownIssuer
        | Found::InvalidSignatureForPublicKey
        | Found::EndEntityUsedAsCa
        | Found::PathLenConstraintViolated
        | Found::NameConstraintViolation
        | Found::MaximumPathDepthExceeded
        | Found::MaximumSignatureChecksExceeded
        | Found::MaximumPathBuildCallsExceeded
        | Found::UnsupportedSignatureAlgorithmContext(_)
        | Found::UnsupportedSignatureAlgorithmForPublicKeyContext(_) => CertificateError::UnknownIssuer,
        Found::CertNotValidForName(webpki::InvalidNameContext { expected, presented }) => {
            CertificateError::NotValidForNameContext { expected, presented }
        }
        Found::CertRevoked => CertificateError::Revoked,
        // Neither is the peer's fault, and rustls would tell it `unknown_ca`.
        Found::CrlExpired { next_update, .. } => return Refusal::StaleCrl(timestamp(next_update)).into(),
        Found::UnknownRevocationStatus
        | Found::InvalidCrlSignatureForPublicKey
        | Found::IssuerNotCrlSigner
        | Found::UnsupportedCrlSignatureAlgorithmContext(_)
        | Found::UnsupportedCrlSignatureAlgorithmForPublicKeyContext(_) => {
            return Refusal::UnknownRevocation.into();
        }
        Found::RequiredEkuNotFoundContext(_) | Found::EmptyEkuExtension => CertificateError::InvalidPurpose,
        other => return Refusal::Malformed(other.to_string()).into(),
    };
    error.into()
}
