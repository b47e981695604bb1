//! Notebook 14: the two-lock deadlock. Each thread holds one lock and wants the other's.
//!
//! It is shown with timed acquires, so that the program can tell of it instead of hanging; then the cure:
//! whoever takes several locks takes them in one order, the same for all.

mod story;

use std::error::Error;

use lockwright::prelude::*;
use story::{seconds, sleep};

static LOCK_1: Lock<()> = Lock::new(());
static LOCK_2: Lock<()> = Lock::new(());

/// Takes `first`, works for a while, and wants `second`: whether it got it.
fn func(number: u32, first: (&str, &Lock<()>), second: (&str, &Lock<()>), work: f64) -> bool {
    println!("func {number} starting..............");
    let held = first.1.lock();
    println!("func {number} has taken {}", first.0);
    sleep(work); // long enough for the other to take its first
    println!("func {number} waits for {}......", second.0);
    let Some(inner) = second.1.try_lock_for(seconds(6.0)) else {
        println!("func {number} gives up: deadlock");
        return false;
    };
    println!("func {number} has taken {}.......", second.0);
    drop(inner);
    println!("func {number} has released {}......", second.0);
    drop(held);
    println!("func {number} has released {}......", first.0);
    true
}

const ONE: (&str, &Lock<()>) = ("lock_1", &LOCK_1);
const TWO: (&str, &Lock<()>) = ("lock_2", &LOCK_2);

fn main() -> Result<(), Box<dyn Error>> {
    // The second gives up a little later, if the first does not free it.
    let first = Thread::new(|| func(1, ONE, TWO, 2.0));
    let second = Thread::new(|| func(2, TWO, ONE, 4.0));
    first.start()?;
    second.start()?;
    let passed = [first.join()?, second.join()?];
    println!(
        "All done: {} of 2 had both locks",
        passed.iter().filter(|&&p| p).count()
    );

    println!("The cure: both take lock_1 first");
    let first = Thread::new(|| func(1, ONE, TWO, 2.0));
    let second = Thread::new(|| func(2, ONE, TWO, 4.0));
    first.start()?;
    second.start()?;
    let passed = [first.join()?, second.join()?];
    println!(
        "All done: {} of 2 had both locks",
        passed.iter().filter(|&&p| p).count()
    );
    Ok(())
}
