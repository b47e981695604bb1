//! Notebook 5: the same thread, not a daemon. The program waits for it at the end of `main`.

mod story;

use std::error::Error;

use lockwright::prelude::*;
use story::sleep;

fn fun() {
    println!("Start fun");
    sleep(2.0);
    println!("End fun");
}

fn main() -> Result<(), Box<dyn Error>> {
    println!("Main thread");
    let thread = Thread::new(fun);
    thread.start()?;
    sleep(1.0);
    println!("Main thread end");
    Ok(())
}
