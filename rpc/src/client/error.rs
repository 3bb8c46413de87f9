//! Why there is no connection, in words and with a remedy.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use countersign_certs::Identity;
use jiff::Timestamp;

use crate::link::{self, ConnectionError};
use crate::text;
use crate::tls::{self, Refusal, RefusedByServer, TlsSetupError, TrustedByServer};

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
    /// Nobody listens there, or no way leads there.
    #[error("cannot reach {address}: {}", text::of_io(source))]
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
    #[error("{address}: {refusal}")]
    RefusedByServer {
        /// What was dialled.
        address: String,
        /// Its alert, and what is probably behind it.
        refusal: RefusedByServer,
    },
    /// What answers there does not speak TLS 1.3.
    #[error("{address} does not speak TLS 1.3: {detail}")]
    NotTls {
        /// What was dialled.
        address: String,
        /// What came instead.
        detail: String,
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
    /// What to do about it.
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::Address(_) => "write it as HOST:PORT, such as localhost:7443",
            Self::Setup(_) => "check the identity's files with `countersign certs show`",
            Self::Unreachable { .. } => "check the address, and that the server runs",
            Self::Refused { refusal, .. } => refusal.remedy(),
            Self::RefusedByServer { refusal, .. } => refusal.cause.remedy(),
            Self::NotTls { .. } => "check the address: another service answers there",
            Self::Silent { .. } => "check the address and the network between; the server may be overloaded",
            Self::Closed { .. } => "see the server's log; it may be stopping, or be another service",
            Self::Lost { .. } => "check that the server runs; its log says why it ended the connection",
            Self::Failed { .. } => "see the server's log",
        }
    }

    /// Whether waiting does not help, since somebody has to change something first.
    pub fn is_permanent(&self) -> bool {
        match self {
            Self::Address(_)
            | Self::Setup(_)
            | Self::Refused { .. }
            | Self::RefusedByServer { .. }
            | Self::NotTls { .. } => true,
            Self::Unreachable { .. }
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
                let refusal = tls::refused(*alert, identity, trusted, Timestamp::now());
                Self::RefusedByServer { address, refusal }
            }
            Some(error) => match Refusal::of(error, "server") {
                Some(refusal) => Self::Refused { address, refusal },
                None => Self::NotTls { address, detail: error.to_string() },
            },
            None if link::is_cut(error) => Self::Closed { address },
            None => Self::Failed { address, detail: error.to_string() },
        }
    }
}
