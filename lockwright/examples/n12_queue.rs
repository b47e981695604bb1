//! Notebook 12: a producer and a consumer over a queue of five, of which the producer is the faster: it soon
//! waits for room.
//!
//! The original cannot be stopped. Here both are daemons, and the program ends after ten seconds.

mod story;

use std::error::Error;
use std::sync::Arc;

use lockwright::prelude::*;
use story::sleep;

fn producer(queue: &Queue<String>) {
    let mut count = 1;
    loop {
        let item = format!("No.{count}");
        queue.put(item.clone()).expect("nobody shuts it down");
        println!("Producer put {item}");
        sleep(0.5);
        count += (0..10).sum::<u32>();
    }
}

fn consumer(name: &str, queue: &Queue<String>) {
    for item in queue {
        println!("{name} get {item}");
        sleep(1.5);
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let queue = Arc::new(Queue::new(5));
    let theirs = Arc::clone(&queue);
    let daemon = || Thread::builder().daemon(true);
    daemon().thread(move || producer(&theirs)).start()?;
    let theirs = Arc::clone(&queue);
    daemon().thread(move || consumer("Tom", &theirs)).start()?;
    sleep(10.0);
    println!("{} items are waiting", queue.len());
    Ok(())
}
