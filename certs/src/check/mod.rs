//! Is this folder usable as a client, as a server? Everything that is wrong with it, each with its remedy.
//!
//! [`Credentials::load`](crate::Credentials::load) stops at the first problem, and judges only what keeps an
//! identity from being shown. A check goes on, and judges the identity as its peers would: with the same
//! verifier, by the folder's own trust.

mod chain;
mod crl;
mod dates;
mod files;
mod findings;
mod key;
mod leaf;
mod member;
mod problem;
mod remedy;
mod tool;
mod trust;

use std::fmt;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::Serialize;

use crate::credentials::{OTHERS, crl_in};
use crate::name::{SpiffeId, TrustDomain};
use member::Member;

pub use chain::{CERTIFICATE_LEN_MAX, INTERMEDIATES_MAX};
pub use findings::{Finding, Severity};
pub use problem::Problem;
pub use tool::{Suggestion, Tool};

use findings::Findings;

/// A check of one folder.
///
/// ```
/// use countersign_certs::check::Check;
///
/// let report = Check::of("no/such/folder").run();
/// assert!(!report.is_usable());
/// let finding = &report.findings[0];
/// assert_eq!(
///     finding.to_string(),
///     "no/such/folder: no such folder; make an identity with `countersign certs issue`"
/// );
/// ```
#[derive(Debug, Clone)]
pub struct Check {
    folder: PathBuf,
    role: Option<Role>,
    hosts: Vec<String>,
    crl: Option<PathBuf>,
    now: Timestamp,
}

impl Check {
    /// A check of `folder`, for whatever its certificate says that it is for.
    pub fn of(folder: impl Into<PathBuf>) -> Check {
        Check { folder: folder.into(), role: None, hosts: Vec::new(), crl: None, now: Timestamp::now() }
    }

    /// Asks whether it can be used in this role.
    pub fn used_as(mut self, role: Role) -> Check {
        self.role = Some(role);
        self
    }

    /// Asks whether a server with it can answer at this name or address, too.
    pub fn host(mut self, host: impl Into<String>) -> Check {
        self.hosts.push(host.into());
        self
    }

    /// Reads the revocation lists of the own trust domain from this file, instead of from `crl.pem` in the
    /// folder.
    pub fn crl(mut self, file: impl Into<PathBuf>) -> Check {
        self.crl = Some(file.into());
        self
    }

    /// Asks how it stands at another moment than now.
    pub fn at(mut self, moment: Timestamp) -> Check {
        self.now = moment;
        self
    }

    /// Looks at the files and judges them.
    pub fn run(&self) -> Report {
        let mut findings = Findings::default();
        let mut report =
            Report { folder: self.folder.clone(), id: None, roles: Vec::new(), findings: vec![] };
        if let Some(names) = files::names(&self.folder, &mut findings) {
            let paths = [names.certificate, names.key, names.trust].map(|name| self.folder.join(name));
            let [certificate, key, trust] = &paths;
            let members = files::certificates(certificate, &mut findings);
            let roots = files::certificates(trust, &mut findings);
            let keys = files::keys(key, &mut findings);
            if let Some(leaf) = leaf::own(certificate, &members, &keys, &mut findings) {
                report.id = leaf.info.spiffe_id().ok().cloned();
                report.roles = self.roles(leaf);
                let suggestion = || Suggestion::of(leaf, &self.folder, names, &roots);
                leaf::check(certificate, leaf, suggestion, &mut findings);
                leaf::check_roles(certificate, leaf, &report.roles, &self.hosts, &mut findings);
                chain::check(certificate, leaf, &members, &roots, &report.roles, self.now, &mut findings);
                key::check(key, leaf, &keys, &mut findings);
            }
            let own = report.id.as_ref().map(SpiffeId::trust_domain);
            trust::check(trust, own, &roots, self.now, &mut findings);
            self.check_crls(certificate, &members, &roots, own, &mut findings);
            trust::check_other_domains(&self.folder.join(OTHERS), own, names.trust, self.now, &mut findings);
        }
        report.findings = findings.sorted();
        report
    }

    /// Judges the revocation lists of the own domain, and the chain by them.
    fn check_crls(
        &self,
        certificate: &Path,
        members: &[Member],
        roots: &[Member],
        own: Option<&TrustDomain>,
        findings: &mut Findings,
    ) {
        let file = self.crl.clone().unwrap_or_else(|| crl_in(&self.folder));
        if self.crl.is_some() || file.exists() {
            let crls = crl::check(&file, roots, members, self.now, findings);
            crl::check_chain(certificate, &file, members, roots, &crls, findings);
        } else if let Some(domain) = own.cloned() {
            findings.add(&file, None, Problem::NoCrl { domain });
        }
    }

    /// As what it is judged: as asked, or else as its certificate says.
    fn roles(&self, leaf: &Member) -> Vec<Role> {
        if let Some(role) = self.role {
            return vec![role];
        }
        let (client, server) = (leaf.info.has_client_auth(), leaf.info.has_server_auth());
        let says_nothing = !client && !server;
        let names_host = !leaf.info.dns_names().is_empty() || !leaf.info.ips().is_empty();
        let as_server = server || !self.hosts.is_empty() || says_nothing && names_host;
        let roles = [(Role::Client, client || says_nothing), (Role::Server, as_server)];
        roles.into_iter().filter_map(|(role, judged)| judged.then_some(role)).collect()
    }
}

/// What was found in a folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Report {
    /// The folder.
    pub folder: PathBuf,
    /// Who it is, if its certificate says so.
    pub id: Option<SpiffeId>,
    /// As what it was judged. Empty if there is no certificate to judge.
    pub roles: Vec<Role>,
    /// Everything that is wrong with it, the worst first.
    pub findings: Vec<Finding>,
}

impl Report {
    /// Whether it can be used in all the roles in which it was judged.
    pub fn is_usable(&self) -> bool {
        !self.roles.is_empty() && self.findings.iter().all(|finding| finding.severity() != Severity::Error)
    }
}

/// A side of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Who dials.
    Client,
    /// Who is dialled.
    Server,
}

impl Role {
    /// The extended key usage that a certificate needs for it.
    pub fn usage(self) -> &'static str {
        match self {
            Role::Client => crate::certificate::words::CLIENT_AUTH,
            Role::Server => crate::certificate::words::SERVER_AUTH,
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Role::Client => "client",
            Role::Server => "server",
        })
    }
}

/// What a file is called in a sentence about another file.
fn name_of(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}
