//! Notebook 19: a condition; one producer, a daemon, and two customers with money for three.

mod story;

use std::error::Error;

use lockwright::prelude::*;
use story::sleep;

static GOODS: Condition<u32> = Condition::new(0);

struct Producer;

impl Run for Producer {
    type Output = ();

    fn run(self) {
        // It has the lock whenever it does not wait.
        let mut goods = GOODS.lock();
        loop {
            *goods.data() += 1;
            let num = *goods.data();
            println!("Made 1, now there are {num}");
            sleep(1.0);
            if num >= 5 {
                println!("There are 5, no more are made");
                GOODS.notify_one();
                goods.wait();
            }
        }
    }
}

struct Customer {
    money: u32,
}

impl Run for Customer {
    type Output = ();

    fn run(mut self) {
        let name = current().name();
        while self.money > 0 {
            {
                let mut goods = GOODS.lock();
                // The original asks once; a customer that is overtaken after its wait would buy nothing.
                while *goods.data() == 0 {
                    println!("Sold out, {name} tells the producer");
                    GOODS.notify_one();
                    goods.wait();
                }
                self.money -= 1;
                *goods.data() -= 1;
                println!("{name} bought 1, {} are left", *goods.data());
            }
            sleep(1.0);
        }
        println!("{name} has no money left - goes home");
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let producer = Thread::builder().daemon(true).thread(Producer);
    let customers = ["Customer-1", "Customer-2"].map(|name| {
        let customer = Customer { money: 3 };
        Thread::builder().name(name).thread(customer)
    });
    producer.start()?;
    sleep(0.5); // the producer is there first, as in the original
    for customer in &customers {
        customer.start()?;
    }
    for customer in &customers {
        customer.join()?;
    }
    Ok(())
}
