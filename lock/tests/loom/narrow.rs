//! The light fence of a release and the heavy one of who comes to wait (I6), with full fences that are ordered with
//! each other only: loom's own would do a heavy one's work.

use std::cell::Cell;
use std::rc::Rc;

use futex::model::{unexplored, until_asleep};

use super::*;

fn narrow() -> Model {
    Model::new().narrow_fences()
}

/// Gives back a guard that the calling thread has.
fn unlock(lock: &RawLock, counter: &Counter) {
    counter.add_one();
    // SAFETY: the caller says so.
    unsafe { lock_api::RawMutex::unlock(lock, lock_api::GuardNoSend::new()) };
}

/// A guard is given back while others come. One has timed out before, of which nothing is left but the mark that
/// there was a heavy fence; and the holder has not heard of it.
fn with_the_mark(model: Model, others: &'static [Body]) {
    model.one_times_out_at_once().check(move || {
        let (lock, counter) = shared();
        lock_api::RawMutex::lock(&*lock);
        let one = unexplored(|| {
            // Not the model's, which takes nothing for known by it.
            let gone = Rc::new(Cell::new(false));
            let (its, goes) = (Arc::clone(&lock), Rc::clone(&gone));
            let one = spawn(move || {
                assert!(!its.acquire_for(Duration::from_secs(1)));
                goes.set(true);
            });
            while !gone.get() {
                loom::thread::yield_now();
            }
            one
        });
        let others = start(others, &lock, &counter);
        unlock(&lock, &counter);
        finish(&lock, &counter, 1, others);
        one.join();
    });
}

#[test]
fn who_finds_the_mark_relies_on_the_fence_of_one_who_has_gone() {
    let model = narrow().preemptions(4);
    with_the_mark(model.time_stands_still(), &[untimed]);
    with_the_mark(model, &[untimed]);
    with_the_mark(narrow().preemptions(3), &[owned_twice]);
    with_the_mark(narrow().preemptions(1), &[untimed, owned]);
}

#[test]
fn the_mark_is_taken_away_and_set_again() {
    both_ways(narrow().preemptions(2), &[owned_twice, twice]);
}

#[test]
fn three_threads_meet_by_a_light_fence_and_heavy_ones() {
    let model = narrow().preemptions(2).time_stands_still();
    model.check(|| run(&[owned, untimed, owned]));
    narrow()
        .preemptions(1)
        .check(|| run(&[owned, untimed, owned]));
}

/// One that sleeps is woken, passed over, and becomes an heir.
#[test]
fn who_becomes_an_heir_stays_counted() {
    let limit = Duration::from_millis(10);
    narrow().preemptions(3).only_limits_from(limit).check(|| {
        let (lock, counter) = shared();
        lock_api::RawMutex::lock(&*lock);
        let sleeper = unexplored(|| {
            let sleeper = start(&[owned], &lock, &counter);
            until_asleep(1);
            sleeper
        });
        unlock(&lock, &counter);
        let added = 1 + owned_twice(&lock, &counter);
        finish(&lock, &counter, added, sleeper);
    });
}
