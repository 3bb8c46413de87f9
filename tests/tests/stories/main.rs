//! Whole stories over real TLS, in one binary.

mod calls;
mod chains;
mod conformance;
mod failures;
mod foreign;
mod hostile;
mod identity_matrix;
mod reconnect;
mod refusals;
mod rollover;
mod session;
mod shapes;
mod strangers;
mod streams;
