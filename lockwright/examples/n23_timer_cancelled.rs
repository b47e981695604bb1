//! Notebook 23: a timer that is cancelled in time. Nothing is printed but what `main` prints.

mod story;

use std::error::Error;

use lockwright::prelude::*;
use story::{seconds, sleep};

fn main() -> Result<(), Box<dyn Error>> {
    let timer = Timer::after(seconds(1.0), || println!("hello, world"));
    timer.start()?;
    sleep(0.2);
    println!("Cancelled in time? {}", timer.cancel());
    sleep(2.0);
    println!("Nobody has said hello");
    Ok(())
}
