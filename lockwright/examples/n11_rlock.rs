//! Notebook 11: a reentrant lock, taken twice by one thread, the first time for a second at most.

mod story;

use std::cell::Cell;
use std::error::Error;

use lockwright::prelude::*;
use story::{seconds, sleep};

static NUM: RLock<Cell<u32>> = RLock::new(Cell::new(0));

struct MyThread;

impl Run for MyThread {
    type Output = ();

    fn run(self) {
        sleep(1.0);
        let Some(num) = NUM.try_lock_for(seconds(1.0)) else {
            println!("{} has waited in vain", current().name());
            return;
        };
        num.set(num.get() + 1);
        println!("{} set num to {}", current().name(), num.get());
        // A plain lock would wait for itself here.
        let again = NUM.lock();
        assert_eq!((NUM.depth(), again.get()), (2, num.get()));
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    for _ in 0..5 {
        Thread::new(MyThread).start()?;
    }
    Ok(())
}
