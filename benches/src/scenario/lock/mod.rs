//! The lock's scenarios and their cells.

pub mod adapter;
pub(super) mod bodies;
#[cfg(unix)]
mod pthread;

use super::neighbour::beside_a_neighbour;
use super::{Primitive, either, nanos_param, threads_param};
use crate::peers::{PARKING_LOT, STD};
use crate::pin::{Pinning, can_pin};
use crate::report::schema::Param;
use crate::runner::{Cell, Mode};
use crate::{for_every_lock, for_every_timed_lock};
use bodies::{
    Grid, contended, handed_over, timed_pair, times_out, try_hit, try_miss, turns, uncontended,
};

/// The lock.
pub const LOCK: Primitive = Primitive {
    name: "lock",
    scenarios: &[
        (
            "uncontended",
            "One thread locks, adds to a counter and unlocks; nobody competes.",
        ),
        ("try-hit", "One thread takes the free lock by try_lock."),
        ("try-miss", "One thread tries a lock that another holds."),
        (
            "contended",
            "Threads share one lock: work outside it, of random length, then a critical section.",
        ),
        (
            "ping-pong",
            "Two threads take turns; whose turn it is stands under the lock. Cost of one turn.",
        ),
        (
            "ring",
            "More threads take turns in the same way: each asks under the lock, in a loop, whether it is its turn, \
             and all but one ask in vain. Cost of one turn.",
        ),
        (
            "neighbour",
            "Threads share one lock, with 200 ns outside and sections of 500 ns or with neither, beside a \
             thread in an endless loop tied to the first CPU, as another program may be.",
        ),
        (
            "timed-uncontended",
            "One thread takes the free lock by a timed acquire.",
        ),
        (
            "timed-handover",
            "A timed acquire waits, asleep, and the owner in another thread unlocks: from just \
             before the unlock to inside the waiter's section. Median of the waits.",
        ),
        (
            "timeout",
            "A timed acquire of 1 ms on a lock that stays taken: how much later it returns. \
             Median of the lateness.",
        ),
    ],
    main: &[STD, PARKING_LOT],
    share: 3,
    cells,
};

/// Where the protected data lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Data {
    /// On the cache line of the lock word, as in `Mutex<T>` with a small `T`.
    Beside,
    /// On a line of its own, as behind a `Box`.
    Apart,
}

impl Data {
    fn param(self) -> Param {
        let (token, text, value) = match self {
            Self::Beside => ("beside", "beside the lock word", 0.0),
            Self::Apart => ("apart", "on another cache line", 1.0),
        };
        Param {
            name: "data".into(),
            token: token.into(),
            text: text.into(),
            value,
        }
    }
}

pub(super) const THREADS: [usize; 4] = [2, 4, 8, 32];
pub(super) const SECTIONS: [u64; 4] = [0, 50, 500, 5_000];
pub(super) const OUTSIDES: [u64; 3] = [0, 200, 2_000];

fn cells(threads: &[usize]) -> Vec<Cell> {
    use Data::{Apart, Beside};
    use Pinning::{Pinned, Unpinned};
    let chosen = !threads.is_empty();
    let threads = if chosen { threads } else { &THREADS };
    let mut cells = single_thread_cells();
    // One form is enough to show what the layout does.
    for (data, pinning) in [(Beside, Pinned), (Beside, Unpinned), (Apart, either())] {
        for &t in threads {
            for section in SECTIONS {
                for outside in OUTSIDES {
                    let grid = Grid {
                        threads: t,
                        section,
                        outside,
                        data,
                    };
                    // A number of threads that was asked for is worth what 8 is.
                    let tier = tier(if chosen { 8 } else { t }, section, outside, data, pinning);
                    cells.push(contended_cell(grid, pinning, tier));
                }
            }
        }
    }
    for pinning in [Pinned, Unpinned] {
        let tier = if pinning == Pinned || !can_pin() {
            Mode::Smoke
        } else {
            Mode::Default
        };
        let cell = LOCK.cell("ping-pong", "turn", for_every_lock!(turns(2)));
        cells.push(cell.threads(2).pinning(pinning).tier(tier));
    }
    for (t, tier) in [(3, Mode::Default), (8, Mode::Full)] {
        cells.push(ring_cell(t, tier));
    }
    if can_pin() {
        for (section, outside) in [(500, 200), (0, 0)] {
            for threads in [2, 8] {
                for pinning in [Pinned, Unpinned] {
                    let grid = Grid {
                        threads,
                        section,
                        outside,
                        data: Beside,
                    };
                    cells.push(neighbour_cell(grid, pinning));
                }
            }
        }
    }
    for (scenario, unit, contenders) in [
        (
            "timed-handover",
            "hand-over",
            for_every_timed_lock!(handed_over()),
        ),
        ("timeout", "time-out", for_every_timed_lock!(times_out())),
    ] {
        cells.push(LOCK.cell(scenario, unit, contenders).threads(2));
    }
    cells
}

fn ring_cell(threads: usize, tier: Mode) -> Cell {
    LOCK.cell("ring", "turn", for_every_lock!(turns(threads)))
        .params(vec![threads_param(threads)])
        .threads(threads)
        .tier(tier)
        .main_peers()
}

fn neighbour_cell(grid: Grid, pinning: Pinning) -> Cell {
    let contenders = beside_a_neighbour(for_every_lock!(contended(grid)));
    LOCK.cell("neighbour", "operation", contenders)
        .params(vec![
            threads_param(grid.threads),
            nanos_param("section", 's', grid.section),
        ])
        .threads(grid.threads)
        .pinning(pinning)
        .tier(Mode::Full)
        .main_peers()
}

/// Which mode first shows a contended cell. `quick` and `default` are subsets, chosen to have each
/// number of threads, each section and each outside work at least once.
fn tier(threads: usize, section: u64, outside: u64, data: Data, pinning: Pinning) -> Mode {
    match (data, pinning) {
        (Data::Beside, Pinning::Pinned) => match (threads, section, outside) {
            (2, 50, 200) | (8, 0, 200) => Mode::Smoke,
            (2 | 8, _, 200) | (32, 50, 200) => Mode::Quick,
            (4, 500, 200) | (32, 5_000, 200) | (8, 500, _) => Mode::Default,
            _ => Mode::Full,
        },
        // Where nothing can be pinned, this is the grid.
        (Data::Beside, _) => match (threads, section, outside) {
            (2, 50, 200) => Mode::Smoke,
            (8, 500, 200) => Mode::Quick,
            (2 | 8, _, 200) if !can_pin() => Mode::Quick,
            (8, 500, _) | (32, 50, 200) if !can_pin() => Mode::Default,
            _ => Mode::Full,
        },
        (Data::Apart, _) => match (threads, section, outside) {
            (2, 0, 200) => Mode::Smoke,
            (8, 50, 200) => Mode::Quick,
            _ => Mode::Full,
        },
    }
}

fn single_thread_cells() -> Vec<Cell> {
    let mut cells = Vec::new();
    for data in [Data::Beside, Data::Apart] {
        let contenders = for_every_lock!(uncontended(data));
        let cell = LOCK.cell("uncontended", "lock + unlock", contenders);
        cells.push(cell.params(vec![data.param()]));
    }
    let hits = for_every_lock!(try_hit());
    cells.push(LOCK.cell("try-hit", "try_lock + unlock", hits));
    let misses = for_every_lock!(try_miss());
    cells.push(LOCK.cell("try-miss", "failed try_lock", misses));
    let pairs = for_every_timed_lock!(timed_pair());
    cells.push(LOCK.cell("timed-uncontended", "timed lock + unlock", pairs));
    cells
}

pub(super) fn grid_params(grid: Grid) -> Vec<Param> {
    vec![
        threads_param(grid.threads),
        nanos_param("section", 's', grid.section),
        nanos_param("outside", 'o', grid.outside),
        grid.data.param(),
    ]
}

fn contended_cell(grid: Grid, pinning: Pinning, tier: Mode) -> Cell {
    let cell = LOCK.cell("contended", "operation", for_every_lock!(contended(grid)));
    cell.params(grid_params(grid))
        .threads(grid.threads)
        .pinning(pinning)
        .tier(tier)
        .main_peers()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_full_grid_has_48_cells_in_each_form() {
        let all = cells(&[]);
        for (data, pinning) in [
            ("beside", Pinning::Pinned),
            ("beside", Pinning::Unpinned),
            ("apart", either()),
        ] {
            let of_form = |c: &&Cell| {
                c.pinning == pinning && c.params.len() == 4 && c.params[3].token == data
            };
            assert_eq!(all.iter().filter(of_form).count(), 48);
        }
    }

    #[test]
    fn threads_that_were_asked_for_replace_the_usual_ones() {
        let all = cells(&[3]);
        let contended = all.iter().filter(|c| c.scenario == "contended");
        assert!(contended.clone().count() > 0 && contended.clone().all(|c| c.threads == 3));
        assert!(contended.into_iter().any(|c| c.tier == Mode::Quick));
    }
}
