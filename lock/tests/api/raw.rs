//! `RawLock`: acquire and release, who holds it, what it looks like.

use std::error::Error;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::thread;

use futex::thread::current_id;
use lock_api::RawMutex;
use lockwright_lock::{RawLock, ReleaseUnlocked};

use crate::is_as_new;
use testkit::{PATIENCE, asleep, in_time, until};

const _: () = assert!(size_of::<RawLock>() == 8 && align_of::<RawLock>() == 4);

#[test]
fn release_of_an_unlocked_lock_is_an_error_and_changes_nothing() {
    let lock = RawLock::new();
    for _ in 0..3 {
        assert_eq!(lock.release(), Err(ReleaseUnlocked));
        assert!(is_as_new(&lock) && !lock.is_locked());
        lock.acquire();
        assert!(lock.is_locked());
        assert!(!lock.try_acquire());
        assert_eq!(lock.release(), Ok(()));
    }
    assert_eq!(lock.release(), Err(ReleaseUnlocked));
    let error: Box<dyn Error + Send + Sync> = Box::new(ReleaseUnlocked);
    assert!(error.to_string().contains("nobody holds"), "{error}");
}

#[test]
fn a_raw_acquire_may_be_released_by_another_thread() {
    let lock = RawLock::new();
    lock.acquire();
    let elsewhere = thread::scope(|scope| scope.spawn(|| lock.release()).join().unwrap());
    assert_eq!(elsewhere, Ok(()));
    assert!(is_as_new(&lock));
    assert!(lock.try_acquire());
}

#[test]
fn a_release_by_another_thread_lets_a_sleeper_through() {
    in_time(|| {
        let lock = RawLock::new();
        lock.acquire();
        thread::scope(|scope| {
            let sleeper = asleep(scope, &lock, || lock.acquire());
            let releaser = scope.spawn(|| lock.release());
            assert_eq!(releaser.join().unwrap(), Ok(()));
            sleeper.join().unwrap();
        });
        assert!(lock.is_locked());
        assert_eq!(lock.release(), Ok(()));
        assert!(is_as_new(&lock));
    });
}

#[test]
fn try_acquire_of_a_held_lock_fails_and_leaves_nothing() {
    let lock = RawLock::new();
    assert!(lock.try_acquire());
    let before = format!("{lock:?}");
    for _ in 0..100 {
        assert!(!lock.try_acquire());
    }
    assert_eq!(format!("{lock:?}"), before);
    assert_eq!(lock.release(), Ok(()));
    assert!(is_as_new(&lock));
}

#[test]
fn the_owner_is_the_thread_of_the_guard_and_nobody_else() {
    let lock = RawLock::new();
    assert_eq!(lock.owner(), None, "free");

    let guard = RawMutex::lock(&lock);
    let me = current_id();
    assert_eq!(lock.owner(), Some(me));
    let seen = thread::scope(|scope| scope.spawn(|| (lock.owner(), current_id())).join().unwrap());
    assert_eq!(seen.0, Some(me), "as others see it");
    assert_ne!(seen.1, me);
    // SAFETY: the guard is of this lock, and it is held.
    unsafe { RawMutex::unlock(&lock, guard) };
    assert_eq!(lock.owner(), None, "free again");

    lock.acquire();
    assert!(lock.is_locked());
    assert_eq!(lock.owner(), None, "a raw acquire names nobody");
    lock.release().unwrap();
}

#[test]
fn the_owner_is_named_while_others_wait() {
    in_time(|| {
        let lock = RawLock::new();
        let guard = RawMutex::lock(&lock);
        thread::scope(|scope| {
            let waiter = asleep(scope, &lock, || {
                let guard = RawMutex::lock(&lock);
                assert_eq!(lock.owner(), Some(current_id()));
                // SAFETY: the guard is of this lock, and it is held.
                unsafe { RawMutex::unlock(&lock, guard) };
            });
            assert_eq!(lock.owner(), Some(current_id()));
            assert!(lock.is_locked() && !lock.try_acquire());
            // SAFETY: as above.
            unsafe { RawMutex::unlock(&lock, guard) };
            waiter.join().unwrap();
        });
        assert!(is_as_new(&lock), "{lock:?}");
    });
}

#[test]
fn debug_says_who_holds_it_and_how_many_wait() {
    in_time(|| {
        let lock = RawLock::default();
        let shown = |locked: bool, owner: &str, waiting: u32| {
            format!("RawLock {{ locked: {locked}, owner: {owner}, waiting: {waiting} }}")
        };
        assert_eq!(format!("{lock:?}"), shown(false, "None", 0));
        let guard = RawMutex::lock(&lock);
        let me = format!("Some({:?})", current_id());
        assert_eq!(format!("{lock:?}"), shown(true, &me, 0));
        thread::scope(|scope| {
            let first = asleep(scope, &lock, || lock.acquire());
            let second = asleep(scope, &lock, || assert!(lock.acquire_for(PATIENCE)));
            assert_eq!(format!("{lock:?}"), shown(true, &me, 2));
            // SAFETY: the guard is of this lock, and it is held.
            unsafe { RawMutex::unlock(&lock, guard) };
            until("one has it", || lock.release().is_ok());
            until("the other has it", || lock.release().is_ok());
            first.join().unwrap();
            second.join().unwrap();
        });
        assert_eq!(format!("{lock:?}"), shown(false, "None", 0));
    });
}

#[test]
fn a_release_during_a_hand_over_releases_at_most_what_was_acquired() {
    const ROUNDS: u32 = if cfg!(miri) { 10 } else { 500 };
    in_time(|| {
        let lock = RawLock::new();
        for _ in 0..ROUNDS {
            let released = AtomicU32::new(0);
            let count = |result: Result<(), ReleaseUnlocked>| {
                released.fetch_add(u32::from(result.is_ok()), Relaxed);
            };
            let guard = RawMutex::lock(&lock);
            thread::scope(|scope| {
                asleep(scope, &lock, || {
                    lock.acquire();
                    thread::yield_now();
                    count(lock.release());
                });
                // SAFETY: the guard is of this lock, and it is held.
                unsafe { lock_api::RawMutexFair::unlock_fair(&lock, guard) };
                // Nobody holds it, or the other thread does.
                count(lock.release());
            });
            assert_eq!(
                released.into_inner(),
                1,
                "one was acquired after the hand-over"
            );
            assert!(is_as_new(&lock), "{lock:?}");
        }
    });
}

#[test]
fn a_held_lock_may_be_moved_and_dropped() {
    let lock = RawLock::new();
    lock.acquire();
    let moved = Box::new(lock);
    assert!(moved.is_locked());
    assert!(!moved.try_acquire());
    assert_eq!(moved.release(), Ok(()));
    moved.acquire();
    drop(moved);
}
