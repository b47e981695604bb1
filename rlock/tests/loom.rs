//! Models of the reentrant lock. Its orderings are the inner lock's, whose own models defend them; here
//! is what nesting adds, and `tests/twins.toml` breaks it step by step.
#![cfg(loom)]

use std::sync::Arc;
use std::time::Duration;

use futex::model::{Model, share, spawn};
use lockwright_rlock::{NotOwner, RLock, RawRLock};
use loom::cell::UnsafeCell;

/// What the lock protects: loom reports any two accesses that nothing orders.
#[derive(Debug)]
struct Counter(UnsafeCell<usize>);

// SAFETY: loom checks every access.
unsafe impl Sync for Counter {}
// SAFETY: as above.
unsafe impl Send for Counter {}

impl Counter {
    fn add_one(&self) {
        // SAFETY: the caller holds the lock; loom checks exactly this claim.
        self.0.with_mut(|n| unsafe { *n += 1 });
    }

    fn get(&self) -> usize {
        // SAFETY: as above.
        self.0.with(|n| unsafe { *n })
    }
}

type Body = fn(&RawRLock, &Counter) -> usize;

/// Threads that each run one of `bodies`; the first on the model's main thread. Afterwards the lock is as
/// new, and as many additions were made as the bodies report.
fn run(bodies: &'static [Body]) {
    let lock = share(RawRLock::new());
    let counter = Arc::new(Counter(UnsafeCell::new(0)));
    let (mine, others) = bodies.split_first().expect("at least one");
    let workers: Vec<_> = others
        .iter()
        .map(|body| {
            let (lock, counter) = (Arc::clone(&lock), Arc::clone(&counter));
            spawn(move || body(&lock, &counter))
        })
        .collect();
    let mut added = mine(&lock, &counter);
    for worker in workers {
        added += worker.join();
    }
    assert_eq!(format!("{lock:?}"), format!("{:?}", RawRLock::new()));
    lock.acquire().unwrap();
    assert_eq!(counter.get(), added);
}

fn check(model: Model, bodies: &'static [Body]) {
    model.time_stands_still().check(move || run(bodies));
}

fn nested(lock: &RawRLock, counter: &Counter) -> usize {
    lock.acquire().unwrap();
    once_more(lock, counter)
}

/// The lock is held: inside at the next level, and on the way out too.
fn once_more(lock: &RawRLock, counter: &Counter) -> usize {
    counter.add_one();
    lock.acquire().unwrap();
    assert_eq!(lock.depth(), 2);
    lock.release().unwrap();
    counter.add_one();
    assert_eq!(lock.depth(), 1);
    lock.release().unwrap();
    assert!(!lock.is_owned());
    2
}

fn twice(lock: &RawRLock, counter: &Counter) -> usize {
    nested(lock, counter) + nested(lock, counter)
}

fn tried(lock: &RawRLock, counter: &Counter) -> usize {
    if !lock.try_acquire().unwrap() {
        assert!(!lock.is_owned());
        return 0;
    }
    once_more(lock, counter)
}

fn timed(lock: &RawRLock, counter: &Counter) -> usize {
    if !lock.acquire_for(Duration::from_secs(1)).unwrap() {
        assert!(!lock.is_owned());
        return 0;
    }
    once_more(lock, counter)
}

/// Gives all up in between, as a condition variable does.
fn saved(lock: &RawRLock, counter: &Counter) -> usize {
    lock.acquire().unwrap();
    lock.acquire().unwrap();
    counter.add_one();
    let saved = lock.release_save().unwrap();
    assert!(!lock.is_owned());
    lock.acquire_restore(saved);
    assert_eq!(lock.depth(), 2);
    lock.release().unwrap();
    counter.add_one();
    lock.release().unwrap();
    2
}

/// Does all that only an owner may, as a thread that never owned it, and as one that did.
fn wrong(lock: &RawRLock, counter: &Counter) -> usize {
    let denied = || {
        assert_eq!(lock.release(), Err(NotOwner));
        assert_eq!(lock.release_save(), Err(NotOwner));
        assert!(!lock.is_owned() && lock.depth() == 0);
    };
    denied();
    let added = tried(lock, counter);
    denied();
    added
}

#[test]
fn nested_owners_exclude_each_other() {
    check(Model::new().preemptions(3), &[nested, nested]);
}

#[test]
fn an_owner_that_comes_back_waits_for_its_turn() {
    check(Model::new().preemptions(2), &[twice, nested]);
}

#[test]
fn a_failed_try_leaves_nothing_behind() {
    check(Model::new().preemptions(3), &[nested, tried]);
}

#[test]
fn a_time_out_leaves_nothing_behind() {
    check(Model::new().timeouts(1).preemptions(2), &[nested, timed]);
}

#[test]
fn a_stranger_releases_nothing_at_any_moment() {
    check(Model::new().preemptions(2), &[nested, wrong]);
}

#[test]
fn all_levels_are_given_up_and_come_back() {
    check(Model::new().preemptions(2), &[saved, nested]);
    check(Model::new().preemptions(2), &[saved, saved]);
}

#[test]
fn guards_give_the_data_to_one_thread_at_a_time() {
    Model::new().time_stands_still().preemptions(3).check(|| {
        let lock = share(RLock::new(Counter(UnsafeCell::new(0))));
        let add = |lock: &RLock<Counter>| {
            let outer = lock.lock();
            // In turn, then out of turn.
            drop(lock.lock());
            outer.add_one();
            let inner = lock.lock();
            drop(outer);
            inner.add_one();
        };
        let theirs = Arc::clone(&lock);
        let other = spawn(move || add(&theirs));
        add(&lock);
        other.join();
        assert!(!lock.is_locked());
        assert_eq!(lock.lock().get(), 4);
    });
}
