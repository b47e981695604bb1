//! Notebook 7: `BoundedSemaphore(3)`, four threads, and the error of one release too many.

mod story;

use std::error::Error;

use lockwright::prelude::*;
use story::sleep;

static SEMAPHORE: BoundedSemaphore = BoundedSemaphore::new(3);

fn fun(number: u32) {
    let _permit = SEMAPHORE.permit();
    println!("Thread {number} is running.");
    sleep(3.0);
}

fn main() -> Result<(), Box<dyn Error>> {
    let threads: Vec<Thread> = (0..4)
        .map(|number| Thread::new(move || fun(number)))
        .collect();
    for thread in &threads {
        thread.start()?;
    }
    for thread in &threads {
        thread.join()?;
    }
    match SEMAPHORE.release(1) {
        Err(error) => println!("Once more: {error}"),
        Ok(()) => println!("Once more, and nobody noticed"),
    }
    println!("It has {} permits, as before", SEMAPHORE.available());
    Ok(())
}
