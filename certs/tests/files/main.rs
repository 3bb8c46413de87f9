//! Identity folders: loaded, watched, and what they say of revocation.

#![expect(clippy::unwrap_used, reason = "a test whose helper fails has failed")]

mod loading;
mod pki;
mod revocation;
mod watching;
