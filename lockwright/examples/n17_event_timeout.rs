//! Notebook 17: waiting for an event for a tenth of a second at most. The host is late, and nobody cares.

mod story;

use std::error::Error;

use lockwright::prelude::*;
use story::guests::guest;
use story::{seconds, sleep};

static START: Event = Event::new();

fn main() -> Result<(), Box<dyn Error>> {
    for name in ["xiaoming", "xiaobai"] {
        let wait = || {
            let told = START.wait_for(seconds(0.1));
            println!("Was it set? {told}");
        };
        Thread::new(move || guest(name, wait)).start()?;
    }
    sleep(3.0);
    println!("The host says: you can start");
    START.set();
    Ok(())
}
