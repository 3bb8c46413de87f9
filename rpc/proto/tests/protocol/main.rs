//! The protocol through its public face: hostile bytes, split bytes, and long schedules.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod framing;
mod hostile;
mod schedules;
mod talk;
