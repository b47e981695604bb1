//! The second word: who is counted, who is being woken. The state table is in `raw.rs`.

use core::sync::atomic::Ordering::{Acquire, Relaxed};

use futex::asymmetric::{self, heavy_fence};
use futex::atomic::full_fence_after_rmw;
use futex::{Deadline, Kind, Wait};

use crate::passing::is_watched;
use crate::raw::{
    CHECKED, FREE, HEIR, HEIRS, ORPHAN, Place, SYMMETRIC, TO_HEIR, TO_WAITER, WAITER, WAITERS,
    WAKING, Words,
};

impl Words {
    /// How many wait, waiters and heirs, for a look that may be stale at once.
    pub(crate) fn waiting(&self) -> u32 {
        // ORD lock.count: relaxed, nothing is read on the strength of it.
        let waiting = self.waiting.load(Relaxed);
        (waiting & WAITERS) + (waiting & HEIRS) / HEIR
    }

    /// Counts the caller in as a waiter.
    pub(crate) fn enter(&self) {
        // ORD lock.enter-count ⇒ lock.look-exchange: what a release did that had not seen it.
        let before = self.waiting.fetch_add(WAITER, Acquire);
        // ORD lock.enter ⇒ lock.look: either this thread sees the release, or the releasing thread
        // sees it counted (I3).
        full_fence_after_rmw();
        if asymmetric::is_possible() && before & SYMMETRIC == 0 {
            // ORD lock.enter-heavy ⇒ lock.look-light: the same with a release that has a light fence (I6).
            heavy_fence();
            self.symmetrise();
        }
    }

    /// For a thread that is about to take the lock where asymmetric fences are refused: its release is to have a
    /// fence of its own.
    pub(crate) fn keep_symmetric(&self) {
        // ORD lock.is-symmetric: relaxed, nobody takes the mark away there.
        if asymmetric::is_possible() && self.waiting.load(Relaxed) & SYMMETRIC == 0 {
            self.symmetrise();
        }
    }

    /// Releases have fences of their own from now on.
    fn symmetrise(&self) {
        // ORD lock.symmetrise: relaxed; by then the heavy fence has made visible all that it was for.
        self.waiting.fetch_or(SYMMETRIC, Relaxed);
    }

    /// Counts the caller out, with the lock or without it, and passes on what may have been meant for
    /// it. That includes a thread that has just taken the lock for anybody to release: it may have
    /// been released, and again for somebody else, before the caller was counted out.
    pub(crate) fn leave(&self, place: Place) {
        self.recount(|now| Some(place.without_one(now)));
        // ORD lock.leave ⇒ lock.look: as lock.enter.
        full_fence_after_rmw();
        match self.owner() {
            FREE => self.wake_next(),
            to @ (TO_HEIR | TO_WAITER) => self.wake_receiver(to),
            to if is_watched(to) => self.wake_receiver(to),
            _ => {}
        }
    }

    /// Counts a waiter as an heir instead, unless there are as many as can be counted.
    pub(crate) fn promote(&self, place: Place) -> Place {
        let promoted =
            self.recount(|now| (now & HEIRS != HEIRS).then(|| place.without_one(now) + HEIR));
        if promoted.is_none() {
            return place;
        }
        // ORD lock.promote ⇒ lock.look: as lock.enter.
        full_fence_after_rmw();
        Place::Heir
    }

    /// Marks the lock as checked, and says whether it was.
    pub(crate) fn mark(&self) -> bool {
        // ORD lock.mark: relaxed, the thread that it matters to has set it itself.
        self.waiting.fetch_or(CHECKED, Relaxed) & CHECKED != 0
    }

    /// Takes the mark away: the order of locks is not checked any more.
    pub(crate) fn unmark(&self) {
        // ORD lock.unmark: relaxed, as lock.mark.
        self.waiting.fetch_and(!CHECKED, Relaxed);
    }

    /// Sleeps on `waiting` while nothing changes there. Returns at once, as `Changed`, if the caller
    /// must look at `owner` again first. It has looked since it was counted.
    pub(crate) fn sleep_as_waiter(
        &self,
        place: &mut Place,
        deadline: Deadline,
        kind: Kind,
    ) -> Wait {
        // ORD lock.before-sleep: relaxed, the futex compares again.
        let waiting = self.waiting.load(Relaxed);
        if *place == Place::Woken || waiting & ORPHAN != 0 {
            // ORD lock.decide ⇒ lock.look-exchange: as lock.enter-count.
            self.waiting.fetch_and(!(WAKING | ORPHAN), Acquire);
            // ORD lock.look-decided ⇒ lock.look: as lock.enter.
            full_fence_after_rmw();
            *place = Place::Waiter;
            return Wait::Changed;
        }
        futex::wait_as(kind, &self.waiting, waiting, deadline)
    }

    /// `WAKING` clear, as in `waiting`, → set; and wakes a waiter, or leaves the wake to be adopted.
    /// `false` if `waiting` was stale.
    #[inline(never)]
    pub(crate) fn wake_waiter(&self, waiting: u32) -> bool {
        let marks = if futex::counts_wakes() {
            WAKING
        } else {
            WAKING | ORPHAN
        };
        // ORD lock.waking: relaxed, the woken thread finds its data through `owner`.
        if self
            .waiting
            .compare_exchange(waiting, waiting | marks, Relaxed, Relaxed)
            .is_err()
        {
            return false;
        }
        if !futex::wake_one(&raw const self.waiting) {
            // Nobody slept. Whoever is on the way there is stopped by the mark, but one may have
            // fallen asleep just before it was set.
            let orphan = self.recount(|now| (now & WAKING != 0).then_some(now | ORPHAN));
            if orphan.is_some() {
                futex::wake_one(&raw const self.waiting);
            }
        }
        true
    }

    /// Replaces `waiting` by what `next` makes of it, and returns that; `None` changes nothing.
    fn recount(&self, next: impl Fn(u32) -> Option<u32>) -> Option<u32> {
        // ORD lock.recount-look: relaxed, the exchange checks it.
        let mut now = self.waiting.load(Relaxed);
        loop {
            let next = next(now)?;
            // ORD lock.recount ⇒ lock.look-exchange: as lock.enter-count.
            // ORD lock.recount (failure): relaxed, it looks again.
            match self
                .waiting
                .compare_exchange_weak(now, next, Acquire, Relaxed)
            {
                Ok(_) => return Some(next),
                Err(other) => now = other,
            }
        }
    }
}

impl Place {
    /// One such thread fewer. One that was woken has decided; no mark outlives those it speaks of.
    fn without_one(self, waiting: u32) -> u32 {
        let left = match self {
            Place::Heir => waiting - HEIR,
            _ => waiting - WAITER,
        };
        let mut marks = left & (CHECKED | SYMMETRIC);
        if left & WAITERS != 0 && self != Place::Woken {
            marks |= left & (WAKING | ORPHAN);
        }
        left & (WAITERS | HEIRS) | marks
    }
}
