//! How long a thread may go on taking a lock that others wait for.
//!
//! A thread that releases a lock and takes it again at once keeps it warm in its cache and needs
//! nobody woken: that is where throughput comes from, and starvation. So a thread which finds waiters
//! at a release hands the lock over when it has had it for a tenure. And a thread that comes out of such
//! a burst of its own gives those of others some time, instead of ending them with its first look.

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

/// A thread's turns since it last found a lock taken are a *burst* if they were so many, and took so little each, with
/// all that it did between: whoever holds the lock now is probably in the midst of one too.
const BURST: u32 = 8;
const QUICK: Duration = Duration::from_nanos(100);

futex::per_thread! {
    /// Releases that found waiters.
    static TURNS: Cell<u32> = Cell::new(0);
    /// At which of them the clock is read next.
    static NEXT_LOOK: Cell<u32> = Cell::new(1);
    static CURRENT: Cell<Tenure> = Cell::new(NEW);
    /// When the thread last found a lock taken, and its turns until then.
    static LAST: Cell<(Option<Waited>, u32)> = Cell::new((None, 0));
    /// How many releases found nobody at a lock that is symmetric.
    static QUIET: Cell<u32> = Cell::new(0);
}

/// The calling thread got a lock by waiting for it.
pub(crate) fn begin() {
    NEXT_LOOK.with(|next| next.set(TURNS.with(Cell::get).wrapping_add(1)));
    CURRENT.with(|current| current.set(NEW));
}

/// The calling thread has found a lock taken: whether its turns until now were a burst.
pub(crate) fn was_burst() -> bool {
    let turns = TURNS.with(Cell::get).wrapping_add(QUIET.with(Cell::get));
    LAST.with(|last| {
        let (since, before) = last.get();
        let burst = turns.wrapping_sub(before);
        if burst == 0 {
            return false;
        }
        let (quick, now) = match since {
            Some(since) => since.lap(QUICK.saturating_mul(burst)),
            None => (false, Waited::start()),
        };
        last.set((Some(now), turns));
        quick && burst >= BURST
    })
}

/// The calling thread has released a lock that is symmetric, and nobody waits for it: whether enough such
/// releases have been, of whichever lock.
pub(crate) fn is_quiet() -> bool {
    QUIET.with(|quiet| {
        let turns = quiet.get().wrapping_add(1);
        quiet.set(turns);
        turns.is_multiple_of(asymmetric::WORTH + 1) && asymmetric::is_available()
    })
}

/// The calling thread has released a lock that others wait for, one of whom may be `awake`: whether to
/// hand it over to them.
#[inline]
pub(crate) fn is_over(awake: bool) -> bool {
    TURNS.with(|turns| {
        let turn = turns.get().wrapping_add(1);
        turns.set(turn);
        NEXT_LOOK.with(|next| turn == next.get()) && look_at(turn, awake)
    })
}

#[cold]
fn look_at(turn: u32, awake: bool) -> bool {
    CURRENT.with(|current| {
        let (over, then) = look(current.get(), if awake { TENURE } else { PATIENCE });
        current.set(then);
        NEXT_LOOK.with(|next| next.set(turn.wrapping_add(then.step)));
        over
    })
}

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
        let to_go = || NEXT_LOOK.with(Cell::get) - TURNS.with(Cell::get) - 1;
        for expected in [0, 1, 3, 7] {
            assert_eq!(to_go(), expected);
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
    fn many_quick_turns_are_a_burst_and_few_or_slow_ones_are_not() {
        // So many that this test's own time is little for them, however busy the machine is.
        const MANY: u32 = 1_000_000_000;
        let turns = |more: u32| TURNS.with(|turns| turns.set(turns.get().wrapping_add(more)));
        turns(MANY);
        assert!(!was_burst(), "nobody knows when they began");
        turns(BURST - 1);
        assert!(!was_burst(), "few");
        turns(MANY);
        assert!(was_burst(), "many");
        turns(BURST);
        std::thread::sleep(QUICK * 2 * BURST);
        assert!(!was_burst(), "slow");
        turns(MANY);
        assert!(was_burst(), "each time it begins anew");
        assert!(!was_burst(), "none since");
    }

    #[test]
    fn it_is_quiet_once_in_a_thousand_releases() {
        let quiet = (0..2 * (asymmetric::WORTH + 1)).filter(|_| is_quiet());
        let expected = if asymmetric::is_available() { 2 } else { 0 };
        assert_eq!(quiet.count(), expected);
    }
}
