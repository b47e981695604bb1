//! Notebook 8: a type of one's own that a thread runs, as a subclass of Python's `Thread` with its `run`.

mod story;

use std::error::Error;

use lockwright::prelude::*;
use story::{now, sleep};

struct MyThread {
    arg: u32,
}

impl Run for MyThread {
    type Output = ();

    fn run(self) {
        sleep(2.0);
        println!("the args for this class is {}", self.arg);
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    println!("{}", now());
    for arg in 0..4 {
        let thread = Thread::new(MyThread { arg });
        thread.start()?;
        thread.join()?; // so they run one after the other
    }
    println!("main thread is done!!!!!!!!!");
    println!("{}", now());
    Ok(())
}
