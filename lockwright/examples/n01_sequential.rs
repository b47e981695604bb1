//! Notebook 1: two loops, one after the other, without threads: six seconds.

mod story;

use std::time::Instant;

use story::{now, sleep, spent};

fn pass(name: &str, seconds: f64) {
    let start = Instant::now();
    println!("Start {name} at: {}", now());
    sleep(seconds);
    println!("End {name} at: {}", now());
    println!("We have spent {:.5} seconds", spent(start));
}

fn main() {
    println!("Starting at: {}", now());
    pass("loop 1", 4.0);
    pass("loop 2", 2.0);
    println!("All done at: {}", now());
}
