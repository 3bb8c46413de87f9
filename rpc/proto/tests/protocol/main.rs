//! The protocol through its public face, and peers that mean harm.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod hostile;
mod talk;
