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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_a_server_says_of_itself_is_escaped_and_clipped() {
        let hostile = "\u{202e}\n".repeat(900);
        let moment = "2026-11-22T12:00:00Z";
        let list =
            json!({ "issuer": hostile, "this_update": moment, "next_update": moment, "revoked": u64::MAX });
        let domain =
            json!({ "domain": hostile, "roots": 1, "crls": vec![list; 100], "accepts_stale_crls": false });
        let reloads = json!({ "since": moment, "replaced": 0, "failed": 1, "failure": hostile });
        let said = json!({
            "id": hostile, "fingerprint": hostile, "not_before": moment, "not_after": moment,
            "domains": vec![domain; 100], "warnings": vec![hostile; 100],
            "credentials": reloads, "policy": reloads,
        });
        let server = Server::of(&serde_json::from_value(said).unwrap());
        assert_eq!((server.domains.len(), server.warnings.len()), (SHOWN, SHOWN));
        assert_eq!(server.domains[0].lists.len(), SHOWN);
        let failure = server.policy.failure.unwrap_or_default();
        for text in
            [&server.domains[0].name, &server.domains[0].lists[0].issuer, &server.warnings[0], &failure]
        {
            assert!(text.is_ascii() || text.ends_with('…'), "{text}");
            assert!(!text.contains(['\n', '\u{202e}']) && text.len() < 12 * SENTENCE_SHOWN);
        }
    }
}
