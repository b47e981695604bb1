//! One thread, and two.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;
use std::time::Duration;

use futex::thread::current_id;
use lock::{Lock, LockExt, LockGuard, RawLock};
use lock_api::{GuardNoSend, RawMutex};
use lockwright_rlock::{RLock, RawRLock};
use testkit::{Trial, asleep, in_time};

use super::message;
use crate::{Either, locks, mixed, rlocks};

#[test]
fn a_lock_taken_twice() {
    in_time(|| {
        let (lock, trial) = (Lock::new(1), Trial::default());
        let held = lock.lock();
        let told = trial.ask(|| lock.lock_checked()).expect_err("it is held");
        let members = told.report().members();
        assert_eq!(members.len(), 1);
        assert_eq!(members[0].thread, current_id());
        drop(held);
        drop(lock.lock_checked().expect("it is free"));
        trial.found();
    });
}

#[test]
fn a_lock_taken_twice_panics_and_is_left_as_it_was() {
    in_time(|| {
        let (lock, trial) = (Lock::new(1), Trial::default());
        let before = format!("{lock:?}");
        let held = lock.lock();
        let panic = trial
            .ask(|| catch_unwind(AssertUnwindSafe(|| drop(lock.lock()))))
            .expect_err("a deadlock");
        let text = message(&*panic);
        assert!(text.starts_with("deadlock: "), "{text}");
        assert!(
            text.contains(concat!(file!(), ":")),
            "no call site in {text}"
        );
        drop(held);
        assert_eq!(format!("{lock:?}"), before);
        // SAFETY: it is only looked at.
        let raw = format!("{:?}", unsafe { lock.raw() });
        assert!(raw.contains("waiting: 0"), "{raw}");
        trial.found();
    });
}

/// Asks for a lock that the calling thread holds by some guard.
fn again<T>(lock: &Lock<T>) {
    let trial = Trial::default();
    assert!(trial.ask(|| lock.lock_checked()).is_err());
    trial.found();
}

#[test]
fn a_lock_taken_twice_with_a_mapped_guard() {
    in_time(|| {
        let lock = Lock::new((1, 2));
        let _mapped = LockGuard::map(lock.lock(), |pair| &mut pair.0);
        again(&lock);
    });
}

#[test]
fn a_lock_taken_twice_with_the_guard_of_a_try() {
    in_time(|| {
        let lock = Lock::new(());
        let _tried = lock.try_lock().expect("it is free");
        again(&lock);
    });
}

#[test]
fn a_lock_taken_twice_with_the_guard_of_a_timed_attempt() {
    in_time(|| {
        let lock = Lock::new(());
        let _timed = lock
            .try_lock_for(Duration::from_secs(1))
            .expect("it is free");
        again(&lock);
    });
}

#[test]
fn a_lock_taken_twice_with_a_forgotten_guard() {
    in_time(|| {
        let lock = Lock::new(());
        std::mem::forget(lock.lock());
        again(&lock);
    });
}

/// `first` holds the one and sleeps for the other, which this thread holds; then this thread closes the
/// circle.
fn crosswise(locks: &[Either]) {
    let trial = Trial::default();
    let own = locks[1].lock();
    thread::scope(|scope| {
        let other = asleep(scope, locks, || {
            let _own = locks[0].lock();
            drop(locks[1].lock());
        });
        let told = trial.ask(|| locks[0].lock_checked()).err();
        let told = told.expect("a circle of two");
        let members = told.report().members();
        assert_eq!(members.len(), 2);
        assert_eq!(members[0].wants, members[1].holds);
        assert_eq!(members[1].wants, members[0].holds);
        assert!(members[1].waited > Duration::ZERO);
        drop(own);
        other.join().expect("it goes on");
    });
    trial.found();
}

#[test]
fn two_locks_crosswise() {
    in_time(|| crosswise(&locks(2)));
}

#[test]
fn two_rlocks_crosswise() {
    in_time(|| crosswise(&rlocks(2)));
}

#[test]
fn a_lock_and_an_rlock_crosswise() {
    in_time(|| crosswise(&mixed(2)));
}

#[test]
fn the_one_who_panics_lets_the_other_go_on() {
    in_time(|| {
        let (a, b, trial) = (Lock::new(()), RLock::new(()), Trial::default());
        thread::scope(|scope| {
            let own = a.lock();
            let other = asleep(scope, &a, || {
                let _own = b.lock();
                drop(a.lock());
            });
            let b = &b;
            let closes = AssertUnwindSafe(move || {
                let _own = own;
                drop(b.lock());
            });
            let panic = trial.ask(|| catch_unwind(closes)).expect_err("a deadlock");
            assert!(message(&*panic).contains("2 threads"));
            other.join().expect("it goes on");
        });
        trial.found();
    });
}

#[test]
fn depth_makes_no_difference() {
    in_time(|| {
        let (a, b, trial) = (RLock::new(()), Lock::new(()), Trial::default());
        let own = b.lock();
        thread::scope(|scope| {
            let other = asleep(scope, &b, || {
                let _deep = [a.lock(), a.lock(), a.lock()];
                drop(b.lock());
            });
            assert!(trial.ask(|| a.lock_checked()).is_err());
            drop(own);
            other.join().expect("it goes on");
        });
        trial.found();
    });
}

#[test]
fn a_raw_rlock_panics_too() {
    in_time(|| {
        let (a, b, trial) = (RawRLock::new(), RLock::new(()), Trial::default());
        let own = b.lock();
        thread::scope(|scope| {
            let other = asleep(scope, &b, || {
                a.acquire().unwrap();
                drop(b.lock());
                a.release().unwrap();
            });
            let acquire = AssertUnwindSafe(|| a.acquire());
            let panic = trial.ask(|| catch_unwind(acquire)).expect_err("a deadlock");
            assert!(message(&*panic).contains("rlock"));
            drop(own);
            other.join().expect("it goes on");
        });
        a.acquire().unwrap();
        trial.found();
    });
}

/// As a condition variable takes its lock again when the wait is over: by then another thread has it, which
/// wants what the waiter kept.
#[test]
fn a_lock_taken_again_after_a_wait() {
    in_time(|| {
        let (lock, kept, trial) = (RawLock::new(), Lock::new(()), Trial::default());
        lock.relock();
        thread::scope(|scope| {
            let waiter = asleep(scope, &lock, || {
                let _kept = kept.lock();
                lock.relock();
                // SAFETY: it was taken in this thread just now.
                unsafe { lock.unlock(GuardNoSend::new()) };
            });
            assert!(trial.ask(|| kept.lock_checked()).is_err());
            // SAFETY: it was taken in this thread, above.
            unsafe { lock.unlock(GuardNoSend::new()) };
            waiter.join().expect("it goes on");
        });
        trial.found();
    });
}
