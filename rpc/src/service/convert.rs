//! From ordinary errors to a status: written out each time, because only the author knows what is private.

use std::error::Error;
use std::panic::Location;

use countersign_proto::{Code, Status};

use super::fault::PRIVATE;

/// Turns the error of a `Result` into a [`Status`] that a peer may see.
///
/// It is there for every error that boxes: those of the standard library, of `anyhow`, and strings.
pub trait OrStatus<T>: Sized {
    /// Logs the cause, and tells the peer no more than that something went wrong here.
    fn or_internal(self) -> Result<T, Status>;

    /// Logs the cause, and tells the peer this code and this sentence instead.
    fn or_status(self, code: Code, message: impl Into<String>) -> Result<T, Status>;
}

impl<T, E: Into<Box<dyn Error + Send + Sync>>> OrStatus<T> for Result<T, E> {
    #[track_caller]
    fn or_internal(self) -> Result<T, Status> {
        self.map_err(|cause| {
            log_private(&*cause.into(), Location::caller());
            Status::internal(PRIVATE)
        })
    }

    #[track_caller]
    fn or_status(self, code: Code, message: impl Into<String>) -> Result<T, Status> {
        self.map_err(|cause| {
            let cause = cause.into();
            tracing::debug!(error = &*cause as &dyn Error, at = %Location::caller(), %code, "a handler failed");
            Status::new(code, message)
        })
    }
}

/// The line in the log that stands for a cause which the peer is not told.
pub(super) fn log_private(cause: &(dyn Error + 'static), at: &Location<'_>) {
    tracing::error!(error = cause, %at, "a handler failed");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peer_is_not_told_the_cause() {
        let failed: Result<(), _> = Err(std::io::Error::other("/dev/sda1 is full"));
        let status = failed.or_internal().unwrap_err();
        assert_eq!(status, Status::internal(PRIVATE));
        let failed: Result<(), _> = Err("a string");
        let status = failed.or_status(Code::Unavailable, "try later").unwrap_err();
        assert_eq!(status, Status::new(Code::Unavailable, "try later"));
    }

    #[test]
    fn boxed_errors_are_errors_too() {
        let boxed: Box<dyn Error + Send + Sync> = "boxed".into();
        assert_eq!(Err::<(), _>(boxed).or_internal().unwrap_err().code, Code::Internal);
    }
}
