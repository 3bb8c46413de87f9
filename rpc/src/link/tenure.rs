//! How long a connection may go on, and why it must not any longer. Knows instants and words; what the certificates
//! say is the business of `tls`.

use std::time::Instant;

/// Why a certificate that was good when the connection began no longer is. Both sides are told in these words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Lapse {
    /// It was revoked.
    #[error("the {0}'s certificate was revoked")]
    Revoked(&'static str),
    /// Its time is over, or that of one between it and its root.
    #[error("the {0}'s certificate has expired")]
    Expired(&'static str),
    /// The authorities behind it are not trusted any more.
    #[error("the {0}'s certificate is no longer trusted")]
    Distrusted(&'static str),
}

/// What the certificates on both sides leave of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tenure {
    /// When the next connection should take its place; `None` if there is no use in one.
    pub(crate) due: Option<Instant>,
    /// When it ends whatever happens.
    pub(crate) end: Instant,
    /// Why it does.
    pub(crate) why: Lapse,
}
