//! Why something that the policy allows to few was not answered.

use super::connection::Failure;

/// Why a question of the dashboard's own was not answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Unanswered {
    /// The server's policy does not allow it.
    Denied,
    /// Anything else.
    Failed(Failure),
}
