//! Notebook 3: `Thread` objects with arguments, and `join`: four seconds, not six.

mod story;

use std::error::Error;
use std::time::Instant;

use lockwright::prelude::*;
use story::{now, sleep, spent};

fn loop1(whom: &str) {
    let start = Instant::now();
    println!("Start loop 1 at: {}", now());
    sleep(4.0);
    println!("hihiahihia {whom}");
    println!("We have spent {:.5} seconds", spent(start));
}

fn loop2(whom: &str) {
    let start = Instant::now();
    println!("Start loop 2 at: {}", now());
    sleep(2.0);
    println!("huhahuhahuha {whom}");
    println!("We have spent {:.5} seconds", spent(start));
}

fn main() -> Result<(), Box<dyn Error>> {
    let start = Instant::now();
    println!("Starting at: {}", now());
    let first = Thread::new(|| loop1("pa"));
    first.start()?;
    let second = Thread::new(|| loop2("pia"));
    second.start()?;
    first.join()?;
    second.join()?;
    println!("All done after {:.5} seconds", spent(start));
    Ok(())
}
