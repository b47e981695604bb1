//! The semaphore on a system that does not say whether a wake reached somebody, as Windows and FreeBSD: each wake
//! comes with an orphan, for whoever is about to sleep.

use futex::model::{unexplored, until_asleep};

use super::*;

fn uncounted() -> Model {
    Model::new().uncounted_wakes()
}

#[test]
fn nobody_sleeps_on_over_a_permit() {
    both_ways(uncounted().preemptions(3), 1, 1, &[once, once]);
    both_ways(uncounted().preemptions(2), 1, 1, &[twice, once]);
    both_ways(uncounted().preemptions(1), 1, 1, &[once, once, once]);
    both_ways(uncounted().spurious(1).preemptions(2), 1, 1, &[twice, once]);
}

#[test]
fn as_many_are_woken_as_there_are_permits() {
    let model = uncounted();
    both_ways(model.preemptions(1), 0, 0, &[release_two, acquire, acquire]);
    both_ways(
        model.preemptions(1),
        0,
        0,
        &[release_twice, acquire, acquire],
    );
    both_ways(model.preemptions(2), 1, 2, &[release, two, two]);
    model.preemptions(1).time_stands_still().check(|| {
        let semaphore = share(Semaphore::new(0));
        let sleeper = |n: usize| {
            let theirs = Arc::clone(&semaphore);
            let sleeper = spawn(move || theirs.acquire());
            until_asleep(n);
            sleeper
        };
        let sleepers = unexplored(|| [1, 2].map(sleeper));
        semaphore.release(2).unwrap();
        sleepers.map(futex::model::JoinHandle::join);
        is_as_new(&semaphore, 0);
    });
}

/// A wake that it swallowed is passed on, and its orphan binds nobody.
#[test]
fn a_time_out_leaves_no_wake_behind() {
    both_ways(uncounted().timeouts(1).preemptions(2), 1, 1, &[once, timed]);
    both_ways(
        uncounted().timeouts(1).preemptions(2),
        1,
        1,
        &[twice, timed],
    );
    one_times_out_with_a_wake(uncounted().preemptions(2));
    let model = uncounted().one_times_out_at_once().preemptions(1);
    both_ways(model, 0, 1, &[add_and_release, two_timed, once]);
}
