//! Notebook 6: `Semaphore(2)` and six threads: two run at a time, three seconds each.

mod story;

use std::error::Error;

use lockwright::prelude::*;
use story::sleep;

static SEMAPHORE: Semaphore = Semaphore::new(2);

fn fun(number: u32) {
    let _permit = SEMAPHORE.permit(); // one fewer, until it is dropped
    println!("Thread {number} is running.");
    sleep(3.0);
}

fn main() -> Result<(), Box<dyn Error>> {
    for number in 0..6 {
        Thread::new(move || fun(number)).start()?;
    }
    Ok(())
}
