//! The two words of a lock and every transition between their states.
//!
//! `owner`, who may go on:
//!
//! | value | meaning | who leaves it, to what |
//! |---|---|---|
//! | `FREE` (0) | nobody holds it | anyone takes it → its id or `ANONYMOUS` |
//! | 1 ..= `ThreadId::MAX` | that thread holds it | the holder → `FREE`, `TO_HEIR`, `TO_WAITER` |
//! | `ANONYMOUS` | held, and any thread may release it | any thread, as above |
//! | `TO_HEIR` | handed to the heirs | an heir → its id; whoever finds no heir left → `FREE` |
//! | `TO_WAITER` | handed to the waiters | a waiter or heir → its id; whoever finds none left → `FREE` |
//!
//! `waiting`, who wants to:
//!
//! | bits | meaning | may be stale? |
//! |---|---|---|
//! | 0 ..= 21 | *waiters*: threads that sleep on `waiting` or are about to | no: only they count themselves |
//! | 22 `WAKING` | a waiter was woken and has not decided yet: wake no other | may stay set after it timed out: leaving clears it |
//! | 23 `IMPATIENT` | a waiter has been passed over for `PATIENCE` | yes, either way: it only makes releases polite |
//! | 24 ..= 31 | *heirs*: threads that were passed over for `ENOUGH`; they sleep on `owner` | no, as waiters |
//!
//! A thread tries, spins, then counts itself as a waiter and sleeps on `waiting`. If it wakes and is
//! passed over for long, it counts itself as an heir instead, and from then on no release sets the
//! lock free before an heir had it.
//!
//! Invariants:
//!
//! - **I1** From a successful take to the release that ends it, `owner` is not `FREE`, `TO_HEIR` or
//!   `TO_WAITER`, and only a thread that makes it so from one of those holds the lock.
//! - **I2** A thread sleeps on `waiting` only while it is counted as a waiter, on `owner` only while
//!   counted as an heir, and with a value in which `WAKING` is clear.
//! - **I3** Whoever counts itself in, counts itself out, or clears `WAKING`, looks at `owner` after
//!   that, with a full fence between, before it sleeps or returns; unless it holds the lock. Whoever
//!   makes `owner` free or hands it over looks at `waiting` after that, with a full fence between.
//! - **I4** `WAKING` is only set by a thread that then wakes `waiting`.
//!
//! No wake is lost: let the lock become free (or handed over) for the last time while T is counted.
//! By the fences of I3 either the releasing thread R sees T counted, or T sees the release before it
//! sleeps and takes the lock. If R sees T and `WAKING` is clear, it sets `WAKING` and wakes: T sleeps
//! and is woken, or has not slept yet and cannot, since `waiting` has changed under it. If R sees
//! `WAKING`, somebody set it after the last clearing and woke: a thread is awake that will clear it
//! and then look at `owner` (I3), or the one woken timed out, and looks at `owner` as it leaves. For
//! an heir the same holds with `owner`, which every release changes before it wakes.

use core::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use futex::atomic::{AtomicU32, full_fence_after_rmw};
use futex::thread::ThreadId;
use futex::{Deadline, Wait};

pub(crate) const FREE: u32 = 0;
pub(crate) const ANONYMOUS: u32 = ThreadId::MAX + 1;
const TO_HEIR: u32 = 1 << 31;
const TO_WAITER: u32 = 1 << 31 | 1;

const WAITER: u32 = 1;
const WAITERS: u32 = (1 << 22) - 1;
const WAKING: u32 = 1 << 22;
const IMPATIENT: u32 = 1 << 23;
const HEIR: u32 = 1 << 24;
const HEIRS: u32 = 0xFF << 24;

const _: () = {
    assert!(ANONYMOUS < TO_HEIR && TO_HEIR < TO_WAITER);
    assert!(WAITERS | WAKING | IMPATIENT | HEIRS == u32::MAX);
    assert!(WAITERS & WAKING == 0 && WAKING & IMPATIENT == 0 && IMPATIENT & HEIRS == 0);
    assert!(HEIR > WAITERS && HEIR & HEIRS == HEIR);
};

/// How many looks a polite release grants the waiter that it woke.
const POLITE_LOOKS: u32 = 20;

/// The two words.
#[repr(C)]
pub(crate) struct Words {
    owner: AtomicU32,
    waiting: AtomicU32,
}

/// A thread's place among those who want the lock.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Waiter,
    Heir,
}

impl Words {
    pub(crate) const fn new() -> Words {
        Words { owner: AtomicU32::new(FREE), waiting: AtomicU32::new(0) }
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
        self.owner.compare_exchange(FREE, me, Acquire, Relaxed).is_ok()
    }

    /// `FREE`, or handed to one like us, → `me`.
    pub(crate) fn take(&self, me: u32, place: Place) -> bool {
        let owner = self.owner();
        let ours = match owner {
            FREE | TO_WAITER => true,
            TO_HEIR => place == Place::Heir,
            _ => false,
        };
        // ORD lock.inherit ⇒ lock.give: what the last holder wrote.
        // ORD lock.inherit (failure): relaxed, whoever fails looks again.
        ours && self.owner.compare_exchange(owner, me, Acquire, Relaxed).is_ok()
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
        self.owner.compare_exchange(to, FREE, Relaxed, Relaxed).is_ok()
    }

    // Transitions of `waiting`.

    /// After `owner` became free: hands it to an heir, or wakes a waiter, unless somebody is awake.
    #[cold]
    #[inline(never)]
    fn wake_next(&self, mut waiting: u32) {
        loop {
            if waiting & HEIRS != 0 {
                // ORD lock.bequeath: relaxed; as a read-modify-write it carries on lock.give.
                if self.owner.compare_exchange(FREE, TO_HEIR, Relaxed, Relaxed).is_ok() {
                    // ORD lock.bequeath-look ⇒ lock.enter: as lock.hand-look.
                    full_fence_after_rmw();
                    self.wake_receiver(TO_HEIR);
                }
                return;
            }
            if waiting & WAITERS == 0 || waiting & WAKING != 0 {
                break;
            }
            match self.wake_waiter(waiting) {
                Ok(()) => break,
                Err(now) => waiting = now,
            }
        }
        if waiting & IMPATIENT != 0 {
            self.be_polite();
        }
    }

    /// `WAKING` clear → set, and wakes one waiter.
    fn wake_waiter(&self, waiting: u32) -> Result<(), u32> {
        // ORD lock.waking: relaxed, the woken thread finds its data through `owner`.
        self.waiting.compare_exchange(waiting, waiting | WAKING, Relaxed, Relaxed)?;
        futex::wake_one(&raw const self.waiting);
        Ok(())
    }

    /// Gives a waiter that has been passed over the time to take the lock.
    fn be_polite(&self) {
        for _ in 0..POLITE_LOOKS {
            if self.owner() != FREE {
                return;
            }
            std::thread::yield_now();
        }
    }

    /// Counts the caller in as a waiter.
    pub(crate) fn enter(&self) {
        // ORD lock.enter-count: relaxed, the fence orders it.
        self.waiting.fetch_add(WAITER, Relaxed);
        // ORD lock.enter ⇒ lock.look: either this thread sees the lock free, or the releasing thread
        // sees it counted (I3).
        full_fence_after_rmw();
    }

    /// Replaces `waiting` by what `next` makes of it, and says what that is.
    fn recount(&self, next: impl Fn(u32) -> u32) -> u32 {
        // ORD lock.recount-load: relaxed, the exchange checks it.
        let mut now = self.waiting.load(Relaxed);
        // ORD lock.recount: relaxed, the fences around it order it.
        while let Err(other) =
            self.waiting.compare_exchange_weak(now, next(now), Relaxed, Relaxed)
        {
            now = other;
        }
        next(now)
    }

    /// Counts a waiter as an heir, unless there are as many as can be counted.
    pub(crate) fn promote(&self) -> Place {
        let now = self.recount(|now| match now & HEIRS {
            HEIRS => now,
            _ => tidy((now - WAITER + HEIR) & !WAKING),
        });
        // ORD lock.promote ⇒ lock.look: as lock.enter.
        full_fence_after_rmw();
        if now & HEIRS == HEIRS { Place::Waiter } else { Place::Heir }
    }

    /// `WAKING` → clear: the caller is awake and will look before it sleeps.
    fn stop_waking(&self) {
        // ORD lock.stop-waking: relaxed, the fence orders it.
        self.waiting.fetch_and(!WAKING, Relaxed);
        // ORD lock.stop-waking-look ⇒ lock.look: as lock.enter.
        full_fence_after_rmw();
    }

    /// Sleeps on `waiting` while nothing changes there. The caller looked at `owner` after it was
    /// counted and after it last cleared `WAKING`.
    pub(crate) fn sleep_as_waiter(&self, deadline: Deadline) -> Wait {
        // ORD lock.before-sleep: relaxed, the futex compares again.
        let waiting = self.waiting.load(Relaxed);
        if waiting & WAKING != 0 {
            self.stop_waking();
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

    /// Asks the releasing threads to be polite.
    pub(crate) fn complain(&self) {
        // ORD lock.complain: relaxed, it is advice.
        if self.waiting.load(Relaxed) & IMPATIENT == 0 {
            self.waiting.fetch_or(IMPATIENT, Relaxed);
        }
    }

    /// Counts out a thread that has taken the lock.
    pub(crate) fn leave(&self, place: Place) {
        self.recount(|now| tidy(place.without_one(now) & !IMPATIENT));
    }

    /// Counts out a thread that goes without the lock, and passes on the wake or the hand-over that
    /// may have been meant for it.
    pub(crate) fn give_up(&self, place: Place) {
        let waiting = self.recount(|now| tidy(place.without_one(now)));
        // ORD lock.give-up ⇒ lock.look: as lock.enter.
        full_fence_after_rmw();
        match self.owner() {
            FREE => self.wake_next(waiting),
            to @ (TO_HEIR | TO_WAITER) => self.wake_receiver(to),
            _ => {}
        }
    }
}

/// No flag outlives those whom it speaks of, so that `waiting` is 0 when nobody waits.
fn tidy(waiting: u32) -> u32 {
    match waiting & (WAITERS | HEIRS) {
        0 => 0,
        _ => waiting,
    }
}

impl Place {
    /// One such thread fewer; a waiter that goes has decided.
    fn without_one(self, waiting: u32) -> u32 {
        match self {
            Place::Waiter => (waiting - WAITER) & !WAKING,
            Place::Heir => waiting - HEIR,
        }
    }
}
