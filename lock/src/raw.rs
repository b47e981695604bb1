//! The two words of a lock and every transition between their states.
//!
//! `owner`, who may go on:
//!
//! | value | meaning | who leaves it, to what |
//! |---|---|---|
//! | `FREE` (0) | nobody holds it | anyone takes it → its id or `ANONYMOUS` |
//! | 1 ..= `ThreadId::MAX` | that thread holds it | it → `FREE`, `TO_HEIR`, `TO_WAITER` |
//! | `ANONYMOUS` | held, and any thread may release it | any thread, as above |
//! | `TO_HEIR` | handed to the heirs | an heir → its id; whoever finds no heir left → `FREE` |
//! | `TO_WAITER` | handed to the waiters who have slept | one of them, or an heir → its id; whoever finds no waiter left → `FREE` |
//!
//! `waiting`, who wants to:
//!
//! | bits | meaning | may it be stale? |
//! |---|---|---|
//! | 0 ..= 21 | *waiters*: threads that sleep on `waiting`, or are on the way to or from it | no: each counts itself |
//! | 22 `WAKING` | a wake is under way, and whom it wakes will look: send no other | it outlives a waiter that timed out: leaving clears it |
//! | 23 `ORPHAN` | with `WAKING`: the wake reached nobody; whoever is about to sleep adopts it | as `WAKING` |
//! | 24 ..= 31 | *heirs*: waiters passed over for too long, who now sleep on `owner` | no, as waiters |
//!
//! A thread tries, spins, then counts itself as a waiter and sleeps on `waiting`. Releases wake one
//! waiter at a time: `WAKING` is set from the wake until the woken thread has taken the lock or gone
//! back to sleep. A thread that has had the lock for a while hands it to the waiters instead of
//! setting it free ([`crate::tenure`]); a waiter who loses all the same becomes an heir, and then no
//! release sets the lock free before the heirs had it.
//!
//! Invariants:
//!
//! - **I1** A thread holds the lock from the exchange of `owner` that put its mark there in the
//!   place of `FREE`, `TO_HEIR` or `TO_WAITER`, to the exchange that puts one of those there again.
//! - **I2** A thread sleeps on `waiting` only while counted as a waiter, on `owner` only while
//!   counted as an heir; on `waiting` never with an expected value that has `ORPHAN`.
//! - **I3** Whoever counts itself in or out, or clears `WAKING`, then looks at `owner`, with a full
//!   fence between, before it sleeps or returns, unless it holds the lock. Whoever makes `owner`
//!   free or hands it over then looks at `waiting`, with a full fence between.
//! - **I4** While `WAKING` is set without `ORPHAN`, a thread is awake that will clear it: one that
//!   the wake took out of its sleep, or the waker itself, which finds that its wake reached nobody,
//!   sets `ORPHAN`, and wakes again whoever fell asleep in between.
//!
//! No wake is lost: let the lock be set free or handed over for the last time, by R, while T is
//! counted as a waiter. By the fences of I3, R sees T counted, or T sees what R did before it sleeps.
//! If R finds `WAKING` clear it sets it and wakes; T was asleep and a sleeper wakes, or T is still
//! awake and cannot sleep before it looks, because `waiting` has changed under it (I2, I4). If R
//! finds `WAKING`, then I4 names a thread that is awake, or `ORPHAN` one that cannot sleep; it will
//! clear the mark and then look (I3). Whoever looks takes the lock, or times out and passes it on.
//! For heirs the same holds with `owner`, which R itself has changed before it wakes them.

use core::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use futex::atomic::{AtomicU32, full_fence_after_rmw};
use futex::thread::ThreadId;
use futex::{Deadline, Wait};

use crate::tenure;

pub(crate) const FREE: u32 = 0;
pub(crate) const ANONYMOUS: u32 = ThreadId::MAX + 1;
const TO_HEIR: u32 = 1 << 31;
const TO_WAITER: u32 = 1 << 31 | 1;

const WAITER: u32 = 1;
const WAITERS: u32 = (1 << 22) - 1;
const WAKING: u32 = 1 << 22;
const ORPHAN: u32 = 1 << 23;
const HEIR: u32 = 1 << 24;
const HEIRS: u32 = 0xFF << 24;

const _: () = {
    assert!(ANONYMOUS < TO_HEIR && TO_HEIR < TO_WAITER);
    assert!(WAITERS | WAKING | ORPHAN | HEIRS == u32::MAX);
    assert!(WAITERS & WAKING == 0 && WAKING & ORPHAN == 0 && ORPHAN & HEIRS == 0);
    assert!(HEIR > WAITERS && HEIR & HEIRS == HEIR);
};

/// The two words.
#[repr(C)]
pub(crate) struct Words {
    owner: AtomicU32,
    waiting: AtomicU32,
}

/// A thread's place among those who want the lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// A waiter that has not slept yet. What is handed to the waiters is not for it: it may be the
    /// very thread that handed the lock over.
    Fresh,
    /// A waiter that was woken and has not decided yet: `WAKING` may be its own.
    Woken,
    /// A waiter that has slept before.
    Waiter,
    /// An heir.
    Heir,
}

impl Words {
    pub(crate) const fn new() -> Words {
        Words {
            owner: AtomicU32::new(FREE),
            waiting: AtomicU32::new(0),
        }
    }

    /// The owner word, for a look that may be stale at once.
    #[inline]
    pub(crate) fn owner(&self) -> u32 {
        // ORD lock.peek: relaxed, nothing is read on the strength of it.
        self.owner.load(Relaxed)
    }

    /// Whether some class of threads may take it.
    #[inline]
    pub(crate) fn is_free(&self) -> bool {
        matches!(self.owner(), FREE | TO_HEIR | TO_WAITER)
    }

    /// Waiters and heirs, as stale.
    pub(crate) fn waiting(&self) -> u32 {
        // ORD lock.count: relaxed, nothing is read on the strength of it.
        let waiting = self.waiting.load(Relaxed);
        (waiting & WAITERS) + waiting / HEIR
    }

    // Transitions of `owner`.

    /// `FREE` → `me`.
    #[inline]
    pub(crate) fn take_free(&self, me: u32) -> bool {
        // ORD lock.take ⇒ lock.give: what the last holder wrote.
        // ORD lock.take (failure): relaxed, whoever fails looks again.
        self.owner
            .compare_exchange(FREE, me, Acquire, Relaxed)
            .is_ok()
    }

    /// `FREE`, or handed to one like us, → `me`.
    pub(crate) fn take(&self, me: u32, place: Place) -> bool {
        let owner = self.owner();
        let ours = match owner {
            FREE => true,
            TO_WAITER => place != Place::Fresh,
            TO_HEIR => place == Place::Heir,
            _ => false,
        };
        // ORD lock.inherit ⇒ lock.give: what the last holder wrote.
        // ORD lock.inherit (failure): relaxed, whoever fails looks again.
        ours && self
            .owner
            .compare_exchange(owner, me, Acquire, Relaxed)
            .is_ok()
    }

    /// Held → `FREE`, or → `TO_HEIR` if there are heirs. The caller holds the lock.
    #[inline]
    pub(crate) fn release(&self) {
        // ORD lock.heirs: relaxed, an heir unseen here is seen after the fence.
        if self.waiting.load(Relaxed) >= HEIR {
            return self.hand_over(TO_HEIR);
        }
        // ORD lock.give ⇒ lock.take: what the holder wrote.
        self.owner.swap(FREE, Release);
        // ORD lock.look ⇒ lock.enter: either this thread sees who waits, or they see it free (I3).
        full_fence_after_rmw();
        // ORD lock.sleepers: relaxed, the fence orders it.
        let waiting = self.waiting.load(Relaxed);
        if waiting != 0 {
            self.wake_next(waiting);
        }
    }

    /// Held by anyone → free or handed over; `false`, and nothing changed, if nobody holds it.
    pub(crate) fn release_checked(&self) -> bool {
        let mut owner = self.owner();
        while owner != FREE && owner < TO_HEIR {
            // ORD lock.heirs-checked: relaxed, as lock.heirs.
            let heirs = self.waiting.load(Relaxed) >= HEIR;
            let next = if heirs { TO_HEIR } else { FREE };
            // ORD lock.give-checked ⇒ lock.take: what the holder wrote.
            // ORD lock.give-checked (failure): relaxed, it looks again.
            match self.owner.compare_exchange(owner, next, Release, Relaxed) {
                Ok(_) => {
                    // ORD lock.look-checked ⇒ lock.enter: as lock.look.
                    full_fence_after_rmw();
                    if heirs {
                        self.wake_receiver(TO_HEIR);
                    } else {
                        self.wake_next(self.waiting.load(Relaxed));
                    }
                    return true;
                }
                Err(now) => owner = now,
            }
        }
        false
    }

    /// Held → handed to an heir, or else to a waiter, or else free. The caller holds the lock.
    pub(crate) fn release_fair(&self) {
        // ORD lock.fair: relaxed, whoever is unseen here is seen after the fence.
        match self.waiting.load(Relaxed) {
            0 => self.release(),
            heirs if heirs >= HEIR => self.hand_over(TO_HEIR),
            _ => self.hand_over(TO_WAITER),
        }
    }

    /// Held → `to`.
    #[cold]
    #[inline(never)]
    fn hand_over(&self, to: u32) {
        // ORD lock.hand ⇒ lock.inherit: what the holder wrote.
        self.owner.swap(to, Release);
        // ORD lock.hand-look ⇒ lock.enter: either this thread sees that a receiver is left, or the
        // one that left sees the hand-over (I3).
        full_fence_after_rmw();
        self.wake_receiver(to);
    }

    /// After `owner` became `to`: wakes one who may take it; if none is left, sets it free.
    fn wake_receiver(&self, to: u32) {
        loop {
            // ORD lock.receivers: relaxed, the fences before it order it.
            let waiting = self.waiting.load(Relaxed);
            if to == TO_HEIR && waiting & HEIRS != 0 {
                futex::wake_one(&raw const self.owner);
                return;
            }
            if to == TO_WAITER && waiting & WAITERS != 0 {
                if waiting & WAKING != 0 || self.wake_waiter(waiting).is_ok() {
                    return;
                }
                continue;
            }
            if self.take_back(to) {
                // ORD lock.take-back-look ⇒ lock.enter: as lock.look.
                full_fence_after_rmw();
                // ORD lock.back-sleepers: relaxed, the fence orders it.
                self.wake_next(self.waiting.load(Relaxed));
            }
            return;
        }
    }

    /// `to` → `FREE`; `false` if somebody took it after all.
    fn take_back(&self, to: u32) -> bool {
        // ORD lock.take-back: relaxed; as a read-modify-write it carries on what lock.hand released.
        self.owner
            .compare_exchange(to, FREE, Relaxed, Relaxed)
            .is_ok()
    }

    // Transitions of `waiting`.

    /// After `owner` became free: bequeaths it, hands it over or wakes a waiter, as the case may be.
    #[cold]
    #[inline(never)]
    fn wake_next(&self, mut waiting: u32) {
        if waiting & HEIRS != 0 {
            return self.pass(TO_HEIR);
        }
        if waiting & WAITERS != 0 && tenure::is_over() {
            return self.pass(TO_WAITER);
        }
        while waiting & WAITERS != 0 && waiting & WAKING == 0 {
            match self.wake_waiter(waiting) {
                Ok(()) => return,
                Err(now) => waiting = now,
            }
        }
    }

    /// `FREE` → `to`, after a release, unless somebody was faster.
    fn pass(&self, to: u32) {
        // ORD lock.pass: relaxed; as a read-modify-write it carries on what lock.give released.
        if self
            .owner
            .compare_exchange(FREE, to, Relaxed, Relaxed)
            .is_ok()
        {
            // ORD lock.pass-look ⇒ lock.enter: as lock.hand-look.
            full_fence_after_rmw();
            self.wake_receiver(to);
        }
    }

    /// `WAKING` clear → set, and wakes one waiter, or leaves the wake to be adopted.
    fn wake_waiter(&self, waiting: u32) -> Result<(), u32> {
        // ORD lock.waking: relaxed, the woken thread finds its data through `owner`.
        let marks = if futex::COUNTS_WAKES {
            WAKING
        } else {
            WAKING | ORPHAN
        };
        self.waiting
            .compare_exchange(waiting, waiting | marks, Relaxed, Relaxed)?;
        if !futex::wake_one(&raw const self.waiting) {
            let (_, now) = self.recount(|now| match now & WAKING {
                0 => now,
                _ => now | ORPHAN,
            });
            if now & ORPHAN != 0 {
                futex::wake_one(&raw const self.waiting);
            }
        }
        Ok(())
    }

    /// Counts the caller in as a waiter.
    pub(crate) fn enter(&self) {
        // ORD lock.enter-count: relaxed, the fence orders it.
        self.waiting.fetch_add(WAITER, Relaxed);
        // ORD lock.enter ⇒ lock.look: either this thread sees the lock free, or the releasing thread
        // sees it counted (I3).
        full_fence_after_rmw();
    }

    /// Replaces `waiting` by what `next` makes of it: what it was, and what it is.
    fn recount(&self, next: impl Fn(u32) -> u32) -> (u32, u32) {
        // ORD lock.recount-load: relaxed, the exchange checks it.
        let mut now = self.waiting.load(Relaxed);
        // ORD lock.recount: relaxed, the fences around it order it.
        while let Err(other) = self
            .waiting
            .compare_exchange_weak(now, next(now), Relaxed, Relaxed)
        {
            now = other;
        }
        (now, next(now))
    }

    /// Counts a waiter as an heir, unless there are as many as can be counted.
    pub(crate) fn promote(&self) -> Place {
        let (before, _) = self.recount(|now| match now & HEIRS {
            HEIRS => now,
            _ => tidy(Place::Woken.without_one(now)) + HEIR,
        });
        // ORD lock.promote ⇒ lock.look: as lock.enter.
        full_fence_after_rmw();
        if before & HEIRS == HEIRS {
            Place::Woken
        } else {
            Place::Heir
        }
    }

    /// Sleeps on `waiting` while nothing changes there, or says in `place` why the caller has to
    /// look at `owner` again first. It has looked since it was counted.
    pub(crate) fn sleep_as_waiter(&self, place: &mut Place, deadline: Deadline) -> Wait {
        // ORD lock.before-sleep: relaxed, the futex compares again.
        let waiting = self.waiting.load(Relaxed);
        if *place == Place::Woken || waiting & ORPHAN != 0 {
            // ORD lock.decide: relaxed, the fence orders it.
            self.waiting.fetch_and(!(WAKING | ORPHAN), Relaxed);
            // ORD lock.decide-look ⇒ lock.look: as lock.enter.
            full_fence_after_rmw();
            *place = Place::Waiter;
            return Wait::Changed;
        }
        futex::wait_until(&self.waiting, waiting, deadline)
    }

    /// Sleeps on `owner` while the same thread holds the lock.
    pub(crate) fn sleep_as_heir(&self, deadline: Deadline) -> Wait {
        match self.owner() {
            FREE | TO_HEIR | TO_WAITER => Wait::Changed,
            owner => futex::wait_until(&self.owner, owner, deadline),
        }
    }

    /// Counts out a thread that has taken the lock.
    pub(crate) fn leave(&self, place: Place) {
        self.recount(|now| tidy(place.without_one(now)));
    }

    /// Counts out a thread that goes without the lock, and passes on the wake or the hand-over that
    /// may have been meant for it.
    pub(crate) fn give_up(&self, place: Place) {
        let (_, waiting) = self.recount(|now| tidy(place.without_one(now)));
        // ORD lock.give-up ⇒ lock.look: as lock.enter.
        full_fence_after_rmw();
        match self.owner() {
            FREE => self.wake_next(waiting),
            to @ (TO_HEIR | TO_WAITER) => self.wake_receiver(to),
            _ => {}
        }
    }
}

/// No mark outlives the waiters, so that `waiting` is 0 when nobody waits.
fn tidy(waiting: u32) -> u32 {
    match waiting & WAITERS {
        0 => waiting & HEIRS,
        _ => waiting,
    }
}

impl Place {
    /// One such thread fewer. One that was woken has decided.
    fn without_one(self, waiting: u32) -> u32 {
        match self {
            Place::Fresh | Place::Waiter => waiting - WAITER,
            Place::Woken => (waiting - WAITER) & !(WAKING | ORPHAN),
            Place::Heir => waiting - HEIR,
        }
    }
}
