//! What is measured: one directory per primitive, registered in [`PRIMITIVES`].
//!
//! How to add one: `benches/README.md`. What scenarios share is in [`frame`], [`monitor`] and [`neighbour`].

pub mod frame;
pub mod monitor;
pub mod neighbour;

// The primitives, each under its name: two people can add theirs at the same time.

// barrier
pub mod barrier;

// condvar
pub mod condvar;

// event
pub mod event;

// detection
pub mod detection;

// lock
pub mod lock;

// queue
pub mod queue;

// rlock
pub mod rlock;

// semaphore
pub mod semaphore;

// thread
pub mod thread;

// timer
pub mod timer;

/// Every primitive the report knows, in the order in which it shows them.
///
/// With the feature `detection` only that: parking_lot is another one then, and what is built on it.
#[cfg(feature = "detection")]
pub const PRIMITIVES: &[Primitive] = &[detection::DETECTION];

/// Every primitive the report knows, in the order in which it shows them.
#[cfg(not(feature = "detection"))]
pub const PRIMITIVES: &[Primitive] = &[
    //
    // lock
    lock::LOCK,
    //
    // detection
    detection::DETECTION,
    //
    // rlock
    rlock::RLOCK,
    //
    // semaphore
    semaphore::SEMAPHORE,
    //
    // event
    event::EVENT,
    //
    // barrier
    barrier::BARRIER,
    //
    // condvar
    condvar::CONDVAR,
    //
    // queue
    queue::QUEUE,
    //
    // timer
    timer::TIMER,
    //
    // thread
    thread::THREAD,
];

use crate::peers::Peer;
use crate::pin::{Pinning, can_pin};
use crate::report::schema::Param;
use crate::runner::{Cell, Contender, Length, Mode};
use std::time::Duration;

/// A primitive of this project.
#[derive(Debug)]
pub struct Primitive {
    /// What `--only` calls it.
    pub name: &'static str,
    /// Its scenarios: name, and what a reader of the report should know about it.
    pub scenarios: &'static [(&'static str, &'static str)],
    /// Whom the report compares it with in every mode: std, parking_lot, and the best of the rest.
    pub main: &'static [Peer],
    /// Its share of a run's time: 1, and 3 for the lock, of [`SHARES`].
    pub share: u32,
    /// All its cells, for these numbers of threads where they vary; the usual ones if empty.
    pub cells: fn(&[usize]) -> Vec<Cell>,
}

/// What the shares of all primitives add up to, once all are there.
pub const SHARES: u32 = 12;

impl Primitive {
    /// A cell with one thread, short windows and every peer in every mode; to be changed by its
    /// methods.
    #[must_use]
    pub fn cell(
        &self,
        scenario: &'static str,
        unit: &'static str,
        contenders: Vec<Contender>,
    ) -> Cell {
        Cell {
            primitive: self.name,
            scenario,
            params: Vec::new(),
            threads: 1,
            pinning: either(),
            unit,
            tier: Mode::Smoke,
            every_peer: true,
            main: self.main,
            length: Length::Short,
            setup: Duration::ZERO,
            contenders,
        }
    }
}

/// The cells of all primitives.
#[must_use]
pub fn all_cells(threads: &[usize]) -> Vec<Cell> {
    PRIMITIVES.iter().flat_map(|p| (p.cells)(threads)).collect()
}

/// The primitive called `name`.
#[must_use]
pub fn find(name: &str) -> Option<&'static Primitive> {
    PRIMITIVES.iter().find(|p| p.name == name)
}

/// What `scenario` of `primitive` measures.
#[must_use]
pub fn describe(primitive: &str, scenario: &str) -> &'static str {
    find(primitive)
        .iter()
        .flat_map(|p| p.scenarios)
        .find(|(name, _)| *name == scenario)
        .map_or("", |(_, about)| about)
}

/// Pinned where that is possible: for cells that come in one form only.
#[must_use]
pub fn either() -> Pinning {
    if can_pin() {
        Pinning::Pinned
    } else {
        Pinning::Unpinned
    }
}

/// The coordinate of a number of threads: `t8`.
#[must_use]
pub fn threads_param(threads: usize) -> Param {
    count_param("threads", "t", threads)
}

/// The coordinate of any other number: `count_param("waiters", "w", 64)` is `w64`.
#[must_use]
pub fn count_param(name: &str, letters: &str, count: usize) -> Param {
    Param {
        name: name.into(),
        token: format!("{letters}{count}"),
        text: count.to_string(),
        value: count as f64,
    }
}

/// The coordinate of a time: `nanos_param("section", 's', 500)` is `s500ns`.
#[must_use]
pub fn nanos_param(name: &str, letter: char, nanos: u64) -> Param {
    let (number, unit) = match nanos {
        0 => (0, ""),
        n if n % 1_000 != 0 => (n, "ns"),
        n if n % 1_000_000 != 0 => (n / 1_000, "us"),
        n => (n / 1_000_000, "ms"),
    };
    let shown = unit.replace("us", "µs");
    Param {
        name: name.into(),
        token: format!("{letter}{number}{unit}"),
        text: format!("{number} {shown}").trim_end().to_owned(),
        value: nanos as f64,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runner::{Filter, plan};
    use std::collections::BTreeSet;

    #[test]
    fn cell_names_are_unique_and_their_scenarios_are_described() {
        let cells = all_cells(&[]);
        let ids: BTreeSet<String> = cells.iter().map(Cell::id).collect();
        assert_eq!(ids.len(), cells.len());
        for cell in &cells {
            let about = describe(cell.primitive, cell.scenario);
            assert!(!about.is_empty(), "{}", cell.id());
        }
    }

    #[test]
    fn every_cell_has_ours_twice_and_nobody_else_twice() {
        for cell in all_cells(&[]) {
            let ids: Vec<&str> = cell.contenders.iter().map(|c| c.peer.id).collect();
            assert_eq!(ids[..2], ["lockwright", "again"], "{}", cell.id());
            let distinct: BTreeSet<&&str> = ids.iter().collect();
            assert_eq!(distinct.len(), ids.len(), "{}: {ids:?}", cell.id());
        }
    }

    /// Where this fails, give some cells a later tier, fewer peers or shorter windows.
    #[test]
    fn each_primitive_keeps_its_share_of_the_time() {
        assert!(PRIMITIVES.iter().map(|p| p.share).sum::<u32>() <= SHARES);
        for mode in [Mode::Smoke, Mode::Quick, Mode::Default] {
            for primitive in PRIMITIVES {
                let budget = mode.budget();
                let cells = plan((primitive.cells)(&[]), mode, &Filter::default()).unwrap();
                let takes: Duration = cells.iter().map(|c| budget.estimate(c)).sum();
                let has = mode.limit().unwrap() * primitive.share / SHARES;
                let (takes, has) = (takes.as_secs_f64(), has.as_secs_f64());
                let name = primitive.name;
                assert!(
                    takes <= has,
                    "{name} in {mode:?}: {takes:.1} s of {has:.1} s"
                );
            }
        }
    }

    #[test]
    fn times_are_named_in_the_unit_that_fits() {
        let tokens = [0, 50, 500, 2_000, 5_000, 1_000_000].map(|n| nanos_param("x", 's', n).token);
        assert_eq!(tokens, ["s0", "s50ns", "s500ns", "s2us", "s5us", "s1ms"]);
        assert_eq!(nanos_param("x", 's', 2_000).text, "2 µs");
    }
}
