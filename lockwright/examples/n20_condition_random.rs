//! Notebook 20: four producers and five consumers of random amounts; ten productions, then all go home. The
//! consumers are there first.

mod story;

use std::error::Error;

use lockwright::prelude::*;
use story::market::{self, Consumer, Market, Producer};

static MARKET: Market = market::open();

fn main() -> Result<(), Box<dyn Error>> {
    for number in 0..5 {
        let consumer = Consumer {
            market: &MARKET,
            pause: 0.5,
        };
        let name = format!("consumer {number}");
        Thread::builder().name(name).thread(consumer).start()?;
    }
    for number in 0..4 {
        let name = format!("producer {number}");
        let producer = Thread::builder().name(name).thread(Producer(&MARKET));
        producer.start()?;
    }
    Ok(())
}
