//! The word of an event and its transitions.
//!
//! | bits | name | meaning | who changes it | may it be stale |
//! |---|---|---|---|---|
//! | 0 | `SET` | nobody needs to wait | `set` sets it, `clear` takes it | no: it is the event |
//! | 1–30 | generation | how often the event went from set to clear | `clear`, by the carry out of `SET` | no |
//! | 31 | `MARK` | somebody who waits may sleep | who is about to sleep sets it, `clear` of a set event takes it | it may stand though nobody sleeps (any more), never be missing |
//!
//! | from | by | to |
//! |---|---|---|
//! | clear, generation *g* | `set` | set, *g*; wakes all if `MARK` stood |
//! | set, *g* | `set` | the same |
//! | set, *g* | `clear` | clear, *g* + 1, no `MARK` |
//! | clear, *g* | `clear` | the same, with its `MARK` |
//! | clear, *g* | `mark` | clear, *g*, `MARK` |
//!
//! - **E1** A wait *arrives* by a look that finds the event clear, in some generation. It is over when a look
//!   finds it set, or clear in another generation: then it was set in between. The number comes round after
//!   2³⁰ clears: a thread that does not look once during exactly so many, or a multiple, misses the sets
//!   between them and waits for the next.
//! - **E2** A thread sleeps only on a value that is clear, of the generation in which it arrived, and marked.
//!   A mark is taken only by a `clear` that begins another generation.
//! - **E3** After its exchange, `set` uses the address of the word and not the word.
//!
//! **No wake is lost.** Take a thread that sleeps on such a value and the next `set`. The exchange of `set`
//! comes after the mark in the order of the word's changes, since the sleeper's value is clear and marked, and
//! finds the mark there (E2), so it wakes everyone who sleeps by then. Who falls asleep later does not: the
//! system compares with a value that has gone, and comes back only after 2³⁰ clears. What `clear` does in
//! between changes nothing about that: the wakes have been decided, and whoever looks finds another
//! generation (E1). **Nobody is woken for nothing for ever:** a woken thread whose wait is not over was
//! reached by the late wake of an earlier set, or by a signal; it sleeps again.
//!
//! **One order.** `set` and `clear` are read-modify-writes even where they change nothing, Acquire and
//! Release. So all of them stand in one order, and each sees what was written before the earlier ones, as if
//! there were a lock around them. A `set` that only looked whether the event is set could read an older value
//! than the `clear` which is about to be followed by a look at what the setter has just written: then neither
//! would see the other, and a thread would wait for what has happened.

use core::fmt;
use core::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed};

use futex::atomic::AtomicU32;
use futex::{Contention, Deadline, Kind, Spin, Wait};

const SET: u32 = 1;
const MARK: u32 = 1 << 31;
const GENERATION: u32 = !(SET | MARK);

// A clear is an addition: what it carries out of `SET` ends in the generation, and the generation's own
// carry in `MARK`, which is taken anyway.
const _: () = assert!(GENERATION == 0x7FFF_FFFE && SET << 1 == GENERATION & !(GENERATION << 1));

pub(crate) struct Word(AtomicU32);

/// What a look at the word has found.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Seen(u32);

impl Seen {
    #[inline]
    pub(crate) const fn is_set(self) -> bool {
        self.0 & SET != 0
    }

    pub(crate) const fn is_marked(self) -> bool {
        self.0 & MARK != 0
    }

    /// Whether the wait that arrived with that look is over (E1).
    const fn ends(self, arrived: Seen) -> bool {
        (self.0 ^ arrived.0) & !MARK != 0
    }

    const fn marked(self) -> Seen {
        Seen(self.0 | MARK)
    }

    const fn cleared(self) -> Seen {
        if self.is_set() {
            Seen(self.0.wrapping_add(SET) & !MARK)
        } else {
            self
        }
    }
}

impl Word {
    pub(crate) const fn new() -> Word {
        Word(AtomicU32::new(0))
    }

    #[inline]
    pub(crate) fn look(&self) -> Seen {
        // ORD event.look ⇒ event.set, event.clear: what was written before the event got to be what it is
        Seen(self.0.load(Acquire))
    }

    /// For `Debug`.
    pub(crate) fn glance(&self) -> Seen {
        // ORD event.glance: relaxed, nothing is read on the strength of it.
        Seen(self.0.load(Relaxed))
    }

    /// Clear or set → set. Wakes everyone who sleeps.
    #[inline]
    pub(crate) fn set(&self) {
        // Whoever is let through may free the word at once (E3).
        let address = &raw const self.0;
        // ORD event.set ⇒ event.look, event.set, event.clear: what was written before this call, and before
        // the calls before it
        let before = Seen(self.0.fetch_or(SET, AcqRel));
        if !before.is_set() && before.is_marked() {
            wake(address);
        }
    }

    /// Clear or set → clear.
    #[inline]
    pub(crate) fn clear(&self) {
        // ORD event.before-clear: relaxed, the exchange checks it.
        let mut now = Seen(self.0.load(Relaxed));
        // ORD event.clear ⇒ event.look, event.set, event.clear: as event.set
        // ORD event.clear (failure): relaxed, the exchange checks it again.
        while let Err(other) = self
            .0
            .compare_exchange_weak(now.0, now.cleared().0, AcqRel, Relaxed)
        {
            now = Seen(other);
        }
    }

    /// Clear → clear and marked; `false` if the word was no longer as `seen`.
    fn mark(&self, seen: Seen) -> bool {
        // ORD event.mark: relaxed, event.set finds it by being later; what it publishes the waiter looks for.
        self.0
            .compare_exchange(seen.0, seen.marked().0, Relaxed, Relaxed)
            .is_ok()
    }

    /// The wait that arrived with that look, which found the event clear: whether it was set before the
    /// deadline.
    #[cold]
    #[inline(never)]
    #[track_caller]
    pub(crate) fn wait(&self, arrived: Seen, deadline: Deadline) -> bool {
        if deadline.has_passed() {
            return false;
        }
        let contention = Contention::begin(Kind::Event, self);
        let mut now = arrived;
        let mut spin = Spin::watching();
        // A yield may cost a time slice, which a thread with a deadline does not have.
        let untimed = deadline == Deadline::NEVER;
        while spin.turn(|| untimed && !now.is_marked()) {
            now = self.look();
            if now.ends(arrived) {
                contention.spun();
                return true;
            }
        }
        loop {
            if now.ends(arrived) {
                return true;
            }
            if now.is_marked() || self.mark(now) {
                // Woken, or the word has changed: the look decides.
                let end = futex::wait_as(Kind::Event, &self.0, now.marked().0, deadline);
                if end == Wait::TimedOut {
                    return self.look().ends(arrived);
                }
            }
            now = self.look();
        }
    }

    /// As [`wait`](Self::wait), with a deadline so far from now.
    #[cold]
    #[inline(never)]
    #[track_caller]
    pub(crate) fn wait_for(&self, arrived: Seen, timeout: core::time::Duration) -> bool {
        self.wait(arrived, Deadline::after(timeout))
    }
}

#[cold]
#[inline(never)]
fn wake(address: *const AtomicU32) {
    futex::wake_all(address);
}

impl fmt::Debug for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let now = self.glance();
        f.debug_struct("Event")
            .field("set", &now.is_set())
            .field("sleepers", &(!now.is_set() && now.is_marked()))
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_generation_comes_round_and_touches_nothing_else() {
        let last = Seen(GENERATION);
        assert!(!last.is_set() && !last.is_marked());
        for marked in [0, MARK] {
            let set = Seen(last.0 | SET | marked);
            assert!(set.is_set() && set.cleared() == Seen(0));
            assert!(set.ends(last) && set.cleared().ends(last));
        }
    }

    #[test]
    fn a_mark_ends_no_wait_and_stays_with_a_clear_event() {
        for generation in [0, 2, GENERATION] {
            let arrived = Seen(generation);
            assert!(!arrived.marked().ends(arrived) && !arrived.ends(arrived.marked()));
            assert!(arrived.marked().cleared() == arrived.marked());
        }
    }

    #[test]
    fn each_set_and_clear_is_another_generation() {
        let word = Word(AtomicU32::new(GENERATION - 2));
        for _ in 0..4 {
            let arrived = word.look();
            word.clear();
            word.clear();
            assert!(!word.look().ends(arrived));
            assert!(word.mark(arrived) && !word.mark(arrived));
            word.set();
            assert!(word.look().ends(arrived) && word.look().is_set());
            word.set();
            word.clear();
            assert!(word.look().ends(arrived) && !word.look().is_set());
            assert!(!word.look().is_marked());
        }
    }
}
