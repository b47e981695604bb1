//! The ends of threads (as a `Thread` object has them: `thread/tests/api/circles.rs`), and several locks at once.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Barrier;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

use deadlock::{Kind, blocked};
use futex::thread::current_id;
use lock::Lock;
use lockwright_rlock::RLock;
use testkit::{Trial, asleep, in_time, until};

use crate::{start, wait_for};

#[test]
fn a_thread_that_waits_for_one_that_waits_for_its_lock() {
    in_time(|| {
        let (lock, word, trial) = (Lock::new(()), AtomicU32::new(0), Trial::default());
        thread::scope(|scope| {
            let own = lock.lock();
            let other = start(scope, &word, || drop(lock.lock()));
            until("it waits", || {
                blocked().iter().any(|b| b.owner == Some(current_id()))
            });
            let told = trial
                .ask(|| wait_for(other.word))
                .expect_err("it waits for this thread");
            assert_eq!(told.report().members()[0].wants.kind, Kind::Thread);
            drop(own);
            wait_for(other.word).expect("it ends");
            other.handle.join().unwrap();
        });
        trial.found();
    });
}

#[test]
fn a_thread_asks_for_the_lock_of_one_that_waits_for_its_end() {
    in_time(|| {
        let (lock, word, trial) = (RLock::new(()), AtomicU32::new(0), Trial::default());
        let go = Barrier::new(2);
        thread::scope(|scope| {
            let own = lock.lock();
            let other = start(scope, &word, || {
                let together = || _ = go.wait();
                drop(trial.ask_when(together, || lock.lock_checked()));
            });
            let together = || _ = go.wait();
            let _ = trial.ask_when(together, || wait_for(other.word));
            drop(own);
            other.handle.join().unwrap();
        });
        trial.found();
    });
}

#[test]
fn a_thread_that_waits_for_its_own_end() {
    in_time(|| {
        let (word, trial) = (AtomicU32::new(0), Trial::default());
        thread::scope(|scope| {
            let other = start(scope, &word, || {
                assert!(trial.ask(|| wait_for(&word)).is_err());
            });
            other.handle.join().unwrap();
        });
        assert_eq!(word.load(Ordering::Relaxed), 0);
        trial.found();
    });
}

#[test]
fn lock_all_with_a_lock_held_before() {
    in_time(|| {
        let (a, b, trial) = (Lock::new(()), Lock::new(()), Trial::default());
        let own = b.lock();
        let all = AssertUnwindSafe(|| drop(deadlock::lock_all((&a, &b))));
        assert!(trial.ask(|| catch_unwind(all)).is_err());
        assert!(a.try_lock().is_some(), "all or none");
        drop(own);
        assert!(deadlock::lock_all((&a, &b)).is_ok());
        trial.found();
    });
}

/// Each takes a pair in order; but it came with one of the other's pair.
#[test]
fn lock_all_of_two_threads_that_came_with_a_lock() {
    in_time(|| {
        let locks: Vec<Lock<()>> = (0..4).map(|_| Lock::new(())).collect();
        let trial = Trial::default();
        let own = locks[3].lock();
        thread::scope(|scope| {
            let other = asleep(scope, &locks[..], || {
                let _own = locks[1].lock();
                drop(deadlock::lock_all((&locks[2], &locks[3])));
            });
            let all = AssertUnwindSafe(|| drop(deadlock::lock_all((&locks[0], &locks[1]))));
            assert!(trial.ask(|| catch_unwind(all)).is_err());
            drop(own);
            other.join().expect("it goes on");
        });
        trial.found();
    });
}
