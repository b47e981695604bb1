//! The same bodies in more threads than loom explores: schedules drawn by shuttle.

use super::*;

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

#[test]
fn of_four_who_are_notified_again_and_again() {
    exactly(
        crowd(),
        8,
        &[Stage::untimed, Stage::untimed, Stage::timed, Stage::untimed],
    );
}
