//! The same bodies in more threads than loom explores: schedules drawn by shuttle.

use super::*;

fn crowd() -> Model {
    Model::new().timeouts(3).spurious(2)
}

#[test]
fn seven_share_a_permit_and_all_get_it() {
    crowd().check(|| run(1, 1, &[once, twice, timed, tried, once, twice, timed]));
}

#[test]
fn each_permit_that_is_released_is_acquired_by_one_of_five() {
    crowd().check(|| {
        run(
            0,
            0,
            &[
                release_two,
                acquire,
                acquire,
                acquire,
                release_twice,
                acquire,
                acquire,
                release,
            ],
        );
    });
}
