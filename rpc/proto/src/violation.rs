//! How a peer can break the protocol. Each of these ends the connection.

use crate::Code;

/// A rule of the protocol that the peer broke. The connection cannot go on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Violation {
    /// The bytes do not begin a frame.
    #[error("expected a frame, which begins with the byte 5a, and found {first:02x}")]
    NotAFrame {
        /// The byte where a frame should have begun.
        first: u8,
    },
    /// A frame is longer than this side announced that it accepts.
    #[error("a frame of {len} bytes is over the limit of {limit}")]
    FrameTooLong {
        /// Its length.
        len: u32,
        /// What was announced.
        limit: u32,
    },
    /// A header is not the CBOR that the protocol asks for.
    #[error("malformed header: {0}")]
    Header(String),
    /// The first frame of a side was not its hello, or a hello came twice.
    #[error("{0}")]
    Hello(&'static str),
    /// An id that this peer may not use, or not any more.
    #[error("call {id}: {rule}")]
    Id {
        /// The id.
        id: u64,
        /// The rule that it breaks.
        rule: &'static str,
    },
    /// A part of the protocol that must be understood and is not known here.
    #[error("unknown {0}, which must be understood")]
    Unknown(String),
    /// A frame that its call does not expect where it is.
    #[error("call {id}: {rule}")]
    Stream {
        /// The id.
        id: u64,
        /// The rule that it breaks.
        rule: &'static str,
    },
    /// More bytes than were granted.
    #[error("call {id}: more was sent than the credit that was granted")]
    Credit {
        /// The id.
        id: u64,
    },
    /// More frames that move nothing forward than useful ones and time make up for.
    #[error("too many frames that move nothing forward")]
    Fruitless,
    /// Pings more often than this side announced.
    #[error("pings more often than announced")]
    TooManyPings,
}

impl Violation {
    /// The code that the peer is told.
    pub fn code(&self) -> Code {
        match self {
            Self::FrameTooLong { .. } | Self::Credit { .. } | Self::Fruitless | Self::TooManyPings => {
                Code::ResourceExhausted
            }
            Self::Unknown(_) => Code::Unimplemented,
            _ => Code::InvalidArgument,
        }
    }
}
