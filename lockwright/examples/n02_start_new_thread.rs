//! Notebook 2: `start_new_thread`, the raw one. Nobody waits for such a thread: when `main` ends, so does the
//! process, and the loops never come to their ends.
//!
//! The cure, with the argument `wait`: each loop holds a lock that it releases at its end, and `main` takes
//! them all. (`Thread` and `join`, in the next program, are the better cure.)

mod story;

use std::time::Instant;

use lockwright::prelude::*;
use story::{now, sleep, spent};

static DONE: [RawLock; 2] = [RawLock::new(), RawLock::new()];

fn pass(number: usize, seconds: f64) {
    let start = Instant::now();
    println!("Start loop {number} at: {}", now());
    sleep(seconds);
    println!("End loop {number} at: {}", now());
    println!("We have spent {:.5} seconds", spent(start));
    DONE[number - 1].release().expect("main has taken it");
}

fn main() -> Result<(), StartError> {
    let wait = std::env::args().nth(1).is_some_and(|how| how == "wait");
    println!("Starting at: {}", now());
    DONE.iter().for_each(RawLock::acquire);
    start_new_thread(|| pass(1, 4.0))?;
    println!("----------");
    start_new_thread(|| pass(2, 2.0))?;
    if wait {
        // Taken by this thread, released by those: a raw lock belongs to nobody.
        DONE.iter().for_each(RawLock::acquire);
    }
    println!("All done at: {}", now());
    Ok(())
}
