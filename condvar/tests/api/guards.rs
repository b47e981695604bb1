//! Waiting with guards.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::thread;

use futex::thread::current_id;
use lock::Lock;
use lockwright_condvar::{Condvar, Outermost};
use rlock::{RLock, RLockGuard};
use testkit::{PATIENCE, in_time, until};

use crate::{elsewhere, until_waiting};

#[test]
fn the_lock_is_given_up_during_the_wait_and_held_after_it() {
    in_time(|| {
        let (lock, condvar) = (Lock::new(0), Condvar::new());
        thread::scope(|scope| {
            scope.spawn(|| {
                let mut n = lock.lock();
                condvar.wait(&mut n);
                assert_eq!(*n, 1);
                // SAFETY: the owner is looked at.
                assert_eq!(unsafe { lock.raw() }.owner(), Some(current_id()));
                assert!(elsewhere(|| lock.try_lock().is_none()));
            });
            until_waiting(&condvar, 1);
            *lock.try_lock_for(PATIENCE).expect("given up") += 1;
            assert!(condvar.notify_one());
        });
    });
}

#[test]
fn three_levels_are_given_up_and_taken_back() {
    in_time(|| {
        let (lock, condvar) = (RLock::new(AtomicU32::new(0)), Condvar::new());
        thread::scope(|scope| {
            scope.spawn(|| {
                let (one, two) = (lock.lock(), lock.lock());
                let mut three = lock.lock();
                condvar.wait_while(&mut three, |n| n.load(Relaxed) == 0);
                assert_eq!(lock.depth(), 3);
                assert_eq!(one.load(Relaxed) + two.load(Relaxed), 2);
                drop((one, two));
                assert!(elsewhere(|| lock.try_lock().is_none()));
                drop(three);
                assert!(!lock.is_owned());
            });
            until_waiting(&condvar, 1);
            until("it is given up", || !lock.is_locked());
            lock.lock().store(1, Relaxed);
            condvar.notify_all();
        });
    });
}

#[test]
fn data_that_are_not_sync_are_waited_with_from_the_outermost_level_only() {
    in_time(|| {
        let (lock, condvar) = (RLock::new(Cell::new(0)), Condvar::new());
        thread::scope(|scope| {
            scope.spawn(|| {
                let mut guard = lock.lock();
                condvar.wait_while(&mut Outermost(&mut guard), |n| n.get() == 0);
                assert_eq!(guard.get(), 7);
                // A guard outside could have lent the data.
                let mut inner = lock.lock();
                let wait = AssertUnwindSafe(|| condvar.wait(&mut Outermost(&mut inner)));
                assert!(catch_unwind(wait).is_err());
                assert_eq!(lock.depth(), 2);
            });
            until_waiting(&condvar, 1);
            lock.lock().set(7);
            condvar.notify_one();
        });
        until_waiting(&condvar, 0);
        assert!(!lock.is_locked());
    });
}

#[test]
fn a_predicate_may_take_what_it_waited_for() {
    in_time(|| {
        let (items, condvar) = (Lock::new(Vec::new()), Condvar::new());
        thread::scope(|scope| {
            let taker = scope.spawn(|| {
                let mut item = None;
                condvar.wait_while(&mut items.lock(), |items| {
                    item = items.pop();
                    item.is_none()
                });
                item
            });
            items.lock().push(9);
            condvar.notify_one();
            assert_eq!(taker.join().unwrap(), Some(9));
        });
    });
}

#[test]
fn a_predicate_that_is_true_at_once_does_not_wait() {
    let (lock, condvar) = (Lock::new(true), Condvar::new());
    let mut asked = 0;
    condvar.wait_while(&mut lock.lock(), |over| {
        asked += 1;
        !*over
    });
    assert_eq!(asked, 1);
}

#[test]
fn a_predicate_that_panics_leaves_the_lock_held_until_the_guard_is_dropped() {
    in_time(|| {
        let (lock, condvar) = (Lock::new(0), Condvar::new());
        thread::scope(|scope| {
            scope.spawn(|| {
                let mut guard = lock.lock();
                let mut asked = 0;
                let panic = catch_unwind(AssertUnwindSafe(|| {
                    condvar.wait_while(&mut guard, |_| {
                        asked += 1;
                        assert!(asked < 2, "on purpose, after a wait");
                        true
                    });
                }));
                assert!(panic.is_err());
                assert!(elsewhere(|| lock.try_lock().is_none()));
                *guard += 1;
            });
            until_waiting(&condvar, 1);
            assert!(condvar.notify_one());
        });
        until_waiting(&condvar, 0);
        assert_eq!(*lock.try_lock().expect("released"), 1);
    });
}

#[test]
fn a_panic_unwinds_through_a_guard_that_waited() {
    in_time(|| {
        let (lock, condvar) = (RLock::new(()), Condvar::new());
        let waiter = thread::scope(|scope| {
            let waiter = scope.spawn(|| {
                let _outer = lock.lock();
                let mut guard: RLockGuard<'_, ()> = lock.lock();
                condvar.wait_while(&mut guard, |()| -> bool {
                    assert!(condvar.notify_all() == 0);
                    panic!("on purpose, two deep")
                });
            });
            waiter.join()
        });
        assert!(waiter.is_err());
        assert!(!lock.is_locked());
    });
}
