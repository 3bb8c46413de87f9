//! How a client stands with its server, for its calls and for those who watch it.

use std::sync::Arc;
use std::time::Instant;

use countersign_proto::PeerHello;
use tokio::sync::watch;

use super::ConnectError;
use crate::link::ConnectionError;
use crate::link::client::Handle;
use crate::peer::Peer;

/// How a client stands with its server.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum ClientState {
    /// A connection is being made.
    Connecting {
        /// Attempts that have failed in a row.
        failed: u32,
        /// How the last one failed, or why the connection before ended; `None` if nothing went wrong.
        error: Option<Arc<ConnectError>>,
    },
    /// There is a connection.
    Connected {
        /// Who the server is.
        peer: Arc<Peer>,
    },
    /// There is none, and another attempt follows.
    Waiting {
        /// Attempts that have failed in a row.
        failed: u32,
        /// When the next one begins.
        until: Instant,
        /// How the last one failed, or why the connection before ended.
        error: Arc<ConnectError>,
    },
    /// There is none, since none is needed: the server ended one without calls. The next call makes another.
    Idle,
    /// The client was closed, or has no way back.
    Closed {
        /// Why its last connection ended.
        reason: Arc<ConnectionError>,
    },
}

/// What becomes of a client's connection, from now on. Made by [`Client::states`](super::Client::states).
#[derive(Debug)]
pub struct ClientStates {
    board: watch::Receiver<Board>,
    begun: bool,
}

impl ClientStates {
    pub(super) fn new(board: watch::Receiver<Board>) -> Self {
        Self { board, begun: false }
    }

    /// The state as it is, and from the second time on, as soon as it is another one. States that have passed
    /// before anybody asked are left out. `None` once the client is gone.
    pub async fn next(&mut self) -> Option<ClientState> {
        if self.begun {
            self.board.changed().await.ok()?;
        }
        self.begun = true;
        Some(self.board.borrow_and_update().standing.told())
    }
}

/// What a client knows of its server at this moment.
#[derive(Debug)]
pub(super) struct Board {
    pub(super) standing: Standing,
    /// The server at the other end of the latest connection.
    pub(super) server: Option<Arc<Server>>,
    /// Calls that were made over earlier connections.
    calls_made: u64,
}

/// A server, as the handshake and its hello say.
#[derive(Debug)]
pub(super) struct Server {
    pub(super) peer: Arc<Peer>,
    /// Escaped.
    pub(super) software: String,
}

/// A [`ClientState`] with what calls need beside it.
#[derive(Debug)]
pub(super) enum Standing {
    Connecting { failed: u32, error: Option<Arc<ConnectError>> },
    Connected { link: Arc<Handle>, peer: Arc<Peer> },
    Waiting { failed: u32, until: Instant, error: Arc<ConnectError> },
    Idle,
    Closed { reason: Arc<ConnectionError>, error: Arc<ConnectError> },
}

impl Board {
    /// Before the first attempt.
    pub(super) fn new() -> Self {
        let standing = Standing::Connecting { failed: 0, error: None };
        Self { standing, server: None, calls_made: 0 }
    }

    /// Turns to another standing, and says whether it did: a client that is closed stays that.
    pub(super) fn turn(&mut self, next: Standing) -> bool {
        if matches!(self.standing, Standing::Closed { .. }) {
            return false;
        }
        if let Standing::Connected { link, .. } = &self.standing {
            self.calls_made += link.calls_made();
        }
        if let Standing::Connected { link, peer } = &next {
            let software = link.hello().map(|PeerHello { software, .. }| crate::text::escaped(&software));
            self.server =
                Some(Arc::new(Server { peer: peer.clone(), software: software.unwrap_or_default() }));
        }
        self.standing = next;
        true
    }

    /// Ends an idle time, if there is one.
    pub(super) fn wake(&mut self) -> bool {
        matches!(self.standing, Standing::Idle) && self.turn(Standing::Connecting { failed: 0, error: None })
    }

    /// The connection that calls go over.
    pub(super) fn link(&self) -> Option<&Arc<Handle>> {
        match &self.standing {
            Standing::Connected { link, .. } => Some(link),
            _ => None,
        }
    }

    /// Calls that were made in all.
    pub(super) fn calls_made(&self) -> u64 {
        self.calls_made + self.link().map_or(0, |link| link.calls_made())
    }
}

impl Standing {
    pub(super) fn told(&self) -> ClientState {
        match self {
            Self::Connecting { failed, error } => {
                ClientState::Connecting { failed: *failed, error: error.clone() }
            }
            Self::Connected { peer, .. } => ClientState::Connected { peer: peer.clone() },
            Self::Waiting { failed, until, error } => {
                ClientState::Waiting { failed: *failed, until: *until, error: error.clone() }
            }
            Self::Idle => ClientState::Idle,
            Self::Closed { reason, .. } => ClientState::Closed { reason: reason.clone() },
        }
    }

    /// What a call does that needs a connection: take it, hear why there is none, or wait.
    pub(super) fn for_a_call(&self, fail_fast: bool) -> Option<Result<Arc<Handle>, Arc<ConnectError>>> {
        match self {
            Self::Connected { link, .. } => Some(Ok(link.clone())),
            Self::Closed { error, .. } => Some(Err(error.clone())),
            Self::Connecting { error: Some(error), .. } | Self::Waiting { error, .. }
                if fail_fast || error.is_permanent() =>
            {
                Some(Err(error.clone()))
            }
            Self::Connecting { .. } | Self::Waiting { .. } | Self::Idle => None,
        }
    }

    /// Why there is no connection just now, if something went wrong.
    pub(super) fn error(&self) -> Option<&Arc<ConnectError>> {
        match self {
            Self::Connecting { error, .. } => error.as_ref(),
            Self::Waiting { error, .. } | Self::Closed { error, .. } => Some(error),
            Self::Connected { .. } | Self::Idle => None,
        }
    }
}
