//! Where the time of a call went, and where the call lies among others.

use std::time::Duration;

use countersign::Times;
use countersign::builtin::stats::Histogram;

/// Calls are compared with those of this long.
pub(crate) const COMPARED_OVER: Duration = Duration::from_secs(5 * 60);

/// The time of a call, split as far as the server told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Timing {
    /// From the first byte here to the last.
    pub(crate) total: Duration,
    /// What the server said of its own time.
    server: Option<Server>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Server {
    decode: Duration,
    queue: Duration,
    handler: Duration,
    encode: Duration,
}

/// A part of a call's time, in the order in which they pass; the wire is passed at both ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// What is neither of the others: both ways over the network, with TLS, and the client's own work.
    Wire,
    /// The server decodes the arguments.
    Decode,
    /// The handler waits for a turn to run.
    Queue,
    /// The handler runs.
    Handler,
    /// The server encodes the result.
    Encode,
}

impl Part {
    /// What it is called.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Wire => "wire",
            Self::Decode => "decode",
            Self::Queue => "queue",
            Self::Handler => "handler",
            Self::Encode => "encode",
        }
    }

    /// What happens in it.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Wire => "The rest of the time: the network both ways, TLS, and this client",
            Self::Decode => "The server decoded the arguments",
            Self::Queue => "The handler waited for its turn to run",
            Self::Handler => "The handler ran, until it had its result",
            Self::Encode => "The server encoded the result",
        }
    }
}

impl Timing {
    /// The time that a call took as its client sees it, and what the server said.
    pub(crate) fn new(total: Duration, times: Option<Times>) -> Self {
        let of = |times: Times| Server {
            decode: Duration::from_micros(times.decode_us),
            queue: Duration::from_micros(times.queue_us),
            handler: Duration::from_micros(times.handler_us),
            encode: Duration::from_micros(times.encode_us),
        };
        Self { total, server: times.map(of) }
    }

    /// How long the server had the call, as it says.
    pub(crate) fn at_server(&self) -> Option<Duration> {
        let Server { decode, queue, handler, encode } = self.server?;
        Some([queue, handler, encode].into_iter().fold(decode, Duration::saturating_add))
    }

    /// Whether the server claims more time than passed here: its clock, or its word, is not to be trusted.
    pub(crate) fn is_doubtful(&self) -> bool {
        self.at_server().is_some_and(|server| self.total < server)
    }

    /// All parts in their order; nothing if the server did not tell.
    pub(crate) fn parts(&self) -> Option<[(Part, Duration); 5]> {
        let Server { decode, queue, handler, encode } = self.server?;
        let wire = self.total.saturating_sub(self.at_server()?);
        Some([
            (Part::Wire, wire),
            (Part::Decode, decode),
            (Part::Queue, queue),
            (Part::Handler, handler),
            (Part::Encode, encode),
        ])
    }

    /// Each part's share of them all, from 0 to 1.
    pub(crate) fn shares(&self) -> Option<[(Part, Duration, f64); 5]> {
        let parts = self.parts()?;
        let sum: f64 = parts.iter().map(|(_, took)| took.as_secs_f64()).sum();
        Some(parts.map(|(part, took)| (part, took, if sum == 0.0 { 0.0 } else { took.as_secs_f64() / sum })))
    }
}

/// Where a call lies among those that the server counted shortly before.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Rank {
    /// The share of the others that were faster, from 0 to 1.
    pub(crate) faster: f64,
    /// How many others there were.
    pub(crate) calls: u64,
    /// Whether like was compared with like: the server's time of this call with its times of the others.
    pub(crate) is_of_server: bool,
}

impl Rank {
    /// The rank of a call that took so long. Of the bucket into which it falls, a share as large as its place
    /// in it counts as faster.
    pub(crate) fn among(others: &Histogram, took: Duration, is_of_server: bool) -> Option<Self> {
        let took = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
        let faster = others.buckets().iter().map(|&(index, calls)| {
            let (from, to) = Histogram::bounds(index).into_inner();
            let within = (took.saturating_sub(from)) as f64 / ((to - from) as f64 + 1.0);
            calls as f64 * within.min(1.0)
        });
        let (faster, calls) = (faster.sum::<f64>(), others.count());
        (calls > 0).then(|| Self { faster: (faster / calls as f64).min(1.0), calls, is_of_server })
    }

    /// The same in words: `slower than 92 %`.
    pub(crate) fn words(&self) -> String {
        match (self.faster * 100.0).floor() {
            // Not even the slowest of a hundred thousand is slower than all: it may be in their bucket.
            percent if 100.0 <= percent => "slower than all".to_owned(),
            99.0 => format!("slower than {:.1} %", (self.faster * 1000.0).floor() / 10.0),
            percent if percent < 1.0 => "faster than almost all".to_owned(),
            percent => format!("slower than {percent:.0} %"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn times(decode: u64, queue: u64, handler: u64, encode: u64) -> Option<Times> {
        let mut times = Times::default();
        (times.decode_us, times.queue_us) = (decode, queue);
        (times.handler_us, times.encode_us) = (handler, encode);
        Some(times)
    }

    #[test]
    fn what_the_server_does_not_account_for_is_the_wire() {
        let timing = Timing::new(Duration::from_micros(1000), times(10, 20, 600, 30));
        let parts = timing.parts().unwrap().map(|(part, took)| (part.name(), took.as_micros()));
        assert_eq!(parts, [("wire", 340), ("decode", 10), ("queue", 20), ("handler", 600), ("encode", 30)]);
        assert_eq!((timing.at_server(), timing.is_doubtful()), (Some(Duration::from_micros(660)), false));
        assert_eq!(
            timing.shares().unwrap().map(|(_, _, share)| (share * 100.0).round()),
            [34., 1., 2., 60., 3.]
        );
        let silent = Timing::new(Duration::from_secs(1), None);
        assert_eq!((silent.parts(), silent.at_server(), silent.is_doubtful()), (None, None, false));
    }

    #[test]
    fn a_server_that_claims_more_than_passed_breaks_nothing() {
        let timing = Timing::new(Duration::from_micros(100), times(0, u64::MAX, u64::MAX, 1));
        assert!(timing.is_doubtful());
        let shares = timing.shares().unwrap().map(|(_, _, share)| share);
        assert_eq!(shares[0], 0.0);
        assert!(
            shares.iter().all(|share| (0.0..=1.0).contains(share))
                && (shares.iter().sum::<f64>() - 1.0).abs() < 1e-9
        );
        let nothing = Timing::new(Duration::ZERO, times(0, 0, 0, 0)).shares().unwrap();
        assert!(nothing.iter().all(|(_, _, share)| *share == 0.0));
    }

    #[test]
    fn a_rank_agrees_with_counting_within_a_bucket() {
        let mut others = Histogram::default();
        (1..=1000).for_each(|ms| others.record(Duration::from_millis(ms)));
        for ms in [1, 17, 250, 920, 999] {
            let rank = Rank::among(&others, Duration::from_millis(ms), true).unwrap();
            let exact = (ms - 1) as f64 / 1000.0;
            // A bucket is a thirty-second part of its values wide.
            assert!((rank.faster - exact).abs() <= exact / 32.0 + 0.002, "{ms}: {}", rank.faster);
        }
        let words = |ms| Rank::among(&others, Duration::from_millis(ms), true).unwrap().words();
        assert_eq!(
            (words(5000), words(0)),
            ("slower than all".to_owned(), "faster than almost all".to_owned())
        );
        assert!(words(500).starts_with("slower than 4") || words(500).starts_with("slower than 5"));
        assert_eq!(Rank::among(&Histogram::default(), Duration::ZERO, true), None);
    }
}
