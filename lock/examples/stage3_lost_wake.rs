//! Stage 3: broken on purpose. To look whether to sleep, and to sleep, are two steps here, and the
//! wake may come between them: nobody sleeps yet, so it wakes nobody, and then the thread sleeps
//! although there is nothing left to wait for. That is the lost wake.
//!
//! The sleep has a deadline here, so that the program ends and can count.
//!
//! `cargo run --release --example stage3_lost_wake`

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use futex::{Deadline, Wait};

const EMPTY: u32 = 0;
const FULL: u32 = 1;

/// How long a thread sleeps before it gives up hope. A wake takes a thousandth of that.
const RESCUE: Duration = Duration::from_millis(20);
const ROUNDS: u32 = 20_000;

/// One place, filled by one thread and emptied by another.
#[derive(Default)]
struct Place {
    state: AtomicU32,
    /// The broken wait sleeps on this word instead. It counts nothing and never changes, so the
    /// system's own comparison always says: sleep.
    bed: AtomicU32,
    rescued: AtomicU64,
}

impl Place {
    /// Right: the word slept on is the word looked at. If it changes in between, the system sees it.
    fn wait_while(&self, unwanted: u32) {
        while self.state.load(Ordering::Acquire) == unwanted {
            let deadline = Deadline::after(RESCUE);
            let end = futex::wait_until(&self.state, unwanted, deadline);
            self.count(end, unwanted);
        }
    }

    /// Wrong: between the look and the sleep there is a gap. The yield stands for the moment at which
    /// the scheduler takes its CPU away, just there; without it that takes a little longer to happen.
    fn wait_while_broken(&self, unwanted: u32) {
        while self.state.load(Ordering::Acquire) == unwanted {
            thread::yield_now();
            let end = futex::wait_until(&self.bed, 0, Deadline::after(RESCUE));
            self.count(end, unwanted);
        }
    }

    /// The wait ended by its deadline, and the state had changed: without it, it would not have ended.
    fn count(&self, end: Wait, unwanted: u32) {
        if end == Wait::TimedOut && self.state.load(Ordering::Relaxed) != unwanted {
            self.rescued.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn set(&self, state: u32) {
        self.state.store(state, Ordering::Release);
        futex::wake_all(&raw const self.state);
        futex::wake_all(&raw const self.bed);
    }
}

fn play(name: &str, wait: fn(&Place, u32)) {
    let place = Place::default();
    let start = Instant::now();
    // The broken one loses time with every lost wake: no more than two seconds of it.
    let enough = || start.elapsed() > Duration::from_secs(2);
    let mut rounds = 0;
    let over = AtomicU32::new(0);
    thread::scope(|scope| {
        let (place, over) = (&place, &over);
        scope.spawn(move || {
            while over.load(Ordering::Relaxed) == 0 {
                wait(place, EMPTY);
                place.set(EMPTY);
            }
        });
        while rounds < ROUNDS && !enough() {
            place.set(FULL);
            wait(place, FULL);
            rounds += 1;
        }
        over.store(1, Ordering::Relaxed);
        place.set(FULL);
    });
    let time = start.elapsed().as_secs_f64() * 1e3;
    let rescued = place.rescued.load(Ordering::Relaxed);
    println!(
        "{name} | {rounds:6} rounds in {time:5.0} ms | {rescued} lost wakes, rescued by the deadline"
    );
}

fn main() {
    println!("Two threads hand one token back and forth.\n");
    play("one step  ", Place::wait_while);
    play("two steps ", Place::wait_while_broken);
    println!(
        "\nEach lost wake would have been a thread that sleeps for ever. Tests seldom hit such a"
    );
    println!("gap; a model that tries all orders (tests/loom.rs) always does.");
}
