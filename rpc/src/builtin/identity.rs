//! Who a server is, whom it believes, and whether it could take its latest files into use.

use countersign_certs::{
    Credentials, Crl, ReloadReport, Revocation, StaleCrl, TrustDomain, Warning, Watched,
};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::server::Policy;
use crate::{Context, Status};

/// Who this server is, and whom it believes.
#[countersign::service(package = "countersign")]
pub trait Identity {
    /// What is in force now: certificate, trust, revocation lists; and what came of files that are watched.
    #[rpc(idempotent)]
    async fn get(&self, cx: &Context) -> Result<ServerIdentity, Status>;
}

/// Who a server is, and whom it believes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct ServerIdentity {
    /// Its SPIFFE ID.
    pub id: String,
    /// SHA-256 of its certificate, in hexadecimal.
    pub fingerprint: String,
    /// When its certificate began to be valid.
    pub not_before: Timestamp,
    /// When the first certificate of its chain expires.
    pub not_after: Timestamp,
    /// The trust domains whose peers it believes.
    pub domains: Vec<TrustedDomain>,
    /// What its operator should know or do, in words.
    pub warnings: Vec<String>,
    /// What came of replaced files of certificates, keys, roots and revocation lists.
    pub credentials: Reloads,
    /// What came of a replaced policy.
    pub policy: Reloads,
}

/// A trust domain whose peers a server believes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct TrustedDomain {
    /// Its name, such as `acme.internal`.
    pub domain: String,
    /// How many roots may vouch for its peers.
    pub roots: u32,
    /// By which lists its peers are checked for revocation; without any they are not.
    pub crls: Vec<RevocationList>,
    /// Whether new peers are accepted while the list of their issuer is stale.
    pub accepts_stale_crls: bool,
}

/// A revocation list in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct RevocationList {
    /// Whose list it is.
    pub issuer: String,
    /// Which one of its issuer's it is, in decimal; not every issuer counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<String>,
    /// When it was made.
    pub this_update: Timestamp,
    /// When it is stale.
    pub next_update: Timestamp,
    /// How many certificates it revokes.
    pub revoked: u64,
}

/// What came of files that were replaced while a server ran.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct Reloads {
    /// Since when what is in force has been.
    pub since: Timestamp,
    /// How many times it was replaced.
    pub replaced: u64,
    /// How many sets of files could not be used.
    pub failed: u64,
    /// Why the files as they are cannot be used; absent where they are what is in force.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
}

/// What one server goes by.
pub(crate) struct InForce {
    credentials: Watched<Credentials>,
    policy: Watched<Policy>,
}

impl InForce {
    pub(crate) fn new(credentials: Watched<Credentials>, policy: Watched<Policy>) -> Self {
        Self { credentials, policy }
    }
}

impl Identity for InForce {
    async fn get(&self, _: &Context) -> Result<ServerIdentity, Status> {
        let credentials = self.credentials.current();
        let (identity, trust) = (credentials.identity(), credentials.trust());
        let certificate = identity.certificate();
        Ok(ServerIdentity {
            id: identity.id().to_string(),
            fingerprint: certificate.fingerprint().to_owned(),
            not_before: certificate.not_before(),
            not_after: identity.not_after(),
            domains: trust
                .domains()
                .map(|domain| trusted(domain, trust.roots(domain).len(), trust.revocation(domain)))
                .collect(),
            warnings: credentials.warnings_at(Timestamp::now()).iter().map(Warning::to_string).collect(),
            credentials: self.credentials.report().into(),
            policy: self.policy.report().into(),
        })
    }
}

fn trusted(domain: &TrustDomain, roots: usize, revocation: &Revocation) -> TrustedDomain {
    TrustedDomain {
        domain: domain.to_string(),
        roots: u32::try_from(roots).unwrap_or(u32::MAX),
        crls: revocation.crls().iter().map(RevocationList::from).collect(),
        accepts_stale_crls: matches!(revocation, Revocation::Checked { stale: StaleCrl::Accept, .. }),
    }
}

impl From<&Crl> for RevocationList {
    fn from(crl: &Crl) -> Self {
        Self {
            issuer: crl.issuer().to_owned(),
            number: crl.number(),
            this_update: crl.this_update(),
            next_update: crl.next_update(),
            revoked: crl.revoked_count() as u64,
        }
    }
}

impl From<ReloadReport> for Reloads {
    fn from(report: ReloadReport) -> Self {
        let ReloadReport { since, replaced, failed, failure, .. } = report;
        Self { since, replaced, failed, failure }
    }
}
