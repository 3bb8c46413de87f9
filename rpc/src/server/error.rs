//! What keeps a server from listening, and a peer from being served.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use countersign_certs::SpiffeId;

use crate::failure::{FailureKind, Side};
use crate::service::DescriptionError;
use crate::tls::{Refusal, RefusedByPeer, TlsSetupError};

/// Why a server does not listen.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BindError {
    /// Its credentials cannot be used.
    #[error(transparent)]
    Setup(#[from] TlsSetupError),
    /// The identity is a client's: it would listen, and every client would refuse it.
    #[error("{0} may not be used as a server's; issue one with `--host`")]
    ClientIdentity(SpiffeId),
    /// A service cannot be described to its clients.
    #[error(transparent)]
    Service(#[from] DescriptionError),
    /// Two services have the same name.
    #[error("two services are named {0}")]
    SameName(String),
    /// A service has the name of a built-in package.
    #[error("{0} cannot be served: the package `countersign` is for the built-in services; choose another")]
    Reserved(String),
    /// The address cannot be listened on.
    #[error("cannot listen: {0}")]
    Io(#[from] io::Error),
}

/// A peer that was not served, and why. Nothing that it sent was handled.
#[derive(Debug)]
#[non_exhaustive]
pub struct RefusedPeer {
    /// Where it came from.
    pub address: Option<SocketAddr>,
    /// SHA-256 of its certificate in lower-case hexadecimal, if it showed one. What the certificate says is not known
    /// to be true.
    pub fingerprint: Option<String>,
    /// Why.
    pub reason: RefusedPeerReason,
}

/// Why a peer was not served.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RefusedPeerReason {
    /// We refused it, exactly for this.
    #[error("{0}")]
    Refused(Refusal),
    /// It refused us: its alert, and what is probably behind it.
    #[error("the peer refused us: {0}")]
    RefusedUs(RefusedByPeer),
    /// It said nothing, or not enough.
    #[error("the peer did not complete the handshake within {0:?}")]
    Silent(Duration),
    /// It left in the middle of the handshake.
    #[error("the peer closed the connection during the handshake")]
    Closed,
    /// Too many peers were in the middle of their handshakes.
    #[error("too many peers are in handshake")]
    Crowded,
    /// The network failed.
    #[error("{0}")]
    Io(io::Error),
}

impl RefusedPeerReason {
    /// Which row of the table of failures it is.
    pub fn kind(&self) -> FailureKind {
        match self {
            Self::Refused(refusal) => refusal.kind(),
            Self::RefusedUs(refusal) => refusal.cause.kind(),
            Self::Silent(_) => FailureKind::Silent,
            Self::Closed => FailureKind::Closed,
            Self::Crowded => FailureKind::Crowded,
            Self::Io(_) => FailureKind::Network,
        }
    }

    /// What to do about it.
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::RefusedUs(_) => self.kind().remedy(Side::Refused),
            _ => self.kind().remedy(Side::Judging),
        }
    }
}
