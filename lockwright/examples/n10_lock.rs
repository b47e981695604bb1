//! Notebook 10: a million additions against a million subtractions. Under a lock they end at 0.
//!
//! Without it they do not. Reading and writing in two steps is a race, though here a defined one: both
//! steps are atomic, and what happens between them is what is lost.

mod story;

use std::error::Error;
use std::sync::atomic::{AtomicI64, Ordering::Relaxed};

use lockwright::prelude::*;
use story::now;

const TIMES: u32 = 1_000_000;

static SUM: Lock<i64> = Lock::new(0);
static RACY: AtomicI64 = AtomicI64::new(0);

fn add(step: i64) {
    for _ in 0..TIMES {
        *SUM.lock() += step;
    }
}

fn add_without(step: i64) {
    for _ in 0..TIMES {
        RACY.store(RACY.load(Relaxed) + step, Relaxed);
    }
}

fn both(f: fn(i64)) -> Result<(), Box<dyn Error>> {
    let threads = [1, -1].map(|step| Thread::new(move || f(step)));
    threads.iter().try_for_each(|thread| thread.start())?;
    threads.iter().try_for_each(Thread::join)?;
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    println!("start at: {}", now());
    println!("starting from {}", SUM.lock());
    both(add)?;
    println!("Done to {}", SUM.lock());
    println!("end at {}", now());

    // It may come out right now and then: not ten times.
    for attempt in 1..=10 {
        both(add_without)?;
        let sum = RACY.swap(0, Relaxed);
        if sum != 0 {
            println!("Without the lock, attempt {attempt}: {sum}");
            return Ok(());
        }
    }
    println!("Without the lock it was 0 ten times (is there only one CPU?)");
    Ok(())
}
