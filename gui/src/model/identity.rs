//! Who we are and whom we trust, as the identity's folder says, ready to show.

use countersign_certs::{CertificateInfo, Credentials, Crl, ReloadReport, TrustDomain};

use jiff::Timestamp;

use super::connection::Failure;
use super::life::Life;
use super::server::{List, Reload};
use crate::text;

/// The longest reason that is shown.
const REASON_SHOWN: usize = 1000;

/// Our own identity as far as it is known, and how it is looked at.
#[derive(Debug, Default)]
pub(crate) struct Own {
    /// The folder that was asked for.
    pub(crate) folder: String,
    /// What was found in it.
    pub(crate) found: Found,
    /// What a check of its files says, the worst first.
    pub(crate) remarks: Vec<Remark>,
    /// Which certificate of the chain is shown in full.
    pub(crate) chosen: usize,
}

/// What was found in the identity's folder.
#[derive(Debug, Default)]
pub(crate) enum Found {
    /// Nobody has looked yet, or the worker is looking.
    #[default]
    Nothing,
    /// An identity.
    Identity(Box<Identity>),
    /// Why there is none.
    Failed(Failure),
}

/// Something that is wrong with an identity's files, or should be changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Remark {
    /// Whether it keeps the identity from being used.
    pub(crate) is_error: bool,
    /// The file, what is wrong, and the remedy.
    pub(crate) words: String,
}

/// An identity that can be used, and the trust beside it.
#[derive(Debug, Clone)]
pub(crate) struct Identity {
    /// The SPIFFE ID.
    pub(crate) id: String,
    /// The identity's own certificate first, the root last if it is known. There is at least one.
    pub(crate) chain: Vec<Link>,
    /// Whom we believe, our own domain first.
    pub(crate) domains: Vec<Domain>,
    /// Since when this has been in force, and why newer files are not.
    pub(crate) reload: Reload,
    /// The last moment at which all of the chain is valid.
    until: Timestamp,
}

/// A certificate of a chain.
#[derive(Debug, Clone)]
pub(crate) struct Link {
    /// What it is there for.
    pub(crate) role: Role,
    /// What it says.
    pub(crate) certificate: CertificateInfo,
}

/// What a certificate is in its chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// The identity's own.
    Own,
    /// An authority's, vouched for by the next one.
    Intermediate,
    /// An authority's, which is believed as it is.
    Root,
}

/// A trust domain and the authorities that may speak for it.
#[derive(Debug, Clone)]
pub(crate) struct Domain {
    /// Its name.
    pub(crate) name: String,
    /// Whether it is the one that our own identity belongs to.
    pub(crate) is_own: bool,
    /// The certificates of its authorities.
    pub(crate) roots: Vec<CertificateInfo>,
    /// By which lists its peers are checked.
    pub(crate) lists: Vec<List>,
}

impl Own {
    /// Another folder, or the same one anew.
    pub(crate) fn ask(&mut self, folder: &str) {
        if self.folder != folder {
            *self = Self { folder: folder.to_owned(), ..Self::default() };
        }
    }

    /// What the worker found in a folder.
    pub(crate) fn learn(
        &mut self,
        folder: &str,
        found: Result<Box<Identity>, Failure>,
        remarks: Vec<Remark>,
    ) {
        if folder != self.folder {
            return;
        }
        self.remarks = remarks;
        self.found = match found {
            Ok(identity) => {
                self.chosen = self.chosen.min(identity.chain.len() - 1);
                Found::Identity(identity)
            }
            Err(failure) => Found::Failed(failure),
        };
    }

    /// The identity, if there is one.
    pub(crate) fn identity(&self) -> Option<&Identity> {
        match &self.found {
            Found::Identity(identity) => Some(identity),
            _ => None,
        }
    }
}

impl Identity {
    /// What these credentials say, and how it went when they were read again.
    pub(crate) fn of(credentials: &Credentials, report: &ReloadReport) -> Self {
        let (identity, trust) = (credentials.identity(), credentials.trust());
        let own = identity.id().trust_domain();
        let mut chain = vec![Link { role: Role::Own, certificate: identity.certificate().clone() }];
        let others = identity.chain()[1..].iter().filter_map(|der| CertificateInfo::from_der(der).ok());
        chain.extend(others.map(|certificate| Link { role: role(&certificate), certificate }));
        let roots = |domain: &TrustDomain| -> Vec<CertificateInfo> {
            trust.roots(domain).iter().filter_map(|der| CertificateInfo::from_der(der).ok()).collect()
        };
        // Of several roots of one name, only the verifier can tell which one it is.
        if let Some(last) = chain.last().filter(|link| link.role != Role::Root) {
            let issuer = last.certificate.issuer();
            let mut namesakes = roots(own).into_iter().filter(|root| root.subject() == issuer);
            if let (Some(certificate), None) = (namesakes.next(), namesakes.next()) {
                chain.push(Link { role: Role::Root, certificate });
            }
        }
        let mut domains: Vec<Domain> = trust
            .domains()
            .map(|domain| Domain {
                name: domain.to_string(),
                is_own: domain == own,
                lists: trust.revocation(domain).crls().iter().map(list).collect(),
                roots: roots(domain),
            })
            .collect();
        domains.sort_by_key(|domain| !domain.is_own);
        let failure = report.failure.as_deref().map(|reason| text::line(reason, REASON_SHOWN));
        Self {
            id: identity.id().to_string(),
            chain,
            domains,
            reload: Reload { since: report.since, replaced: report.replaced, failure },
            until: identity.not_after(),
        }
    }

    /// How it stands: it lives as long as every certificate of its chain.
    pub(crate) fn life(&self, now: Timestamp) -> Life {
        Life::new(self.chain[0].certificate.not_before(), self.until, now)
    }
}

impl Role {
    /// As it is written in the window.
    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::Own => "own certificate",
            Self::Intermediate => "intermediate authority",
            Self::Root => "root authority",
        }
    }
}

/// How a certificate stands.
pub(crate) fn life(certificate: &CertificateInfo, now: Timestamp) -> Life {
    Life::new(certificate.not_before(), certificate.not_after(), now)
}

fn list(crl: &Crl) -> List {
    let (made, due) = (crl.this_update(), crl.next_update());
    List { issuer: crl.issuer().to_owned(), revoked: crl.revoked_count() as u64, made, due }
}

fn role(certificate: &CertificateInfo) -> Role {
    if certificate.issuer() == certificate.subject() { Role::Root } else { Role::Intermediate }
}
