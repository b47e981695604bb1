//! Acquiring with a deadline: never early, and nothing is left behind.

use std::thread;
use std::time::{Duration, Instant};

use lockwright_rlock::{RLock, RawRLock};
use testkit::futex_count::{COUNTED, Calls};
use testkit::{PATIENCE, Random, asleep, in_time};

use crate::{elsewhere, is_as_new};

#[test]
fn an_owner_never_waits_whatever_the_deadline() {
    let lock = RawRLock::new();
    let past = Instant::now();
    for depth in [1, 4] {
        assert_eq!(lock.acquire_for(Duration::ZERO), Ok(true));
        assert_eq!(lock.acquire_for(Duration::MAX), Ok(true));
        assert_eq!(lock.acquire_until(past), Ok(true));
        assert_eq!(lock.depth(), depth + 2);
    }
    (0..6).for_each(|_| lock.release().unwrap());
    assert!(is_as_new(&lock));
}

#[test]
fn a_timed_acquire_gives_up_neither_early_nor_with_a_trace() {
    const TIMES: usize = if cfg!(miri) { 10 } else { 200 };
    let lock = RawRLock::new();
    lock.acquire().unwrap();
    let before = format!("{lock:?}");
    elsewhere(|| {
        let mut random = Random(1);
        for _ in 0..TIMES {
            let timeout = random.duration(Duration::from_millis(2));
            let start = Instant::now();
            assert_eq!(lock.acquire_for(timeout), Ok(false));
            assert!(start.elapsed() >= timeout, "{timeout:?}");
            let deadline = Instant::now() + random.duration(Duration::from_millis(2));
            assert_eq!(lock.acquire_until(deadline), Ok(false));
            assert!(Instant::now() >= deadline);
        }
    });
    assert_eq!(format!("{lock:?}"), before);
    lock.release().unwrap();
    assert!(is_as_new(&lock));
}

#[test]
fn a_timed_acquire_takes_the_lock_when_its_last_level_is_released() {
    in_time(|| {
        let lock = RawRLock::new();
        lock.acquire().unwrap();
        lock.acquire().unwrap();
        let then = |taken: Result<bool, _>| {
            assert_eq!((taken, lock.depth()), (Ok(true), 1));
            lock.release().unwrap();
        };
        let then = &then;
        thread::scope(|scope| {
            let lock = &lock;
            let sleepers = [
                asleep(scope, lock, move || then(lock.acquire_for(PATIENCE))),
                asleep(scope, lock, move || {
                    then(lock.acquire_until(Instant::now() + PATIENCE))
                }),
            ];
            let for_ever = asleep(scope, lock, move || then(lock.acquire_for(Duration::MAX)));
            lock.release().unwrap();
            assert_eq!(lock.depth(), 1);
            for _ in 0..100 {
                thread::yield_now();
                assert!(!for_ever.is_finished(), "one level is still held");
            }
            lock.release().unwrap();
            sleepers
                .into_iter()
                .for_each(|sleeper| sleeper.join().unwrap());
            for_ever.join().unwrap();
        });
        assert!(is_as_new(&lock));
    });
}

#[test]
fn guards_are_given_in_time_or_not_at_all() {
    in_time(|| {
        let lock = RLock::new(1);
        let outer = lock.try_lock_for(Duration::ZERO).expect("free");
        let inner = lock.try_lock_until(Instant::now()).expect("mine");
        elsewhere(|| {
            assert!(lock.try_lock_for(Duration::from_millis(1)).is_none());
            assert!(lock.try_lock_until(Instant::now()).is_none());
        });
        assert_eq!(*outer + *inner, 2);
        drop(outer);
        assert_eq!(lock.depth(), 1);
        drop(inner);
        assert!(!lock.is_locked());
    });
}

#[test]
fn while_nothing_happens_a_waiter_sleeps_once_and_wakes_nobody() {
    let lock = RawRLock::new();
    lock.acquire().unwrap();
    lock.acquire().unwrap();
    let calls = elsewhere(|| {
        let before = Calls::of_this_thread();
        assert_eq!(lock.acquire_for(Duration::from_millis(300)), Ok(false));
        Calls::of_this_thread().since(before)
    });
    if COUNTED {
        assert_eq!(calls, Calls { waits: 1, wakes: 0 });
    }
}

#[test]
fn without_competitors_there_is_no_futex_call() {
    let lock = RawRLock::new();
    let before = Calls::of_this_thread();
    lock.acquire().unwrap();
    assert_eq!(lock.acquire_for(Duration::from_secs(1)), Ok(true));
    let saved = lock.release_save().unwrap();
    lock.acquire_restore(saved);
    lock.release().unwrap();
    lock.release().unwrap();
    assert_eq!(lock.acquire_for(Duration::from_secs(1)), Ok(true));
    assert_eq!(Calls::of_this_thread().since(before), Calls::default());
}
