//! What the server says of its own identity, ready to show. All text came from a peer, and is clipped.

use countersign::builtin::identity::{Reloads, RevocationList, ServerIdentity};
use jiff::Timestamp;

use crate::text;

/// The most domains, lists and warnings that are shown.
const SHOWN: usize = 32;
/// The longest name, and the longest sentence.
const NAME_SHOWN: usize = 260;
const SENTENCE_SHOWN: usize = 1000;

/// Who the server is, by its own words.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Server {
    /// What its operator should know or do.
    pub(crate) warnings: Vec<String>,
    /// Whom it believes.
    pub(crate) domains: Vec<ServerDomain>,
    /// What came of its replaced certificates, and of its replaced policy.
    pub(crate) credentials: Reload,
    pub(crate) policy: Reload,
}

/// A trust domain whose peers the server believes.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ServerDomain {
    /// Its name.
    pub(crate) name: String,
    /// How many roots may vouch for its peers.
    pub(crate) roots: u32,
    /// The lists by which they are checked.
    pub(crate) lists: Vec<List>,
}

/// A revocation list.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct List {
    /// Whose list it is.
    pub(crate) issuer: String,
    /// How many certificates are on it.
    pub(crate) revoked: u64,
    /// When it was made, and when the next one is due.
    pub(crate) made: Timestamp,
    pub(crate) due: Timestamp,
}

/// What came of files that are watched.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Reload {
    /// Since when what is in force has been.
    pub(crate) since: Timestamp,
    /// How many times it was replaced.
    pub(crate) replaced: u64,
    /// Why the newest files are not used.
    pub(crate) failure: Option<String>,
}

impl Server {
    /// What it said.
    pub(crate) fn of(said: &ServerIdentity) -> Self {
        let domains = said.domains.iter().take(SHOWN).map(|domain| ServerDomain {
            name: text::line(&domain.domain, NAME_SHOWN),
            roots: domain.roots,
            lists: domain.crls.iter().take(SHOWN).map(List::of_server).collect(),
        });
        Self {
            warnings: said
                .warnings
                .iter()
                .take(SHOWN)
                .map(|words| text::line(words, SENTENCE_SHOWN))
                .collect(),
            domains: domains.collect(),
            credentials: Reload::of(&said.credentials),
            policy: Reload::of(&said.policy),
        }
    }
}

impl List {
    fn of_server(said: &RevocationList) -> Self {
        Self {
            issuer: text::line(&said.issuer, NAME_SHOWN),
            revoked: said.revoked,
            made: said.this_update,
            due: said.next_update,
        }
    }
}

impl Reload {
    fn of(said: &Reloads) -> Self {
        let failure = said.failure.as_deref().map(|words| text::line(words, SENTENCE_SHOWN));
        Self { since: said.since, replaced: said.replaced, failure }
    }
}
