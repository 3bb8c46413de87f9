//! Why there is no connection, in words and with a remedy.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use countersign_certs::Identity;

use crate::failure::{FailureKind, Side};
use crate::link::{self, ConnectionError};
use crate::text;
use crate::tls::{self, Refusal, RefusedByPeer, TlsSetupError, TrustedByServer};

/// Why a client has no connection. Its message is one sentence; [`remedy`](Self::remedy) says what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// The address is not `host:port`.
    #[error("`{0}` is not an address: expected HOST:PORT")]
    Address(String),
    /// Our own credentials cannot be used.
    #[error(transparent)]
    Setup(#[from] TlsSetupError),
    /// There is no such host.
    #[error("cannot find the host of {address}: {}", text::of_io(source))]
    HostUnknown {
        /// What was dialled.
        address: String,
        /// What the system said.
        source: io::Error,
    },
    /// Nobody listens there, or no way leads there.
    #[error("cannot reach {address}: {}", unreachable(source))]
    Unreachable {
        /// What was dialled.
        address: String,
        /// What the system said.
        source: io::Error,
    },
    /// This side refused the server.
    #[error("refused {address}: {refusal}")]
    Refused {
        /// What was dialled.
        address: String,
        /// Exactly why.
        refusal: Refusal,
    },
    /// The server refused this side.
    #[error("{address} refused us: {refusal}")]
    RefusedByServer {
        /// What was dialled.
        address: String,
        /// Its alert, and what is probably behind it.
        refusal: RefusedByPeer,
    },
    /// Something listens there and says nothing.
    #[error("{address} did not answer within {waited:?}")]
    Silent {
        /// What was dialled.
        address: String,
        /// For how long we waited.
        waited: Duration,
    },
    /// The server closed the connection without a reason.
    #[error("{address} closed the connection without a reason")]
    Closed {
        /// What was dialled.
        address: String,
    },
    /// There was a connection, and it has ended; or the server goes away.
    #[error("the connection to {address} ended: {reason}")]
    Lost {
        /// What was dialled.
        address: String,
        /// Why it ended.
        reason: Arc<ConnectionError>,
    },
    /// The connection failed in another way before it stood.
    #[error("{address}: {detail}")]
    Failed {
        /// What was dialled.
        address: String,
        /// What happened.
        detail: String,
    },
}

impl ConnectError {
    /// Which row of the table of failures it is.
    pub fn kind(&self) -> FailureKind {
        match self {
            Self::Address(_) => FailureKind::Address,
            Self::Setup(_) => FailureKind::Credentials,
            Self::HostUnknown { .. } => FailureKind::HostUnknown,
            Self::Unreachable { source, .. } if nobody_listens(source) => FailureKind::NobodyListens,
            Self::Unreachable { .. } => FailureKind::Unreachable,
            Self::Refused { refusal, .. } => refusal.kind(),
            Self::RefusedByServer { refusal, .. } => refusal.cause.kind(),
            Self::Silent { .. } => FailureKind::Silent,
            Self::Closed { .. } => FailureKind::Closed,
            Self::Lost { .. } => FailureKind::Lost,
            Self::Failed { .. } => FailureKind::Network,
        }
    }

    /// What to do about it.
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::RefusedByServer { .. } => self.kind().remedy(Side::Refused),
            _ => self.kind().remedy(Side::Judging),
        }
    }

    /// Whether waiting does not help, since somebody has to change something first.
    pub fn is_permanent(&self) -> bool {
        match self {
            Self::Address(_) | Self::Setup(_) | Self::Refused { .. } | Self::RefusedByServer { .. } => true,
            Self::HostUnknown { .. }
            | Self::Unreachable { .. }
            | Self::Silent { .. }
            | Self::Closed { .. }
            | Self::Lost { .. }
            | Self::Failed { .. } => false,
        }
    }

    /// Why a connection ended before it stood.
    pub(super) fn before_hello(
        address: &str,
        reason: &ConnectionError,
        identity: &Identity,
        trusted: &TrustedByServer,
    ) -> Self {
        let address = address.to_owned();
        match reason {
            ConnectionError::Io(error) => Self::of_io(address, error, identity, trusted),
            ConnectionError::Cut => Self::Closed { address },
            ConnectionError::Violation(_) => Self::Refused { address, refusal: Refusal::NotCountersign },
            other => Self::Failed { address, detail: other.to_string() },
        }
    }

    fn of_io(address: String, error: &io::Error, identity: &Identity, trusted: &TrustedByServer) -> Self {
        if let Some(refusal) = error.get_ref().and_then(|inner| inner.downcast_ref::<Refusal>()) {
            return Self::Refused { address, refusal: refusal.clone() };
        }
        let tls = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
        match tls {
            Some(rustls::Error::AlertReceived(alert)) => {
                let refusal = tls::refused_by_server(*alert, identity, trusted);
                Self::RefusedByServer { address, refusal }
            }
            Some(error) => Self::Refused { address, refusal: Refusal::of(error, "server") },
            None if link::is_cut(error) => Self::Closed { address },
            None => Self::Failed { address, detail: error.to_string() },
        }
    }
}

fn nobody_listens(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::ConnectionRefused
}

fn unreachable(error: &io::Error) -> String {
    if nobody_listens(error) { "nobody listens there".to_owned() } else { text::of_io(error) }
}
