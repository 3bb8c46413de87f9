//! Whole stories over real TLS, in one binary.

mod calls;
mod chains;
mod hostile;
mod refusals;
mod session;
