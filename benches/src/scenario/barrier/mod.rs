//! The barrier's scenarios and cells.

pub mod adapter;
mod bodies;

use super::{Primitive, count_param, nanos_param};
use crate::for_every_barrier;
use crate::peers::{PARKING_LOT, STD};
use crate::pin::{Pinning, can_pin};
use crate::runner::{Cell, Mode};
use bodies::{alone, phase};

/// The barrier.
pub const BARRIER: Primitive = Primitive {
    name: "barrier",
    scenarios: &[
        ("alone", "A barrier of one party: nobody is waited for."),
        (
            "phase",
            "Threads work, each for a random time, then wait for each other, again and again. Cost of one \
             phase. parking_lot has no barrier: one of its mutexes and condition variables. hurdles never \
             sleeps.",
        ),
    ],
    main: &[STD, PARKING_LOT],
    share: 1,
    cells,
};

const PARTIES: [usize; 3] = [2, 8, 32];

fn cells(threads: &[usize]) -> Vec<Cell> {
    let parties = if threads.is_empty() {
        &PARTIES
    } else {
        threads
    };
    let mut cells = vec![
        BARRIER
            .cell("alone", "phase", for_every_barrier!(alone()))
            .tier(Mode::Quick),
    ];
    let pinnings: &[Pinning] = if can_pin() {
        &[Pinning::Pinned, Pinning::Unpinned, Pinning::OneCpu]
    } else {
        &[Pinning::Unpinned]
    };
    for &parties in parties {
        for outside in [0, 5_000] {
            for &pinning in pinnings {
                cells.push(phase_cell(parties, outside, pinning));
            }
        }
    }
    cells
}

fn phase_cell(parties: usize, outside: u64, pinning: Pinning) -> Cell {
    let tied = pinning == Pinning::Pinned || !can_pin();
    let tier = match (parties, outside) {
        (2, 0) if tied => Mode::Smoke,
        (8, 0) if tied => Mode::Quick,
        (32, 0) if tied => Mode::Quick,
        (8, _) if tied => Mode::Default,
        (2, 0) if pinning == Pinning::Unpinned => Mode::Default,
        _ => Mode::Full,
    };
    BARRIER
        .cell(
            "phase",
            "phase",
            for_every_barrier!(phase(parties, outside)),
        )
        .params(vec![
            count_param("parties", "p", parties),
            nanos_param("outside", 'o', outside),
        ])
        .threads(parties)
        .pinning(pinning)
        .tier(tier)
        .main_peers()
}
