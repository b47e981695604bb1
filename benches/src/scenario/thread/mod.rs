//! The scenarios and cells of threads.

pub mod adapter;
mod bodies;

use super::{Primitive, threads_param};
use crate::for_every_thread;
use crate::peers::STD;
use crate::pin::{Pinning, can_pin};
use crate::runner::{Cell, Length, Mode};
use bodies::{current, ended, start_join};

/// Threads as objects.
pub const THREAD: Primitive = Primitive {
    name: "thread",
    scenarios: &[
        (
            "start-join",
            "A thread makes others, which return a number, and joins them. On both CPUs, since a new \
             thread may run only where its maker may.",
        ),
        (
            "start-join-one-cpu",
            "The same on one CPU: without the wake across CPUs that decides the other.",
        ),
        (
            "ended",
            "One thread asks again and again whether a thread has ended that has: `join_for(0)`, against \
             std's `is_finished`, which is a load; std has no join with a time-out.",
        ),
        (
            "current",
            "One thread has its own object looked up, and drops it.",
        ),
    ],
    main: &[STD],
    share: 1,
    cells,
};

fn cells(_threads: &[usize]) -> Vec<Cell> {
    let mut cells = vec![
        THREAD
            .cell("ended", "question", for_every_thread!(ended()))
            .tier(Mode::Quick),
        THREAD
            .cell("current", "look-up", for_every_thread!(current()))
            .tier(Mode::Quick),
    ];
    for threads in [1, 8] {
        let cell = |scenario| {
            THREAD
                .cell(
                    scenario,
                    "start + join of all",
                    for_every_thread!(start_join(threads)),
                )
                .params(vec![threads_param(threads as usize)])
                .length(Length::Usual)
        };
        cells.push(cell("start-join").pinning(Pinning::Unpinned));
        if can_pin() {
            cells.push(
                cell("start-join-one-cpu")
                    .pinning(Pinning::OneCpu)
                    .tier(Mode::Default),
            );
        }
    }
    cells
}
