//! What a client must know of a procedure to call it.

use std::time::Duration;

use super::CallKind;

/// The facts of one procedure, as the contract has them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Procedure {
    /// The name on the wire, such as `acme.Ledger/balance`.
    pub name: &'static str,
    /// Which sides send items.
    pub kind: CallKind,
    /// Whether a call whose fate is unknown may be made again.
    pub idempotent: bool,
    /// How long a caller waits who says nothing else.
    pub deadline: Option<Duration>,
}
