//! The protocol through its public face: its specification and vectors, split bytes, hostile bytes, and long
//! schedules.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod cddl;
mod credit;
mod framing;
mod hostile;
mod pair;
mod progress;
mod rules;
mod schedules;
mod script;
mod spec;
mod talk;
mod vectors;
