//! The table: its cases, who takes part in each, and what Countersign is to reach there.

/// One row.
pub(crate) struct Goal {
    pub(crate) case: &'static str,
    pub(crate) title: &'static str,
    /// Calls per second as a multiple of tonic's, at least.
    pub(crate) tonic: Option<f64>,
    /// The same of tarpc's.
    pub(crate) tarpc: Option<f64>,
    /// What else.
    pub(crate) other: Option<Other>,
}

/// A goal beside those.
#[derive(Clone, Copy)]
pub(crate) enum Other {
    /// Calls per second as a multiple of those of the [base](Goal::base), at least.
    OfBase(f64),
    /// The median of the latency as a multiple of the base's, at most.
    MedianOfBase(f64),
    /// KiB of the server's memory for each connection at rest, at most.
    KibPerConnection(f64),
}

impl Goal {
    /// What Countersign is held against where it is held against no other system.
    pub(crate) fn base(&self) -> &'static str {
        if self.case.starts_with("handshake") { "rustls" } else { "floor" }
    }

    /// Who takes part.
    pub(crate) fn peers(&self) -> Vec<&'static str> {
        let mut peers = vec!["countersign", self.base()];
        if self.base() == "floor" {
            peers.push("tonic");
            if !self.case.starts_with("stream") {
                peers.push("tarpc-bincode");
            }
        }
        peers
    }

    /// Whether calls or handshakes a second are counted, and not memory.
    pub(crate) fn counts_calls(&self) -> bool {
        !self.case.starts_with("idle")
    }
}

const fn goal(
    case: &'static str,
    title: &'static str,
    tonic: Option<f64>,
    tarpc: Option<f64>,
    other: Option<Other>,
) -> Goal {
    Goal { case, title, tonic, tarpc, other }
}

/// All rows. Connections × calls in flight on each.
pub(crate) const GOALS: [Goal; 12] = [
    goal("small:1x64", "small 1 × 64", Some(10.0), Some(3.0), Some(Other::OfBase(1.0))),
    goal("small:1x512", "small 1 × 512", Some(10.0), Some(1.75), None),
    goal("small:16x16", "small 16 × 16", Some(7.5), Some(1.6), None),
    goal("small:64x1", "small 64 × 1", Some(2.7), Some(1.15), None),
    goal("small:1x1", "small 1 × 1", Some(1.35), Some(1.05), Some(Other::MedianOfBase(1.1))),
    goal("blob1024:1x64", "blob 1 KiB 1 × 64", Some(7.0), Some(3.0), None),
    goal("blob65536:1x16", "blob 64 KiB 1 × 16", Some(1.8), Some(1.0), None),
    goal("blob1048576:1x4", "blob 1 MiB 1 × 4", Some(1.8), Some(1.5), None),
    goal("stream1024:1x1", "stream, 1 KiB messages", Some(1.6), None, Some(Other::OfBase(0.8))),
    goal("stream262144:1x1", "stream, 256 KiB messages", Some(2.0), None, Some(Other::OfBase(0.85))),
    goal("idle:2000x1", "2,000 connections at rest", None, None, Some(Other::KibPerConnection(20.0))),
    goal("handshake:8x1", "full handshakes", None, None, Some(Other::OfBase(0.85))),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::case::Case;

    #[test]
    fn every_goal_is_of_a_case() {
        for goal in &GOALS {
            assert_eq!(goal.case.parse::<Case>().unwrap().to_string(), goal.case);
        }
    }
}
