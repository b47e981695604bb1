//! How long a thread may go on taking a lock that others wait for.
//!
//! A thread that releases a lock and takes it again at once keeps it warm in its cache and needs
//! nobody woken: that is where throughput comes from, and starvation. So a thread which finds waiters
//! at a release hands the lock over when it has had it for a tenure.

use std::cell::Cell;
use std::time::Duration;

use futex::{Waited, asymmetric};

/// After this the lock is handed to the waiters while one of them is awake, which costs two moves of a
/// cache line. With 4 ms the longest wait was 119 ms (benches/results/).
const TENURE: Duration = Duration::from_millis(1);
/// After this to one that sleeps, or waits for the very CPU that the calling thread runs on: that costs a
/// wake and a switch, some 10 to 60 µs.
const PATIENCE: Duration = Duration::from_millis(2);
/// Reading the clock costs as much as several uncontended pairs: at most every so many turns.
const TURNS_PER_LOOK: u32 = 32;

/// What the calling thread knows of its tenure: one for all locks, and it begins anew whenever the
/// thread has waited for one. What bounds a waiter's wait are the heirs, not this.
#[derive(Clone, Copy)]
struct Tenure {
    /// When the clock was first read in it.
    since: Option<Waited>,
    /// Turns between the last two looks at the clock: 1, 2, 4 … in case the sections are long.
    step: u32,
}

const NEW: Tenure = Tenure {
    since: None,
    step: 1,
};

futex::per_thread! {
    /// Releases that found waiters still to go until the next look at the clock.
    static TO_GO: Cell<u32> = Cell::new(0);
    static CURRENT: Cell<Tenure> = Cell::new(NEW);
    /// How many releases found nobody at a lock that is symmetric.
    static QUIET: Cell<u32> = Cell::new(0);
}

/// The calling thread got a lock by waiting for it.
pub(crate) fn begin() {
    TO_GO.with(|to_go| to_go.set(0));
    CURRENT.with(|current| current.set(NEW));
}

/// The calling thread has released a lock that is symmetric, and nobody waits for it: whether enough such
/// releases have been, of whichever lock.
pub(crate) fn is_quiet() -> bool {
    QUIET.with(|quiet| {
        let enough = quiet.get() == asymmetric::WORTH;
        quiet.set(if enough { 0 } else { quiet.get() + 1 });
        enough && asymmetric::is_available()
    })
}

/// The calling thread has released a lock that others wait for, one of whom may be `awake`: whether to
/// hand it over to them.
#[inline]
pub(crate) fn is_over(awake: bool) -> bool {
    TO_GO.with(|to_go| match to_go.get() {
        0 => {
            let (over, next) = CURRENT.with(|current| {
                let (over, next) = look(current.get(), if awake { TENURE } else { PATIENCE });
                current.set(next);
                (over, next)
            });
            to_go.set(next.step - 1);
            over
        }
        left => {
            to_go.set(left - 1);
            false
        }
    })
}

#[cold]
fn look(current: Tenure, limit: Duration) -> (bool, Tenure) {
    let since = current.since.unwrap_or_else(Waited::start);
    if since.at_least(limit) {
        return (true, NEW);
    }
    let step = (2 * current.step).min(TURNS_PER_LOOK);
    (
        false,
        Tenure {
            since: Some(since),
            step,
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_is_looked_at_after_ever_more_turns() {
        let mut tenure = NEW;
        for expected in [2, 4, 8, 16, 32, 32] {
            let (over, next) = look(tenure, Duration::MAX);
            assert_eq!((over, next.step), (false, expected));
            tenure = next;
        }
        let (over, next) = look(tenure, Duration::ZERO);
        assert_eq!((over, next.step, next.since.is_none()), (true, 1, true));
    }

    #[test]
    fn between_two_looks_nothing_is_handed_over() {
        begin();
        for expected in [0, 1, 3, 7] {
            assert_eq!(TO_GO.with(Cell::get), expected);
            for _ in 0..expected {
                assert!(!is_over(true));
            }
            // The clock has just started, or is 1 ms further on: then it begins anew.
            if is_over(true) {
                return;
            }
        }
    }

    #[test]
    fn it_is_quiet_once_in_a_thousand_releases() {
        let quiet = (0..2 * (asymmetric::WORTH + 1)).filter(|_| is_quiet());
        let expected = if asymmetric::is_available() { 2 } else { 0 };
        assert_eq!(quiet.count(), expected);
    }
}
