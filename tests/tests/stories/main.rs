//! Whole stories over real TLS, in one binary.

mod calls;
mod hostile;
mod refusals;
mod session;
