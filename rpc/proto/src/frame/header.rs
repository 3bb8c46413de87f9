//! What a header says, once it has been read.

use std::borrow::Cow;

use bytes::Bytes;

use crate::{Code, HandlerRan, Metadata};

/// The types of frames. Odd ones must be understood: an unknown one ends its call, or on id 0 the
/// connection. Unknown even ones are ignored.
pub(crate) mod kind {
    pub(crate) const HELLO: u64 = 1;
    pub(crate) const GOING_AWAY: u64 = 3;
    pub(crate) const CLOSE: u64 = 5;
    pub(crate) const PING: u64 = 7;
    pub(crate) const PONG: u64 = 9;
    pub(crate) const OPEN: u64 = 11;
    // 13 item, 15 continuation, 17 half-close, 19 credit and 25 response metadata belong to streams and
    // long messages, and are set aside for them.
    pub(crate) const END: u64 = 21;
    pub(crate) const CANCEL: u64 = 23;
}

/// The keys of extensions. Odd ones must be understood, as with the types of frames.
pub(crate) mod extension {
    pub(crate) const HELLO_SOFTWARE: u64 = 2;
    pub(crate) const HELLO_INTERFACE_REVISION: u64 = 4;
    pub(crate) const HELLO_PING_INTERVAL_MS: u64 = 6;

    pub(crate) const OPEN_DEADLINE_US: u64 = 1;
    pub(crate) const OPEN_METADATA: u64 = 3;

    pub(crate) const END_MESSAGE: u64 = 2;
    pub(crate) const END_RETRY_AFTER_MS: u64 = 4;
    pub(crate) const END_HANDLER_RAN: u64 = 6;
    pub(crate) const END_DEADLINE_CLAMPED_US: u64 = 12;
}

/// A header and what it says.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Header<'a> {
    Hello(Hello),
    GoingAway(GoingAway),
    Close {
        code: Code,
        message: String,
    },
    Ping {
        token: u64,
    },
    Pong {
        token: u64,
    },
    Open(Open<'a>),
    End(End),
    Cancel {
        id: u64,
    },
    /// An even type that we do not know: to be ignored.
    Ignored,
    /// An odd type, or an odd extension, that we do not know: ends the call, on id 0 the connection.
    Unknown {
        id: u64,
        what: Unknown,
    },
}

/// What a header asks that we do not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unknown {
    Frame(u64),
    Extension(u64),
}

/// The first frame of each side: its limits and its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Hello {
    pub(crate) frame_len: u32,
    pub(crate) message_len: u32,
    pub(crate) calls_open: u32,
    pub(crate) metadata_len: u32,
    pub(crate) initial_credit: u32,
    pub(crate) software: String,
    pub(crate) interface_revision: Option<Bytes>,
    pub(crate) ping_interval_ms: Option<u64>,
}

/// No new calls; those above `last` were never started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct GoingAway {
    pub(crate) last: u64,
    pub(crate) code: Code,
    pub(crate) message: String,
}

/// A call begins; its arguments are the payload.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Open<'a> {
    pub(crate) id: u64,
    pub(crate) procedure: Cow<'a, str>,
    pub(crate) deadline_us: Option<u64>,
    pub(crate) metadata: Metadata,
    /// There was more metadata than this side accepts, and none of it was kept.
    pub(crate) metadata_is_over: bool,
}

/// A call ends; its result, or the details of its status, are the payload.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct End {
    pub(crate) id: u64,
    pub(crate) code: Code,
    pub(crate) message: String,
    pub(crate) retry_after_ms: Option<u64>,
    pub(crate) handler_ran: HandlerRan,
    pub(crate) deadline_clamped_us: Option<u64>,
}
