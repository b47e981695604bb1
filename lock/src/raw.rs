//! The two words of a lock, and the transitions of the first; those of the second are in `waiting.rs`,
//! the way of a thread through both in `slow.rs`.
//!
//! `owner`, who may go on:
//!
//! | value | meaning | who leaves it, to what |
//! |---|---|---|
//! | `FREE` (0) | nobody holds it | anyone takes it → its id or `ANONYMOUS`; whoever released it, or leaves, passes it on → `TO_HEIR`, `TO_WAITER` |
//! | 1 ..= `ThreadId::MAX` | that thread holds it | it → `FREE`, or by a fair release → `TO_HEIR`, `TO_WAITER` |
//! | `ANONYMOUS` | held, and any thread may release it | any thread → `FREE` |
//! | `TO_HEIR` | handed to the heirs | an heir → its id; whoever finds no heir left → `FREE` |
//! | `TO_WAITER` | handed to the waiters who have slept | one of them, or an heir → its id; whoever finds no waiter left → `FREE`; a newcomer → `WATCHED` |
//! | `WATCHED` and more | `TO_WAITER`, and newcomers sleep until it is taken: only where wakes are not counted (`passing.rs`) | as `TO_WAITER` |
//!
//! `waiting`, who wants to:
//!
//! | bits | meaning | may it be stale? |
//! |---|---|---|
//! | 0 ..= 21 | *waiters*: threads that sleep on `waiting`, or are on the way to or from it | no: each counts itself |
//! | 22 `WAKING` | a wake is under way, and whom it wakes will look: send no other | it outlives a waiter that timed out: leaving clears it |
//! | 23 `ORPHAN` | with `WAKING`: the wake reached nobody; whoever is about to sleep adopts it | as `WAKING` |
//! | 24 ..= 29 | *heirs*: waiters passed over for too long, who now sleep on `owner` | no, as waiters |
//! | 30 `SYMMETRIC` | who counts itself in needs no heavy fence: every release sees this, and has a fence of its own | it stays until a thread has seen nobody wait for many of its releases |
//! | 31 `CHECKED` | the order of locks was checked when this was taken (`deadlock::order`): releases say so | it outlives the checking: the next release takes it away |
//!
//! A thread tries, spins, then counts itself as a waiter and sleeps on `waiting`. Releases wake one
//! waiter at a time: `WAKING` is set from the wake until the woken thread has taken the lock or gone
//! back to sleep. A thread that has had the lock for a while hands it to the waiters instead of
//! leaving it free (`tenure.rs`); a waiter who loses all the same becomes an heir, and then every
//! release hands the lock to the heirs, unless another thread takes it in the few instructions
//! between.
//!
//! Invariants:
//!
//! - **I1** A thread holds the lock from the exchange of `owner` that put its mark there in the
//!   place of `FREE`, `TO_HEIR` or `TO_WAITER`, to the exchange or store that puts one of those there again.
//! - **I2** A thread sleeps on `waiting` only while counted as a waiter, on `owner` only while
//!   counted as an heir; on `waiting` never with an expected value that has `ORPHAN`.
//! - **I3** Whoever counts itself in or out, or clears `WAKING`, then looks at `owner`, with a full
//!   fence between, before it sleeps or returns. Whoever makes `owner` free or hands it over then
//!   looks at `waiting`, with a full fence between, or by an exchange of `waiting` for itself; but see I6.
//! - **I4** While `WAKING` is set without `ORPHAN`, a thread is awake that will clear it: one that a
//!   wake took out of its sleep, or a waker that has not returned, which finds that its wake reached
//!   nobody, sets `ORPHAN`, and wakes again whoever fell asleep in between. (A mark may be cleared by
//!   another than the one it was set for: that costs a wake too many, no wake too few.)
//! - **I5** A thread that is not counted sleeps on `owner` only while that is one value of `WATCHED`.
//!   Whoever replaces such a value then wakes all who sleep on `owner`. No wake relies on a thread that
//!   is not counted: one that it had in the place of an heir it passes on.
//!
//! - **I6** The release of a thread's own lock may look behind a *light* fence, and go on without another if
//!   `waiting` is 0 (`futex::asymmetric`). So whoever counts itself in and finds `SYMMETRIC` clear has a *heavy*
//!   fence between that and its first look at `owner`, and then sets it. While it is set, `waiting` has not been
//!   0 since such a fence. (It may be cleared at any time: who comes later has its own.)
//!
//! That a light release and a thread T that comes to wait do not miss each other: the release stores `FREE` and
//! then reads 0 from `waiting`. If T had the heavy fence itself, it was counted before it, so that read came
//! first; then T sees the store. If T found `SYMMETRIC`, that was set behind the heavy fence of another, and
//! `waiting` has not been 0 since that one was counted; so the read came before that fence, and the store is seen
//! by whoever looks behind it, as T does. A release that reads anything else exchanges that for itself. All who count
//! themselves, or clear `WAKING`, exchange `waiting` too, and these exchanges come in one order: those before its own
//! it has seen; those after it acquire what it released, and their threads see the store. If it fails, the
//! release has a full fence, looks again, and is like any other. (A store may also come in the place of an
//! exchange: while a thread holds the lock, nobody else changes `owner`.)
//!
//! No wake is lost: let the lock be set free or handed over for the last time, by R, while T is
//! counted as a waiter. By the fences of I3, R sees T counted, or T sees what R did before it sleeps.
//! If R finds `WAKING` clear it sets it and wakes; T was asleep and a sleeper wakes, or T is still
//! awake and cannot sleep before it looks, because `waiting` has changed under it (I2, I4). If R
//! finds `WAKING`, then I4 names a thread that is awake, or `ORPHAN` one that cannot sleep; it will
//! clear the mark and then look (I3). Whoever looks takes the lock, or times out and passes it on.
//! For heirs the same holds with `owner`, which R itself has changed before it wakes them. What R handed
//! over may be watched when T looks: T takes it all the same. Newcomers that watch it sleep until T does (I5).
//!
//! Where wakes are not counted every wake has `ORPHAN`, so a thread that is counted may adopt it and then take
//! what was handed to the waiters. Whoever hands the lock over and comes back sees that (it wrote it), and
//! is not counted before another has taken it or nobody was left: it never takes back what it handed over.

use core::sync::atomic::Ordering::{Acquire, Relaxed, Release};

use futex::asymmetric::{self, light_fence};
use futex::atomic::{AtomicU32, full_fence, full_fence_after_rmw, store_mine};
use futex::thread::{ThreadId, at_hand};
use futex::{Deadline, Kind, Wait};

use crate::passing::is_watched;
use crate::tenure;

pub(crate) const FREE: u32 = 0;
pub(crate) const ANONYMOUS: u32 = ThreadId::MAX + 1;
pub(crate) const TO_HEIR: u32 = 1 << 31;
pub(crate) const TO_WAITER: u32 = TO_HEIR | 1;

pub(crate) const WAITER: u32 = 1;
pub(crate) const WAITERS: u32 = (1 << 22) - 1;
pub(crate) const WAKING: u32 = 1 << 22;
pub(crate) const ORPHAN: u32 = 1 << 23;
pub(crate) const HEIR: u32 = 1 << 24;
pub(crate) const HEIRS: u32 = 0x3F << 24;
pub(crate) const SYMMETRIC: u32 = 1 << 30;
pub(crate) const CHECKED: u32 = 1 << 31;

const _: () = {
    assert!(ANONYMOUS < TO_HEIR);
    assert!(WAITERS + WAKING + ORPHAN + HEIRS + SYMMETRIC + CHECKED == u32::MAX);
    assert!(WAITERS & WAITER == WAITER && HEIRS & HEIR == HEIR);
    assert!(WAKING == WAITERS + WAITER && ORPHAN == 2 * WAKING && HEIR == 2 * ORPHAN);
};

/// The two words.
#[repr(C)]
pub(crate) struct Words {
    pub(crate) owner: AtomicU32,
    pub(crate) waiting: AtomicU32,
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

/// Whether there are waiters, one of whom is awake, and nothing else to be done for anybody.
#[inline]
fn is_only_woken(waiting: u32) -> bool {
    waiting & (CHECKED | HEIRS | WAKING) == WAKING && waiting & WAITERS != 0
}

/// Whether nobody holds the lock: it is free, or handed over and not taken yet.
#[inline]
fn is_nobodys(owner: u32) -> bool {
    matches!(owner, FREE | TO_HEIR | TO_WAITER) || is_watched(owner)
}

/// Whether it was handed over to some who have not taken it yet.
pub(crate) fn is_on_its_way(owner: u32) -> bool {
    owner != FREE && is_nobodys(owner)
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

    /// Whether nobody holds it: it is free, or handed to some who have not taken it yet.
    #[inline]
    pub(crate) fn is_free(&self) -> bool {
        is_nobodys(self.owner())
    }

    /// `FREE` → `me`.
    #[inline]
    pub(crate) fn take_free(&self, me: u32) -> bool {
        // ORD lock.take ⇒ lock.give: what the last holder wrote.
        // ORD lock.take (failure): relaxed, whoever fails looks again.
        self.owner
            .compare_exchange(FREE, me, Acquire, Relaxed)
            .is_ok()
    }

    /// `FREE` → `ANONYMOUS`. A guard may be made of it all the same, whose release needs a fence of its own where
    /// there are no asymmetric ones.
    #[inline]
    pub(crate) fn take_anonymously(&self) -> bool {
        tenure::turn();
        if !asymmetric::is_available() {
            self.keep_symmetric();
        }
        self.take_free(ANONYMOUS)
    }

    /// `FREE` → the calling thread's id; fails if it has none yet, and while the order of locks is checked, so that
    /// it goes the long way (`slow.rs`), which says that it took it.
    #[inline]
    pub(crate) fn take_at_once(&self) -> bool {
        tenure::turn();
        self.take_uncounted()
    }

    /// [`take_at_once`](Self::take_at_once) as a turn that is counted only if somebody waits at its end. To count costs
    /// an rlock a third of its time.
    #[inline]
    pub(crate) fn take_uncounted(&self) -> bool {
        let hand = at_hand();
        // ORD lock.take-owned ⇒ lock.give: what the last holder wrote.
        // ORD lock.take-owned (failure): relaxed, whoever fails looks again.
        self.owner
            .compare_exchange(hand.expected, hand.id, Acquire, Relaxed)
            .is_ok()
    }

    /// `FREE`, or handed to such as the caller, → `me`.
    pub(crate) fn take(&self, me: u32, place: Place) -> bool {
        let mut owner = self.owner();
        loop {
            let ours = match owner {
                FREE => true,
                TO_WAITER => place != Place::Fresh,
                TO_HEIR => place == Place::Heir,
                _ => place != Place::Fresh && is_watched(owner),
            };
            if !ours {
                return false;
            }
            // ORD lock.receive ⇒ lock.give: what the last holder wrote.
            // ORD lock.receive (failure): relaxed, whoever fails looks again.
            match self.owner.compare_exchange(owner, me, Acquire, Relaxed) {
                Ok(_) => {
                    self.passed(owner);
                    return true;
                }
                // A newcomer sleeps until it is taken: that is all that has changed.
                Err(now) if is_watched(now) => owner = now,
                Err(_) => return false,
            }
        }
    }

    /// Held → `FREE`. The calling thread holds the lock, in its name.
    #[inline]
    pub(crate) fn release(&self) {
        if asymmetric::is_possible() {
            // ORD lock.give ⇒ lock.take: what the holder wrote.
            store_mine(&self.owner, FREE, Release);
            // ORD lock.look-light ⇒ lock.enter-heavy: either this thread sees who waits, or they see what it
            // did (I6).
            light_fence();
        } else {
            // ORD lock.give-exchange ⇒ lock.take: what the holder wrote.
            self.owner.swap(FREE, Release);
            // ORD lock.look ⇒ lock.enter: either this thread sees who waits, or they see what it did (I3).
            full_fence_after_rmw();
        }
        // ORD lock.who-waits: relaxed, the fence orders it.
        let waiting = self.waiting.load(Relaxed);
        if waiting != 0 {
            self.after_release(waiting);
        }
    }

    /// Held by anyone → `FREE`; `false`, and nothing changed, if nobody holds it.
    #[inline]
    pub(crate) fn release_checked(&self) -> bool {
        let mut owner = self.owner();
        loop {
            if is_nobodys(owner) {
                return false;
            }
            // ORD lock.give-checked ⇒ lock.take: what the holder wrote.
            // ORD lock.give-checked (failure): relaxed, it looks again.
            match self.owner.compare_exchange(owner, FREE, Release, Relaxed) {
                Ok(_) => break,
                Err(now) => owner = now,
            }
        }
        // ORD lock.look-checked ⇒ lock.enter: as lock.look.
        full_fence_after_rmw();
        // ORD lock.who-waits-checked: relaxed, the fence orders it.
        if self.waiting.load(Relaxed) != 0 {
            self.wake_or_end();
        }
        true
    }

    /// Held → handed to an heir, or else to a waiter, or else `FREE`. The caller holds the lock.
    pub(crate) fn release_fair(&self) {
        // ORD lock.fair: relaxed, whoever is unseen here is seen after the fence.
        let waiting = self.waiting.load(Relaxed);
        let to = match waiting & !(CHECKED | SYMMETRIC) {
            0 => return self.release(),
            waiting if waiting & HEIRS != 0 => TO_HEIR,
            _ => TO_WAITER,
        };
        // ORD lock.hand-over ⇒ lock.receive: what the holder wrote.
        self.owner.swap(to, Release);
        // ORD lock.look-fair ⇒ lock.enter: as lock.look.
        full_fence_after_rmw();
        if waiting & CHECKED != 0 {
            self.gave_back();
        }
        self.wake_receiver(to);
    }

    /// The rest of a release that was not the end of it: behind its fence it read `waiting`. While a woken thread is on
    /// its way, every release of a busy thread comes here, so it is short.
    #[cold]
    #[inline(never)]
    fn after_release(&self, waiting: u32) {
        if asymmetric::is_possible() && !self.is_still(waiting) {
            return self.look_again_behind_a_fence();
        }
        if waiting == SYMMETRIC {
            self.found_nobody();
        } else if !is_only_woken(waiting) {
            self.wake_or_end();
        } else if tenure::is_look_due() {
            self.pass_if_over();
        }
    }

    /// Exchanges `waiting` for itself: whether it is what it was.
    #[inline]
    fn is_still(&self, waiting: u32) -> bool {
        // ORD lock.look-exchange ⇒ lock.enter-count: either this thread sees who waits, or they see what it did (I3).
        // ORD lock.look-exchange (failure): relaxed, whoever fails looks again behind a fence.
        self.waiting
            .compare_exchange(waiting, waiting, Release, Relaxed)
            .is_ok()
    }

    /// `waiting` has changed since the calling thread, which released the lock, looked at it.
    #[cold]
    #[inline(never)]
    fn look_again_behind_a_fence(&self) {
        // ORD lock.look-again ⇒ lock.enter: as lock.look.
        full_fence();
        self.wake_or_end();
    }

    /// Hands the free lock over if it is time. One of those who wait is awake.
    #[cold]
    #[inline(never)]
    fn pass_if_over(&self) {
        if tenure::has_run_out(true) {
            self.pass(TO_WAITER);
        }
    }

    /// The lock is symmetric, and nobody waits any more.
    #[inline]
    fn found_nobody(&self) {
        if tenure::is_quiet() {
            self.end_symmetry();
        }
    }

    /// That was so for long.
    #[cold]
    #[inline(never)]
    fn end_symmetry(&self) {
        // ORD lock.asymmetric: relaxed, who is counted next has a heavy fence of its own.
        let _unless_wanted = self
            .waiting
            .compare_exchange(SYMMETRIC, 0, Relaxed, Relaxed);
    }

    /// `owner` became free, and somebody may have to be woken.
    fn wake_or_end(&self) {
        // ORD lock.who-waits-still: relaxed, the fence before it orders it, or the exchange.
        let waiting = self.waiting.load(Relaxed);
        if waiting & CHECKED != 0 {
            self.gave_back();
        }
        match waiting {
            SYMMETRIC => self.found_nobody(),
            _ => self.wake_one_of(waiting),
        }
    }

    /// After `owner` became free: passes it on, or wakes a waiter if nobody is awake for them.
    pub(crate) fn wake_next(&self) {
        // ORD lock.next: relaxed, the fence before it orders it.
        self.wake_one_of(self.waiting.load(Relaxed));
    }

    #[inline]
    fn wake_one_of(&self, mut waiting: u32) {
        loop {
            if waiting & HEIRS != 0 {
                return self.pass(TO_HEIR);
            }
            if waiting & WAITERS == 0 {
                return;
            }
            if tenure::is_over(waiting & WAKING != 0) {
                return self.pass(TO_WAITER);
            }
            if waiting & WAKING != 0 || self.wake_waiter(waiting) {
                return;
            }
            // ORD lock.next-again: relaxed, as lock.next.
            waiting = self.waiting.load(Relaxed);
        }
    }

    /// `FREE` → `to`, unless somebody was faster.
    #[inline(never)]
    fn pass(&self, to: u32) {
        // ORD lock.pass: relaxed; as a read-modify-write it carries on what lock.give published.
        if self
            .owner
            .compare_exchange(FREE, to, Relaxed, Relaxed)
            .is_ok()
        {
            // ORD lock.look-passed ⇒ lock.enter: as lock.look.
            full_fence_after_rmw();
            self.wake_receiver(to);
        }
    }

    /// After `owner` became `to`: wakes one who may take it; if none is left, `to` → `FREE`.
    #[inline(never)]
    pub(crate) fn wake_receiver(&self, to: u32) {
        loop {
            // ORD lock.receivers: relaxed, the fence before it orders it.
            let waiting = self.waiting.load(Relaxed);
            if to == TO_HEIR && waiting & HEIRS != 0 {
                futex::wake_one(&raw const self.owner);
                return;
            }
            if to != TO_HEIR && waiting & WAITERS != 0 {
                if waiting & WAKING != 0 || self.wake_waiter(waiting) {
                    return;
                }
                continue;
            }
            if self.take_back(to) {
                // ORD lock.look-back ⇒ lock.enter: as lock.look.
                full_fence_after_rmw();
                self.wake_next();
            }
            return;
        }
    }

    /// An heir sleeps on `owner` while the same thread holds the lock.
    pub(crate) fn sleep_as_heir(&self, deadline: Deadline, kind: Kind) -> Wait {
        match self.owner() {
            owner if is_nobodys(owner) => Wait::Changed,
            owner => futex::wait_as(kind, &self.owner, owner, deadline),
        }
    }
}
