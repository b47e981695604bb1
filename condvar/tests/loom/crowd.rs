//! The same bodies in more threads than loom explores: schedules drawn by shuttle.

use super::*;

const UNTIMED: Body = Stage::untimed;

fn crowd() -> Model {
    Model::new().timeouts(2).spurious(2)
}

#[test]
fn of_six_as_many_return_as_were_notified() {
    exactly(
        crowd(),
        3,
        &[
            Stage::untimed,
            Stage::timed,
            Stage::untimed,
            Stage::interruptible,
            Stage::timed,
            Stage::untimed,
        ],
    );
}

/// One sleeps on its own word, four have the seats that there are, and one is left over.
#[test]
fn of_six_who_sleep_some_by_seats_and_some_without() {
    exactly_behind(
        &[UNTIMED; 5],
        crowd(),
        &[2, 1, 3],
        &[
            |stage| stage.timed() + stage.untimed(),
            |stage| stage.untimed() + stage.timed(),
            Stage::interruptible,
        ],
    );
}

#[test]
fn of_four_who_are_notified_again_and_again() {
    exactly(
        crowd(),
        8,
        &[Stage::untimed, Stage::untimed, Stage::timed, Stage::untimed],
    );
}
