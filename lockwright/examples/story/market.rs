//! Producers and consumers of random amounts, ten productions in all: examples 20 and 21.

use lockwright::prelude::*;

use super::{Dice, sleep};

const PRODUCTIONS: u32 = 10;

/// What is under the condition's lock.
pub(crate) struct Stock {
    products: u64,
    productions: u32,
}

pub(crate) type Market = Condition<Stock>;

pub(crate) const fn open() -> Market {
    Condition::new(Stock {
        products: 1_000,
        productions: 0,
    })
}

pub(crate) struct Producer(pub(crate) &'static Market);

impl Run for Producer {
    type Output = ();

    fn run(self) {
        let mut dice = Dice::new();
        loop {
            {
                let market = self.0.lock();
                let mut stock = market.data();
                if stock.productions >= PRODUCTIONS {
                    return;
                }
                let new = dice.roll(100, 1_000);
                stock.products += new;
                stock.productions += 1;
                println!(
                    "Production {}: {} has made {new} products, now there are {}",
                    stock.productions,
                    current().name(),
                    stock.products
                );
                // Tells those who wait; they have the lock when this block has given it back.
                self.0.notify_all();
            }
            sleep(0.5);
        }
    }
}

pub(crate) struct Consumer {
    pub(crate) market: &'static Market,
    /// Between two purchases.
    pub(crate) pause: f64,
}

impl Run for Consumer {
    type Output = ();

    fn run(self) {
        let mut dice = Dice::new();
        loop {
            let wanted = dice.roll(100, 1_000);
            {
                let mut market = self.market.lock();
                while market.data().products < wanted {
                    if market.data().productions >= PRODUCTIONS {
                        return;
                    }
                    println!("Out of stock, please wait");
                    market.wait();
                }
                let mut stock = market.data();
                stock.products -= wanted;
                println!(
                    "{} has bought {wanted} products, {} are left",
                    current().name(),
                    stock.products
                );
            }
            sleep(self.pause);
        }
    }
}
