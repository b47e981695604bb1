//! Notebook 16: the same with a type that is run. The host is early, and it makes no difference.

mod story;

use std::error::Error;

use lockwright::prelude::*;
use story::guests::guest;
use story::sleep;

static START: Event = Event::new();

struct Hotpot {
    people: &'static str,
}

impl Run for Hotpot {
    type Output = ();

    fn run(self) {
        guest(self.people, || START.wait());
        println!("The thread ends: {}", current().name());
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    for people in ["xb", "xh", "xc"] {
        Thread::new(Hotpot { people }).start()?;
    }
    sleep(0.2);
    println!("All are here, let us start");
    START.set();
    Ok(())
}
