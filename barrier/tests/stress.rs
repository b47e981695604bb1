//! Everything at once, for a bounded time, from a seed: `LOCKWRIGHT_SEED=n` repeats what a failure
//! printed, as far as threads can be repeated.
#![cfg(not(loom))]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};

use lockwright_barrier::{Action, Barrier};
use testkit::{Random, in_time_or_tell, seed};

/// What the threads of a barrier count together.
#[derive(Debug)]
struct Tally {
    /// How often each index was given out.
    indices: Vec<AtomicU64>,
    /// How often somebody was turned away.
    broken: AtomicU64,
    /// Finished for good: nobody breaks it any more.
    calm: AtomicBool,
}

/// One thread: it comes until it has been let through so often, in any way there is.
fn come<A: Action>(barrier: &Barrier<A>, tally: &Tally, random: &mut Random, mut left: u64) {
    while left > 0 {
        let calm = tally.calm.load(Relaxed);
        let start = Instant::now();
        let (end, timeout) = match random.below(8) {
            0 if !calm => {
                let timeout = random.duration(Duration::from_micros(500));
                (barrier.wait_for(timeout), Some(timeout))
            }
            1 => (barrier.wait_until(start + testkit::PATIENCE), None),
            _ => (barrier.wait(), None),
        };
        match end {
            Ok(index) => {
                tally.indices[index].fetch_add(1, Relaxed);
                left -= 1;
            }
            Err(_) => {
                tally.broken.fetch_add(1, Relaxed);
                // Who is turned away at a broken barrier mends it, or somebody else does.
                if barrier.is_broken() && random.below(4) == 0 {
                    barrier.reset();
                }
                assert!(timeout.is_none() || !calm);
            }
        }
        match random.below(256) {
            0 => thread::yield_now(),
            1 if !calm => barrier.abort(),
            2 if !calm => barrier.reset(),
            _ => {}
        }
    }
}

/// `parties` threads that each get through `phases` times, although they break the barrier now and then.
fn stress<A: Action + Send + Sync + 'static>(barrier: Barrier<A>, phases: u64) {
    let seed = seed();
    let parties = barrier.parties();
    let barrier = Arc::new(barrier);
    let shown = Arc::clone(&barrier);
    let tell = move || format!("LOCKWRIGHT_SEED={seed}: {shown:?}");
    in_time_or_tell(tell, move || {
        let tally = Tally {
            indices: (0..parties).map(|_| AtomicU64::new(0)).collect(),
            broken: AtomicU64::new(0),
            calm: AtomicBool::new(false),
        };
        thread::scope(|scope| {
            for worker in 0..parties as u64 {
                let (barrier, tally) = (&barrier, &tally);
                let mut random = Random(seed ^ (worker << 32));
                scope.spawn(move || {
                    come(barrier, tally, &mut random, phases);
                    // The others have as many left, or fewer by what they still do now.
                    tally.calm.store(true, Relaxed);
                });
            }
        });
        for index in &tally.indices {
            assert_eq!(index.load(Relaxed), phases, "{tally:?}");
        }
        if !cfg!(miri) {
            assert_ne!(tally.broken.load(Relaxed), 0, "it was never broken");
        }
        // Whoever came last may have broken it on the way out.
        barrier.reset();
        assert_eq!(barrier.n_waiting(), 0);
        assert!(!barrier.is_broken());
    });
}

const fn phases(fast: u64) -> u64 {
    match (cfg!(miri), cfg!(debug_assertions)) {
        (true, _) => 10,
        (false, true) => fast / 4,
        (false, false) => fast,
    }
}

#[test]
fn two_threads_meet_exactly_so_often() {
    stress(Barrier::of::<2>(), phases(40_000));
}

#[test]
fn eight_threads_meet_exactly_so_often() {
    let parties = if cfg!(miri) { 4 } else { 8 };
    stress(Barrier::new(parties).unwrap(), phases(8_000));
}

#[test]
fn an_action_runs_exactly_so_often_and_never_twice_at_a_time() {
    let (runs, ran) = (AtomicBool::new(false), Arc::new(AtomicU64::new(0)));
    let count = Arc::clone(&ran);
    let action = move || {
        assert!(!runs.swap(true, Relaxed), "two at a time");
        count.fetch_add(1, Relaxed);
        runs.store(false, Relaxed);
    };
    let phases = phases(8_000);
    stress(Barrier::of::<3>().with_action(action), phases);
    // Also in some phases that were broken while it ran.
    assert!(ran.load(Relaxed) >= phases);
}

/// More threads than parties, and nobody breaks it: every phase is complete.
#[test]
fn thirty_two_threads_meet_by_fours() {
    const THREADS: u64 = if cfg!(miri) { 8 } else { 32 };
    let each = phases(4_000);
    let barrier = Arc::new(Barrier::of::<4>());
    let shown = Arc::clone(&barrier);
    in_time_or_tell(
        move || format!("{shown:?}"),
        move || {
            let firsts = AtomicU64::new(0);
            // Tickets, so that no four are left that one thread would have to be two of.
            let tickets = AtomicU64::new(0);
            let take = || tickets.fetch_add(1, Relaxed) < THREADS * each;
            thread::scope(|scope| {
                for _ in 0..THREADS {
                    scope.spawn(|| {
                        while take() {
                            let index = barrier.wait().expect("nobody breaks it");
                            firsts.fetch_add(u64::from(index == 0), Relaxed);
                        }
                    });
                }
            });
            assert_eq!(firsts.into_inner(), THREADS * each / 4);
            assert_eq!(barrier.n_waiting(), 0);
        },
    );
}
