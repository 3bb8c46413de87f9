//! The protocol through its public face: its vectors, split bytes, hostile bytes, and long
//! schedules.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod framing;
mod hostile;
mod schedules;
mod script;
mod talk;
mod vectors;
