//! How a [`Model`](super::Model) runs under `cfg(shuttle)`: schedules drawn at random, by two ways of drawing.
//!
//! Half of them choose who runs next evenly; half are PCT's (random priorities that change at a few random
//! moments), which finds with good odds what needs few switches at the right places. What the adversary offers in
//! loom is drawn too: whether a sleep times out or ends for no reason, and after how long; whether somebody has
//! waited for long.

use std::env;

use shuttle::rand::{Rng, thread_rng};
use shuttle::scheduler::{PctScheduler, RandomScheduler};
use shuttle::{Config, FailurePersistence, MaxSteps, Runner};

/// So many switches of priority: the depth of the faults that PCT looks for.
const DEPTH: usize = 3;

fn number(variable: &str, usual: u64) -> u64 {
    match env::var(variable) {
        Ok(number) => number
            .parse()
            .unwrap_or_else(|_| panic!("{variable} is a number")),
        Err(_) => usual,
    }
}

/// Runs `execution` as often as `LOCKWRIGHT_ITERATIONS` says, from the seed `LOCKWRIGHT_SEED`.
pub(super) fn check(execution: impl Fn() + Send + Sync + 'static) {
    let iterations = number("LOCKWRIGHT_ITERATIONS", 1000) as usize;
    let seed = number("LOCKWRIGHT_SEED", 1);
    let execution = std::sync::Arc::new(execution);
    let config = || {
        let mut config = Config::new();
        config.stack_size = 256 << 10;
        config.max_steps = MaxSteps::FailAfter(200_000);
        config.failure_persistence = FailurePersistence::None;
        // That it knows one ordering only is said in README.md.
        config.silence_warnings = true;
        config
    };
    let evenly = RandomScheduler::new_from_seed(seed, iterations.div_ceil(2));
    let by_priority = PctScheduler::new_from_seed(seed, DEPTH, iterations / 2);
    let body = std::sync::Arc::clone(&execution);
    Runner::new(evenly, config()).run(move || body());
    if iterations > 1 {
        Runner::new(by_priority, config()).run(move || execution());
    }
}

/// A draw that belongs to the schedule.
pub(super) fn one_in(n: u32) -> bool {
    thread_rng().gen_range(0..n) == 0
}

/// Up to `end`, excluding it.
pub(super) fn below(end: u32) -> u32 {
    thread_rng().gen_range(0..end)
}
