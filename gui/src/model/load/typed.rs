//! The plan as it is typed, and what is wrong with it.

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::str::FromStr;
use std::time::Duration;

use super::plan::{
    Arrivals, CALLS, CONNECTIONS, DURATION, IN_FLIGHT, OPEN_MAX, Pace, Plan, RATES, Schedule, Span,
    WARM_UP_MAX,
};
use crate::text;

/// What is typed into the fields of a plan. A text box edits them in place.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Typed {
    /// What sets the pace.
    pub(crate) way: Way,
    /// Calls a second.
    pub(crate) rate: String,
    /// How those are spread.
    pub(crate) arrivals: Arrivals,
    /// How many calls.
    pub(crate) calls: String,
    /// How long to measure.
    pub(crate) duration: String,
    /// How long to call before that.
    pub(crate) warm_up: String,
    /// Connections to open.
    pub(crate) connections: String,
    /// Calls open at once on each.
    pub(crate) in_flight: String,
}

/// What sets the pace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Way {
    /// A clock.
    #[default]
    AtARate,
    /// The server.
    AsFastAsItGoes,
    /// The server, until there were so many calls.
    Times,
}

impl Way {
    /// All of them, in the order in which they are offered.
    pub(crate) const ALL: [Self; 3] = [Self::AtARate, Self::AsFastAsItGoes, Self::Times];

    /// As it is written in the window.
    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::AtARate => "At a rate",
            Self::AsFastAsItGoes => "As fast as it goes",
            Self::Times => "So many times",
        }
    }

    /// What it is good for.
    pub(crate) fn hint(self) -> &'static str {
        match self {
            Self::AtARate => {
                "Calls are made at their time, however long others take, and latency counts from then: \
                 how the server does under this load"
            }
            Self::AsFastAsItGoes => {
                "Each call that is answered is followed by the next: what the server can do at most"
            }
            Self::Times => "Each call that is answered is followed by the next, until there were so many",
        }
    }
}

/// A field of the plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Field {
    Rate,
    Calls,
    Duration,
    WarmUp,
    Connections,
    InFlight,
}

impl Default for Typed {
    /// A load that hardly any server minds.
    fn default() -> Self {
        Self {
            way: Way::default(),
            rate: "100".to_owned(),
            arrivals: Arrivals::Even,
            calls: "1000".to_owned(),
            duration: "5 s".to_owned(),
            warm_up: "1 s".to_owned(),
            connections: "1".to_owned(),
            in_flight: "16".to_owned(),
        }
    }
}

impl Typed {
    /// The plan, if every field of it can be understood.
    pub(crate) fn plan(&self) -> Option<Plan> {
        let pace = match self.way {
            Way::AtARate => {
                let schedule = Schedule { rate: self.rate().ok()?, arrivals: self.arrivals };
                Pace::Open(schedule, self.span()?)
            }
            Way::AsFastAsItGoes => Pace::Closed(self.span()?),
            Way::Times => Pace::Times(number(&self.calls, CALLS).ok()?),
        };
        let connections = number(&self.connections, CONNECTIONS).ok()?;
        Some(Plan { pace, connections, in_flight: self.in_flight().ok()? })
    }

    /// What is wrong with a field, in a line.
    pub(crate) fn mistake(&self, field: Field) -> Option<String> {
        match field {
            Field::Rate => self.rate().err(),
            Field::Calls => number(&self.calls, CALLS).err(),
            Field::Duration => self.duration().err(),
            Field::WarmUp => self.warm_up().err(),
            Field::Connections => number(&self.connections, CONNECTIONS).err(),
            Field::InFlight => self.in_flight().err(),
        }
    }

    fn rate(&self) -> Result<f64, String> {
        let rate = self.rate.trim().parse().ok().filter(|rate| RATES.contains(rate));
        rate.ok_or_else(|| format!("Write a number from {} to {}", RATES.start(), RATES.end()))
    }

    fn in_flight(&self) -> Result<u32, String> {
        let in_flight = number(&self.in_flight, IN_FLIGHT)?;
        match number(&self.connections, CONNECTIONS) {
            Ok(connections) if OPEN_MAX < u64::from(connections) * u64::from(in_flight) => {
                Err(format!("With {connections} connections at most {}", OPEN_MAX / u64::from(connections)))
            }
            _ => Ok(in_flight),
        }
    }

    fn span(&self) -> Option<Span> {
        Some(Span { warm_up: self.warm_up().ok()?, duration: self.duration().ok()? })
    }

    fn duration(&self) -> Result<Duration, String> {
        let duration = text::duration(self.duration.trim()).ok_or("Write 500 ms, 5 s or 2 min")?;
        match DURATION.contains(&duration) {
            true => Ok(duration),
            false => {
                Err(format!("From {} to {}", text::typed(*DURATION.start()), text::typed(*DURATION.end())))
            }
        }
    }

    fn warm_up(&self) -> Result<Duration, String> {
        let typed = self.warm_up.trim();
        if matches!(typed, "" | "0" | "0 s" | "0s") {
            return Ok(Duration::ZERO);
        }
        let warm_up = text::duration(typed).ok_or("Write 0, 500 ms or 5 s")?;
        match warm_up <= WARM_UP_MAX {
            true => Ok(warm_up),
            false => Err(format!("At most {}", text::typed(WARM_UP_MAX))),
        }
    }
}

fn number<N: FromStr + PartialOrd + Display>(typed: &str, within: RangeInclusive<N>) -> Result<N, String> {
    let number = typed.trim().parse().ok().filter(|number| within.contains(number));
    number.ok_or_else(|| format!("Write a number from {} to {}", within.start(), within.end()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_becomes_a_plan() {
        let typed = Typed { rate: " 2500.5 ".to_owned(), warm_up: "0".to_owned(), ..Typed::default() };
        let schedule = Schedule { rate: 2500.5, arrivals: Arrivals::Even };
        let span = Span { warm_up: Duration::ZERO, duration: Duration::from_secs(5) };
        let plan = |pace| Some(Plan { pace, connections: 1, in_flight: 16 });
        assert_eq!(typed.plan(), plan(Pace::Open(schedule, span)));
        assert_eq!(Typed { way: Way::AsFastAsItGoes, ..typed.clone() }.plan(), plan(Pace::Closed(span)));
        assert_eq!(Typed { way: Way::Times, ..typed }.plan(), plan(Pace::Times(1000)));
    }

    #[test]
    fn each_field_says_what_is_wrong_with_it() {
        let typed = Typed {
            rate: "fast".to_owned(),
            calls: "0".to_owned(),
            duration: "2 h".to_owned(),
            warm_up: "soon".to_owned(),
            connections: "5000".to_owned(),
            in_flight: "-1".to_owned(),
            ..Typed::default()
        };
        for (field, mistake) in [
            (Field::Rate, "Write a number from 0.01 to 100000000"),
            (Field::Calls, "Write a number from 1 to 100000000"),
            (Field::Duration, "From 100 ms to 3600 s"),
            (Field::WarmUp, "Write 0, 500 ms or 5 s"),
            (Field::Connections, "Write a number from 1 to 1000"),
            (Field::InFlight, "Write a number from 1 to 65536"),
        ] {
            assert_eq!(typed.mistake(field).as_deref(), Some(mistake), "{field:?}");
        }
        for way in Way::ALL {
            assert_eq!(Typed { way, ..typed.clone() }.plan(), None, "{way:?}");
        }
        let fine = Typed::default();
        assert_eq!(
            [Field::Rate, Field::WarmUp, Field::InFlight].map(|field| fine.mistake(field)),
            [None, None, None]
        );
    }

    #[test]
    fn there_are_only_so_many_calls_open_on_all_connections_together() {
        let typed = Typed { connections: "100".to_owned(), in_flight: "1000".to_owned(), ..Typed::default() };
        assert_eq!(typed.mistake(Field::InFlight).as_deref(), Some("With 100 connections at most 655"));
        assert_eq!(typed.plan(), None);
    }

    #[test]
    fn what_a_plan_does_not_need_may_be_wrong() {
        let typed =
            Typed { way: Way::Times, rate: "fast".to_owned(), duration: String::new(), ..Typed::default() };
        assert!(typed.plan().is_some());
    }
}
