//! The calls that were made here, also in earlier runs: what they were, to be looked at, copied and made again.
//!
//! Not to be confused with the server's statistics, which `history` keeps.

pub(crate) mod asked;
pub(crate) mod entry;
mod note;
mod noted;
pub(crate) mod recall;
pub(crate) mod redact;
pub(crate) mod rust;
pub(crate) mod shell;
#[cfg(test)]
pub(crate) mod tests;

use std::sync::Arc;

pub(crate) use self::note::Note;
use self::note::Run;
pub(crate) use self::noted::{Noted, Pages, Remark};

/// Every call that is known.
#[derive(Debug, Default)]
pub(crate) struct Journal {
    /// As the worker told them last.
    pub(crate) pages: Arc<Pages>,
    run: Run,
}

/// The variable of the environment from which a copied call takes a secret.
fn variable(key: &str) -> String {
    let name = key.to_ascii_uppercase().replace(|c: char| !c.is_ascii_alphanumeric(), "_");
    if name.starts_with(|c: char| c.is_ascii_digit()) { format!("_{name}") } else { name }
}
