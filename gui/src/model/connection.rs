//! Where we stand with the server.

use std::time::Instant;

use countersign_certs::{ParseNameError, SpiffeId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::life::Life;
use crate::text;

/// Which server to talk to, and who we are to it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Target {
    /// `host:port`.
    pub address: String,
    /// The folder with our key, our certificate and our trust.
    pub identity: String,
    /// The SPIFFE ID that the server must have; empty if its certificate is to name the host instead.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub expect_peer: String,
}

/// Everything that can be true of the connection; each has a face of its own in the window.
#[derive(Debug, Clone, Default)]
pub(crate) enum Connection {
    /// Nothing was asked for yet, or the user hung up.
    #[default]
    Disconnected,
    /// The handshake is under way.
    Connecting(Target),
    /// The server's hello has been read.
    Connected(Target, Session),
    /// The first attempt did not succeed: the user has to change something.
    Failed(Target, Failure),
    /// There was a connection, and the worker is getting it back.
    Reconnecting(Target, Retry),
}

/// Who is at the other end, and how the connection is protected.
#[derive(Debug, Clone)]
pub(crate) struct Session {
    /// The server, as its certificate says.
    pub(crate) peer: PeerFacts,
}

/// What is known of the peer, ready to show.
#[derive(Debug, Clone)]
pub(crate) struct PeerFacts {
    /// The SPIFFE ID.
    pub(crate) id: String,
    /// The address at the other end of the socket.
    pub(crate) address: String,
    /// SHA-256 of the certificate, in hexadecimal.
    pub(crate) fingerprint: String,
    /// Since when the certificate is valid.
    pub(crate) not_before: Timestamp,
    /// When it ends.
    pub(crate) not_after: Timestamp,
    /// The cipher suite.
    pub(crate) cipher: String,
    /// The key exchange.
    pub(crate) key_exchange: String,
}

/// The longest reason that is shown.
const REASON_SHOWN: usize = 2000;

/// Why something did not work, and what the user can do about it. Fit to show: names of files are in it, and words of
/// the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    /// The reason in plain words.
    pub(crate) reason: String,
    /// The next step, or empty.
    pub(crate) remedy: String,
    /// Whether the page of certificates is where to look.
    pub(crate) is_of_identity: bool,
}

/// A lost connection that is being brought back.
#[derive(Debug, Clone)]
pub(crate) struct Retry {
    /// Why the connection ended, or why the last attempt failed.
    pub(crate) failure: Failure,
    /// How many attempts there were.
    pub(crate) attempt: u32,
    /// When the next attempt begins; `None` while one is under way.
    pub(crate) next: Option<Instant>,
}

impl Connection {
    /// What the worker is connected to, or trying to reach.
    pub(crate) fn target(&self) -> Option<&Target> {
        match self {
            Self::Disconnected => None,
            Self::Connecting(target)
            | Self::Connected(target, _)
            | Self::Failed(target, _)
            | Self::Reconnecting(target, _) => Some(target),
        }
    }

    /// The session, while there is one.
    pub(crate) fn session(&self) -> Option<&Session> {
        match self {
            Self::Connected(_, session) => Some(session),
            _ => None,
        }
    }

    /// Whether nothing is going on: there is no connection, and none is being made.
    pub(crate) fn is_idle(&self) -> bool {
        matches!(self, Self::Disconnected | Self::Failed(..))
    }

    /// Whether calls can be made just now.
    pub(crate) fn is_connected(&self) -> bool {
        self.session().is_some()
    }
}

impl Target {
    /// The SPIFFE ID that the server must have, if it must, or what is wrong with what was typed.
    pub(crate) fn expected_peer(&self) -> Result<Option<SpiffeId>, Failure> {
        let parsed = Some(&self.expect_peer).filter(|typed| !typed.is_empty()).map(|typed| typed.parse());
        parsed.transpose().map_err(|error: ParseNameError| {
            let remedy = "It looks like spiffe://acme.example/ledger; leave it empty to go by the host.";
            Failure::new(format!("The server's SPIFFE ID cannot be used: {error}."), remedy)
        })
    }
}

impl PeerFacts {
    /// How the certificate stands.
    pub(crate) fn life(&self, now: Timestamp) -> Life {
        Life::new(self.not_before, self.not_after, now)
    }
}

impl Failure {
    /// A failure with a reason and a next step.
    pub(crate) fn new(reason: impl AsRef<str>, remedy: impl AsRef<str>) -> Self {
        let [reason, remedy] =
            [reason.as_ref(), remedy.as_ref()].map(|words| text::paragraph(words, REASON_SHOWN));
        Self { reason, remedy, is_of_identity: false }
    }

    /// The same, which has to do with our own certificate or with whom we trust.
    pub(crate) fn of_identity(self) -> Self {
        Self { is_of_identity: true, ..self }
    }
}
