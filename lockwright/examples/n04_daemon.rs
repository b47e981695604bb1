//! Notebook 4: a daemon thread. The program ends when `main` does: "End fun" is never printed.

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
    thread.set_daemon(true)?; // before it is started
    thread.start()?;
    sleep(1.0);
    println!("Main thread end");
    Ok(())
}
