//! Whole stories over real TLS, in one binary.

mod audit;
mod calls;
mod chains;
mod conformance;
mod expiry;
mod failures;
mod foreign;
mod hostile;
mod identity_matrix;
mod policy;
mod reconnect;
mod refusals;
mod revocation;
mod rollover;
mod session;
mod shapes;
mod strangers;
mod streams;
