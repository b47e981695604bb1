//! What it costs to wake many, and that nobody else is woken.

use std::thread;
use std::time::Duration;

use lock::{Lock, RawLock};
use lockwright_condvar::{Condvar, Outcome};
use testkit::futex_count::{COUNTED, Calls};
use testkit::{asleep_anywhere, in_time, sleeps_in, until};

use crate::until_waiting;

const SEATS: usize = 2 * futex::MASK_BITS as usize;

/// Starts `n` threads that wait once, each with a lock of its own, and returns when they sleep, or are about to.
/// Each says how often it slept.
fn sleepers<'scope>(
    scope: &'scope thread::Scope<'scope, '_>,
    condvar: &'scope Condvar,
    n: usize,
) -> Vec<thread::ScopedJoinHandle<'scope, u64>> {
    let sleeper = |_| {
        asleep_anywhere(scope, || {
            let lock = Lock::new(());
            let mut guard = lock.lock();
            let before = Calls::of_this_thread();
            condvar.wait(&mut guard);
            Calls::of_this_thread().since(before).waits
        })
        .1
    };
    (0..n).map(sleeper).collect()
}

#[test]
fn many_are_woken_by_few_calls_again_and_again() {
    const MANY: usize = if cfg!(miri) { 4 } else { SEATS + 1 };
    in_time(|| {
        let condvar = Condvar::new();
        for _ in 0..3 {
            thread::scope(|scope| {
                let mut threads = sleepers(scope, &condvar, 1);
                // One that leaves by itself gives its seat back.
                let hasty = || condvar.wait_for(&mut Lock::new(()).lock(), Duration::ZERO);
                (0..2 * SEATS).for_each(|_| assert!(!hasty()));
                threads.extend(sleepers(scope, &condvar, MANY - 1));
                until_waiting(&condvar, MANY);
                let before = Calls::of_this_thread();
                assert_eq!(condvar.notify_all(), MANY);
                let calls = Calls::of_this_thread().since(before);
                // Each bell, and the one who came first.
                assert!(!COUNTED || calls.wakes <= 3, "{calls:?}");
                threads
                    .into_iter()
                    .for_each(|thread| assert!(thread.join().is_ok()));
            });
        }
    });
}

#[test]
fn one_notify_wakes_one_of_many() {
    const MANY: usize = if cfg!(miri) { 4 } else { 40 };
    in_time(|| {
        let condvar = Condvar::new();
        thread::scope(|scope| {
            let sleepers = sleepers(scope, &condvar, MANY);
            for n in (0..MANY).rev() {
                assert!(condvar.notify_one());
                until("one returns", || {
                    sleepers
                        .iter()
                        .filter(|thread| !thread.is_finished())
                        .count()
                        == n
                });
            }
            let slept: u64 = sleepers
                .into_iter()
                .map(|thread| thread.join().unwrap())
                .sum();
            // One that was only about to sleep when a bell was rung begins again.
            assert!(!COUNTED || slept < 2 * MANY as u64, "{slept} sleeps");
        });
    });
}

/// Those behind the last seat sleep on their own words.
#[test]
fn more_than_have_seats_are_notified_in_their_order() {
    const MANY: usize = if cfg!(miri) { 4 } else { SEATS + 10 };
    in_time(|| {
        let (lock, condvar) = (Lock::new(Vec::new()), Condvar::new());
        thread::scope(|scope| {
            for n in 0..MANY {
                let (lock, condvar) = (&lock, &condvar);
                scope.spawn(move || {
                    let mut order = lock.lock();
                    condvar.wait(&mut order);
                    order.push(n);
                });
                until_waiting(condvar, n + 1);
            }
            for n in 1..=MANY {
                assert!(condvar.notify_one());
                until("it returns", || lock.lock().len() == n);
            }
        });
        assert!(lock.into_inner().into_iter().eq(0..MANY));
    });
}

/// A ring for another could be taken for a signal.
#[test]
fn who_can_be_interrupted_sleeps_on_its_own_word() {
    in_time(|| {
        let condvar = Condvar::new();
        thread::scope(|scope| {
            let first = sleepers(scope, &condvar, 1);
            let (seated, second) =
                asleep_anywhere(scope, || condvar.wait(&mut Lock::new(()).lock()));
            let (interruptible, third) = asleep_anywhere(scope, || {
                let lock = RawLock::new();
                lock.acquire();
                condvar.raw_wait_interruptible(&lock, None)
            });
            until_waiting(&condvar, 3);
            assert_eq!(sleeps_in(seated, &condvar).is_some(), SEATS > 0);
            assert_eq!(sleeps_in(interruptible, &condvar), None);
            assert_eq!(condvar.notify_all(), 3);
            first
                .into_iter()
                .for_each(|thread| assert!(thread.join().is_ok()));
            second.join().unwrap();
            assert_eq!(third.join().unwrap(), Ok(Outcome::Notified));
        });
    });
}
