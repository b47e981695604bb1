//! How many items are done with, and who waits for all of them.
//!
//! | word | value | who leaves it |
//! |---|---|---|
//! | `done` | how many of the items ever put in are done with | `task_done`, an immediate shutdown: more |
//! | `joins` | bit 0: somebody may sleep here; above: how often they were woken | a joiner sets the bit; whoever brings `done` up to the puts clears it and counts |
//!
//! Items that were put in are counted by the store in any case (a ring's `tail` does), so a put pays nothing
//! for this. `done` ≤ puts at all times; all is done when they are equal.
//!
//! No wake is lost: a joiner sets the bit and then looks; whoever changes `done` then looks at the bit, with
//! a full fence between for both. So the joiner sees that all is done, or is seen. It sleeps with the
//! count that it has seen, so that a wake between its look and its sleep is noticed.

use core::sync::atomic::Ordering::{Acquire, Relaxed, Release};

use futex::atomic::{AtomicU32, AtomicU64, full_fence_after_rmw};
use futex::{Contention, Deadline, Kind, Spin, Wait};

use crate::TooManyDone;

const SLEEPS: u32 = 1;
const ONE_WAKE: u32 = 2;

pub(crate) struct Tasks {
    done: AtomicU64,
    joins: AtomicU32,
}

impl Tasks {
    pub(crate) const fn new() -> Tasks {
        Tasks {
            done: AtomicU64::new(0),
            joins: AtomicU32::new(0),
        }
    }

    /// How many are not done. It may be stale at once, but is 0 only if all were done at one moment: both
    /// only grow, and this looks at `done` first.
    pub(crate) fn unfinished(&self, puts: impl Fn() -> u64) -> u64 {
        // ORD tasks.look ⇒ tasks.done: what was done.
        let done = self.done.load(Acquire);
        puts().saturating_sub(done)
    }

    /// Whether somebody may sleep in `join`; one that gave up counts until the next wake.
    pub(crate) fn has_sleepers(&self) -> bool {
        // ORD tasks.peek: relaxed, nothing is read on the strength of it.
        self.joins.load(Relaxed) & SLEEPS != 0
    }

    /// One more, or up to `n` more if `saturate`.
    pub(crate) fn finish(
        &self,
        n: u64,
        saturate: bool,
        puts: impl Fn() -> u64,
    ) -> Result<(), TooManyDone> {
        // ORD tasks.done-look ⇒ tasks.done: the puts of what the others have done, or it would seem too many.
        let mut done = self.done.load(Acquire);
        let (now, all) = loop {
            let all = puts();
            let now = match done.saturating_add(n) {
                now if now <= all => now,
                _ if saturate => done.max(all),
                _ => return Err(TooManyDone),
            };
            // ORD tasks.done ⇒ tasks.look, tasks.done-look: what was done, to those who join; and how many were
            // put in, to those who do the next.
            // ORD tasks.done (failure): as tasks.done-look.
            match self.done.compare_exchange_weak(done, now, Release, Acquire) {
                Ok(_) => break (now, all),
                Err(other) => done = other,
            }
        };
        if now == all {
            self.all_done();
        }
        Ok(())
    }

    /// The caller has just changed `done`, and all is done, or was.
    fn all_done(&self) {
        // ORD tasks.all-done ⇒ tasks.join: this thread sees who sleeps, or they see that all is done.
        full_fence_after_rmw();
        // ORD tasks.sleeps: relaxed, the fence orders it.
        let mut joins = self.joins.load(Relaxed);
        while joins & SLEEPS != 0 {
            let woken = (joins & !SLEEPS).wrapping_add(ONE_WAKE);
            // ORD tasks.wake: relaxed, who wakes up looks at `done`.
            match self
                .joins
                .compare_exchange_weak(joins, woken, Relaxed, Relaxed)
            {
                Ok(_) => {
                    futex::wake_all(&raw const self.joins);
                    return;
                }
                Err(other) => joins = other,
            }
        }
    }

    /// Waits until all is done; `false` if the deadline came first.
    #[track_caller]
    pub(crate) fn join(&self, deadline: Deadline, puts: impl Fn() -> u64) -> bool {
        let all_done = || self.unfinished(&puts) == 0;
        if all_done() {
            return true;
        }
        let contention = Contention::begin(Kind::Queue, self);
        let mut spin = Spin::watching();
        while spin.turn(|| deadline == Deadline::NEVER) {
            if all_done() {
                contention.spun();
                return true;
            }
        }
        loop {
            // ORD tasks.asleep: relaxed, the fence orders it.
            let joins = self.joins.fetch_or(SLEEPS, Relaxed) | SLEEPS;
            // ORD tasks.join ⇒ tasks.all-done: this thread sees that all is done, or is seen.
            full_fence_after_rmw();
            if all_done() {
                return true;
            }
            match futex::wait_as(Kind::Queue, &self.joins, joins, deadline) {
                Wait::TimedOut => return all_done(),
                Wait::Changed if deadline.has_passed() => return all_done(),
                Wait::Changed | Wait::Woken => {}
            }
        }
    }
}
