//! What time it is, for everything that the window says about certificates.

use jiff::Timestamp;

/// The one place that knows the date, so that a test can choose it.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) enum Clock {
    /// The machine's own.
    #[default]
    System,
    /// One that stands still.
    #[cfg(test)]
    At(Timestamp),
}

impl Clock {
    /// The present moment.
    pub(crate) fn now(self) -> Timestamp {
        match self {
            Self::System => Timestamp::now(),
            #[cfg(test)]
            Self::At(moment) => moment,
        }
    }
}
