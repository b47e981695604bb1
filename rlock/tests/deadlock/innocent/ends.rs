//! Threads that end, and locks that are dropped.

use std::sync::Barrier;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

use lock::Lock;
use testkit::{in_time, until};

use crate::{mixed, start, wait_for};

#[test]
fn a_thread_exits_while_others_wait_for_what_it_held() {
    in_time(|| {
        for _ in 0..if cfg!(miri) { 2 } else { 200 } {
            let lock = Lock::new(0);
            thread::scope(|scope| {
                let held = lock.lock();
                let waiters: Vec<_> = (0..3).map(|_| scope.spawn(|| *lock.lock() += 1)).collect();
                drop(held);
                waiters.into_iter().for_each(|w| w.join().unwrap());
            });
            assert_eq!(lock.into_inner(), 3);
        }
    });
}

/// Threads come and go, each with an id that another had, and with its locks taken in an order of its own:
/// but one at a time.
#[test]
fn ids_are_used_again_in_other_orders() {
    in_time(|| {
        let locks = mixed(2);
        for n in 0..if cfg!(miri) { 10 } else { 3_000 } {
            let locks = &locks;
            thread::scope(|scope| {
                scope.spawn(move || {
                    let _both = (locks[n % 2].lock(), locks[1 - n % 2].lock());
                });
            });
        }
    });
}

#[test]
fn a_join_of_a_thread_that_takes_other_locks() {
    in_time(|| {
        let (a, b, word) = (Lock::new(()), Lock::new(()), AtomicU32::new(0));
        thread::scope(|scope| {
            let _own = a.lock();
            let other = start(scope, &word, || drop(b.lock()));
            wait_for(other.word).expect("it ends");
            other.handle.join().unwrap();
        });
    });
}

#[test]
fn a_join_of_a_thread_that_waits_for_the_lock_of_a_third() {
    in_time(|| {
        let (a, b, word) = (Lock::new(()), Lock::new(()), AtomicU32::new(0));
        let (held, go) = (Barrier::new(2), AtomicU32::new(0));
        thread::scope(|scope| {
            let _own = a.lock();
            let (held, go, b) = (&held, &go, &b);
            scope.spawn(move || {
                let _own = b.lock();
                held.wait();
                until("go", || go.load(Ordering::Acquire) != 0);
            });
            held.wait();
            let other = start(scope, &word, move || drop(b.lock()));
            let joins = scope.spawn({
                let word = other.word;
                move || wait_for(word).expect("no circle")
            });
            go.store(1, Ordering::Release);
            joins.join().unwrap();
            other.handle.join().unwrap();
        });
    });
}

/// Threads wait for locks that are dropped as soon as they have been had, while others walk over their waits.
#[test]
fn locks_that_are_gone_after_the_wait() {
    in_time(|| {
        const ROUNDS: usize = if cfg!(miri) { 10 } else { 3_000 };
        let outer = Lock::new(());
        thread::scope(|scope| {
            for _ in 0..2 {
                // Waits for the outer lock, and so walks over what its holder waits for.
                scope.spawn(|| (0..ROUNDS).for_each(|_| drop(outer.lock())));
            }
            for _ in 0..ROUNDS / 10 {
                let inner = std::sync::Arc::new(Lock::new(()));
                let theirs = std::sync::Arc::clone(&inner);
                let held = Barrier::new(2);
                thread::scope(|inside| {
                    let held = &held;
                    inside.spawn(move || {
                        let _own = theirs.lock();
                        held.wait();
                        thread::yield_now();
                    });
                    held.wait();
                    let _own = outer.lock();
                    drop(inner.lock());
                });
            }
        });
    });
}
