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
    pub(crate) const ITEM: u64 = 13;
    pub(crate) const CONTINUATION: u64 = 15;
    pub(crate) const HALF_CLOSE: u64 = 17;
    pub(crate) const CREDIT: u64 = 19;
    pub(crate) const END: u64 = 21;
    pub(crate) const CANCEL: u64 = 23;
    pub(crate) const RESPONSE_METADATA: u64 = 25;
}

/// The keys of extensions. Odd ones must be understood, as with the types of frames.
pub(crate) mod extension {
    pub(crate) const HELLO_SOFTWARE: u64 = 2;
    pub(crate) const HELLO_INTERFACE_REVISION: u64 = 4;
    pub(crate) const HELLO_PING_INTERVAL_MS: u64 = 6;
    pub(crate) const HELLO_IDLE_LIMIT_MS: u64 = 8;
    pub(crate) const HELLO_AGE_MAX_MS: u64 = 10;

    /// The length of a message that is cut, in its first frame: of an open, an item or an end.
    pub(crate) const TOTAL_LEN: u64 = 5;

    pub(crate) const OPEN_DEADLINE_US: u64 = 1;
    pub(crate) const OPEN_TIMES: u64 = 2;
    pub(crate) const OPEN_METADATA: u64 = 3;

    pub(crate) const RESPONSE_METADATA: u64 = 3;

    pub(crate) const END_MESSAGE: u64 = 2;
    pub(crate) const END_RETRY_AFTER_MS: u64 = 4;
    pub(crate) const END_HANDLER_RAN: u64 = 6;
    pub(crate) const END_METADATA: u64 = 8;
    pub(crate) const END_TIMES: u64 = 10;
    pub(crate) const END_DEADLINE_CLAMPED_US: u64 = 12;
}

/// A header and what it says.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Header<'a> {
    Hello(Box<Hello>),
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
    Item {
        id: u64,
        total_len: Option<u64>,
    },
    Continuation {
        id: u64,
    },
    HalfClose {
        id: u64,
    },
    Credit {
        id: u64,
        bytes: u64,
    },
    ResponseMetadata {
        id: u64,
        metadata: Metadata,
        metadata_is_over: bool,
    },
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
    pub(crate) idle_limit_ms: Option<u64>,
    pub(crate) age_max_ms: Option<u64>,
}

/// No new calls; those above `last` were never started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct GoingAway {
    pub(crate) last: u64,
    pub(crate) code: Code,
    pub(crate) message: String,
}

/// A call begins; its arguments, or their first part, are the payload.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Open<'a> {
    pub(crate) id: u64,
    pub(crate) procedure: Cow<'a, str>,
    pub(crate) deadline_us: Option<u64>,
    pub(crate) metadata: Metadata,
    /// There was more metadata than this side accepts, and none of it was kept.
    pub(crate) metadata_is_over: bool,
    /// The client asks for the server's own times.
    pub(crate) times: bool,
    pub(crate) total_len: Option<u64>,
}

/// A call ends; its result or the first part of it, or the details of its status, are the payload.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct End {
    pub(crate) id: u64,
    pub(crate) code: Code,
    pub(crate) total_len: Option<u64>,
    /// `None` for a result alone, which most ends are.
    pub(crate) beside: Option<Box<BesideEnd>>,
}

/// What an end says beside its code and its payload.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct BesideEnd {
    pub(crate) message: String,
    pub(crate) retry_after_ms: Option<u64>,
    pub(crate) handler_ran: HandlerRan,
    pub(crate) deadline_clamped_us: Option<u64>,
    pub(crate) metadata: Metadata,
    /// As with an open.
    pub(crate) metadata_is_over: bool,
    pub(crate) times: Option<Times>,
}

/// Where a server spent the time of a call, in microseconds; what is left of the caller's total was under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Times {
    /// Decoding the arguments.
    pub decode_us: u64,
    /// Waiting for a turn to run.
    pub queue_us: u64,
    /// The handler, until it had its result.
    pub handler_us: u64,
    /// Encoding the result.
    pub encode_us: u64,
}
