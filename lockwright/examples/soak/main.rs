//! All primitives together, under random load: panics, time-outs, deadlocks, shutdowns, signals, and threads that
//! come and go; with the invariants checked. `cargo xtask soak` runs it.
//!
//! Worker n draws all its decisions from a generator of its own, seeded by the seed and n; so a run with the same
//! seed makes the same decisions in each worker, as far as it gets, and only their interleaving differs.

mod actions;
mod debt;
mod report;
#[cfg(target_os = "linux")]
mod storm;
mod tally;
mod watchdog;
mod worker;
mod world;

use std::process::exit;
use std::sync::atomic::Ordering::Relaxed;
use std::thread::sleep;
use std::time::{Duration, Instant};

use clap::{Parser, ValueEnum};

use crate::world::World;

#[derive(Parser, Clone, Debug)]
struct Options {
    /// For how long.
    #[arg(long, default_value_t = 60.0)]
    seconds: f64,
    /// Where the decisions come from.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Workers at a time; each starts further threads now and then.
    #[arg(long, default_value_t = 12)]
    workers: usize,
    /// An action that takes longer than that many seconds is taken to hang.
    #[arg(long, default_value_t = 30.0)]
    patience: f64,
    /// Breaks something on purpose, to see that it is noticed.
    #[arg(long, value_enum)]
    sabotage: Option<Sabotage>,
}

#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
enum Sabotage {
    /// Notifies are forgotten.
    Hang,
    /// Something is changed without the lock.
    Exclusion,
    /// An item is taken out and not counted.
    Item,
}

fn main() {
    let options = Options::parse();
    println!(
        "soak: seed {}, {} workers, {:.0} s",
        options.seed, options.workers, options.seconds
    );
    let world = World::new(options.sabotage);
    // On purpose all panics that are meant are not announced: what is printed is a fault.
    let seed = options.seed;
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        usual(panic);
        tally::fail(&format!("a worker panicked; --seed {seed}"));
    }));
    lockwright::timer::set_panic_hook(|_| ());
    lockwright::thread::set_panic_hook(|_, _| ());

    watchdog::start(Duration::from_secs_f64(options.patience), seed);
    #[cfg(target_os = "linux")]
    storm::start(seed);
    let start = Instant::now();
    debt::limit(options.workers / 2);
    let crew = worker::start(&options, world);
    let end = start + Duration::from_secs_f64(options.seconds);
    let mut said = start;
    while Instant::now() < end && !tally::FAILED.load(Relaxed) {
        sleep(Duration::from_millis(20).min(end.saturating_duration_since(Instant::now())));
        if said.elapsed() > Duration::from_secs(10) {
            said = Instant::now();
            report::line(start);
        }
    }
    tally::OVER.store(true, Relaxed);
    while crew.iter().any(|seat| seat.is_alive()) {
        world.relieve();
        sleep(Duration::from_millis(1));
    }
    for thread in crew {
        thread.join().expect("a worker's panic ends the program");
    }
    report::table(start);
    if let Err(fault) = world.check_the_end() {
        tally::fail(&fault);
    }
    if tally::FAILED.load(Relaxed) {
        println!("soak: FAILED; --seed {seed}");
        exit(1);
    }
    println!("soak: ok");
}
