//! What a load does: the call, how large it is, and how many of them at once.

use std::fmt;
use std::str::FromStr;

use anyhow::{Context, Error, Result, bail};

/// What each call of a load is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Work {
    /// A unary echo of the small record.
    Small,
    /// A unary echo of so many bytes.
    Blob,
    /// A server's stream of messages of so many bytes; what is counted is messages.
    Stream,
    /// A call that sleeps for so many milliseconds at the server.
    Sleep,
    /// Connections that made one call each and then rest; what is measured is the server's memory.
    Idle,
    /// A connection and its end; what is counted is full mutual handshakes.
    Handshake,
}

const WORKS: [(&str, Work); 6] = [
    ("small", Work::Small),
    ("blob", Work::Blob),
    ("stream", Work::Stream),
    ("sleep", Work::Sleep),
    ("idle", Work::Idle),
    ("handshake", Work::Handshake),
];

impl FromStr for Work {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let known = WORKS.iter().find(|(name, _)| *name == text);
        known.map(|(_, work)| *work).with_context(|| {
            format!("no work `{text}`; there are {}", WORKS.map(|(name, _)| name).join(", "))
        })
    }
}

impl fmt::Display for Work {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, _) = WORKS.iter().find(|(_, work)| work == self).ok_or(fmt::Error)?;
        f.write_str(name)
    }
}

/// `WORK[SIZE]:CONNECTIONSxIN-FLIGHT`, such as `small:1x64`, `blob1024:1x64` or `idle:2000x1`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Case {
    pub(crate) work: Work,
    /// Bytes of a blob or of a stream's message, or milliseconds of a sleep.
    pub(crate) size: usize,
    pub(crate) connections: usize,
    /// Calls in flight on each connection.
    pub(crate) in_flight: usize,
}

impl Case {
    /// Messages of one streaming call: enough that its beginning and end do not count.
    pub(crate) fn messages(&self) -> u64 {
        if self.size <= 4096 { 100_000 } else { (1 << 30) / self.size as u64 }
    }
}

impl FromStr for Case {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let shape = || format!("a case is WORK[SIZE]:CONNECTIONSxIN-FLIGHT, and `{text}` is not");
        let (work, times) = text.split_once(':').with_context(shape)?;
        let (connections, in_flight) = times.split_once('x').with_context(shape)?;
        let (work, size) = work.split_at(work.find(|c: char| c.is_ascii_digit()).unwrap_or(work.len()));
        let case = Self {
            work: work.parse()?,
            size: if size.is_empty() { 0 } else { size.parse().with_context(shape)? },
            connections: connections.parse().with_context(shape)?,
            in_flight: in_flight.parse().with_context(shape)?,
        };
        if case.connections == 0 || case.in_flight == 0 {
            bail!("`{text}` makes no calls");
        }
        Ok(case)
    }
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.work)?;
        if self.size > 0 {
            write!(f, "{}", self.size)?;
        }
        write!(f, ":{}x{}", self.connections, self.in_flight)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_case_is_read_as_it_is_written() {
        for text in ["small:1x64", "blob1048576:1x4", "stream1024:1x1", "sleep100:1x1000", "idle:2000x1"] {
            assert_eq!(text.parse::<Case>().unwrap().to_string(), text);
        }
        for text in ["small", "small:64", "large:1x1", "small:0x1", "blobx:1x1"] {
            assert!(text.parse::<Case>().is_err(), "{text}");
        }
    }
}
