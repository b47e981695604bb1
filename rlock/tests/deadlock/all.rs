//! Several locks at once.

use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use deadlock::{SameLockTwice, lock_all, lock_all_for, try_lock_all};
use lock::Lock;
use lockwright_rlock::RLock;
use testkit::in_time;

#[test]
fn the_guards_come_in_the_callers_order() {
    let (a, b, c) = (Lock::new(1), RLock::new("two"), Lock::new(3.0));
    let guards = lock_all((&c, &a, &b)).unwrap();
    assert_eq!((*guards.0, *guards.1, *guards.2), (3.0, 1, "two"));
    drop(guards);
    let several = [Lock::new(1), Lock::new(2), Lock::new(3)];
    let order = [&several[2], &several[0]];
    let sum = |n: &[i32]| n.to_vec();
    let array = lock_all(order).unwrap();
    assert_eq!(sum(&[*array[0], *array[1]]), [3, 1]);
    drop(array);
    let slice: Vec<i32> = lock_all(&several[..])
        .unwrap()
        .iter()
        .map(|n| **n)
        .collect();
    assert_eq!(slice, [1, 2, 3]);
    let slice: Vec<i32> = lock_all(&order[..]).unwrap().iter().map(|n| **n).collect();
    assert_eq!(slice, [3, 1]);
    assert_eq!(lock_all::<&[Lock<()>]>(&[]).unwrap().len(), 0);
}

#[test]
fn the_same_lock_twice_is_an_error_and_takes_nothing() {
    let (a, b) = (Lock::new(()), RLock::new(()));
    assert_eq!(lock_all((&a, &b, &a)).err(), Some(SameLockTwice));
    assert_eq!(try_lock_all((&b, &b)).err(), Some(SameLockTwice));
    assert_eq!(
        lock_all_for([&a, &a], Duration::MAX).err(),
        Some(SameLockTwice)
    );
    assert!(a.try_lock().is_some() && !b.is_locked());
    let _all = lock_all((&a, &b)).unwrap();
}

#[test]
fn locks_inside_of_locks_are_told_apart() {
    let outer = RLock::new(RLock::new(()));
    let held = outer.lock();
    assert!(lock_all((&outer, &*held)).is_ok());
}

#[test]
fn a_try_takes_all_or_none() {
    in_time(|| {
        let (a, b, c) = (Lock::new(()), Lock::new(()), Lock::new(()));
        for busy in [&a, &b, &c] {
            let held = busy.lock();
            assert!(try_lock_all((&a, &b, &c)).unwrap().is_none());
            drop(held);
            let all = try_lock_all((&a, &b, &c)).unwrap();
            assert!(all.is_some() && [&a, &b, &c].iter().all(|lock| lock.is_locked()));
        }
    });
}

#[test]
fn a_time_out_takes_none_and_is_never_early() {
    in_time(|| {
        const TIMEOUT: Duration = Duration::from_millis(20);
        let (a, b) = (Lock::new(()), RLock::new(()));
        let over = AtomicU32::new(0);
        thread::scope(|scope| {
            let (over, b) = (&over, &b);
            scope.spawn(move || {
                let _own = b.lock();
                over.store(1, Ordering::Release);
                testkit::until("over", || over.load(Ordering::Acquire) == 2);
            });
            testkit::until("held", || over.load(Ordering::Acquire) == 1);
            let begun = Instant::now();
            assert!(lock_all_for((&a, b), TIMEOUT).unwrap().is_none());
            assert!(begun.elapsed() >= TIMEOUT);
            assert!(lock_all_for((&a, b), Duration::ZERO).unwrap().is_none());
            assert!(!a.is_locked());
            over.store(2, Ordering::Release);
            assert!(lock_all_for((&a, b), Duration::MAX).unwrap().is_some());
        });
    });
}
