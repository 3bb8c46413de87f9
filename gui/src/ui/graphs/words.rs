//! What each graph tells, for whoever has not seen one like it.

use super::scene::Kind;

impl Kind {
    /// What it shows, how it is read, and what one can do about it.
    pub(super) fn meaning(self) -> &'static str {
        match self {
            Self::Latency => {
                "How long calls took, by the server's clock. Half of them were no slower than p50, 99 in a hundred no \
                 slower than p99, 999 in a thousand no slower than p99.9: where that line parts from the others, few calls \
                 wait long. A click on a spike leads to the traces of that moment."
            }
            Self::Heat => {
                "Every call, in boxes of time and latency: the brighter a box, the more calls fell into it. Two bands \
                 are two kinds of calls, such as hits and misses of a cache, which percentiles mix up."
            }
            Self::Errors => {
                "Calls that failed, by the code that they ended with. UNAVAILABLE and RESOURCE_EXHAUSTED speak of the \
                 server's load, INVALID_ARGUMENT and PERMISSION_DENIED of its callers."
            }
            Self::Rate => "Calls that ended each second, well or not.",
            Self::InFlight => {
                "Calls that had begun and not ended: the rate times the latency. When it grows while the rate stands \
                 still, the server is falling behind."
            }
            Self::Bytes => {
                "Bytes of messages each second, as the server saw them come in and go out, before TLS."
            }
        }
    }
}
