//! The command line as its users run it: the binary, its output and its exit code.

mod bench;
mod certs;
mod check;
mod desk;
mod mistakes;
mod policy;
mod reload;
mod story;
mod streams;
