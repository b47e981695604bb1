//! The reentrant lock's scenarios and cells.

pub mod adapter;
mod bodies;

use super::frame::Load;
use super::{Primitive, count_param, nanos_param, threads_param};
use crate::peers::{PARKING_LOT, STD};
use crate::pin::{Pinning, can_pin};
use crate::runner::{Cell, Mode};
use crate::{for_every_rlock, for_every_tried_rlock};
use bodies::{contended, four_deep, nested, outer, ping_pong, try_miss};

/// The reentrant lock.
pub const RLOCK: Primitive = Primitive {
    name: "rlock",
    scenarios: &[
        (
            "outer",
            "One thread takes the free lock, adds to a counter and releases it. std's reentrant lock \
             is not stable: its stdout, which has one, stands for it in every scenario.",
        ),
        (
            "nested",
            "A thread that holds the lock takes it once more, adds and releases that level.",
        ),
        (
            "levels",
            "One thread takes the free lock several times, one inside the other, and releases it.",
        ),
        ("try-miss", "One thread tries a lock that another holds."),
        (
            "contended",
            "Threads share one lock: work outside it, of random length, then a section that takes \
             it a second time half-way.",
        ),
        (
            "ping-pong",
            "Two threads take turns; whose turn it is stands under the lock. Cost of one turn.",
        ),
    ],
    main: &[STD, PARKING_LOT],
    share: 1,
    cells,
};

const THREADS: [usize; 3] = [2, 8, 32];

fn cells(threads: &[usize]) -> Vec<Cell> {
    let threads = if threads.is_empty() {
        &THREADS
    } else {
        threads
    };
    let mut cells = vec![
        RLOCK.cell("outer", "lock + unlock", for_every_rlock!(outer())),
        RLOCK
            .cell("nested", "lock + unlock", for_every_rlock!(nested()))
            .tier(Mode::Quick),
        RLOCK
            .cell("levels", "all of them", for_every_rlock!(four_deep()))
            .params(vec![count_param("levels", "d", 4)])
            .tier(Mode::Default),
        RLOCK
            .cell(
                "try-miss",
                "failed try_lock",
                for_every_tried_rlock!(try_miss()),
            )
            .tier(Mode::Default),
    ];
    for &t in threads {
        for (section, outside) in [(50, 200), (500, 200)] {
            cells.push(contended_cell(t, Load { section, outside }));
        }
    }
    for pinning in [Pinning::Pinned, Pinning::Unpinned] {
        let cell = RLOCK.cell("ping-pong", "turn", for_every_rlock!(ping_pong()));
        let tier = if pinning == Pinning::Pinned || !can_pin() {
            Mode::Quick
        } else {
            Mode::Default
        };
        cells.push(cell.threads(2).pinning(pinning).tier(tier));
    }
    cells
}

fn contended_cell(threads: usize, load: Load) -> Cell {
    let tier = match (threads, load.section) {
        (2, 50) => Mode::Smoke,
        (8, 500) => Mode::Quick,
        (2 | 8, _) | (32, 50) => Mode::Default,
        _ => Mode::Full,
    };
    RLOCK
        .cell(
            "contended",
            "operation",
            for_every_rlock!(contended(threads, load)),
        )
        .params(vec![
            threads_param(threads),
            nanos_param("section", 's', load.section),
            nanos_param("outside", 'o', load.outside),
        ])
        .threads(threads)
        .tier(tier)
        .main_peers()
}
