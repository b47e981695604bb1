//! Notebook 9: a method, bound to its object, as what a thread runs; two of them, of two durations.

mod story;

use std::error::Error;

use lockwright::prelude::*;
use story::{now, sleep};

struct ThreadFunc {
    name: &'static str,
}

impl ThreadFunc {
    fn run_loop(&self, which: &str, seconds: f64) {
        println!("Start {}: {which} at {}", self.name, now());
        sleep(seconds);
        println!("End {}: {which}", self.name);
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    println!("Starting at: {}", now());
    let object = ThreadFunc { name: "loop" };
    let first = Thread::new(move || object.run_loop("LOOP one", 3.0));
    let second = Thread::new(|| ThreadFunc { name: "loop" }.run_loop("LOOP two", 1.0));
    first.start()?;
    second.start()?;
    first.join()?;
    second.join()?;
    println!("All done");
    Ok(())
}
