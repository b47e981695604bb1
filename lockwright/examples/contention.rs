//! Who waits for whom, how often and how long: a profile of threads that share a lock, a semaphore and a queue.
//!
//! `cargo run --release --example contention` prints a table; `-- json` the same as JSON, `-- folded` as folded
//! stacks for a flame graph (`… -- folded | inferno-flamegraph > waits.svg`).

use std::thread::{scope, sleep};
use std::time::Duration;

use lockwright::prelude::*;
use lockwright::{deadlock, profile};

static TOTAL: Lock<u64> = Lock::new(0);
static DESKS: Semaphore = Semaphore::new(2);

fn worker(jobs: &Queue<u64>) {
    for job in jobs {
        let _desk = DESKS.permit();
        let mut total = TOTAL.lock();
        sleep(Duration::from_micros(200)); // work that need not be done under the lock
        *total += job;
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    deadlock::name(&TOTAL, "total");
    deadlock::name(&DESKS, "desks");
    profile::start();

    let jobs = Queue::new(4);
    scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| worker(&jobs));
        }
        for job in 1..=100 {
            jobs.put(job).expect("it is open");
        }
        jobs.shutdown(Shutdown::Drain);
    });

    profile::stop();
    let profile = profile::taken();
    match std::env::args().nth(1).as_deref() {
        Some("json") => println!("{}", serde_json::to_string_pretty(&profile)?),
        Some("folded") => print!("{}", profile.to_folded()),
        _ => println!("{}", profile.top(10)),
    }
    Ok(())
}
