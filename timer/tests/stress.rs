//! Everything at once, for a bounded time, from a seed: `LOCKWRIGHT_SEED=n` repeats what a failure
//! printed, as far as threads can be repeated.
#![cfg(not(loom))]

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering::SeqCst};
use std::thread;
use std::time::{Duration, Instant};

use lockwright_timer::{Interval, Outcome, Timer};
use testkit::{Random, in_time_or_tell, seed};

const TIMERS_EACH: usize = if cfg!(miri) { 20 } else { 250_000 };

/// What became of the timers.
#[derive(Debug, Default)]
struct Told {
    ran: AtomicU64,
    early: AtomicU64,
    twice: AtomicU64,
}

/// Timers from one thread, of which it cancels some at random, at random moments. Gives how many it
/// cancelled.
fn arm_and_cancel(mut random: Random, told: &Arc<Told>) -> u64 {
    let mut armed: Vec<(Timer, Arc<AtomicU8>)> = Vec::new();
    let mut cancelled = 0;
    let mut cancel = |(timer, runs): (Timer, Arc<AtomicU8>)| {
        if timer.cancel() {
            assert_eq!(timer.outcome(), Some(Outcome::Cancelled));
            assert_eq!(runs.load(SeqCst), 0, "cancelled, and it ran");
            cancelled += 1;
        }
    };
    for _ in 0..TIMERS_EACH {
        // Miri takes milliseconds to start one, and some are to be cancelled before they are due.
        let delay = random.duration(Duration::from_millis(if cfg!(miri) { 2000 } else { 40 }));
        let due = Instant::now() + delay;
        let (told, runs) = (Arc::clone(told), Arc::new(AtomicU8::new(0)));
        let ran = Arc::clone(&runs);
        let timer = Timer::after(delay, move || {
            told.early
                .fetch_add(u64::from(Instant::now() < due), SeqCst);
            told.twice
                .fetch_add(u64::from(ran.fetch_add(1, SeqCst) > 0), SeqCst);
            told.ran.fetch_add(1, SeqCst);
        });
        timer.start().expect("it is new");
        armed.push((timer, runs));
        if random.below(3) == 0 {
            // Mostly a late one, which is not due yet.
            let back = random.below(64).min(armed.len() as u64 - 1) as usize;
            let index = armed.len() - 1 - back;
            cancel(armed.swap_remove(index));
        }
    }
    for (timer, runs) in armed {
        match random.below(8) {
            0 => cancel((timer, runs)),
            1 => drop(timer),
            _ => assert_ne!(timer.join(), Ok(Outcome::Panicked)),
        }
    }
    cancelled
}

#[test]
fn each_of_a_million_timers_runs_once_or_was_cancelled() {
    let seed = seed();
    in_time_or_tell(
        move || format!("LOCKWRIGHT_SEED={seed}"),
        move || {
            let told = Arc::new(Told::default());
            let cancelled: u64 = thread::scope(|scope| {
                let workers = [0, 1, 2, 3].map(|n| {
                    let (told, random) = (&told, Random(seed ^ (n << 32)));
                    scope.spawn(move || arm_and_cancel(random, told))
                });
                workers.map(|w| w.join().expect("it asserts")).iter().sum()
            });
            let timers = 4 * TIMERS_EACH as u64;
            assert!(cancelled > timers / 20 && cancelled < timers);
            testkit::until("all are over", || {
                told.ran.load(SeqCst) + cancelled >= timers
            });
            assert_eq!(told.ran.load(SeqCst) + cancelled, timers, "never both");
            assert_eq!((told.early.load(SeqCst), told.twice.load(SeqCst)), (0, 0));
        },
    );
}

#[test]
fn intervals_come_and_go_and_never_run_afterwards() {
    let seed = seed();
    in_time_or_tell(
        move || format!("LOCKWRIGHT_SEED={seed}"),
        move || {
            let mut random = Random(seed);
            for _ in 0..if cfg!(miri) { 5 } else { 400 } {
                let runs = Arc::new(AtomicU64::new(0));
                let counting = Arc::clone(&runs);
                let period = Duration::from_micros(50 + random.below(500));
                let interval = Interval::every(period, move || {
                    counting.fetch_add(1, SeqCst);
                });
                interval.start().expect("it is new");
                thread::sleep(random.duration(Duration::from_millis(2)));
                if !interval.cancel() {
                    assert_eq!(interval.join(), Ok(Outcome::Cancelled));
                }
                let then = runs.load(SeqCst);
                thread::yield_now();
                assert_eq!(runs.load(SeqCst), then);
                assert_eq!(Arc::strong_count(&runs), 1, "its callback is dropped");
            }
        },
    );
}
