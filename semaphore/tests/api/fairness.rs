//! Who waits gets its turn.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread;

use lockwright_semaphore::Semaphore;
use testkit::{asleep, in_time};

use crate::is_as_new;

/// A thread that wants `want` permits at a time, among others that take and release one as fast as they can.
fn among_busy_threads(permits: u32, busy: u32, want: u32) {
    const TIMES: u32 = if cfg!(miri) { 2 } else { 20 };
    in_time(move || {
        let semaphore = Semaphore::new(permits);
        let over = AtomicBool::new(false);
        thread::scope(|scope| {
            for _ in 0..busy {
                scope.spawn(|| {
                    while !over.load(Relaxed) {
                        semaphore.acquire();
                        std::hint::spin_loop();
                        semaphore.release(1).unwrap();
                    }
                });
            }
            for _ in 0..TIMES {
                semaphore.acquire_many(want).unwrap();
                semaphore.release(want).unwrap();
            }
            over.store(true, Relaxed);
        });
        assert!(is_as_new(&semaphore, permits));
    });
}

#[test]
fn a_small_request_is_not_starved_by_small_ones() {
    among_busy_threads(1, 3, 1);
}

#[test]
fn a_large_request_is_not_starved_by_small_ones() {
    among_busy_threads(3, 4, 3);
}

#[test]
fn a_sleeping_large_request_takes_what_others_keep_passing_round() {
    in_time(|| {
        let semaphore = Semaphore::new(0);
        thread::scope(|scope| {
            let large = asleep(scope, &semaphore, || semaphore.acquire_many(2).unwrap());
            semaphore.release(1).unwrap();
            // There is never more than one permit to be had, and it is taken again at once.
            testkit::until("the large request takes it", || {
                let taken = semaphore.try_acquire();
                if taken {
                    semaphore.release(1).unwrap();
                }
                !taken
            });
            semaphore.release(1).unwrap();
            large.join().unwrap();
        });
        assert!(is_as_new(&semaphore, 0));
    });
}

#[test]
fn a_small_request_is_not_starved_by_large_ones() {
    in_time(|| {
        let semaphore = Semaphore::new(2);
        let over = AtomicBool::new(false);
        thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    while !over.load(Relaxed) {
                        semaphore.acquire_many(2).unwrap();
                        semaphore.release(2).unwrap();
                    }
                });
            }
            for _ in 0..if cfg!(miri) { 2 } else { 20 } {
                semaphore.acquire();
                semaphore.release(1).unwrap();
            }
            over.store(true, Relaxed);
        });
        assert!(is_as_new(&semaphore, 2));
    });
}
