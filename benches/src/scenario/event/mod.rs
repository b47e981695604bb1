//! The event's scenarios and cells.

pub mod adapter;
mod bodies;

use super::neighbour::{beside_a_neighbour, turns_beside};
use super::{Primitive, count_param};
use crate::for_every_event;
use crate::peers::{PARKING_LOT, STD};
use crate::pin::{Pinning, can_pin};
use crate::report::schema::Param;
use crate::runner::{Cell, Mode};
use bodies::{is_set, ping_pong, set_again, set_and_clear, times_out, wait_when_set, wakes};

/// The event.
pub const EVENT: Primitive = Primitive {
    name: "event",
    scenarios: &[
        (
            "is-set",
            "One thread asks whether the event is set. std and parking_lot have no events: here and in \
             every scenario a mutex around a flag and a condition variable stand for them.",
        ),
        ("wait-set", "One thread waits for an event that is set."),
        (
            "set-clear",
            "One thread sets and clears the event; nobody waits.",
        ),
        ("set-again", "One thread sets an event that is set."),
        (
            "wake-all",
            "Threads sleep, one sets the event: from just before the set until the last of them is \
             awake. Median.",
        ),
        (
            "ping-pong",
            "Two threads let each other go in turn, by an event for each direction; who waited clears \
             it. Cost of one hand-over.",
        ),
        (
            "neighbour",
            "Ping-pong beside a thread in an endless loop tied to the first CPU, as another program may be. Cost \
             of one hand-over.",
        ),
        (
            "timeout",
            "A wait of 1 ms for an event that nobody sets: how much later it returns. Median of the \
             lateness.",
        ),
    ],
    main: &[STD, PARKING_LOT],
    share: 1,
    cells,
};

fn answer(token: &str, text: &str, value: f64) -> Vec<Param> {
    vec![Param {
        name: "answer".into(),
        token: token.into(),
        text: text.into(),
        value,
    }]
}

fn cells(_threads: &[usize]) -> Vec<Cell> {
    let mut cells = vec![
        EVENT
            .cell("is-set", "look", for_every_event!(is_set(true)))
            .params(answer("yes", "yes", 1.0)),
        EVENT
            .cell("is-set", "look", for_every_event!(is_set(false)))
            .params(answer("no", "no", 0.0))
            .tier(Mode::Full),
        EVENT
            .cell("wait-set", "wait", for_every_event!(wait_when_set()))
            .tier(Mode::Quick),
        EVENT
            .cell(
                "set-clear",
                "set + clear",
                for_every_event!(set_and_clear()),
            )
            .tier(Mode::Quick),
        EVENT
            .cell("set-again", "set", for_every_event!(set_again()))
            .tier(Mode::Full),
        EVENT
            .cell("timeout", "late", for_every_event!(times_out()))
            .tier(Mode::Default)
            .main_peers(),
    ];
    for (waiters, tier) in [(1, Mode::Default), (8, Mode::Default), (64, Mode::Default)] {
        let cell = EVENT.cell(
            "wake-all",
            "set, until all are awake",
            for_every_event!(wakes(waiters)),
        );
        cells.push(
            cell.params(vec![count_param("waiters", "w", waiters)])
                .threads(waiters + 1)
                .tier(tier)
                .main_peers(),
        );
    }
    for pinning in [Pinning::Pinned, Pinning::Unpinned, Pinning::OneCpu] {
        if pinning.tied() && !can_pin() {
            continue;
        }
        let tier = match pinning {
            Pinning::Pinned => Mode::Smoke,
            Pinning::Unpinned => Mode::Default,
            Pinning::OneCpu => Mode::Full,
        };
        let cell = EVENT.cell("ping-pong", "hand-over", for_every_event!(ping_pong()));
        cells.push(cell.threads(2).pinning(pinning).tier(tier).main_peers());
    }
    for &(pinning, tier) in turns_beside() {
        let contenders = beside_a_neighbour(for_every_event!(ping_pong()));
        let cell = EVENT.cell("neighbour", "hand-over", contenders);
        cells.push(cell.threads(2).pinning(pinning).tier(tier).main_peers());
    }
    cells
}
