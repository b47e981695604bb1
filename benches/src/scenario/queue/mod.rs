//! The queue's scenarios and cells.

pub mod adapter;
mod bodies;

use super::{Primitive, count_param};
use crate::for_every_queue;
use crate::peers::{CROSSBEAM, KANAL, STD};
use crate::pin::{Pinning, can_pin};
use crate::runner::{Cell, Mode};
use bodies::{same_thread, stream};

/// The bounded queue.
pub const QUEUE: Primitive = Primitive {
    name: "queue",
    scenarios: &[
        (
            "same-thread",
            "One thread puts an item in and takes it out. std is its sync_channel, whose one receiver \
             several consumers share by a mutex; mutex+condvars, and parking_lot, are a list under a \
             mutex with two condition variables.",
        ),
        (
            "stream",
            "As many producers as consumers, all as fast as they can: time per item. What was put in is \
             compared with what came out.",
        ),
    ],
    main: &[STD, CROSSBEAM, KANAL],
    share: 1,
    cells,
};

const PAIRS: [usize; 3] = [1, 2, 4];
const CAPACITIES: [usize; 3] = [1, 16, 1024];

/// The numbers of threads are those of both sides together.
fn cells(threads: &[usize]) -> Vec<Cell> {
    let mut cells = vec![
        QUEUE
            .cell("same-thread", "item", for_every_queue!(same_thread(16)))
            .params(vec![count_param("capacity", "c", 16)]),
    ];
    let given: Vec<usize> = threads.iter().map(|t| t.div_ceil(2)).collect();
    let pairs = if given.is_empty() { &PAIRS[..] } else { &given };
    let pinnings: &[Pinning] = if can_pin() {
        &[Pinning::Pinned, Pinning::OneCpu, Pinning::Unpinned]
    } else {
        &[Pinning::Unpinned]
    };
    for &pinning in pinnings {
        for &pairs in pairs {
            for capacity in CAPACITIES {
                cells.push(stream_cell(pairs, capacity, pinning));
            }
        }
    }
    cells
}

fn stream_cell(pairs: usize, capacity: usize, pinning: Pinning) -> Cell {
    let tier = match (pairs, capacity, pinning) {
        (1, 16, Pinning::Pinned) => Mode::Smoke,
        (4, 1024, Pinning::Pinned) | (4, 16, Pinning::OneCpu) => Mode::Quick,
        (1 | 4, _, Pinning::Pinned) => Mode::Default,
        (1, 1024, Pinning::Unpinned) => Mode::Default,
        _ => Mode::Full,
    };
    QUEUE
        .cell("stream", "item", for_every_queue!(stream(pairs, capacity)))
        .params(vec![
            count_param("pairs", "p", pairs),
            count_param("capacity", "c", capacity),
        ])
        .threads(2 * pairs)
        .pinning(pinning)
        .tier(tier)
        .main_peers()
}
