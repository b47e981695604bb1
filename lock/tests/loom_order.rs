//! Models of the lock while the order of locks is checked: each acquire by a guard goes the long way, and each
//! release says so. The switch is the process's, so these have a process of their own.
#![cfg(loom)]

use std::sync::Arc;
use std::time::Duration;

use deadlock::{Asking, Kind, order};
use futex::model::{Model, share, spawn};
use lock_api::{GuardNoSend, RawMutex, RawMutexFair, RawMutexTimed};
use lockwright_lock::RawLock;
use loom::cell::UnsafeCell;

/// What the lock protects.
#[derive(Debug)]
struct Counter(UnsafeCell<usize>);

// SAFETY: loom checks every access.
unsafe impl Sync for Counter {}
// SAFETY: as above.
unsafe impl Send for Counter {}

type Body = fn(&RawLock, &Counter) -> usize;

/// Adds one under the lock, which the caller has taken, and gives it back; then it holds nothing, and what it
/// takes comes after nothing.
fn add_and_leave(lock: &RawLock, counter: &Counter, leave: impl FnOnce()) -> usize {
    // SAFETY: the caller holds the lock; loom checks exactly this claim.
    counter.0.with_mut(|n| unsafe { *n += 1 });
    leave();
    let next = RawLock::new();
    next.acquire_owned(Asking::for_a(Kind::Lock).checked())
        .expect("nobody else has it");
    assert_eq!(order::summary().pairs, 0, "{lock:?} is not held any more");
    // SAFETY: it was taken just now.
    unsafe { next.unlock(GuardNoSend::new()) };
    1
}

fn owned(lock: &RawLock, counter: &Counter) -> usize {
    let guard = lock.lock();
    // SAFETY: the guard is of this lock, and it is held.
    add_and_leave(lock, counter, || unsafe { lock.unlock(guard) })
}

fn fair(lock: &RawLock, counter: &Counter) -> usize {
    let guard = lock.lock();
    // SAFETY: as above.
    add_and_leave(lock, counter, || unsafe { lock.unlock_fair(guard) })
}

fn timed(lock: &RawLock, counter: &Counter) -> usize {
    match lock.try_lock_for(Duration::from_secs(1)) {
        // SAFETY: as above.
        Some(guard) => add_and_leave(lock, counter, || unsafe { lock.unlock(guard) }),
        None => 0,
    }
}

fn tried(lock: &RawLock, counter: &Counter) -> usize {
    match lock.try_lock() {
        // SAFETY: as above.
        Some(guard) => add_and_leave(lock, counter, || unsafe { lock.unlock(guard) }),
        None => 0,
    }
}

/// Checking ends while others hold the lock or wait for it.
fn switched_off(lock: &RawLock, counter: &Counter) -> usize {
    order::stop();
    let guard = lock.lock();
    // SAFETY: the caller holds the lock; loom checks exactly this claim.
    counter.0.with_mut(|n| unsafe { *n += 1 });
    // SAFETY: the guard is of this lock, and it is held.
    unsafe { lock.unlock(guard) };
    1
}

fn check(model: Model, bodies: &'static [Body]) {
    let run = move || {
        order::stop();
        order::start();
        let lock = share(RawLock::new());
        let counter = Arc::new(Counter(UnsafeCell::new(0)));
        let (mine, others) = bodies.split_first().expect("at least one");
        let start = |body: &'static Body| {
            let (lock, counter) = (Arc::clone(&lock), Arc::clone(&counter));
            spawn(move || body(&lock, &counter))
        };
        let others: Vec<_> = others.iter().map(start).collect();
        let mut added = mine(&lock, &counter);
        for other in others {
            added += other.join();
        }
        assert_eq!(
            format!("{lock:?}"),
            "RawLock { locked: false, owner: None, waiting: 0 }"
        );
        // SAFETY: all others have ended.
        assert_eq!(counter.0.with(|n| unsafe { *n }), added);
        assert!(order::inversions().is_empty());
        order::stop();
    };
    model.time_stands_still().check(run);
    model.check(run);
}

/// The switch is one for all models.
static TURN: std::sync::Mutex<()> = std::sync::Mutex::new(());

fn turn() -> std::sync::MutexGuard<'static, ()> {
    TURN.lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}

#[test]
fn checked_threads_take_turns_and_hold_nothing_afterwards() {
    let _turn = turn();
    check(Model::new().preemptions(2), &[owned, owned]);
    check(Model::new().preemptions(1), &[owned, tried, owned]);
}

#[test]
fn a_checked_lock_is_handed_over() {
    let _turn = turn();
    check(Model::new().preemptions(2), &[fair, owned]);
}

#[test]
fn a_checked_acquire_may_time_out() {
    let _turn = turn();
    check(Model::new().timeouts(1).preemptions(3), &[owned, timed]);
}

#[test]
fn checking_may_end_at_any_moment() {
    let _turn = turn();
    check(Model::new().preemptions(2), &[owned, switched_off]);
}
