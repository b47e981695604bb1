//! Everything at once, for a bounded time, from a seed: `LOCKWRIGHT_SEED=n` repeats what a failure
//! printed, as far as threads can be repeated.
#![cfg(not(loom))]

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::thread::{scope, yield_now};
use std::time::{Duration, Instant};

use lockwright_thread::{JoinError, Thread, active_count, current, enumerate};
use testkit::{Random, in_time_or_tell, seed};

const ROUNDS: u64 = if cfg!(miri) { 4 } else { 400 };

/// How often a thread ran, and how often one panicked.
#[derive(Debug, Default)]
struct Counts {
    ran: AtomicU64,
    panicked: AtomicU64,
}

/// One thread with everything that several others do to it at once.
fn one(counts: &Arc<Counts>, random: &mut Random) {
    let number = random.number();
    let (yields, panics) = (random.below(8), random.below(8) == 0);
    let its = Arc::clone(counts);
    let thread = Thread::new(move || {
        (0..yields).for_each(|_| yield_now());
        its.ran.fetch_add(1, Relaxed);
        if panics {
            its.panicked.fetch_add(1, Relaxed);
            std::panic::resume_unwind(Box::new(number));
        }
        (number, current().ident())
    });
    let timeout = random.duration(Duration::from_micros(100));
    let started = scope(|scope| {
        let starters: Vec<_> = (0..2)
            .map(|_| scope.spawn(|| thread.start().is_ok()))
            .collect();
        scope.spawn(|| {
            let daemon = thread.is_daemon();
            if thread.set_daemon(!daemon).is_ok() {
                assert_eq!(thread.is_daemon(), !daemon);
            }
        });
        scope.spawn(|| {
            let start = Instant::now();
            match thread.join_for(timeout) {
                Ok((n, ident)) => assert_eq!((n, ident), (number, thread.ident())),
                Err(JoinError::TimedOut) => assert!(start.elapsed() >= timeout, "early"),
                Err(JoinError::NotStarted) => {}
                Err(JoinError::Panicked(_)) => assert!(panics),
                Err(other) => panic!("{other}"),
            }
        });
        scope.spawn(|| assert!(!enumerate().is_empty() && active_count() > 0));
        starters
            .into_iter()
            .map(|s| usize::from(s.join().unwrap()))
            .sum::<usize>()
    });
    assert_eq!(started, 1, "started by both, or by none");
    match thread.join() {
        Ok(result) => assert!(!panics && result == (number, thread.ident())),
        Err(JoinError::Panicked(panic)) => {
            let payload = panic.take_payload().and_then(|p| p.downcast::<u64>().ok());
            assert!(panics && payload.is_none_or(|p| *p == number));
        }
        Err(other) => panic!("{other}"),
    }
    assert!(!thread.is_alive() && !enumerate().contains(&thread));
}

#[test]
fn each_thread_runs_once_whatever_is_done_to_it() {
    let seed = seed();
    in_time_or_tell(
        move || format!("LOCKWRIGHT_SEED={seed}"),
        move || {
            let counts = Arc::new(Counts::default());
            scope(|scope| {
                for worker in 0..2_u64 {
                    let (counts, mut random) = (&counts, Random(seed ^ (worker << 32)));
                    scope.spawn(move || (0..ROUNDS).for_each(|_| one(counts, &mut random)));
                }
            });
            assert_eq!(counts.ran.load(Relaxed), 2 * ROUNDS);
            assert!(counts.panicked.load(Relaxed) < ROUNDS);
        },
    );
}

/// Threads that start threads, each of which joins its own.
fn tree(depth: u32, ran: &Arc<AtomicU64>) {
    ran.fetch_add(1, Relaxed);
    if depth == 0 {
        return;
    }
    let children = [(); 2].map(|()| {
        let its = Arc::clone(ran);
        let child = Thread::new(move || tree(depth - 1, &its));
        child.start().expect("a thread");
        child
    });
    for child in children {
        child.join().expect("no panic");
    }
}

#[test]
fn a_tree_of_threads_is_joined_from_the_leaves() {
    in_time_or_tell(String::new, || {
        for _ in 0..if cfg!(miri) { 1 } else { 20 } {
            let ran = Arc::new(AtomicU64::new(0));
            let depth = if cfg!(miri) { 2 } else { 5 };
            tree(depth, &ran);
            assert_eq!(ran.load(Relaxed), (2 << depth) - 1);
        }
    });
}
