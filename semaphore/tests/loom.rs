//! Models of the semaphore. `cargo xtask ordering` weakens each ordering in turn, `tests/twins.toml` breaks
//! the protocol step by step; some model here must fail on each.
#![cfg(loom)]

use std::sync::Arc;
use std::time::Duration;

use futex::model::loom::{self, cell::UnsafeCell};
use futex::model::{Model, share, spawn};
use lockwright_semaphore::{BoundedSemaphore, Semaphore};

/// The same in more threads than loom explores (`cargo xtask shuttle`).
#[cfg(shuttle)]
#[path = "loom/crowd.rs"]
mod crowd;

#[cfg(not(shuttle))]
#[path = "loom/uncounted.rs"]
mod uncounted;

/// What a semaphore with one permit protects: loom reports any two accesses that nothing orders.
#[derive(Debug)]
struct Counter(UnsafeCell<usize>);

// SAFETY: loom checks every access.
unsafe impl Sync for Counter {}
// SAFETY: as above.
unsafe impl Send for Counter {}

impl Counter {
    fn add_one(&self) {
        // SAFETY: the caller has the permit; loom checks exactly this claim.
        self.0.with_mut(|n| unsafe { *n += 1 });
    }

    fn get(&self) -> usize {
        // SAFETY: as above.
        self.0.with(|n| unsafe { *n })
    }
}

type Body = fn(&Semaphore, &Counter) -> usize;

/// Threads that each run one of `bodies`, the first on the model's main thread, with a semaphore that
/// has so many permits at first and one in the end. Then nobody is left behind in it, and as many
/// additions were made as the bodies report.
fn run(permits: u32, in_the_end: u32, bodies: &'static [Body]) {
    let semaphore = share(Semaphore::new(permits));
    let counter = Arc::new(Counter(UnsafeCell::new(0)));
    let (mine, others) = bodies.split_first().expect("at least one");
    let workers: Vec<_> = others
        .iter()
        .map(|body| {
            let (semaphore, counter) = (Arc::clone(&semaphore), Arc::clone(&counter));
            spawn(move || body(&semaphore, &counter))
        })
        .collect();
    let mut added = mine(&semaphore, &counter);
    for worker in workers {
        added += worker.join();
    }
    is_as_new(&semaphore, in_the_end);
    if in_the_end == 1 {
        semaphore.acquire();
        assert_eq!(counter.get(), added);
    }
}

fn is_as_new(semaphore: &Semaphore, permits: u32) {
    let new = format!("Semaphore {{ available: {permits}, waiting: 0, collecting: false }}");
    assert_eq!(format!("{semaphore:?}"), new);
}

/// Whether time stands still decides who gets permits: with it passing, every waiter that is passed over
/// once becomes an heir.
fn both_ways(model: Model, permits: u32, in_the_end: u32, bodies: &'static [Body]) {
    model
        .time_stands_still()
        .check(move || run(permits, in_the_end, bodies));
    model.check(move || run(permits, in_the_end, bodies));
}

fn once(semaphore: &Semaphore, counter: &Counter) -> usize {
    semaphore.acquire();
    counter.add_one();
    semaphore.release(1).unwrap();
    1
}

fn twice(semaphore: &Semaphore, counter: &Counter) -> usize {
    once(semaphore, counter) + once(semaphore, counter)
}

fn tried(semaphore: &Semaphore, counter: &Counter) -> usize {
    if !semaphore.try_acquire() {
        return 0;
    }
    counter.add_one();
    semaphore.release(1).unwrap();
    1
}

fn timed(semaphore: &Semaphore, counter: &Counter) -> usize {
    if !semaphore.acquire_for(Duration::from_secs(1)) {
        return 0;
    }
    counter.add_one();
    semaphore.release(1).unwrap();
    1
}

/// Never waits.
fn add_and_release(semaphore: &Semaphore, counter: &Counter) -> usize {
    counter.add_one();
    semaphore.release(1).unwrap();
    1
}

fn acquire(semaphore: &Semaphore, _: &Counter) -> usize {
    semaphore.acquire();
    0
}

fn release(semaphore: &Semaphore, _: &Counter) -> usize {
    semaphore.release(1).unwrap();
    0
}

fn release_two(semaphore: &Semaphore, _: &Counter) -> usize {
    semaphore.release(2).unwrap();
    0
}

fn release_twice(semaphore: &Semaphore, counter: &Counter) -> usize {
    release(semaphore, counter);
    loom::thread::yield_now(); // the first to wake may be gone before the next release
    release(semaphore, counter)
}

/// Both permits, and back.
fn two(semaphore: &Semaphore, counter: &Counter) -> usize {
    semaphore.acquire_many(2).unwrap();
    counter.add_one();
    semaphore.release(2).unwrap();
    1
}

fn two_timed(semaphore: &Semaphore, counter: &Counter) -> usize {
    let taken = semaphore.acquire_many_for(2, Duration::from_secs(1));
    if !taken.unwrap() {
        return 0;
    }
    counter.add_one();
    semaphore.release(2).unwrap();
    1
}

fn release_and_two(semaphore: &Semaphore, counter: &Counter) -> usize {
    semaphore.release(1).unwrap();
    two(semaphore, counter)
}

#[test]
fn one_permit_excludes() {
    both_ways(Model::new().preemptions(3), 1, 1, &[once, once]);
}

#[test]
fn one_who_comes_back_wakes_who_slept_meanwhile() {
    both_ways(Model::new().preemptions(2), 1, 1, &[twice, once]);
}

#[test]
fn three_threads_exclude_each_other() {
    both_ways(Model::new().preemptions(1), 1, 1, &[once, once, once]);
}

#[test]
fn what_was_written_before_a_release_is_there_after_the_acquire() {
    // By each way in which a permit can be had: at once, tried, after waiting.
    both_ways(Model::new().preemptions(3), 0, 1, &[add_and_release, once]);
    both_ways(Model::new().preemptions(3), 0, 1, &[add_and_release, tried]);
    Model::new().preemptions(3).check(|| {
        run(
            0,
            2,
            &[
                |semaphore, counter| {
                    counter.add_one();
                    semaphore.release(2).unwrap();
                    1
                },
                two,
            ],
        );
    });
}

#[test]
fn a_failing_try_neither_keeps_a_permit_nor_a_wake() {
    both_ways(
        Model::new().preemptions(2),
        0,
        1,
        &[add_and_release, tried, once],
    );
}

#[test]
fn a_release_of_two_wakes_two() {
    both_ways(
        Model::new().preemptions(1),
        0,
        0,
        &[release_two, acquire, acquire],
    );
}

#[test]
fn two_releases_wake_two() {
    let model = Model::new();
    both_ways(
        model.preemptions(1),
        0,
        0,
        &[release_twice, acquire, acquire],
    );
    // Both sleep before the first.
    both_ways(
        model.preemptions(0),
        0,
        0,
        &[acquire, acquire, release_twice],
    );
}

#[test]
fn spurious_returns_do_no_harm() {
    both_ways(
        Model::new().spurious(1).preemptions(2),
        1,
        1,
        &[twice, once],
    );
}

#[test]
fn a_time_out_leaves_nothing_behind() {
    both_ways(
        Model::new().timeouts(1).preemptions(2),
        1,
        1,
        &[once, timed],
    );
    both_ways(
        Model::new().timeouts(1).preemptions(2),
        1,
        1,
        &[twice, timed],
    );
}

/// The first waiter is woken at the moment of its time-out, and does not see the permit; the second sleeps.
fn one_times_out_with_a_wake(model: Model) {
    let model = model.one_times_out_at_once().time_stands_still();
    model.check(|| {
        let semaphore = share(Semaphore::new(0));
        let theirs = Arc::clone(&semaphore);
        let second = spawn(move || {
            loom::thread::yield_now(); // the other first
            theirs.acquire();
            theirs.release(1).unwrap();
        });
        let theirs = Arc::clone(&semaphore);
        let first = spawn(move || {
            let taken = theirs.acquire_for(Duration::from_secs(1));
            loom::stop_exploring(); // what happens from here on is the matter of other models
            if taken {
                theirs.release(1).unwrap();
            }
        });
        loom::thread::yield_now();
        loom::thread::yield_now();
        semaphore.release(1).unwrap();
        first.join();
        second.join();
        is_as_new(&semaphore, 1);
    });
}

#[test]
fn a_wake_that_a_time_out_swallowed_is_passed_on() {
    one_times_out_with_a_wake(Model::new().preemptions(2));
}

/// It takes turns with one that never leaves two permits free at a time, until it finds one gone.
#[test]
fn a_large_request_is_not_starved() {
    Model::new().preemptions(2).check(|| {
        let semaphore = share(Semaphore::new(1));
        let theirs = Arc::clone(&semaphore);
        let large = spawn(move || theirs.acquire_many(2).unwrap());
        while semaphore.try_acquire() {
            semaphore.release(1).unwrap();
            loom::thread::yield_now();
        }
        semaphore.release(1).unwrap();
        large.join();
        is_as_new(&semaphore, 0);
    });
}

#[test]
fn two_large_requests_do_not_wait_for_each_other() {
    both_ways(Model::new().preemptions(2), 1, 2, &[release, two, two]);
}

#[test]
fn a_large_request_and_a_small_one_get_theirs() {
    both_ways(
        Model::new().preemptions(2),
        1,
        2,
        &[release_and_two, acquire_and_release],
    );
}

fn acquire_and_release(semaphore: &Semaphore, _: &Counter) -> usize {
    semaphore.acquire();
    semaphore.release(1).unwrap();
    0
}

#[test]
fn a_large_request_that_times_out_gives_back_what_it_had() {
    let model = Model::new().one_times_out_at_once().preemptions(1);
    both_ways(model, 0, 1, &[add_and_release, two_timed, once]);
}

/// The first in line is woken at the moment of its time-out, and the second sleeps.
#[test]
fn one_that_leaves_the_line_passes_the_turn_on() {
    let model = Model::new().one_times_out_at_once().preemptions(2);
    model.time_stands_still().check(|| {
        let semaphore = share(Semaphore::new(1));
        loom::stop_exploring();
        let theirs = Arc::clone(&semaphore);
        let collecting = spawn(move || {
            theirs.acquire_many(2).unwrap();
            theirs.release(2).unwrap();
        });
        loom::thread::yield_now();
        loom::explore();

        let theirs = Arc::clone(&semaphore);
        let first = spawn(move || {
            let taken = theirs.acquire_many_for(2, Duration::from_secs(1));
            loom::stop_exploring(); // what happens from here on is the matter of other models
            if taken.unwrap() {
                theirs.release(2).unwrap();
            }
        });
        loom::thread::yield_now();
        semaphore.release(1).unwrap();
        semaphore.acquire_many(2).unwrap();
        semaphore.release(2).unwrap();
        collecting.join();
        first.join();
        is_as_new(&semaphore, 2);
    });
}

#[test]
fn an_heir_may_time_out() {
    let model = Model::new().timeouts(1).preemptions(2);
    model.check(|| run(1, 1, &[twice, timed]));
}

/// A thread that acquires as an heir, asleep; one way of all that lead there. Exploring begins after it.
fn an_heir_sleeps(
    semaphore: &Arc<Semaphore>,
    afterwards: fn(&Semaphore),
) -> futex::model::JoinHandle<()> {
    loom::stop_exploring();
    let theirs = Arc::clone(semaphore);
    let heir = spawn(move || {
        theirs.acquire();
        afterwards(&theirs);
    });
    loom::thread::yield_now();
    semaphore.release(1).unwrap();
    assert!(semaphore.try_acquire(), "the heir has not run yet");
    loom::thread::yield_now();
    loom::explore();
    heir
}

/// The other sees permits that are for heirs, while the only one leaves with one of them.
#[test]
fn the_last_heir_opens_the_semaphore() {
    Model::new().preemptions(1).check(|| {
        let semaphore = share(Semaphore::new(0));
        let heir = an_heir_sleeps(&semaphore, |_| ());
        let theirs = Arc::clone(&semaphore);
        let newcomer = spawn(move || theirs.acquire());
        semaphore.release(2).unwrap();
        heir.join();
        newcomer.join();
        is_as_new(&semaphore, 0);
    });
}

/// While an heir sleeps a newcomer is in debt, and what is released goes to pay it.
#[test]
fn a_debt_that_is_paid_wakes_the_heir() {
    Model::new().preemptions(1).check(|| {
        let semaphore = share(Semaphore::new(0));
        let give_back: fn(&Semaphore) = |semaphore| semaphore.release(1).unwrap();
        let heir = an_heir_sleeps(&semaphore, give_back);
        let theirs = Arc::clone(&semaphore);
        let newcomer = spawn(move || {
            theirs.acquire();
            give_back(&theirs);
        });
        semaphore.release(1).unwrap();
        heir.join();
        newcomer.join();
        is_as_new(&semaphore, 1);
    });
}

#[test]
fn a_release_too_many_is_refused_at_any_moment() {
    Model::new().preemptions(3).check(|| {
        let semaphore = share(BoundedSemaphore::new(1));
        let theirs = Arc::clone(&semaphore);
        let other = spawn(move || {
            theirs.acquire();
            theirs.release(1).is_err()
        });
        let mine = semaphore.release(1).is_err();
        // While the other has the permit, nothing tells whose it is that comes back.
        assert!(mine != other.join());
        assert_eq!(semaphore.available(), 1);
    });
}

#[test]
fn what_does_not_fit_is_taken_back() {
    const MAX: u32 = Semaphore::MAX_PERMITS;
    Model::new().preemptions(3).check(|| {
        let semaphore = share(Semaphore::new(MAX - 1));
        let theirs = Arc::clone(&semaphore);
        let other = spawn(move || theirs.release(1).is_err());
        let mine = semaphore.release(1).is_err();
        assert!(mine != other.join(), "there is room for one");
        is_as_new(&semaphore, MAX);
    });
}
