//! Who is notified, and how many.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::thread;
use std::time::Duration;

use lock::Lock;
use lockwright_condvar::Condvar;
use rlock::RLock;
use testkit::futex_count::{COUNTED, Calls};
use testkit::{PATIENCE, asleep_anywhere, in_time, until};

use crate::{elsewhere, until_waiting};

#[cfg(target_pointer_width = "64")]
const _: () = assert!(size_of::<Condvar>() == 40);

const _: () = {
    const fn is_send_and_sync<T: Send + Sync>() {}
    is_send_and_sync::<Condvar>();
};

const MANY: usize = if cfg!(miri) { 5 } else { 64 };

#[test]
fn a_notify_without_a_waiter_is_nothing_and_not_remembered() {
    let (lock, condvar) = (Lock::new(()), Condvar::new());
    let before = Calls::of_this_thread();
    assert!(!condvar.notify_one());
    assert_eq!((condvar.notify(7), condvar.notify_all()), (0, 0));
    assert_eq!(Calls::of_this_thread().since(before), Calls::default());
    assert!(!condvar.wait_for(&mut lock.lock(), Duration::from_millis(1)));
}

#[test]
fn n_notified_means_n_waits_return() {
    in_time(|| {
        let (lock, condvar) = (Lock::new(0), Condvar::new());
        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    let mut returned = lock.lock();
                    condvar.wait(&mut returned);
                    *returned += 1;
                });
            }
            until_waiting(&condvar, 8);
            assert_eq!(condvar.notify(0), 0);
            assert_eq!(condvar.notify(3), 3);
            until("three return", || *lock.lock() == 3);
            assert!(condvar.notify_one());
            until("one more", || *lock.lock() == 4);
            until_waiting(&condvar, 4);
            // None of these was notified, so none may return.
            for _ in 0..1_000 {
                thread::yield_now();
            }
            assert_eq!(*lock.lock(), 4);
            assert_eq!(condvar.notify(usize::MAX), 4);
        });
        assert_eq!(lock.into_inner(), 8);
        until_waiting(&condvar, 0);
    });
}

#[test]
fn first_come_first_notified() {
    in_time(|| {
        let (lock, condvar) = (Lock::new(Vec::new()), Condvar::new());
        thread::scope(|scope| {
            for n in 0..6 {
                let (lock, condvar) = (&lock, &condvar);
                scope.spawn(move || {
                    let mut order = lock.lock();
                    condvar.wait(&mut order);
                    order.push(n);
                });
                until_waiting(condvar, n + 1);
            }
            for n in 1..=6 {
                assert!(condvar.notify_one());
                until("it returns", || lock.lock().len() == n);
            }
        });
        assert_eq!(lock.into_inner(), [0, 1, 2, 3, 4, 5]);
    });
}

#[test]
fn one_who_timed_out_leaves_the_order_of_the_others() {
    in_time(|| {
        // How many have begun to wait, and who has returned for a notify.
        let (lock, condvar) = (Lock::new((0, Vec::new())), Condvar::new());
        thread::scope(|scope| {
            for n in 0..5 {
                let (lock, condvar) = (&lock, &condvar);
                scope.spawn(move || {
                    let mut state = lock.lock();
                    state.0 += 1;
                    if n % 2 == 0 {
                        condvar.wait(&mut state);
                        state.1.push(n);
                    } else {
                        assert!(!condvar.wait_for(&mut state, Duration::from_millis(5)));
                    }
                });
                until("it waits", || lock.lock().0 == n + 1);
            }
            until_waiting(&condvar, 3);
            for n in 1..=3 {
                assert!(condvar.notify_one());
                until("it returns", || lock.lock().1.len() == n);
            }
        });
        assert_eq!(lock.into_inner().1, [0, 2, 4]);
    });
}

#[test]
fn notify_all_is_for_those_who_wait_now() {
    in_time(|| {
        let (lock, condvar) = (Lock::new(0), Condvar::new());
        thread::scope(|scope| {
            for _ in 0..MANY {
                scope.spawn(|| {
                    let mut returned = lock.lock();
                    condvar.wait(&mut returned);
                    *returned += 1;
                    // The second wait is another.
                    condvar.wait(&mut returned);
                });
            }
            until_waiting(&condvar, MANY);
            assert_eq!(condvar.notify_all(), MANY);
            until_waiting(&condvar, MANY);
            assert_eq!(*lock.lock(), MANY);
            // With the lock, as without it.
            let guard = lock.lock();
            assert_eq!(condvar.notify_all(), MANY);
            drop(guard);
        });
        until_waiting(&condvar, 0);
    });
}

#[test]
fn two_threads_wake_each_other_without_holding_the_lock() {
    const TURNS: usize = if cfg!(miri) { 20 } else { 20_000 };
    in_time(|| {
        let (lock, condvar) = (Lock::new(0), Condvar::new());
        let play = |me: usize| {
            for _ in 0..TURNS {
                let mut turn = lock.lock();
                condvar.wait_while(&mut turn, |turn| *turn % 2 != me);
                *turn += 1;
                drop(turn);
                condvar.notify_one();
            }
        };
        thread::scope(|scope| {
            scope.spawn(|| play(1));
            play(0);
        });
        assert_eq!(lock.into_inner(), 2 * TURNS);
    });
}

#[test]
fn different_locks_may_be_waited_with_at_a_time() {
    in_time(|| {
        let (one, two, reentrant) = (Lock::new(()), Lock::new(()), RLock::new(()));
        let (condvar, returned) = (Condvar::new(), AtomicUsize::new(0));
        thread::scope(|scope| {
            let (condvar, returned) = (&condvar, &returned);
            scope.spawn(|| {
                condvar.wait(&mut one.lock());
                returned.fetch_add(1, Relaxed)
            });
            scope.spawn(|| {
                condvar.wait(&mut two.lock());
                returned.fetch_add(1, Relaxed)
            });
            scope.spawn(|| {
                condvar.wait(&mut reentrant.lock());
                returned.fetch_add(1, Relaxed)
            });
            until_waiting(condvar, 3);
            assert_eq!(condvar.notify_all(), 3);
            until("all return", || returned.load(Relaxed) == 3);
        });
    });
}

/// One of two whose lock is held by another does not keep the second from returning.
#[test]
fn a_waiter_whose_lock_is_taken_holds_nobody_up() {
    in_time(|| {
        let (taken, free, condvar) = (Lock::new(()), Lock::new(()), Condvar::new());
        thread::scope(|scope| {
            scope.spawn(|| condvar.wait(&mut taken.lock()));
            until_waiting(&condvar, 1);
            let second = scope.spawn(|| condvar.wait(&mut free.lock()));
            until_waiting(&condvar, 2);
            let guard = taken.lock();
            assert_eq!(condvar.notify_all(), 2);
            second.join().unwrap();
            drop(guard);
        });
    });
}

#[test]
fn while_nothing_happens_a_waiter_sleeps_once_and_wakes_nobody() {
    let (lock, condvar) = (Lock::new(()), Condvar::new());
    let calls = elsewhere(|| {
        let mut guard = lock.lock();
        let before = Calls::of_this_thread();
        assert!(!condvar.wait_for(&mut guard, Duration::from_millis(300)));
        Calls::of_this_thread().since(before)
    });
    if COUNTED {
        assert_eq!(calls, Calls { waits: 1, wakes: 0 });
    }
}

#[test]
fn a_static_one_needs_no_initialisation_and_others_may_be_moved() {
    static LOCK: Lock<bool> = Lock::new(false);
    static CONDVAR: Condvar = Condvar::new();
    in_time(|| {
        thread::scope(|scope| {
            let (_, waiter) = asleep_anywhere(scope, || {
                CONDVAR.wait_while_for(&mut LOCK.lock(), |over| !*over, PATIENCE)
            });
            *LOCK.lock() = true;
            CONDVAR.notify_all();
            assert!(waiter.join().unwrap());
        });
        let condvar = Condvar::default();
        assert!(!condvar.wait_for(&mut LOCK.lock(), Duration::ZERO));
        let moved = Box::new(condvar);
        assert!(!moved.wait_for(&mut LOCK.lock(), Duration::ZERO));
        until_waiting(&moved, 0);
    });
}
