//! How long a thread may go on taking a lock that others wait for.
//!
//! A thread that releases a lock and takes it again at once keeps it warm in its cache and needs
//! nobody woken: that is where throughput comes from, and starvation. So a thread which finds waiters
//! at a release hands the lock over when it has had it for a tenure. And a thread that comes out of such
//! a burst of its own gives those of others some time, instead of ending them with its first look.

use std::cell::Cell;
use std::time::Duration;

use futex::{Spin, Waited, asymmetric};

/// After this the lock is handed to the waiters while one of them is awake, which costs two moves of a
/// cache line. With 4 ms the longest wait was 119 ms (benches/results/).
const TENURE: Duration = Duration::from_millis(1);
/// After this to one that sleeps, or waits for the very CPU that the calling thread runs on: that costs a
/// wake and a switch, some 10 to 60 µs.
const PATIENCE: Duration = Duration::from_millis(2);
/// Reading the clock costs as much as several uncontended pairs, so it is read after ever more turns, at most so many,
/// until as much of the limit has gone by as this part of it.
const TURNS_PER_LOOK: u32 = 512;
const PARTS: u32 = 8;

/// What the calling thread knows of its tenure: one for all locks, and it begins anew whenever the
/// thread has waited for one. What bounds a waiter's wait are the heirs, not this.
#[derive(Clone, Copy)]
struct Tenure {
    /// When the clock was first read in it.
    since: Option<Waited>,
    /// Turns between the last two looks at the clock: 1, 2, 4 …, but no more if the sections are long.
    step: u32,
}

const NEW: Tenure = Tenure {
    since: None,
    step: 1,
};

/// A thread's turns since it last found a lock taken are a *burst* if they were so many, and took so little each, with
/// all that it did between: whoever holds the lock now is probably in the midst of one too.
const BURST: u32 = 8;
const QUICK: Duration = Duration::from_nanos(150);

futex::per_thread! {
    /// How often the thread tried to take a lock at once, of whichever lock: each turn begins so. An rlock's is counted
    /// at its end, if somebody waits then.
    static TURNS: Cell<u32> = Cell::new(0);
    /// At which of them it last released a lock that others waited for.
    static SEEN: Cell<u32> = Cell::new(0);
    /// At which of them the clock is read next.
    static NEXT_LOOK: Cell<u32> = Cell::new(0);
    static CURRENT: Cell<Tenure> = Cell::new(NEW);
    /// When the thread last found a lock taken, and its turns until then.
    static LAST: Cell<(Option<Waited>, u32)> = Cell::new((None, 0));
    /// So many more releases that find nobody at a symmetric lock are enough.
    static LOUD: Cell<u32> = Cell::new(asymmetric::WORTH);
}

/// The calling thread begins a turn: it is about to try whether a lock is free.
#[inline]
pub(crate) fn turn() {
    TURNS.with(|turns| turns.set(turns.get().wrapping_add(1)));
}

#[inline]
fn turns() -> u32 {
    TURNS.with(|turns| turns.get())
}

/// The calling thread got a lock by waiting for it.
pub(crate) fn begin() {
    NEXT_LOOK.with(|next| next.set(turns()));
    CURRENT.with(|current| current.set(NEW));
    // What it waited for does not count as a burst's time.
    LAST.with(|last| last.set((Some(Waited::start()), turns())));
}

/// The calling thread has found a lock taken: how long its turns until now took, if they were a burst.
pub(crate) fn burst() -> Option<Duration> {
    let turns = turns();
    LAST.with(|last| {
        let (since, before) = last.get();
        let number = turns.wrapping_sub(before);
        if number == 0 {
            return None;
        }
        let (quick, now) = match since {
            Some(since) => since.lap(QUICK.saturating_mul(number)),
            None => (None, Waited::start()),
        };
        last.set((Some(now), turns));
        quick.filter(|_| number >= BURST)
    })
}

/// The calling thread has released a lock that is symmetric, and nobody waits for it: whether enough such
/// releases have been, of whichever lock.
#[inline]
pub(crate) fn is_quiet() -> bool {
    LOUD.with(|loud| {
        let quiet = loud.get() == 0;
        loud.set(if quiet {
            asymmetric::WORTH
        } else {
            loud.get() - 1
        });
        quiet && asymmetric::is_available()
    })
}

/// The calling thread has released a lock that others wait for, one of whom may be `awake`: whether to
/// hand it over to them.
pub(crate) fn is_over(awake: bool) -> bool {
    is_look_due() && has_run_out(awake)
}

/// The calling thread has released a lock that others wait for: whether to ask if its tenure
/// [has run out](has_run_out).
#[inline]
pub(crate) fn is_look_due() -> bool {
    let turn = turns();
    if SEEN.with(|seen| seen.replace(turn)) == turn {
        // It took the lock without counting that.
        return is_look_due_after_one_more();
    }
    let to_go = NEXT_LOOK.with(|next| next.get()).wrapping_sub(turn);
    // 1 ..= TURNS_PER_LOOK; else the look is due, or was missed because nobody waited then.
    to_go.wrapping_sub(1) >= TURNS_PER_LOOK
}

#[cold]
#[inline(never)]
fn is_look_due_after_one_more() -> bool {
    turn();
    is_look_due()
}

/// Reads the clock: whether to hand the lock over to those who wait for it, one of whom may be `awake`.
#[cold]
#[inline(never)]
pub(crate) fn has_run_out(awake: bool) -> bool {
    // Those who let this thread have their CPU learn that it works on what they wait for.
    Spin::leave_trace();
    CURRENT.with(|current| {
        let (over, then) = look(current.get(), if awake { TENURE } else { PATIENCE });
        current.set(then);
        NEXT_LOOK.with(|next| next.set(turns().wrapping_add(then.step)));
        over
    })
}

fn look(current: Tenure, limit: Duration) -> (bool, Tenure) {
    let since = current.since.unwrap_or_else(Waited::start);
    if since.at_least(limit) {
        return (true, NEW);
    }
    let more = current.step < TURNS_PER_LOOK && !since.at_least(limit / PARTS);
    let step = if more { 2 * current.step } else { current.step };
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
    use crate::raw::Words;

    #[test]
    fn the_clock_is_looked_at_after_ever_more_turns() {
        let mut tenure = NEW;
        for expected in [2, 4, 8, 16, 32, 64, 128, 256, 512, 512] {
            let (over, next) = look(tenure, Duration::MAX);
            assert_eq!((over, next.step), (false, expected));
            tenure = next;
        }
        let (over, next) = look(tenure, Duration::ZERO);
        assert_eq!((over, next.step, next.since.is_none()), (true, 1, true));
    }

    #[test]
    fn where_turns_are_long_the_looks_do_not_drift_apart() {
        let limit = Duration::from_millis(800);
        let tenure = Tenure {
            since: Some(Waited::start()),
            step: 4,
        };
        std::thread::sleep(limit / PARTS);
        let (over, next) = look(tenure, limit);
        assert!(over || next.step == 4);
    }

    #[test]
    fn between_two_looks_nothing_is_handed_over() {
        begin();
        let mut gap = 1;
        for _ in 0..12 {
            // The clock has just started, or is 1 ms further on: then it begins anew.
            if is_over(true) {
                return;
            }
            let due = NEXT_LOOK.with(Cell::get);
            let next = due.wrapping_sub(turns());
            // As before if this thread was held up for some time.
            assert!(next == gap || next == (2 * gap).min(TURNS_PER_LOOK));
            gap = next;
            turn();
            while turns() != due {
                assert!(!is_over(true));
                assert_eq!(NEXT_LOOK.with(Cell::get), due);
                turn();
            }
        }
    }

    #[test]
    fn a_look_that_was_missed_is_made_up_for() {
        begin();
        for missed in [0, TURNS_PER_LOOK + 1, 1 << 20, 1 << 31] {
            TURNS.with(|turns| turns.set(turns.get().wrapping_add(missed)));
            let now = turns();
            // Nobody has to have waited meanwhile.
            is_over(true);
            let next = NEXT_LOOK.with(Cell::get).wrapping_sub(now);
            assert!((1..=TURNS_PER_LOOK).contains(&next), "{missed}: {next}");
        }
    }

    #[test]
    fn many_quick_turns_are_a_burst_and_few_or_slow_ones_are_not() {
        // So many that this test's own time is little for them, however busy the machine is.
        const MANY: u32 = 1_000_000_000;
        let more = |more: u32| TURNS.with(|turns| turns.set(turns.get().wrapping_add(more)));
        more(MANY);
        assert!(burst().is_none(), "nobody knows when they began");
        more(BURST - 1);
        assert!(burst().is_none(), "few");
        more(MANY);
        assert!(burst().is_some(), "many");
        more(BURST);
        std::thread::sleep(QUICK * 2 * BURST);
        assert!(burst().is_none(), "slow");
        more(MANY);
        assert!(burst().is_some(), "each time it begins anew");
        assert!(burst().is_none(), "none since");
    }

    #[test]
    fn the_time_of_a_wait_is_not_the_burst_s() {
        const MANY: u32 = 4_000_000;
        burst();
        std::thread::sleep(QUICK * (MANY + MANY / 10));
        begin();
        TURNS.with(|turns| turns.set(turns.get().wrapping_add(MANY)));
        assert!(burst().is_some());
    }

    #[test]
    fn each_try_to_take_a_lock_at_once_begins_a_turn() {
        let words = Words::new();
        let before = turns();
        assert!(words.take_anonymously());
        assert!(!words.take_at_once());
        assert_eq!(turns(), before.wrapping_add(2));
        assert!(!words.take_uncounted());
        assert_eq!(turns(), before.wrapping_add(2));
    }

    #[test]
    fn a_turn_that_was_not_counted_is_counted_if_somebody_waits_at_its_end() {
        is_over(true);
        let before = turns();
        is_over(true);
        assert_eq!(turns(), before.wrapping_add(1));
        turn();
        is_over(true);
        assert_eq!(turns(), before.wrapping_add(2), "that one was");
    }

    #[test]
    fn it_is_quiet_once_in_so_many_releases() {
        let quiet = (0..2 * (asymmetric::WORTH + 1)).filter(|_| is_quiet());
        let expected = if asymmetric::is_available() { 2 } else { 0 };
        assert_eq!(quiet.count(), expected);
    }
}
