//! The semaphore's scenarios and cells.

pub mod adapter;
mod bodies;
#[cfg(all(unix, not(target_vendor = "apple")))]
pub mod sem_t;

use super::frame::Load;
use super::{Primitive, count_param, nanos_param, threads_param};
use crate::peers::{PARKING_LOT, STD};
use crate::pin::{Pinning, can_pin};
use crate::runner::{Cell, Mode};
use crate::{for_every_bounded_semaphore, for_every_semaphore, for_every_semaphore_at_once};
use bodies::{contended, mix, pair, ping_pong, release_many, try_hit, try_miss};

/// The semaphore.
pub const SEMAPHORE: Primitive = Primitive {
    name: "semaphore",
    scenarios: &[
        (
            "pair",
            "One thread acquires a permit that is there and releases it. std and parking_lot have no \
             semaphore: in every scenario theirs is a number under their mutex, and their condition \
             variable. tokio's and async-lock's futures are waited for by a sleeping thread.",
        ),
        (
            "bounded-pair",
            "As pair, with this project's BoundedSemaphore, which looks whether there is room.",
        ),
        ("try-hit", "One thread tries for a permit that is there."),
        (
            "try-miss",
            "One thread tries for a permit that is not there.",
        ),
        (
            "contended",
            "Threads share permits: work outside, of random length, then work with a permit.",
        ),
        (
            "mix",
            "Threads share four permits; each asks for always as many at once, one to four. std's and \
             parking_lot's wake all at each release, since one may want more than there is.",
        ),
        (
            "ping-pong",
            "Two threads release each other in turn by two semaphores. Cost of one release.",
        ),
        (
            "release-many",
            "As many permits are released at once as threads wait, and each permit is answered. Cost \
             of one.",
        ),
    ],
    main: &[STD, PARKING_LOT],
    share: 1,
    cells,
};

const THREADS: [usize; 3] = [2, 8, 32];
const PERMITS: [u32; 2] = [1, 4];
const OUTSIDE: u64 = 200;

fn cells(threads: &[usize]) -> Vec<Cell> {
    let chosen = !threads.is_empty();
    let threads = if chosen { threads } else { &THREADS };
    let mut cells = alone();
    for &t in threads {
        // A number of threads that was asked for is worth what 8 is.
        let like = if chosen { 8 } else { t };
        for permits in PERMITS {
            for section in [50, 500] {
                cells.push(contended_cell(
                    permits,
                    t,
                    section,
                    tier(permits, like, section),
                ));
            }
        }
        let tier = match like {
            8 => Mode::Default,
            _ => Mode::Full,
        };
        cells.push(mix_cell(t, tier));
    }
    for pinning in [Pinning::Pinned, Pinning::Unpinned] {
        let tier = match pinning == Pinning::Pinned || !can_pin() {
            true => Mode::Quick,
            false => Mode::Default,
        };
        let cell = SEMAPHORE.cell("ping-pong", "release", for_every_semaphore!(ping_pong()));
        cells.push(cell.threads(2).pinning(pinning).tier(tier).main_peers());
    }
    for (waiters, tier) in [(8, Mode::Default), (64, Mode::Full)] {
        let cell = SEMAPHORE.cell(
            "release-many",
            "permit",
            for_every_semaphore!(release_many(waiters)),
        );
        let params = vec![count_param("waiters", "w", waiters)];
        cells.push(
            cell.params(params)
                .threads(waiters + 1)
                .tier(tier)
                .main_peers(),
        );
    }
    cells
}

fn alone() -> Vec<Cell> {
    vec![
        SEMAPHORE.cell("pair", "acquire + release", for_every_semaphore!(pair())),
        SEMAPHORE
            .cell(
                "bounded-pair",
                "acquire + release",
                for_every_bounded_semaphore!(pair()),
            )
            .tier(Mode::Default),
        SEMAPHORE
            .cell(
                "try-hit",
                "try_acquire + release",
                for_every_semaphore!(try_hit()),
            )
            .tier(Mode::Full)
            .main_peers(),
        SEMAPHORE
            .cell(
                "try-miss",
                "failed try_acquire",
                for_every_semaphore!(try_miss()),
            )
            .tier(Mode::Default)
            .main_peers(),
    ]
}

/// Each number of threads, of permits, and each section at least once.
fn tier(permits: u32, threads: usize, section: u64) -> Mode {
    match (permits, threads, section) {
        (1, 2, 50) => Mode::Smoke,
        (4, 8, 500) => Mode::Quick,
        (4, 32, 50) => Mode::Default,
        _ => Mode::Full,
    }
}

fn contended_cell(permits: u32, threads: usize, section: u64, tier: Mode) -> Cell {
    let load = Load {
        section,
        outside: OUTSIDE,
    };
    SEMAPHORE
        .cell(
            "contended",
            "operation",
            for_every_semaphore!(contended(permits, threads, load)),
        )
        .params(vec![
            threads_param(threads),
            count_param("permits", "n", permits as usize),
            nanos_param("section", 's', section),
        ])
        .threads(threads)
        .tier(tier)
        .main_peers()
}

fn mix_cell(threads: usize, tier: Mode) -> Cell {
    let load = Load {
        section: 500,
        outside: OUTSIDE,
    };
    SEMAPHORE
        .cell(
            "mix",
            "operation",
            for_every_semaphore_at_once!(mix(threads, load)),
        )
        .params(vec![threads_param(threads)])
        .threads(threads)
        .tier(tier)
        .main_peers()
}
