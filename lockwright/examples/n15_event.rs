//! Notebook 15: guests wait for an event, and the host says start. (After two seconds. The original's host waits for one,
//! as long as the guests take to sit down, so that chance says who is first.)

mod story;

use std::error::Error;

use lockwright::prelude::*;
use story::guests::guest;
use story::sleep;

static START: Event = Event::new();

fn main() -> Result<(), Box<dyn Error>> {
    for name in ["xiaoming", "xiaobai"] {
        Thread::new(move || guest(name, || START.wait())).start()?;
    }
    sleep(2.0);
    println!("The host says: you can start");
    START.set();
    Ok(())
}
