//! Notebook 13: two producers who work while fewer than 1,000 products wait, five consumers who buy while more
//! than 100 do; and how many threads there are.
//!
//! The original cannot be stopped. Here all are daemons, and the program ends after four seconds.

mod story;

use std::error::Error;
use std::sync::Arc;

use lockwright::prelude::*;
use story::sleep;

type Shelf = Arc<Queue<String>>;

struct Producer(Shelf);

impl Run for Producer {
    type Output = ();

    fn run(self) {
        let mut count = 0;
        loop {
            if self.0.len() < 1_000 {
                for _ in 0..100 {
                    count += 1;
                    let product = format!("product {count} of {}", current().name());
                    println!("Producing {product}");
                    self.0.put(product).expect("nobody shuts it down");
                }
            }
            sleep(0.5);
        }
    }
}

struct Consumer(Shelf);

impl Run for Consumer {
    type Output = ();

    fn run(self) {
        loop {
            if self.0.len() > 100 {
                for _ in 0..3 {
                    let product = self.0.get().expect("nobody shuts it down");
                    println!("{} consumes {product}", current().name());
                }
            }
            sleep(1.0);
        }
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let shelf: Shelf = Arc::new(Queue::new(0));
    for number in 0..500 {
        shelf.put(format!("initial product {number}"))?;
    }
    let daemon = || Thread::builder().daemon(true);
    for _ in 0..2 {
        daemon().thread(Producer(Arc::clone(&shelf))).start()?;
    }
    for _ in 0..5 {
        daemon().thread(Consumer(Arc::clone(&shelf))).start()?;
    }
    println!("{} threads are active", active_count());
    sleep(4.0);
    println!("{} products are waiting", shelf.len());
    Ok(())
}
