//! How a connection ends.

use std::io;

use countersign_proto::{Code, Violation};

use super::Lapse;
use crate::text;

/// Why a connection ended, and with it every call that was open.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectionError {
    /// This side closed it.
    #[error("the connection was closed by this side")]
    ClosedHere,
    /// The peer closed it and said why.
    #[error("the peer closed the connection: {code}: {message}")]
    ClosedByPeer {
        /// Its code.
        code: Code,
        /// Its words, escaped.
        message: String,
    },
    /// The peer broke the protocol; it was told so.
    #[error("the peer broke the protocol: {0}")]
    Violation(#[from] Violation),
    /// A certificate of one of the two sides no longer counts; the peer was told so.
    #[error("{0}")]
    Lapsed(Lapse),
    /// The peer was asked whether it is there, and said nothing.
    #[error("the peer has been silent for too long")]
    Silent,
    /// The stream ended without the peer having closed the connection.
    #[error("the connection was cut")]
    Cut,
    /// The network, or TLS, failed.
    #[error("{}", text::of_io(.0))]
    Io(#[from] io::Error),
}

#[cfg(feature = "tls")]
impl ConnectionError {
    /// Whether the peer ended it since there was no more need for it, or it was old enough.
    pub(crate) fn is_in_order(&self) -> bool {
        matches!(self, Self::ClosedByPeer { code: Code::Ok, .. })
    }

    /// What the peer is told about it, if there is something that it should know.
    pub(crate) fn last_words(&self) -> Option<(Code, String)> {
        match self {
            Self::Violation(violation) => Some((violation.code(), violation.to_string())),
            Self::Lapsed(lapse) => Some((Code::Unauthenticated, lapse.to_string())),
            _ => None,
        }
    }
}

/// Whether a stream just ended, in one of the ways in which it can.
#[cfg(feature = "tls")]
pub(crate) fn is_cut(error: &io::Error) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof};
    matches!(error.kind(), BrokenPipe | ConnectionAborted | ConnectionReset | UnexpectedEof)
}
