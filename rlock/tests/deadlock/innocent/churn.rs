//! Locks that are taken in an order, or given back in time, by many threads.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use lock::{Lock, LockGuard};
use lockwright_rlock::{RLock, RawRLock};
use testkit::{asleep, in_time};

use crate::{locks, mixed};

#[test]
fn hand_over_hand() {
    in_time(|| {
        const ROUNDS: usize = if cfg!(miri) { 5 } else { 20_000 };
        let chain = locks(3);
        thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| {
                    for _ in 0..ROUNDS {
                        let mut hand = chain[0].lock();
                        for next in &chain[1..] {
                            hand = next.lock();
                        }
                        drop(hand);
                    }
                });
            }
        });
    });
}

#[test]
fn each_gives_back_before_it_asks() {
    in_time(|| {
        const ROUNDS: usize = if cfg!(miri) { 5 } else { 20_000 };
        let locks = mixed(3);
        thread::scope(|scope| {
            for n in 0..3 {
                let locks = &locks;
                scope.spawn(move || {
                    for round in 0..ROUNDS {
                        drop(locks[(n + round) % 3].lock());
                        drop(locks[(n + 2 * round) % 3].lock());
                    }
                });
            }
        });
    });
}

#[test]
fn a_long_chain_without_an_end() {
    in_time(|| {
        let locks = locks(8);
        thread::scope(|scope| {
            let own = locks[7].lock();
            let threads: Vec<_> = (0..7)
                .rev()
                .map(|n| {
                    let locks = &locks[..];
                    asleep(scope, locks, move || {
                        let _own = locks[n].lock();
                        drop(locks[n + 1].lock_checked().expect("no circle"));
                    })
                })
                .collect();
            drop(own);
            threads.into_iter().for_each(|t| t.join().unwrap());
        });
    });
}

#[test]
fn a_reentrant_lock_taken_again() {
    in_time(|| {
        let lock = RLock::new(());
        let first = lock.lock();
        thread::scope(|scope| {
            let other = asleep(scope, &lock, || drop(lock.lock()));
            let second = lock.lock_checked().expect("it is its own");
            drop((first, second));
            other.join().unwrap();
        });
    });
}

#[test]
fn a_whole_depth_given_up_and_restored() {
    in_time(|| {
        const ROUNDS: usize = if cfg!(miri) { 5 } else { 5_000 };
        let lock = RawRLock::new();
        thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| {
                    for _ in 0..ROUNDS {
                        lock.acquire().unwrap();
                        lock.acquire().unwrap();
                        let saved = lock.release_save().unwrap();
                        lock.acquire_restore(saved);
                        lock.release().unwrap();
                        lock.release().unwrap();
                    }
                });
            }
        });
    });
}

#[test]
fn a_million_operations_of_32_threads() {
    in_time(|| {
        const THREADS: usize = if cfg!(miri) { 4 } else { 32 };
        const EACH: usize = if cfg!(miri) { 10 } else { 31_250 };
        let locks = mixed(4);
        let over = AtomicUsize::new(0);
        thread::scope(|scope| {
            for n in 0..THREADS {
                let (locks, over) = (&locks, &over);
                scope.spawn(move || {
                    for round in 0..EACH {
                        // Two of them, in the order in which they are.
                        let first = (n + round) % 3;
                        let _both = (locks[first].lock(), locks[first + 1].lock());
                    }
                    over.fetch_add(1, Ordering::Relaxed);
                });
            }
        });
        assert_eq!(over.into_inner(), THREADS);
    });
}

#[test]
fn all_at_once_in_opposite_orders() {
    in_time(|| {
        const ROUNDS: usize = if cfg!(miri) { 10 } else { 20_000 };
        let (a, b) = (Lock::new(0), RLock::new(()));
        thread::scope(|scope| {
            scope.spawn(|| {
                for _ in 0..ROUNDS {
                    *deadlock::lock_all((&a, &b)).unwrap().0 += 1;
                }
            });
            scope.spawn(|| {
                for _ in 0..ROUNDS {
                    *deadlock::lock_all((&b, &a)).unwrap().1 += 1;
                }
            });
        });
        assert_eq!(a.into_inner(), 2 * ROUNDS);
    });
}

#[test]
fn fair_hand_overs() {
    in_time(|| {
        const ROUNDS: usize = if cfg!(miri) { 5 } else { 300 };
        let lock = Lock::new(0);
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..ROUNDS {
                        let mut held = lock.lock();
                        *held += 1;
                        LockGuard::bump(&mut held);
                        *held += 1;
                        LockGuard::unlock_fair(held);
                    }
                });
            }
        });
        assert_eq!(lock.into_inner(), 8 * ROUNDS);
    });
}

#[test]
fn philosophers_who_keep_the_order() {
    in_time(|| {
        const SEATS: usize = 5;
        const MEALS: usize = if cfg!(miri) { 3 } else { 3_000 };
        let forks = locks(SEATS);
        thread::scope(|scope| {
            for n in 0..SEATS {
                let forks = &forks;
                scope.spawn(move || {
                    let (first, second) = (n.min((n + 1) % SEATS), n.max((n + 1) % SEATS));
                    for _ in 0..MEALS {
                        let _both = (forks[first].lock(), forks[second].lock());
                    }
                });
            }
        });
    });
}
