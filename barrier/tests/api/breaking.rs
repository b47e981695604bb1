//! `abort` and `reset`.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};

use lockwright_barrier::{Barrier, Broken};
use testkit::futex_count::Calls;
use testkit::{asleep, in_time, until};

use crate::works;

#[test]
fn an_abort_breaks_it_for_who_waits_and_who_comes() {
    in_time(|| {
        let barrier = Barrier::of::<3>();
        thread::scope(|scope| {
            let sleepers = [0; 2].map(|_| asleep(scope, &barrier, || barrier.wait()));
            barrier.abort();
            assert!(barrier.is_broken());
            assert_eq!(barrier.n_waiting(), 0);
            for sleeper in sleepers {
                assert_eq!(sleeper.join().unwrap(), Err(Broken));
            }
        });
        barrier.reset();
        assert!(works(&barrier));
    });
}

#[test]
fn at_a_broken_barrier_nobody_waits() {
    let barrier = Barrier::of::<2>();
    barrier.abort();
    barrier.abort();
    let before = Calls::of_this_thread();
    for _ in 0..3 {
        assert_eq!(barrier.wait(), Err(Broken));
        assert_eq!(barrier.wait_for(Duration::MAX), Err(Broken));
        assert_eq!(barrier.wait_until(Instant::now()), Err(Broken));
        assert!(barrier.is_broken());
    }
    assert_eq!(Calls::of_this_thread().since(before), Calls::default());
    let one = Barrier::of::<1>();
    one.abort();
    assert_eq!(one.wait(), Err(Broken));
    one.reset();
    assert_eq!(one.wait(), Ok(0));
}

#[test]
fn a_reset_lets_who_waits_go_with_an_error_and_it_is_usable_at_once() {
    in_time(|| {
        let barrier = Barrier::of::<3>();
        thread::scope(|scope| {
            let sleepers = [0; 2].map(|_| asleep(scope, &barrier, || barrier.wait()));
            barrier.reset();
            assert!(!barrier.is_broken());
            // The next phase: its threads may come before the others have left.
            assert!(works(&barrier));
            for sleeper in sleepers {
                assert_eq!(sleeper.join().unwrap(), Err(Broken));
            }
        });
        assert!(works(&barrier));
    });
}

#[test]
fn a_reset_mends_what_is_broken_and_disturbs_nothing_else() {
    in_time(|| {
        let barrier = Barrier::of::<2>();
        barrier.reset();
        assert!(works(&barrier));
        barrier.abort();
        barrier.reset();
        barrier.reset();
        assert!(!barrier.is_broken() && works(&barrier));
    });
}

#[test]
fn a_reset_of_a_broken_barrier_that_some_have_not_left_yet() {
    const TIMES: usize = if cfg!(miri) { 5 } else { 300 };
    in_time(|| {
        for _ in 0..TIMES {
            let barrier = Barrier::of::<2>();
            thread::scope(|scope| {
                let sleeper = asleep(scope, &barrier, || barrier.wait());
                barrier.abort();
                barrier.reset();
                let pair = [0; 2].map(|_| scope.spawn(|| barrier.wait()));
                assert_eq!(sleeper.join().unwrap(), Err(Broken));
                for one in pair {
                    assert!(one.join().unwrap().is_ok());
                }
            });
            assert!(works(&barrier));
        }
    });
}

/// As many threads as there are parties, and one that resets: each of them must get through each of its
/// phases in the end.
#[test]
fn resets_while_threads_come_and_go_lose_nobody() {
    const PHASES: usize = if cfg!(miri) { 5 } else { 500 };
    in_time(|| {
        let barrier = Barrier::of::<3>();
        let (met, done) = (AtomicUsize::new(0), AtomicBool::new(false));
        thread::scope(|scope| {
            scope.spawn(|| {
                while !done.load(Relaxed) {
                    barrier.reset();
                    thread::yield_now();
                }
            });
            let threads = [0; 3].map(|_| {
                scope.spawn(|| {
                    for _ in 0..PHASES {
                        while barrier.wait().is_err() {}
                        met.fetch_add(1, Relaxed);
                    }
                })
            });
            threads.into_iter().for_each(|t| t.join().unwrap());
            done.store(true, Relaxed);
        });
        assert_eq!(met.into_inner(), 3 * PHASES);
        assert!(works(&barrier));
    });
}

#[test]
fn n_waiting_counts_who_has_come() {
    in_time(|| {
        let barrier = Barrier::of::<4>();
        thread::scope(|scope| {
            for n in 0..3 {
                assert_eq!(barrier.n_waiting(), n);
                scope.spawn(|| barrier.wait());
                until("it has come", || barrier.n_waiting() == n + 1);
            }
            assert_eq!(barrier.wait(), Ok(3));
            assert_eq!(barrier.n_waiting(), 0);
        });
    });
}
