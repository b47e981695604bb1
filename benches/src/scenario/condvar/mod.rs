//! The condition variable's scenarios and cells.

pub mod adapter;
mod bodies;

use super::neighbour::{beside_a_neighbour, turns_beside};
use super::{Primitive, count_param};
use crate::for_every_condvar;
use crate::peers::{PARKING_LOT, STD};
use crate::pin::{Pinning, can_pin};
use crate::runner::{Cell, Mode};
use bodies::{Buffer, Herd, buffer, herd, notify_all_of_none, notify_one_of_none, pass, ping_pong};

/// The condition variable.
pub const CONDVAR: Primitive = Primitive {
    name: "condvar",
    scenarios: &[
        (
            "notify-one-of-none",
            "One thread notifies one, and nobody waits.",
        ),
        (
            "notify-all-of-none",
            "One thread notifies all, and nobody waits.",
        ),
        (
            "pass",
            "One thread locks, finds what it wants, unlocks, and notifies nobody.",
        ),
        (
            "ping-pong",
            "Two threads take turns by one condition. Each notifies after it has unlocked. Cost of one turn.",
        ),
        (
            "neighbour",
            "Ping-pong beside a thread in an endless loop tied to the first CPU, as another program may be. Cost \
             of one turn.",
        ),
        (
            "notify-all",
            "All of so many waiting threads are notified, again when the last of them waits again. \
             Cost of one thread.",
        ),
        (
            "buffer",
            "Producers and as many consumers share a buffer with two conditions, not full and not \
             empty. Cost of one item.",
        ),
    ],
    main: &[STD, PARKING_LOT],
    share: 1,
    cells,
};

fn cells(_: &[usize]) -> Vec<Cell> {
    let mut cells = vec![
        CONDVAR.cell(
            "notify-one-of-none",
            "notify_one",
            for_every_condvar!(notify_one_of_none()),
        ),
        CONDVAR
            .cell(
                "notify-all-of-none",
                "notify_all",
                for_every_condvar!(notify_all_of_none()),
            )
            .tier(Mode::Default),
        CONDVAR
            .cell(
                "pass",
                "lock + look + unlock + notify",
                for_every_condvar!(pass()),
            )
            .tier(Mode::Default),
    ];
    for (pinning, tier) in [
        (Pinning::Pinned, Mode::Smoke),
        (Pinning::Unpinned, Mode::Quick),
        (Pinning::OneCpu, Mode::Default),
    ] {
        if pinning.tied() && !can_pin() {
            continue;
        }
        let cell = CONDVAR.cell("ping-pong", "turn", for_every_condvar!(ping_pong()));
        cells.push(cell.threads(2).pinning(pinning).tier(tier));
    }
    for &(pinning, tier) in turns_beside() {
        let contenders = beside_a_neighbour(for_every_condvar!(ping_pong()));
        let cell = CONDVAR.cell("neighbour", "turn", contenders);
        cells.push(cell.threads(2).pinning(pinning).tier(tier));
    }
    for (waiters, tier) in [(1, Mode::Default), (8, Mode::Default), (64, Mode::Quick)] {
        let cell = CONDVAR.cell(
            "notify-all",
            "thread",
            for_every_condvar!(herd(waiters); Herd, 2),
        );
        let waiters = count_param("waiters", "w", waiters);
        let threads = 1 + waiters.value as usize;
        cells.push(cell.params(vec![waiters]).threads(threads).tier(tier));
    }
    for (pairs, capacity, tier) in [(1, 1, Mode::Full), (2, 16, Mode::Default)] {
        let cell = CONDVAR.cell(
            "buffer",
            "item",
            for_every_condvar!(buffer(pairs, capacity); Buffer, 2),
        );
        let params = vec![
            count_param("pairs", "p", pairs),
            count_param("capacity", "c", capacity),
        ];
        cells.push(cell.params(params).threads(2 * pairs).tier(tier));
    }
    cells
}
