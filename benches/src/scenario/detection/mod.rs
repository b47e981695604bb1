//! What looking for deadlocks costs: the lock with its detector, without it, and parking_lot's with the feature
//! `deadlock_detection` where this is built with the feature `detection`.
//!
//! That feature of parking_lot is the whole program's, so then it is the only primitive there is: see
//! `scenario::PRIMITIVES`.

use super::lock::bodies::{Grid, contended, uncontended};
use super::lock::{Data, OUTSIDES, SECTIONS, THREADS, grid_params};
use super::{Primitive, either};
use crate::for_detectors;
use crate::peers::{PARKING_LOT, STD, UNDETECTED};
use crate::runner::{Cell, Mode};

/// The detector.
pub const DETECTION: Primitive = Primitive {
    name: "detection",
    scenarios: &[
        (
            "uncontended",
            "One thread locks, adds to a counter and unlocks. \"undetected\" is the same lock built \
             without the detector.",
        ),
        (
            "contended",
            "Threads share one lock, as in the lock's grid, and those that sleep say on what, and walk. \
             Nobody polls parking_lot's detector, which costs more and finds nothing by itself.",
        ),
    ],
    main: &[STD, PARKING_LOT, UNDETECTED],
    share: 1,
    cells,
};

fn cells(threads: &[usize]) -> Vec<Cell> {
    let chosen = !threads.is_empty();
    let threads = if chosen { threads } else { &THREADS };
    let alone = for_detectors!(uncontended(Data::Beside));
    let mut cells = vec![DETECTION.cell("uncontended", "lock + unlock", alone)];
    for &t in threads {
        for section in SECTIONS {
            for outside in OUTSIDES {
                let grid = Grid {
                    threads: t,
                    section,
                    outside,
                    data: Data::Beside,
                };
                let tier = match (t, section, outside) {
                    (8, 50, 200) => Mode::Smoke,
                    (2, 500, 200) => Mode::Default,
                    _ => Mode::Full,
                };
                let cell =
                    DETECTION.cell("contended", "operation", for_detectors!(contended(grid)));
                cells.push(
                    cell.params(grid_params(grid))
                        .threads(t)
                        .pinning(either())
                        .tier(if chosen { Mode::Quick } else { tier }),
                );
            }
        }
    }
    cells
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lock_without_the_detector_is_in_every_cell() {
        let all = cells(&[]);
        assert_eq!(all.len(), 1 + 48);
        for cell in all {
            let undetected = |c: &crate::runner::Contender| c.peer == UNDETECTED;
            assert!(cell.contenders.iter().any(undetected), "{}", cell.id());
        }
    }

    /// The two builds differ in that, and only in that.
    #[test]
    fn one_of_the_two_locks_is_told_of_a_deadlock() {
        use lock::LockExt;
        let detected = lock::Lock::new(());
        let _held = detected.lock();
        assert!(detected.lock_checked().is_err());
        // SAFETY: it is only asked for its owner.
        let asked = |raw: &undetected::RawLock| raw.owner();
        let other = undetected::Lock::new(());
        let held = other.lock();
        // Nobody looks: a timed attempt ends, an untimed one never would.
        assert!(
            other
                .try_lock_for(std::time::Duration::from_millis(1))
                .is_none()
        );
        // SAFETY: as above.
        assert!(asked(unsafe { other.raw() }).is_some());
        drop(held);
        assert!(undetected::LockExt::lock_checked(&other).is_ok());
    }

    /// Says whether the parking_lot of this build looks for deadlocks, as its name in the report does.
    #[test]
    fn parking_lot_is_called_what_it_is() {
        let looks = cfg!(feature = "detection");
        assert_eq!(PARKING_LOT.id == "parking_lot+detection", looks);
        #[cfg(feature = "detection")]
        assert!(parking_lot::deadlock::check_deadlock().is_empty());
    }
}
