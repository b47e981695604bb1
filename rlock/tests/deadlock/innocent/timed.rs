//! Waits with a deadline, which end by themselves, and attempts that do not wait.

use std::thread;
use std::time::Duration;

use lock::Lock;
use lockwright_rlock::RLock;
use testkit::{asleep, in_time};

const A_WHILE: Duration = Duration::from_millis(10);
const LONG: Duration = Duration::from_secs(3600);

#[test]
fn a_timed_wait_closes_the_circle() {
    in_time(|| {
        let (a, b) = (Lock::new(()), Lock::new(()));
        let own = b.lock();
        thread::scope(|scope| {
            let other = asleep(scope, &b, || {
                let _own = a.lock();
                drop(b.lock());
            });
            assert!(a.try_lock_for(A_WHILE).is_none());
            drop(own);
            other.join().unwrap();
        });
    });
}

#[test]
fn a_timed_wait_is_in_the_circle() {
    in_time(|| {
        let (a, b) = (Lock::new(()), RLock::new(()));
        let own = b.lock();
        thread::scope(|scope| {
            let other = asleep(scope, &b, || {
                let _own = a.lock();
                assert!(b.try_lock_for(50 * A_WHILE).is_none());
            });
            drop(a.lock());
            other.join().unwrap();
            drop(own);
        });
    });
}

#[test]
fn a_timed_attempt_at_what_the_thread_holds() {
    in_time(|| {
        let lock = Lock::new(());
        let _held = lock.lock();
        assert!(lock.try_lock_for(A_WHILE).is_none());
        assert!(lock.try_lock().is_none());
    });
}

#[test]
fn a_wait_with_a_deadline_too_long_for_the_clock_is_an_untimed_attempt_that_is_never_blamed() {
    in_time(|| {
        let (a, b) = (Lock::new(()), Lock::new(()));
        let own = b.lock();
        thread::scope(|scope| {
            let other = asleep(scope, &b, || {
                let _own = a.lock();
                assert!(b.try_lock_for(LONG).is_some());
            });
            assert!(a.try_lock_for(Duration::ZERO).is_none());
            drop(own);
            drop(a.lock());
            other.join().unwrap();
        });
    });
}

#[test]
fn tries_in_opposite_orders() {
    in_time(|| {
        const ROUNDS: usize = if cfg!(miri) { 10 } else { 20_000 };
        let (a, b) = (Lock::new(()), Lock::new(()));
        thread::scope(|scope| {
            for (first, second) in [(&a, &b), (&b, &a)] {
                scope.spawn(move || {
                    for _ in 0..ROUNDS {
                        let _own = first.lock();
                        drop(second.try_lock());
                    }
                });
            }
        });
    });
}
