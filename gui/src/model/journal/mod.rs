//! The calls that were made here, also in earlier runs: what they were, to be looked at, copied and made again.
//!
//! Not to be confused with the server's statistics, which `history` keeps.

pub(crate) mod entry;
mod noted;
mod redact;
pub(crate) mod rust;
pub(crate) mod shell;
#[cfg(test)]
pub(crate) mod tests;

pub(crate) use self::noted::{Noted, Pages, Remark};

/// The variable of the environment from which a copied call takes a secret.
fn variable(key: &str) -> String {
    let name = key.to_ascii_uppercase().replace(|c: char| !c.is_ascii_alphanumeric(), "_");
    if name.starts_with(|c: char| c.is_ascii_digit()) { format!("_{name}") } else { name }
}
