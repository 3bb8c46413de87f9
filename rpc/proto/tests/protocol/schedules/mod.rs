//! Thousands of schedules on a pair with virtual time: opens, items, replies, cancels, deadlines, slow readers,
//! going away and lost connections in any order. Every call ends exactly once and with what was meant for it,
//! items arrive in order and none is missing, and nothing stands still for ever.
//!
//! A seed that fails is printed. `COUNTERSIGN_SEED=17` runs that one, `COUNTERSIGN_SEEDS=100000` so many.

mod dice;
mod stream;
mod wire;
mod world;

use std::time::Instant;

use self::world::World;

/// What runs wherever the tests run.
const SEEDS: u64 = 2_500;

#[test]
fn every_call_ends_exactly_once_in_any_schedule() {
    if let Some(seed) = number("COUNTERSIGN_SEED") {
        return World::new(seed).run();
    }
    let (seeds, started) = (number("COUNTERSIGN_SEEDS").unwrap_or(SEEDS), Instant::now());
    for seed in 0..seeds {
        let outcome = std::panic::catch_unwind(|| World::new(seed).run());
        assert!(outcome.is_ok(), "seed {seed} fails; COUNTERSIGN_SEED={seed} replays it");
    }
    println!("{seeds} schedules, {:.0} a second", seeds as f64 / started.elapsed().as_secs_f64());
}

fn number(variable: &str) -> Option<u64> {
    Some(std::env::var(variable).ok()?.parse().expect("a number"))
}
