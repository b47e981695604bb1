//! Notebook 14: the two-lock deadlock. Each thread holds one lock and wants the other's.
//!
//! The original hangs. Here the thread that would close the circle is told so, with the names of the threads and
//! the places where they asked. It asks by `lock_checked`; to `lock` the report is a panic. Then the cure: whoever
//! wants several locks takes them in one order, the same for all, which `lock_all` does.

mod story;

use std::error::Error;

use lockwright::prelude::*;
use story::sleep;

static LOCK_1: Lock<()> = Lock::new(());
static LOCK_2: Lock<()> = Lock::new(());

type Named = (&'static str, &'static Lock<()>);
const ONE: Named = ("lock_1", &LOCK_1);
const TWO: Named = ("lock_2", &LOCK_2);

/// Takes `first`, works for a while, and wants `second`: whether it got it.
fn func(number: u32, first: Named, second: Named, work: f64) -> bool {
    println!("func {number} starting..............");
    let held = first.1.lock();
    println!("func {number} has taken {}", first.0);
    sleep(work); // long enough for the other to take its first
    println!("func {number} waits for {}......", second.0);
    let inner = match second.1.lock_checked() {
        Ok(inner) => inner,
        Err(deadlock) => {
            println!("func {number} is told: {deadlock}");
            return false; // and gives back what it holds
        }
    };
    println!("func {number} has taken {}.......", second.0);
    drop(inner);
    println!("func {number} has released {}......", second.0);
    drop(held);
    println!("func {number} has released {}......", first.0);
    true
}

/// Takes both, in whatever order they are named.
fn cured(number: u32, first: Named, second: Named, work: f64) -> bool {
    println!("func {number} wants {} and {}", first.0, second.0);
    let both = lock_all((first.1, second.1)).expect("they are two");
    println!("func {number} has taken both");
    sleep(work);
    drop(both);
    println!("func {number} has released both");
    true
}

/// Runs it in two threads, which name the locks in opposite orders.
fn act(func: fn(u32, Named, Named, f64) -> bool) -> Result<(), Box<dyn Error>> {
    let thread = |name| Thread::builder().name(name).daemon(false);
    let first = thread("func_1").thread(move || func(1, ONE, TWO, 2.0));
    let second = thread("func_2").thread(move || func(2, TWO, ONE, 4.0));
    first.start()?;
    second.start()?;
    let passed = [first.join()?, second.join()?];
    let passed = passed.iter().filter(|&&passed| passed).count();
    println!("All done: {passed} of 2 had both locks");
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    lockwright::deadlock::name(&LOCK_1, "lock_1");
    lockwright::deadlock::name(&LOCK_2, "lock_2");
    act(func)?;
    println!("The cure: both in one order");
    act(cured)
}
