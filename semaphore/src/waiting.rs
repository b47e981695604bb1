//! The second word: who is counted, how many are being woken. The state table is in `raw.rs`.

use core::sync::atomic::Ordering::Relaxed;

use futex::atomic::full_fence_after_rmw;
use futex::{Deadline, Kind, Wait};

use crate::raw::{Place, Words};

const WAITER: u32 = 1;
const WAITERS: u32 = (1 << 22) - 1;
const WAKE: u32 = 1 << 22;
const ORPHAN: u32 = 1 << 27;
/// The most wakes under way at a time, and orphans: what is above waits until one of them has decided.
const MANY: u32 = 31;

const _: () =
    assert!(WAITERS + MANY * WAKE == ORPHAN - 1 && ORPHAN - 1 + MANY * ORPHAN == u32::MAX);

/// A value of the word, taken apart.
#[derive(Clone, Copy)]
struct Waiting {
    waiters: u32,
    wakes: u32,
    orphans: u32,
}

impl Waiting {
    fn of(word: u32) -> Waiting {
        Waiting {
            waiters: word & WAITERS,
            wakes: word / WAKE % (MANY + 1),
            orphans: word / ORPHAN,
        }
    }

    /// The value again; no wake speaks of more than there are.
    fn word(self) -> u32 {
        let wakes = self.wakes.min(self.waiters);
        let orphans = self.orphans.min(wakes);
        self.waiters * WAITER + wakes * WAKE + orphans * ORPHAN
    }

    /// How many more to wake for so many permits.
    fn due(self, permits: u32) -> u32 {
        permits
            .min(self.waiters)
            .min(MANY)
            .saturating_sub(self.wakes)
    }

    /// One that was woken, or adopts a wake, will look.
    fn without_a_wake(self, adopted: bool) -> Waiting {
        Waiting {
            wakes: self.wakes.saturating_sub(1),
            orphans: self.orphans.saturating_sub(u32::from(adopted)),
            ..self
        }
    }

    fn without_one(self, place: Place) -> Waiting {
        let decided = match place {
            Place::Woken => self.without_a_wake(false),
            _ => self,
        };
        Waiting {
            waiters: decided.waiters - 1,
            ..decided
        }
    }
}

impl Words {
    /// How many wait for permits, for a look that may be stale at once.
    pub(crate) fn waiting(&self) -> u32 {
        // ORD sem.count: relaxed, nothing is read on the strength of it.
        (self.waiting.load(Relaxed) & WAITERS) + self.heirs()
    }

    /// Counts the caller in as a waiter.
    pub(crate) fn enter(&self) {
        // ORD sem.enter-count: relaxed, the fence orders it.
        self.waiting.fetch_add(WAITER, Relaxed);
        // ORD sem.enter ⇒ sem.look-given: either this thread sees the permits, or the releasing thread
        // sees it counted (S3).
        full_fence_after_rmw();
    }

    /// Counts the caller out, with its permits or without them, and passes on what may have been meant
    /// for it.
    pub(crate) fn leave(&self, place: Place) {
        if place == Place::Heir {
            return self.discount_heir();
        }
        self.recount(|now| Some(now.without_one(place)));
        // ORD sem.leave ⇒ sem.look-given: as sem.enter.
        full_fence_after_rmw();
        self.wake_next();
    }

    /// Counts a waiter as an heir instead, unless there are as many as can be counted.
    pub(crate) fn promote(&self, place: Place) -> Place {
        if !self.count_heir() {
            return place;
        }
        // It is awake and will look, and until it leaves the permits are for heirs.
        self.recount(|now| Some(now.without_one(place)));
        Place::Heir
    }

    /// Sleeps on `waiting` while nothing changes there. Returns at once, as `Changed`, if the caller
    /// must look at `permits` again first. It has looked since it was counted.
    pub(crate) fn sleep_as_waiter(&self, place: &mut Place, deadline: Deadline) -> Wait {
        // ORD sem.before-sleep: relaxed, the futex compares again.
        let waiting = self.waiting.load(Relaxed);
        let woken = *place == Place::Woken;
        if woken || Waiting::of(waiting).orphans > 0 {
            self.recount(|now| Some(now.without_a_wake(!woken)));
            // ORD sem.look-decided ⇒ sem.look-given: as sem.enter.
            full_fence_after_rmw();
            *place = Place::Waiter;
            return Wait::Changed;
        }
        futex::wait_as(Kind::Semaphore, &self.waiting, waiting, deadline)
    }

    /// Wakes so many waiters that there is one for each permit, with those that are being woken. `false`
    /// if things have changed meanwhile.
    #[inline(never)]
    pub(crate) fn wake_waiters(&self, permits: u32) -> bool {
        // ORD sem.next: relaxed, the fence before it orders it.
        let waiting = self.waiting.load(Relaxed);
        let due = Waiting::of(waiting).due(permits);
        if due == 0 {
            return true;
        }
        let marks = if futex::counts_wakes() {
            WAKE
        } else {
            WAKE + ORPHAN
        };
        // ORD sem.waking: relaxed, the woken threads find their data through `permits`.
        if self
            .waiting
            .compare_exchange(waiting, waiting + due * marks, Relaxed, Relaxed)
            .is_err()
        {
            return false;
        }
        let woken = futex::wake(&raw const self.waiting, due as usize);
        let missed = due.saturating_sub(woken as u32);
        if missed > 0 {
            // Whoever is on the way to sleep is stopped by the mark, but some may have fallen asleep just
            // before it was set.
            let orphaned = self.recount(|now| {
                let orphans = (now.orphans + missed).min(now.wakes);
                (orphans > now.orphans).then_some(Waiting { orphans, ..now })
            });
            if orphaned {
                futex::wake(&raw const self.waiting, missed as usize);
            }
        }
        true
    }

    /// Replaces `waiting` by what `next` makes of it; `None` changes nothing, and says so.
    fn recount(&self, next: impl Fn(Waiting) -> Option<Waiting>) -> bool {
        // ORD sem.recount-look: relaxed, the exchange checks it.
        let mut now = self.waiting.load(Relaxed);
        loop {
            let Some(next) = next(Waiting::of(now)) else {
                return false;
            };
            // ORD sem.recount: relaxed, the fences around it order it.
            match self
                .waiting
                .compare_exchange_weak(now, next.word(), Relaxed, Relaxed)
            {
                Ok(_) => return true,
                Err(other) => now = other,
            }
        }
    }
}
