//! Seats and bells. A bell of the model has one seat, and the first who waits has one too: of three sleepers one is at
//! each bell, and the third, or one that can be interrupted, sleeps on its own word.

use super::*;

const UNTIMED: Body = Stage::untimed;

#[test]
fn both_bells_are_rung_and_who_has_no_seat_is_woken() {
    for times in [&[][..], &[1, 1]] {
        let model = Model::new().preemptions(1);
        exactly_behind(&[UNTIMED; 3], model, times, &[]);
    }
}
