//! Two locks taken in both orders, by threads that run one after the other: it cannot deadlock here, and some
//! day it will elsewhere. The checker tells at once.
//!
//! `cargo run --example lock_order`, and `-- cure` for the same with one order.

use lockwright::order;
use lockwright::prelude::*;

static ACCOUNTS: Lock<[i64; 2]> = Lock::new([100, 0]);
static LOG: Lock<Vec<String>> = Lock::new(Vec::new());

fn transfer(amount: i64) {
    let mut accounts = ACCOUNTS.lock();
    accounts[0] -= amount;
    accounts[1] += amount;
    LOG.lock().push(format!("moved {amount}"));
}

/// Holds the log so that its lines and the balance are of one moment.
fn audit() {
    let log = LOG.lock();
    let balance: i64 = ACCOUNTS.lock().iter().sum();
    println!("lines: {}, balance: {balance}", log.len());
}

/// In the order of `transfer`.
fn audit_in_order() {
    let (log, accounts) = lock_all((&LOG, &ACCOUNTS)).expect("two locks");
    let balance: i64 = accounts.iter().sum();
    println!("lines: {}, balance: {balance}", log.len());
}

/// `lock_all` takes them by address, so this does too.
fn transfer_in_order(amount: i64) {
    let (mut accounts, mut log) = lock_all((&ACCOUNTS, &LOG)).expect("two locks");
    accounts[0] -= amount;
    accounts[1] += amount;
    log.push(format!("moved {amount}"));
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let cure = std::env::args().nth(1).is_some_and(|arg| arg == "cure");
    lockwright::deadlock::name(&ACCOUNTS, "accounts");
    lockwright::deadlock::name(&LOG, "log");
    order::start(); // a release build may: it need not be on for all programs

    let (move_some, look): (fn(i64), fn()) = if cure {
        (transfer_in_order, audit_in_order)
    } else {
        (transfer, audit)
    };
    let teller = Thread::new(move || move_some(30));
    teller.set_name("teller");
    teller.start()?;
    teller.join()?; // nobody else is there: no deadlock
    look();

    println!("inversions found: {}", order::inversions().len());
    Ok(())
}
