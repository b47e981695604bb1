//! The lock on a system that does not say whether a wake reached somebody, as Windows and FreeBSD: the same bodies
//! again, and that who hands the lock over is not the one who gets it.

use futex::model::{unexplored, until_asleep};

use super::*;

fn uncounted() -> Model {
    Model::new().uncounted_wakes()
}

/// Adds one, and bumps: if others waited, one of them must have had the lock before this thread has it again.
fn bump(lock: &RawLock, counter: &Counter) -> usize {
    bump_held(lock, counter, lock_api::RawMutex::lock(lock))
}

fn bump_held(lock: &RawLock, counter: &Counter, mut guard: lock_api::GuardNoSend) -> usize {
    counter.add_one();
    let before = counter.get();
    // Whoever is counted now stays so while the lock is held: nobody here gives up.
    let others_wait = !format!("{lock:?}").ends_with("waiting: 0 }");
    // SAFETY: the guard is of this lock, and it is held.
    unsafe { lock_api::RawMutexFair::bump(lock, &mut guard) };
    assert!(
        !others_wait || counter.get() != before,
        "it has again what it handed over"
    );
    // To be seen by another who bumps.
    counter.add_one();
    // SAFETY: as above.
    unsafe { lock_api::RawMutex::unlock(lock, guard) };
    2
}

#[test]
fn who_waits_comes_before_who_bumps() {
    both_ways(uncounted().preemptions(3), &[bump, untimed]);
    both_ways(uncounted().preemptions(2), &[bump, bump]);
    both_ways(uncounted().preemptions(1), &[bump, untimed, owned]);
    both_ways(uncounted().preemptions(1), &[bump, twice, fair]);
}

/// The holder bumps when another sleeps for certain; `newcomers` come meanwhile.
fn bump_to_a_sleeper(model: Model, newcomers: &'static [Body]) {
    model.check(move || {
        let (lock, counter) = shared();
        let guard = lock_api::RawMutex::lock(&*lock);
        let sleeper = unexplored(|| {
            let sleeper = start(&[untimed], &lock, &counter);
            until_asleep(1);
            sleeper
        });
        let newcomers = start(newcomers, &lock, &counter);
        let added = bump_held(&lock, &counter, guard);
        let workers = sleeper.into_iter().chain(newcomers).collect();
        finish(&lock, &counter, added, workers);
    });
}

#[test]
fn a_sleeper_comes_before_who_bumps() {
    let model = uncounted().preemptions(3);
    bump_to_a_sleeper(model.time_stands_still(), &[]);
    bump_to_a_sleeper(model, &[]);
}

/// The newcomer gives up as soon as it sleeps.
#[test]
fn a_sleeper_comes_before_who_bumps_after_a_newcomer() {
    let model = uncounted().one_times_out_at_once().preemptions(1);
    bump_to_a_sleeper(model.time_stands_still(), &[timed]);
}

fn fair_twice(lock: &RawLock, counter: &Counter) -> usize {
    fair(lock, counter) + fair(lock, counter)
}

/// Newcomers sleep until it is taken, while sleepers may time out and have it taken back.
#[test]
fn what_is_handed_to_one_who_timed_out_is_taken_back_and_newcomers_go_on() {
    let model = uncounted().timeouts(1);
    both_ways(model.preemptions(3), &[fair, timed]);
    both_ways(model.preemptions(1), &[fair, timed, owned]);
    let model = uncounted().one_times_out_at_once().preemptions(4);
    both_ways(model, &[fair_twice, timed]);
}

#[test]
fn threads_exclude_each_other_and_nobody_sleeps_on() {
    both_ways(uncounted(), &[untimed, owned]);
    both_ways(uncounted().preemptions(2), &[untimed, owned, untimed]);
    both_ways(uncounted().preemptions(2), &[twice, twice]);
    both_ways(uncounted().preemptions(2), &[fair, untimed, fair]);
}

#[test]
fn an_heir_is_woken_among_newcomers() {
    with_heirs(uncounted().preemptions(3), &[twice, untimed]);
    with_heirs(uncounted().preemptions(2), &[owned_twice, fair]);
    with_heirs(uncounted().preemptions(1), &[twice, fair, untimed]);
}

#[test]
fn a_release_may_overtake_the_acquire_that_it_ends_too() {
    let model = uncounted().preemptions(1);
    model.time_stands_still().check(|| signals(2, 2));
    model.check(|| signals(2, 2));
}
