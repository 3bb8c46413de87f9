//! How a call fails, one variant for each thing a caller can do about it.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use countersign_proto::cbor::{DecodeError, EncodeError};
use countersign_proto::{Code, HandlerRan, Status};

#[cfg(feature = "tls")]
use crate::client::ConnectError;
use crate::link::ConnectionError;
use crate::link::client::Ended;
use crate::service::Fault;

/// Why a call did not end with a result. `F` is the fault that the service's author declared.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CallError<F = Infallible> {
    /// The service's own typed error.
    #[error("{0}")]
    Fault(F),
    /// The call ended with a status.
    #[error("{0}")]
    Status(Status),
    /// Nobody answered in time. The handler may or may not have run.
    #[error("not done within {0:?}")]
    Deadline(Duration),
    /// The connection ended first, and the handler may or may not have run.
    #[error("the connection ended first: {0}")]
    Lost(#[source] Arc<ConnectionError>),
    /// There is no connection, and so nothing was sent.
    #[cfg(feature = "tls")]
    #[error("there is no connection: {0}")]
    NotConnected(#[source] Arc<ConnectError>),
    /// The answer is not what this client's version of the contract says.
    #[error("the answer cannot be read: {0}")]
    Undecodable(#[source] DecodeError),
    /// The arguments cannot be written, so that nothing was sent.
    #[error("the arguments cannot be written: {0}")]
    Unencodable(#[source] EncodeError),
}

impl<F> CallError<F> {
    /// Whether making the same call again is safe, whatever it does, and may help.
    ///
    /// What is idempotent may also be called again after `Deadline` and `Lost`.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Status(status) => status.is_retryable(),
            #[cfg(feature = "tls")]
            Self::NotConnected(error) => !error.is_permanent(),
            _ => false,
        }
    }

    /// The code that this error is nearest to, for a log or a table. A fault's own code is not known here.
    pub fn code(&self) -> Option<Code> {
        match self {
            Self::Fault(_) => None,
            Self::Status(status) => Some(status.code),
            Self::Deadline(_) => Some(Code::DeadlineExceeded),
            Self::Lost(_) => Some(Code::Unavailable),
            #[cfg(feature = "tls")]
            Self::NotConnected(_) => Some(Code::Unavailable),
            Self::Undecodable(_) => Some(Code::Internal),
            Self::Unencodable(_) => Some(Code::InvalidArgument),
        }
    }

    /// Whether the handler had started.
    pub fn handler_ran(&self) -> HandlerRan {
        match self {
            Self::Fault(_) | Self::Undecodable(_) => HandlerRan::Yes,
            Self::Status(status) => status.handler_ran,
            Self::Deadline(_) | Self::Lost(_) => HandlerRan::Unknown,
            #[cfg(feature = "tls")]
            Self::NotConnected(_) => HandlerRan::No,
            Self::Unencodable(_) => HandlerRan::No,
        }
    }
}

impl CallError {
    /// How a call ended that did not end with a result. `timeout` is what its caller gave it.
    pub(super) fn of(ended: Ended, timeout: Option<Duration>) -> Self {
        match (ended, timeout) {
            (Ended::Status(status, _), Some(timeout)) if status.code == Code::DeadlineExceeded => {
                Self::Deadline(timeout)
            }
            (Ended::Status(status, _), _) => Self::Status(*status),
            (Ended::Lost(reason), _) => Self::Lost(reason),
            (Ended::Result(_), _) => unreachable!("a result is no error"),
        }
    }

    /// The same error of a call that may have faults.
    pub(super) fn typed<F: Fault>(self) -> CallError<F> {
        match self {
            Self::Fault(never) => match never {},
            Self::Status(status) => {
                F::from_status(&status).map_or(CallError::Status(status), CallError::Fault)
            }
            Self::Deadline(timeout) => CallError::Deadline(timeout),
            Self::Lost(reason) => CallError::Lost(reason),
            #[cfg(feature = "tls")]
            Self::NotConnected(error) => CallError::NotConnected(error),
            Self::Undecodable(error) => CallError::Undecodable(error),
            Self::Unencodable(error) => CallError::Unencodable(error),
        }
    }
}
