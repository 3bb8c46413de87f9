//! What a call ends with: a code, a sentence, and whether the handler ran.

use std::fmt;

use bytes::Bytes;

/// The code that a call ends with: gRPC's, since every tool and every engineer knows them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Code {
    /// The call was answered.
    Ok = 0,
    /// The caller gave up.
    Cancelled = 1,
    /// An error that fits no other code.
    Unknown = 2,
    /// The arguments are wrong whatever the state of the system.
    InvalidArgument = 3,
    /// The deadline passed first.
    DeadlineExceeded = 4,
    /// What was asked for does not exist.
    NotFound = 5,
    /// What was to be made exists already.
    AlreadyExists = 6,
    /// The policy does not allow this peer this procedure.
    PermissionDenied = 7,
    /// A quota, a queue or a limit is used up.
    ResourceExhausted = 8,
    /// The system is not in the state that the call needs.
    FailedPrecondition = 9,
    /// A conflict with another call; try the larger operation again.
    Aborted = 10,
    /// Past the end of what is valid.
    OutOfRange = 11,
    /// The server has no such procedure, or does not know a part of the protocol.
    Unimplemented = 12,
    /// A bug or a broken invariant on the side that says so.
    Internal = 13,
    /// Not able to serve just now; try again later.
    Unavailable = 14,
    /// Data was lost or is corrupt.
    DataLoss = 15,
    /// Who the caller is could not be established.
    Unauthenticated = 16,
}

impl Code {
    /// Every code, in the order of its number.
    pub const ALL: [Self; 17] = [
        Self::Ok,
        Self::Cancelled,
        Self::Unknown,
        Self::InvalidArgument,
        Self::DeadlineExceeded,
        Self::NotFound,
        Self::AlreadyExists,
        Self::PermissionDenied,
        Self::ResourceExhausted,
        Self::FailedPrecondition,
        Self::Aborted,
        Self::OutOfRange,
        Self::Unimplemented,
        Self::Internal,
        Self::Unavailable,
        Self::DataLoss,
        Self::Unauthenticated,
    ];

    /// The code of this number, or `Unknown`: a newer peer may know more codes than we do.
    pub fn from_number(number: u64) -> Self {
        usize::try_from(number).ok().and_then(|n| Self::ALL.get(n)).copied().unwrap_or(Self::Unknown)
    }

    /// The number on the wire, 0 to 16.
    pub fn number(self) -> u8 {
        self as u8
    }

    /// The name as the field writes it, such as `NOT_FOUND`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ok => "OK",
            Self::Cancelled => "CANCELLED",
            Self::Unknown => "UNKNOWN",
            Self::InvalidArgument => "INVALID_ARGUMENT",
            Self::DeadlineExceeded => "DEADLINE_EXCEEDED",
            Self::NotFound => "NOT_FOUND",
            Self::AlreadyExists => "ALREADY_EXISTS",
            Self::PermissionDenied => "PERMISSION_DENIED",
            Self::ResourceExhausted => "RESOURCE_EXHAUSTED",
            Self::FailedPrecondition => "FAILED_PRECONDITION",
            Self::Aborted => "ABORTED",
            Self::OutOfRange => "OUT_OF_RANGE",
            Self::Unimplemented => "UNIMPLEMENTED",
            Self::Internal => "INTERNAL",
            Self::Unavailable => "UNAVAILABLE",
            Self::DataLoss => "DATA_LOSS",
            Self::Unauthenticated => "UNAUTHENTICATED",
        }
    }

    /// The code of this name, in any case: `NOT_FOUND` and `not_found` are the same.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|code| code.name().eq_ignore_ascii_case(name))
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Whether the handler of a call that failed had started: what decides if a retry is safe.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum HandlerRan {
    /// It never started: the call may be made again, whatever it does.
    No,
    /// It started, and may have changed something.
    Yes,
    /// Nobody on this side can tell.
    #[default]
    Unknown,
}

/// How a call ended when it did not end with a result.
///
/// A status is what a peer may see: never put a cause in its message that is not the peer's to know.
#[derive(Clone, PartialEq, Eq)]
pub struct Status {
    /// What kind of failure.
    pub code: Code,
    /// One sentence for a person.
    pub message: String,
    /// The declared fault as CBOR, or empty.
    pub details: Bytes,
    /// When a retry is worth while, in milliseconds from now, if the server knows.
    pub retry_after_ms: Option<u64>,
    /// Whether the handler had started.
    pub handler_ran: HandlerRan,
}

impl Status {
    /// A status with a code and a sentence for a person.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            details: Bytes::new(),
            retry_after_ms: None,
            handler_ran: HandlerRan::Unknown,
        }
    }

    /// `INTERNAL`: a bug on our side; the message is still shown to the peer.
    pub fn internal(message: impl Into<String>) -> Self {
        Self::new(Code::Internal, message)
    }

    /// `INVALID_ARGUMENT`.
    pub fn invalid_argument(message: impl Into<String>) -> Self {
        Self::new(Code::InvalidArgument, message)
    }

    /// `NOT_FOUND`.
    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new(Code::NotFound, message)
    }

    /// The same status, with a fault's bytes as its details.
    #[must_use]
    pub fn with_details(mut self, details: impl Into<Bytes>) -> Self {
        self.details = details.into();
        self
    }

    /// The same status, saying whether the handler ran.
    #[must_use]
    pub fn with_handler_ran(mut self, ran: HandlerRan) -> Self {
        self.handler_ran = ran;
        self
    }

    /// Whether making the same call again is safe and may help, for a call that is not idempotent.
    pub fn is_retryable(&self) -> bool {
        self.handler_ran == HandlerRan::No
            && matches!(self.code, Code::Unavailable | Code::ResourceExhausted | Code::Aborted)
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.message.as_str() {
            "" => write!(f, "{}", self.code),
            message => write!(f, "{}: {message}", self.code),
        }
    }
}

impl fmt::Debug for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Status")
            .field("code", &self.code)
            .field("message", &self.message)
            .field("details", &format_args!("{} bytes", self.details.len()))
            .field("retry_after_ms", &self.retry_after_ms)
            .field("handler_ran", &self.handler_ran)
            .finish()
    }
}

impl std::error::Error for Status {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_keeps_its_number_and_its_name() {
        for (number, code) in Code::ALL.into_iter().enumerate() {
            assert_eq!(usize::from(code.number()), number);
            assert_eq!(Code::from_number(number as u64), code);
            assert_eq!(Code::from_name(code.name()), Some(code));
        }
        assert_eq!(Code::from_number(17), Code::Unknown);
        assert_eq!(Code::from_number(u64::MAX), Code::Unknown);
    }
}
