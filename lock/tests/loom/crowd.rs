//! The same bodies in more threads than loom explores: schedules drawn by shuttle.

use super::*;

fn crowd() -> Model {
    Model::new().timeouts(3).spurious(2)
}

#[test]
fn six_exclude_each_other_and_all_get_it() {
    crowd().check(|| run(&[untimed, owned, twice, timed, tried, fair]));
}

#[test]
fn eight_who_come_again_and_again() {
    crowd().check(|| {
        run(&[
            twice,
            owned_twice,
            timed,
            fair,
            untimed,
            twice,
            timed,
            owned_twice,
        ]);
    });
}

#[test]
fn of_seven_who_sleep_each_is_let_through() {
    crowd().check(|| {
        run_held(&[
            untimed, timed, owned, untimed, timed, fair, untimed, release,
        ]);
    });
}

#[test]
fn four_wait_for_signals() {
    crowd().check(|| signals(4, 5));
}
