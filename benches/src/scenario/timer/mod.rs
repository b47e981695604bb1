//! The timers' scenarios and cells.

pub mod adapter;
mod bodies;
pub mod pending;

use super::{Primitive, count_param};
use crate::peers::{PARKING_LOT, STD, TOKIO_UTIL};
use crate::runner::{Cell, Length, Mode};
use crate::{for_every_alarm, for_every_firing, for_every_pending, for_every_timer};
use bodies::{arm_cancel, fire, insert_remove, lateness};
use std::time::Duration;

/// Timers and their wheel.
pub const TIMER: Primitive = Primitive {
    name: "timer",
    scenarios: &[
        (
            "arm-cancel",
            "One thread arms a timer with a callback and cancels it, while others are pending. Ours, and the \
             BTreeMap under std's or parking_lot's mutex, can be used by all threads; tokio-util's DelayQueue \
             by one, without a lock.",
        ),
        (
            "replace",
            "The data structure alone, with no lock, thread, or callback: one of the pending, at random, is \
             taken back and another added. Ours is the wheel, std's a BTreeMap.",
        ),
        (
            "fire",
            "The data structure alone: all that is pending is due, and is taken. Cost of one. std's is a \
             BTreeMap, or a BinaryHeap (which cannot take back).",
        ),
        (
            "lateness",
            "How late a callback runs that was armed for a millisecond: the median. std's and parking_lot's \
             are a BTreeMap and a thread that waits on a condition and runs callbacks itself; std-thread's \
             is a thread that sleeps.",
        ),
        (
            "lateness-tail",
            "The same, by the 99th of a hundred: of each window, so that one in which the host takes the CPU \
             away is one round among others. A window should have some hundreds: `--window 500`.",
        ),
    ],
    main: &[STD, PARKING_LOT, TOKIO_UTIL],
    share: 1,
    cells,
};

fn cells(_threads: &[usize]) -> Vec<Cell> {
    let mut cells = Vec::new();
    for (pending, tier, setup) in [
        (1_000, Mode::Smoke, 0),
        (10_000, Mode::Default, 4),
        (100_000, Mode::Full, 60),
        (1_000_000, Mode::Full, 800),
    ] {
        cells.push(
            TIMER
                .cell(
                    "arm-cancel",
                    "arm + cancel",
                    for_every_timer!(arm_cancel(pending)),
                )
                .params(vec![count_param("pending", "p", pending)])
                .setup(Duration::from_millis(setup))
                .main_peers()
                .tier(tier),
        );
        cells.push(
            TIMER
                .cell(
                    "replace",
                    "remove + insert",
                    for_every_pending!(insert_remove(pending)),
                )
                .params(vec![count_param("pending", "p", pending)])
                .setup(Duration::from_millis(setup / 2))
                .main_peers()
                .tier(tier),
        );
    }
    for (pending, tier, setup) in [
        (1_000, Mode::Full, 2),
        (10_000, Mode::Default, 20),
        (100_000, Mode::Full, 90),
        (1_000_000, Mode::Full, 900),
    ] {
        cells.push(
            TIMER
                .cell("fire", "value", for_every_firing!(fire(pending as u64)))
                .params(vec![count_param("pending", "p", pending)])
                .setup(Duration::from_millis(setup))
                .main_peers()
                .tier(tier),
        );
    }
    cells.push(
        TIMER
            .cell("lateness", "callback", for_every_alarm!(lateness(0.5)))
            .length(Length::Usual)
            .main_peers()
            .tier(Mode::Quick),
    );
    cells.push(
        TIMER
            .cell(
                "lateness-tail",
                "callback",
                for_every_alarm!(lateness(0.99)),
            )
            .length(Length::Long)
            .main_peers()
            .tier(Mode::Full),
    );
    cells
}
