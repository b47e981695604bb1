//! Notebook 18: an event that was set and not cleared makes nobody wait. (The host is later than the original's, as
//! in 15, so that all who do not wait eat before it speaks.)

mod story;

use std::error::Error;

use lockwright::prelude::*;
use story::guests::guest;
use story::sleep;

static START: Event = Event::new();

fn main() -> Result<(), Box<dyn Error>> {
    START.set();
    for name in ["xiaoming", "xiaobai"] {
        Thread::new(move || guest(name, || START.wait())).start()?;
    }
    sleep(2.0);
    println!("The host says: you can start");
    START.set();
    Ok(())
}
