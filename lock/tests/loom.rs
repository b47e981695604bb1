//! Models of the lock. What must be found if it breaks is broken by `cargo xtask ordering`, which
//! weakens each ordering in turn, and by the twins at the end, which leave out a step of the protocol.
#![cfg(loom)]

use std::sync::Arc;
use std::time::Duration;

use deadlock::{Asking, Kind};
use futex::model::loom::{self, cell::UnsafeCell};
use futex::model::{JoinHandle, Model, share, spawn};
use lockwright_lock::RawLock;

/// The same in more threads than loom explores (`cargo xtask shuttle`).
#[cfg(shuttle)]
#[path = "loom/crowd.rs"]
mod crowd;

#[cfg(not(shuttle))]
#[path = "loom/narrow.rs"]
mod narrow;

#[cfg(not(shuttle))]
#[path = "loom/uncounted.rs"]
mod uncounted;

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

fn shared() -> (Arc<RawLock>, Arc<Counter>) {
    (share(RawLock::new()), Arc::new(Counter(UnsafeCell::new(0))))
}

type Body = fn(&RawLock, &Counter) -> usize;

/// Threads that each run one of `bodies`; the first on the model's main thread.
fn run(bodies: &'static [Body]) {
    let (lock, counter) = shared();
    let (mine, others) = bodies.split_first().expect("at least one");
    let workers = start(others, &lock, &counter);
    let added = mine(&lock, &counter);
    finish(&lock, &counter, added, workers);
}

/// As `run`, but all threads find the lock held, and one of them gives it back: nobody has to be
/// preempted for the others to sleep, so less depth shows more.
fn run_held(bodies: &'static [Body]) {
    let (lock, counter) = shared();
    lock.acquire();
    let workers = start(bodies, &lock, &counter);
    finish(&lock, &counter, 0, workers);
}

fn start(
    bodies: &'static [Body],
    lock: &Arc<RawLock>,
    counter: &Arc<Counter>,
) -> Vec<JoinHandle<usize>> {
    let start = |body: &'static Body| {
        let (lock, counter) = (Arc::clone(lock), Arc::clone(counter));
        spawn(move || body(&lock, &counter))
    };
    bodies.iter().map(start).collect()
}

/// Afterwards the lock is free, nobody is counted, and as many additions were made as the bodies
/// report.
fn finish(lock: &RawLock, counter: &Counter, mut added: usize, workers: Vec<JoinHandle<usize>>) {
    for worker in workers {
        added += worker.join();
    }
    assert_eq!(
        format!("{lock:?}"),
        "RawLock { locked: false, owner: None, waiting: 0 }"
    );
    lock.acquire();
    assert_eq!(counter.get(), added);
}

fn untimed(lock: &RawLock, counter: &Counter) -> usize {
    lock.acquire();
    counter.add_one();
    lock.release().unwrap();
    1
}

fn twice(lock: &RawLock, counter: &Counter) -> usize {
    untimed(lock, counter) + untimed(lock, counter)
}

fn owned(lock: &RawLock, counter: &Counter) -> usize {
    let guard = lock_api::RawMutex::lock(lock);
    counter.add_one();
    assert_eq!(lock.owner(), Some(futex::thread::current_id()));
    // SAFETY: the guard is of this lock, and it is held.
    unsafe { lock_api::RawMutex::unlock(lock, guard) };
    1
}

fn owned_twice(lock: &RawLock, counter: &Counter) -> usize {
    owned(lock, counter) + owned(lock, counter)
}

fn fair(lock: &RawLock, counter: &Counter) -> usize {
    let guard = lock_api::RawMutex::lock(lock);
    counter.add_one();
    // SAFETY: the guard is of this lock, and it is held.
    unsafe { lock_api::RawMutexFair::unlock_fair(lock, guard) };
    1
}

fn timed(lock: &RawLock, counter: &Counter) -> usize {
    if !lock.acquire_for(Duration::from_secs(1)) {
        return 0;
    }
    counter.add_one();
    lock.release().unwrap();
    1
}

fn tried(lock: &RawLock, counter: &Counter) -> usize {
    if !lock.try_acquire() {
        return 0;
    }
    counter.add_one();
    lock.release().unwrap();
    1
}

/// Gives back what another has taken.
fn release(lock: &RawLock, _: &Counter) -> usize {
    lock.release().unwrap();
    0
}

/// Whether time stands still decides who gets the lock: with it passing, every release that finds
/// waiters hands the lock over, and every waiter passed over once becomes an heir.
fn both_ways(model: Model, bodies: &'static [Body]) {
    model.time_stands_still().check(move || run(bodies));
    model.check(move || run(bodies));
}

#[test]
fn two_threads_exclude_each_other() {
    both_ways(Model::new(), &[untimed, untimed]);
}

#[test]
fn an_owner_excludes_and_is_named() {
    both_ways(Model::new().preemptions(4), &[owned, owned]);
}

#[test]
fn a_light_fence_is_met_by_a_heavy_one() {
    let model = Model::new().narrow_fences();
    both_ways(model.preemptions(3), &[owned, untimed]);
}

#[test]
fn where_asymmetric_fences_are_refused_releases_have_their_own() {
    let model = Model::new().asymmetric_fences_refused();
    both_ways(model.preemptions(4), &[owned, owned]);
    both_ways(model.preemptions(1), &[owned_twice, untimed, owned]);
}

/// Taken by nobody in particular, given back as by a guard that was made of that.
fn adopted(lock: &RawLock, counter: &Counter) -> usize {
    lock.acquire();
    counter.add_one();
    // SAFETY: it is held, and for this thread.
    unsafe { lock_api::RawMutex::unlock(lock, lock_api::GuardNoSend::new()) };
    1
}

#[test]
fn where_they_are_refused_a_guard_may_be_made_of_a_lock_without_one() {
    let model = Model::new().asymmetric_fences_refused();
    both_ways(model.preemptions(3), &[adopted, untimed]);
}

#[test]
fn where_there_are_no_asymmetric_fences_an_owner_excludes_too() {
    let model = Model::new().symmetric_fences();
    both_ways(model.preemptions(4), &[owned, owned]);
    both_ways(model.preemptions(1), &[owned_twice, untimed, owned]);
}

#[test]
fn three_threads_exclude_each_other() {
    both_ways(Model::new().preemptions(2), &[untimed, owned, untimed]);
}

#[test]
fn a_thread_that_comes_back_wakes_who_slept_meanwhile() {
    both_ways(Model::new().preemptions(2), &[twice, twice]);
}

#[test]
fn a_failed_try_leaves_nothing_behind() {
    both_ways(Model::new().preemptions(2), &[untimed, tried, untimed]);
}

/// Two threads at depth, three less deeply: the adversary is a thread too.
fn with_interference(model: Model, two: &'static [Body], three: &'static [Body]) {
    both_ways(model.preemptions(3), two);
    both_ways(model.preemptions(1), three);
}

#[test]
fn a_timed_out_waiter_passes_on_the_wake_it_swallowed() {
    with_interference(
        Model::new().timeouts(1),
        &[untimed, timed],
        &[untimed, timed, untimed],
    );
}

#[test]
fn two_waiters_may_time_out() {
    with_interference(
        Model::new().timeouts(2),
        &[timed, timed],
        &[owned, timed, timed],
    );
}

#[test]
fn spurious_returns_do_no_harm() {
    with_interference(
        Model::new().spurious(1),
        &[twice, owned],
        &[untimed, owned, untimed],
    );
}

#[test]
fn what_is_handed_over_is_taken() {
    both_ways(Model::new().preemptions(2), &[fair, untimed, fair]);
}

#[test]
fn what_is_handed_to_one_who_timed_out_is_passed_on() {
    with_interference(
        Model::new().timeouts(1),
        &[fair, timed],
        &[fair, timed, owned],
    );
}

/// Waiters have waited for long, and whoever takes the lock has just begun: heirs come about, and
/// the lock is handed to them.
fn with_heirs(model: Model, bodies: &'static [Body]) {
    let model = model.only_limits_from(Duration::from_millis(10));
    model.check(move || run(bodies));
}

#[test]
fn an_heir_gets_it_from_one_who_comes_back() {
    with_heirs(Model::new().preemptions(3), &[twice, untimed]);
    with_heirs(Model::new().preemptions(2), &[owned_twice, owned]);
}

#[test]
fn an_heir_may_time_out() {
    with_heirs(Model::new().timeouts(1).preemptions(3), &[twice, timed]);
}

/// A lock that nobody owns is a signal: one thread acquires, others release, again and again, perhaps
/// before the acquiring thread has finished acquiring.
fn signals(consumers: usize, signals: usize) {
    let lock = share(RawLock::new());
    lock.acquire();
    let consumers: Vec<_> = (0..consumers)
        .map(|_| {
            let lock = Arc::clone(&lock);
            spawn(move || lock.acquire())
        })
        .collect();
    let left = signals - consumers.len();
    for _ in 0..signals {
        while lock.release().is_err() {
            loom::thread::yield_now();
        }
    }
    consumers.into_iter().for_each(|consumer| consumer.join());
    for _ in 0..left {
        assert!(lock.try_acquire(), "the last signal is still there");
    }
}

#[test]
fn a_release_may_overtake_the_acquire_that_it_ends() {
    let model = Model::new().preemptions(1);
    model.time_stands_still().check(|| signals(2, 2));
    model.check(|| signals(2, 2));
    Model::new().preemptions(3).check(|| signals(1, 2));
}

/// Holds one and asks for the other; gives way if told that it would be a deadlock.
fn crosswise(first: &RawLock, second: &RawLock) {
    let checked = Asking::for_a(Kind::Lock).checked();
    let unlock = |lock: &RawLock| {
        // SAFETY: it was taken in this thread.
        unsafe { lock_api::RawMutex::unlock(lock, lock_api::GuardNoSend::new()) };
    };
    first.acquire_owned(checked).expect("it holds no other");
    if second.acquire_owned(checked).is_ok() {
        unlock(second);
    }
    unlock(first);
}

#[test]
fn who_is_told_of_a_deadlock_leaves_the_lock_as_if_it_had_not_asked() {
    let model = Model::new().boards().preemptions(2);
    model.time_stands_still().check(|| {
        let locks = [share(RawLock::new()), share(RawLock::new())];
        let theirs = locks.clone();
        let other = spawn(move || crosswise(&theirs[1], &theirs[0]));
        crosswise(&locks[0], &locks[1]);
        other.join();
        for lock in &locks {
            assert_eq!(
                format!("{lock:?}"),
                "RawLock { locked: false, owner: None, waiting: 0 }"
            );
        }
    });
}

/// The first waiter is woken, or the lock handed to it, at the moment of its time-out; the second
/// sleeps, or is about to.
#[test]
fn a_wake_that_a_time_out_swallowed_is_passed_on() {
    let model = Model::new().one_times_out_at_once().preemptions(2);
    let waiters: &[Body] = &[timed, untimed, release];
    model.time_stands_still().check(move || run_held(waiters));
    model.check(move || run_held(waiters));
}
