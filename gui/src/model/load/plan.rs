//! How calls are made to measure them: how many, when, and over how many connections.

use std::ops::RangeInclusive;
use std::time::Duration;

pub(crate) use countersign::load::{Arrivals, RATES};

use crate::text;

/// Connections of one run. Each takes a handshake on both sides and room at the server.
pub(crate) const CONNECTIONS: RangeInclusive<u32> = 1..=1000;
/// Calls that are open at once on each of them, as `countersign bench` takes them.
pub(crate) const IN_FLIGHT: RangeInclusive<u32> = 1..=65_536;
/// Calls that are open at once on all connections together: each takes some kilobytes here, and more at the server.
pub(crate) const OPEN_MAX: u64 = 65_536;
/// Calls of a run that ends after so many.
pub(crate) const CALLS: RangeInclusive<u64> = 1..=100_000_000;
/// How long is measured. Who wants a longer run has no need of a window.
pub(crate) const DURATION: RangeInclusive<Duration> = Duration::from_millis(100)..=Duration::from_secs(3600);
/// The longest that is called before that is measured.
pub(crate) const WARM_UP_MAX: Duration = Duration::from_secs(600);

/// How calls are made.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Plan {
    /// When the next one is made.
    pub(crate) pace: Pace,
    /// Over how many connections, which are the run's own.
    pub(crate) connections: u32,
    /// The most that are open at once on each of them.
    pub(crate) in_flight: u32,
}

/// When the next call is made.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Pace {
    /// When another has ended, until there were so many in all. All of them count.
    Times(u64),
    /// When another has ended, for so long.
    Closed(Span),
    /// At its time, whether others have ended or not, and its latency counts from then.
    Open(Schedule, Span),
}

/// When calls are due that do not wait for each other.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Schedule {
    /// Calls a second.
    pub(crate) rate: f64,
    /// How they are spread over time.
    pub(crate) arrivals: Arrivals,
}

/// For how long calls are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    /// How long before any of them counts.
    pub(crate) warm_up: Duration,
    /// How long they count then.
    pub(crate) duration: Duration,
}

impl Plan {
    /// So many calls, one after the other.
    pub(crate) fn times(calls: u64) -> Self {
        Self { pace: Pace::Times(calls), connections: 1, in_flight: 1 }
    }

    /// For how long calls are made, if that is known.
    pub(crate) fn span(&self) -> Option<Span> {
        match self.pace {
            Pace::Times(_) => None,
            Pace::Closed(span) | Pace::Open(_, span) => Some(span),
        }
    }

    /// How many calls will be made, warming up included, where the plan says it.
    pub(crate) fn calls(&self) -> Option<u64> {
        match self.pace {
            Pace::Times(calls) => Some(calls),
            Pace::Closed(_) => None,
            Pace::Open(schedule, span) => {
                Some((schedule.rate * (span.warm_up + span.duration).as_secs_f64()).ceil() as u64)
            }
        }
    }

    /// The plan in a few words: `1,000 calls/s for 5 s, 2 × 16 at once`.
    pub(crate) fn words(&self) -> String {
        let pace = match self.pace {
            Pace::Times(calls) => text::counted(calls, ["call", "calls"]),
            Pace::Closed(span) => format!("as fast as it goes for {}", text::typed(span.duration)),
            Pace::Open(Schedule { rate, arrivals }, span) => {
                let random = if arrivals == Arrivals::Random { " at random" } else { "" };
                format!("{} calls/s{random} for {}", rate_in_words(rate), text::typed(span.duration))
            }
        };
        match (self.connections, self.in_flight) {
            (1, 1) => format!("{pace}, one at a time"),
            (1, in_flight) => format!("{pace}, {} at once", text::count(in_flight.into())),
            (connections, in_flight) => {
                let [connections, in_flight] = [connections, in_flight].map(|n| text::count(n.into()));
                format!("{pace}, {connections} connections × {in_flight} at once")
            }
        }
    }
}

/// A rate as it was asked for: no digit more.
fn rate_in_words(rate: f64) -> String {
    if rate.fract() == 0.0 { text::count(rate as u64) } else { rate.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPAN: Span = Span { warm_up: Duration::from_secs(1), duration: Duration::from_secs(5) };

    #[test]
    fn a_plan_says_in_words_what_it_does() {
        let open = |rate, arrivals| Pace::Open(Schedule { rate, arrivals }, SPAN);
        for (pace, connections, in_flight, words) in [
            (Pace::Times(1), 1, 1, "1 call, one at a time"),
            (Pace::Times(1000), 1, 1, "1,000 calls, one at a time"),
            (Pace::Closed(SPAN), 1, 64, "as fast as it goes for 5 s, 64 at once"),
            (open(2000.0, Arrivals::Even), 2, 16, "2,000 calls/s for 5 s, 2 connections × 16 at once"),
            (open(0.5, Arrivals::Random), 1, 8, "0.5 calls/s at random for 5 s, 8 at once"),
        ] {
            assert_eq!(Plan { pace, connections, in_flight }.words(), words);
        }
    }

    #[test]
    fn how_many_calls_it_will_be_is_known_unless_the_server_sets_the_pace() {
        let calls = |pace| Plan { pace, connections: 1, in_flight: 1 }.calls();
        assert_eq!(calls(Pace::Times(100)), Some(100));
        assert_eq!(calls(Pace::Open(Schedule { rate: 10.0, arrivals: Arrivals::Random }, SPAN)), Some(60));
        assert_eq!(calls(Pace::Closed(SPAN)), None);
    }
}
