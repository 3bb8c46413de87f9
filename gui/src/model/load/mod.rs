//! Many calls of one procedure, made to see what the server bears: what was planned, how it goes, what it came to.

#![expect(dead_code, reason = "shown by the page of loads, which is not there yet")]

pub(crate) mod news;
pub(crate) mod plan;

/// Which run, counted from 1 in the order in which they were started in a tab.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct RunNumber(pub(crate) u64);
