//! How servers and loads are run: in turns, each with a fresh server, so that all peers meet the same machine.

mod contestant;
pub(crate) mod matrix;
mod process;
mod turn;
