//! The queue on a system that does not say whether a wake reached somebody, as Windows and FreeBSD: each wake leaves
//! an orphan, for whoever is about to sleep.

use super::*;

fn uncounted(preemptions: usize) -> Model {
    Model::new().uncounted_wakes().preemptions(preemptions)
}

#[test]
fn nobody_sleeps_on_over_an_item_or_room() {
    check(uncounted(3), 1, 2, &[put_two, get_two]);
    check(uncounted(2), 2, 2, &[put_two, get_two]);
    check(uncounted(1), 1, 2, &[put_one, put_another, get_two]);
    check(uncounted(1), 2, 2, &[put_two, get_one, get_one]);
    check(uncounted(0), 2, 2, &[get_one, get_one, put_two]);
    check(uncounted(2).spurious(1), 1, 2, &[put_two, get_two]);
}

#[test]
fn one_who_times_out_wakes_the_next() {
    check(
        uncounted(1).timeouts(1),
        1,
        2,
        &[put_one, timed_put, get_one],
    );
    one_times_out_with_a_wake(uncounted(1));
}

#[test]
fn a_shutdown_gets_everybody_up() {
    check(uncounted(1), 1, 1, &[drain, put_one, get_all]);
    check(uncounted(3), 1, 2, &[drain, put_two]);
    uncounted(1).check(|| run(1, 1, true, &[stop, put_one, get_all]));
    uncounted(1).check(|| {
        let (queue, threads) = with_sleepers(&[get_all, get_all]);
        drain(&queue, &mut Found::default());
        all_got(0, threads);
    });
}
