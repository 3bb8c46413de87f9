//! What to call, how fast and for how long; and the order in which several kinds of calls take turns.

use std::ops::RangeInclusive;
use std::time::Duration;

use super::pace::Arrivals;
use crate::call::RawCall;
use crate::{Client, MetadataValue};

/// The most that one target can be preferred to another.
pub const WEIGHT_MAX: u32 = 1_000;

/// The most targets of one plan. More would not be read by anybody.
pub const TARGETS_MAX: usize = 100;

/// Calls a second that may be asked for: from one in a minute and a half to more than any machine makes.
pub const RATES: RangeInclusive<f64> = 0.01..=100_000_000.0;

/// What to put on a server, and for how long.
///
/// The schedule and what its calls took begin anew when warming up is over, and what happened before counts nowhere.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// What is called, from 1 to [`TARGETS_MAX`].
    pub targets: Vec<Target>,
    /// What makes it time for the next call.
    pub pace: Pace,
    /// Calls open at once on each connection: always as many in a closed loop, and the most that may be in an open
    /// one. At least 1.
    pub in_flight: u32,
    /// How long to call before measuring.
    pub warm_up: Duration,
    /// How long to measure at most.
    pub duration: Duration,
    /// How many calls to measure at most; `None` for all that are made within `duration`.
    pub calls: Option<u64>,
}

/// One kind of call, as it is made.
#[derive(Debug, Clone, PartialEq)]
pub struct Target {
    /// A unary procedure, such as `acme.Ledger/balance`.
    pub procedure: String,
    /// Its arguments as CBOR.
    pub arguments: Vec<u8>,
    /// How often it is called among the others, from 1 to [`WEIGHT_MAX`].
    pub weight: u32,
    /// How long each call may take, at the server too; `None` for the server's maximum.
    pub timeout: Option<Duration>,
    /// What travels beside the arguments of each.
    pub metadata: Vec<(String, MetadataValue)>,
}

/// What makes it time for the next call.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Pace {
    /// That another one has ended: a closed loop, which finds out what a server can do.
    Closed,
    /// A schedule, whatever has ended: an open loop, which finds out how a server does at a rate. Latency counts
    /// from when a call was due.
    Open {
        /// Calls a second on all connections together, within [`RATES`].
        rate: f64,
        /// How they are spread over time.
        arrivals: Arrivals,
    },
}

/// Why a plan cannot be carried out.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum PlanError {
    /// There is nothing to call, or there is more of it than [`TARGETS_MAX`].
    #[error("from 1 to {TARGETS_MAX} procedures can be called, not {0}")]
    Targets(usize),
    /// A target never has its turn, or has it more often than [`WEIGHT_MAX`].
    #[error("a weight is from 1 to {WEIGHT_MAX}, not {0}")]
    Weight(u32),
    /// The rate is not within [`RATES`].
    #[error("a rate is from {min} to {max} calls a second, not {0}", min = RATES.start(), max = RATES.end())]
    Rate(f64),
    /// There is no connection, or no call may be open on any.
    #[error("nobody would make a call: there is no connection, or none may be in flight")]
    Nobody,
    /// No clock of this machine can hold when it would end.
    #[error("it would never end")]
    Endless,
}

impl Target {
    /// Calls of this procedure with these arguments, as CBOR, with the weight 1 and nothing else that is special.
    pub fn new(procedure: impl Into<String>, arguments: Vec<u8>) -> Self {
        Self { procedure: procedure.into(), arguments, weight: 1, timeout: None, metadata: Vec::new() }
    }

    /// One of these calls.
    pub(super) fn call(&self, client: &Client) -> RawCall {
        let mut call = client.call_raw(&self.procedure, self.arguments.clone());
        if let Some(timeout) = self.timeout {
            call = call.timeout(timeout);
        }
        for (key, value) in &self.metadata {
            call = call.metadata(key, value.clone());
        }
        call
    }
}

/// Every kind of call, and the order in which they take turns.
#[derive(Debug)]
pub(super) struct Mix {
    pub(super) targets: Vec<Target>,
    /// Indices of targets, over and over again. Never empty.
    order: Vec<usize>,
}

impl Mix {
    pub(super) fn new(targets: Vec<Target>) -> Result<Self, PlanError> {
        if !(1..=TARGETS_MAX).contains(&targets.len()) {
            return Err(PlanError::Targets(targets.len()));
        }
        let weights: Vec<_> = targets.iter().map(|target| target.weight).collect();
        match weights.iter().find(|weight| !(1..=WEIGHT_MAX).contains(*weight)) {
            Some(weight) => Err(PlanError::Weight(*weight)),
            None => Ok(Self { targets, order: order(&weights) }),
        }
    }

    /// Whose turn it is, with its index. `turn` counts the turns of one who calls.
    pub(super) fn next(&self, turn: &mut usize) -> (usize, &Target) {
        let index = self.order[*turn];
        *turn = if *turn + 1 == self.order.len() { 0 } else { *turn + 1 };
        (index, &self.targets[index])
    }

    /// Where the nth of those who call begins, so that not all call the same at once.
    pub(super) fn first_turn(&self, nth: usize) -> usize {
        nth % self.order.len()
    }
}

/// The indices of these weights, each as often as it weighs and as evenly as that goes: at every step the one is
/// next that has waited for the largest part of a turn.
fn order(weights: &[u32]) -> Vec<usize> {
    let sum: i64 = weights.iter().map(|weight| i64::from(*weight)).sum();
    let mut waited = vec![0_i64; weights.len()];
    let next = |_| {
        for (waited, weight) in waited.iter_mut().zip(weights) {
            *waited += i64::from(*weight);
        }
        // Of equals the first one.
        let (next, _) = waited.iter().enumerate().rev().max_by_key(|(_, waited)| **waited)?;
        waited[next] -= sum;
        Some(next)
    };
    (0..sum).filter_map(next).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(weight: u32) -> Target {
        Target { weight, ..Target::new("a.B/c", Vec::new()) }
    }

    #[test]
    fn the_order_is_as_weighted_and_even() {
        assert_eq!(order(&[7]), [0; 7]);
        assert_eq!(order(&[1, 1, 1]), [0, 1, 2]);
        assert_eq!(order(&[3, 1]), [0, 0, 1, 0]);
        let order = order(&[5, 1, 1]);
        assert_eq!([0, 1, 2].map(|index| order.iter().filter(|next| **next == index).count()), [5, 1, 1]);
    }

    #[test]
    fn everybody_goes_through_the_whole_order_from_a_place_of_their_own() {
        let mix = Mix::new(vec![target(2), target(1)]).unwrap();
        for nth in 0..4 {
            let mut turn = mix.first_turn(nth);
            let turns: Vec<_> = (0..3).map(|_| mix.next(&mut turn).0).collect();
            assert_eq!(turns.iter().sum::<usize>(), 1, "{nth}: {turns:?}");
            assert_eq!(turn, mix.first_turn(nth));
        }
    }

    #[test]
    fn a_mix_in_which_not_everything_has_its_turn_is_refused() {
        assert_eq!(Mix::new(Vec::new()).unwrap_err(), PlanError::Targets(0));
        let many = vec![target(1); TARGETS_MAX + 1];
        assert_eq!(Mix::new(many).unwrap_err(), PlanError::Targets(TARGETS_MAX + 1));
        assert_eq!(Mix::new(vec![target(1), target(0)]).unwrap_err(), PlanError::Weight(0));
        assert_eq!(Mix::new(vec![target(WEIGHT_MAX + 1)]).unwrap_err(), PlanError::Weight(WEIGHT_MAX + 1));
    }
}
