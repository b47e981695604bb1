//! The third word: one thread at a time collects permits, others that want several stand in line. If two
//! collected, each could have half of what both want.
//!
//! | value | meaning | who leaves it, to what |
//! |---|---|---|
//! | 0 | nobody collects | anyone takes the turn → `TAKEN` |
//! | `TAKEN` + *n* `IN_LINE` | one collects, *n* wait for that | it ends its turn: − `TAKEN`; others join or leave the line: ± `IN_LINE` |
//! | *n* `IN_LINE` | the turn is the line's | one in it takes it: + `TAKEN` − `IN_LINE`; others join, or leave |
//!
//! Nobody in line sleeps for ever: one sleeps only while the word has `TAKEN`, which the wait compares.
//! Whoever ends a turn wakes one of the line. That one takes the turn or finds it taken by another of
//! the line; if it gives up instead, and the turn is still the line's, it wakes the next.
//!
//! The word says only who may collect; all that permits publish is in `permits`. So it is relaxed throughout.

use core::sync::atomic::Ordering::Relaxed;

use futex::{Deadline, Kind, Wait};

use crate::raw::Words;

const TAKEN: u32 = 1;
const IN_LINE: u32 = 2;

impl Words {
    /// How many stand in line, and whether one collects; it may be stale at once.
    pub(crate) fn line(&self) -> (u32, bool) {
        // ORD sem.line: relaxed, for a look.
        let turn = self.turn.load(Relaxed);
        (turn / IN_LINE, turn & TAKEN != 0)
    }

    /// Waits for the turn; `false` if the deadline came first.
    pub(crate) fn begin_turn(&self, deadline: Deadline) -> bool {
        // ORD sem.turn: relaxed, see above.
        if self
            .turn
            .compare_exchange(0, TAKEN, Relaxed, Relaxed)
            .is_ok()
        {
            return true;
        }
        // ORD sem.line-up: relaxed, see above.
        let mut turn = self.turn.fetch_add(IN_LINE, Relaxed) + IN_LINE;
        loop {
            if turn & TAKEN == 0 {
                // ORD sem.next-turn: relaxed, see above.
                match self
                    .turn
                    .compare_exchange(turn, turn - IN_LINE + TAKEN, Relaxed, Relaxed)
                {
                    Ok(_) => return true,
                    Err(now) => turn = now,
                }
                continue;
            }
            let timed_out = match futex::wait_as(Kind::Semaphore, &self.turn, turn, deadline) {
                Wait::TimedOut => true,
                Wait::Changed => deadline.has_passed(),
                Wait::Woken => false,
            };
            if timed_out {
                self.leave_line();
                return false;
            }
            // ORD sem.line-look: relaxed, see above.
            turn = self.turn.load(Relaxed);
        }
    }

    /// Passes on a wake that may have been for the caller.
    fn leave_line(&self) {
        // ORD sem.line-leave: relaxed, see above.
        let left = self.turn.fetch_sub(IN_LINE, Relaxed) - IN_LINE;
        if left & TAKEN == 0 && left != 0 {
            futex::wake_one(&raw const self.turn);
        }
    }

    /// The turn is the line's, or anybody's.
    pub(crate) fn end_turn(&self) {
        // ORD sem.end-turn: relaxed, see above.
        if self.turn.fetch_sub(TAKEN, Relaxed) != TAKEN {
            futex::wake_one(&raw const self.turn);
        }
    }
}
