//! A gate: where threads sleep until there is an item, or room for one. A queue has one for each.
//!
//! Its word:
//!
//! | bits | meaning | may it be stale? |
//! |---|---|---|
//! | 0 ..= 22 | *waiters*: threads that sleep here, or are on the way to or from it | no: each counts itself |
//! | 23 ..= 28 | *requests* of threads that yield (`ring/requests.rs`) | yes: nobody relies on them |
//! | 29 `ORPHAN` | with `WAKING`: the wake reached nobody; whoever is about to sleep adopts it | it outlives a waiter that left otherwise |
//! | 30 `CLOSED` | the queue has been shut down: nobody sleeps here any more | no, it stays |
//! | 31 `WAKING` | a wake is under way, or the gate is closed: send no other | as `ORPHAN` |
//!
//! So the word is positive, as a signed number, exactly when whoever adds an item (or makes room) must wake
//! somebody, or can do somebody a favour: one load and one comparison on the fast path.
//!
//! "The queue" below stands for what the gate's threads wait for: an item, or room. Who changes it, and
//! how one sees that it changed, is the store's affair (`ring.rs`, `locked.rs`). Invariants:
//!
//! - **G1** A thread sleeps here only while counted, never with an expected word that has `ORPHAN` or
//!   `CLOSED`.
//! - **G2** Whoever counts itself in or out, or clears `WAKING`, then looks at the queue before it sleeps
//!   or returns; whoever changes the queue then looks at this word. Between the two steps of each stands a
//!   full fence, or both looks are made under one lock.
//! - **G3** While `WAKING` is set without `ORPHAN` and `CLOSED`, a thread is awake that will clear it: one that
//!   a wake took out of its sleep; one that watches, which has set it itself; or a waker that has not
//!   returned, which finds that its wake reached nobody, sets `ORPHAN`, and wakes again whoever fell
//!   asleep in between. (A mark may be cleared by another than the one it was set for: that costs a wake
//!   too many, no wake too few.)
//!
//! No wake is lost: let P change the queue for the last time while T is counted. By G2, P sees T counted,
//! or T sees the change before it sleeps. If P finds `WAKING` clear it sets it and wakes: T was asleep
//! and a sleeper wakes, or T is awake and cannot sleep before it looks, because the word has changed
//! under it. If P finds `WAKING`, G3 names a thread that is awake, or `ORPHAN` one that cannot sleep; it will
//! clear the mark, then look (G2), take what is there or leave it, and on its way out wake the next one if
//! anything is left. Nobody sleeps for ever after a shutdown, which changes the queue and then sets
//! `CLOSED`: who has not slept yet does not (G1), who sleeps is woken.
//!
//! Why wakes are throttled: a wake across CPUs costs the waker as much as a thousand items. So the thread
//! that is on its way takes what it wants, and wakes the next one only if it leaves something. And a thread
//! that has just come and looks for a while before it sleeps (`visit.rs`) spares the others the wake: while
//! it *watches* the mark is its own.

use core::sync::atomic::Ordering::{Acquire, Relaxed, Release};

use futex::atomic::{AtomicU32, full_fence_after_rmw};
use futex::{Deadline, Kind, Wait};

use crate::cpus::Cpus;

const WAITER: u32 = 1;
const WAITERS: u32 = (1 << 23) - 1;
const REQUEST: u32 = 1 << 23;
const REQUESTS: u32 = 63 * REQUEST;
const ORPHAN: u32 = 1 << 29;
const CLOSED: u32 = 1 << 30;
const WAKING: u32 = 1 << 31;

const _: () = {
    assert!(WAITERS + REQUESTS + ORPHAN + CLOSED + WAKING == u32::MAX);
    assert!(WAITERS & WAITER == WAITER && (WAKING as i32) < 0);
};

/// A watcher that got through by yielding only, so often in a row, wakes another all the same: it shares its
/// CPU with the thread that it waits for, while those who sleep may have a CPU to themselves.
const YIELDED_OFTEN: u32 = 8;

pub(crate) struct Gate {
    word: AtomicU32,
    /// How often watchers yielded since one did not. A hint: threads may overwrite each other's count.
    yielded: AtomicU32,
    /// Where those run who come here.
    pub(crate) cpus: Cpus,
}

/// A counted thread; dropping it counts it out, also when a comparison of the user's panics.
pub(crate) struct Place<'a, M: Fn() -> bool> {
    gate: &'a Gate,
    /// It was woken and has not decided yet: `WAKING` may be its own.
    woken: bool,
    /// Whether there is something for another thread.
    more: M,
}

/// A thread that is awake for those who sleep: it has set `WAKING`, as if it had been woken. Dropping it
/// clears the mark.
pub(crate) struct Watch<'a, M: Fn() -> bool> {
    gate: &'a Gate,
    /// It had to let another thread have its CPU.
    pub(crate) yielded: bool,
    more: M,
}

impl Gate {
    pub(crate) const fn new() -> Gate {
        Gate {
            word: AtomicU32::new(0),
            yielded: AtomicU32::new(0),
            cpus: Cpus::new(),
        }
    }

    /// How many threads wait here, for a look that may be stale at once.
    pub(crate) fn waiting(&self) -> u32 {
        // ORD gate.count: relaxed, nothing is read on the strength of it.
        self.word.load(Relaxed) & WAITERS
    }

    /// [`waiting`](Self::waiting) for `Debug`, which reads all words.
    pub(crate) fn shown(&self) -> u32 {
        // ORD gate.shown: relaxed, a hint.
        self.yielded.load(Relaxed);
        self.cpus.shown();
        self.waiting()
    }

    /// Whether the queue has been shut down, perhaps a moment late.
    pub(crate) fn is_closed(&self) -> bool {
        // ORD gate.is-closed: relaxed, whoever acts on it looks at the store.
        self.word.load(Relaxed) & CLOSED != 0
    }

    /// Whether somebody must be woken, or has a request. The caller has changed the queue, and a full fence or the lock
    /// stands between (G2).
    #[inline(always)]
    pub(crate) fn is_wanted(&self) -> bool {
        // ORD gate.wanted: relaxed, the fence before it orders it.
        self.word.load(Relaxed).cast_signed() > 0
    }

    /// One request more; no more than 63 at a time.
    pub(crate) fn count_request(&self) {
        // ORD gate.request: relaxed, a request has its own state.
        self.word.fetch_add(REQUEST, Relaxed);
    }

    /// One request fewer, by the one that has served or withdrawn it.
    pub(crate) fn discount_request(&self) {
        // ORD gate.request-over: relaxed, as gate.request.
        let before = self.word.fetch_sub(REQUEST, Relaxed);
        debug_assert!(before & REQUESTS != 0);
    }

    pub(crate) fn has_requests(&self) -> bool {
        // ORD gate.requests: relaxed, a hint.
        self.word.load(Relaxed) & REQUESTS != 0
    }

    /// Whether [`wake`](Self::wake) would wake a thread: any waits, and no wake is under way. Perhaps stale.
    #[inline]
    pub(crate) fn wakes_next(&self) -> bool {
        // ORD gate.wakes-next: relaxed, a hint.
        wakes(self.word.load(Relaxed))
    }

    /// Wakes one thread, if any waits and no wake is under way.
    #[inline]
    pub(crate) fn wake(&self) {
        loop {
            // ORD gate.next: relaxed, the exchange checks it.
            let word = self.word.load(Relaxed);
            if !wakes(word) || self.wake_one(word) {
                return;
            }
        }
    }

    /// `WAKING` clear, as in `word`, → set; and wakes a waiter, or leaves the wake to be adopted. `false` if
    /// `word` was stale.
    #[cold]
    #[inline(never)]
    fn wake_one(&self, word: u32) -> bool {
        let marks = if futex::counts_wakes() {
            WAKING
        } else {
            WAKING | ORPHAN
        };
        // ORD gate.waking: relaxed, the woken thread finds its item through the store.
        if self
            .word
            .compare_exchange(word, word | marks, Relaxed, Relaxed)
            .is_err()
        {
            return false;
        }
        if !futex::wake_one(&raw const self.word) {
            // Nobody slept. Whoever is on the way there is stopped by the mark, but one may have fallen
            // asleep just before it was set.
            let orphan = self.recount(|now| (now & WAKING != 0).then_some(now | ORPHAN));
            if orphan {
                futex::wake_one(&raw const self.word);
            }
        }
        true
    }

    /// → `CLOSED`, for ever; wakes everybody. The queue has been shut down.
    pub(crate) fn close(&self) {
        // ORD gate.close ⇒ gate.before-sleep: that the queue is shut down.
        self.word.fetch_or(CLOSED | WAKING, Release);
        futex::wake_all(&raw const self.word);
    }

    /// Others sleep, and no wake is under way → `WAKING`: nobody need be woken while the caller looks.
    pub(crate) fn watch<M: Fn() -> bool>(&self, more: M) -> Option<Watch<'_, M>> {
        // ORD gate.watch-look: relaxed, the exchange checks it.
        let word = self.word.load(Relaxed);
        if !wakes(word) {
            return None;
        }
        // ORD gate.watch: relaxed, the watcher finds its item through the store.
        self.word
            .compare_exchange(word, word | WAKING, Relaxed, Relaxed)
            .ok()?;
        Some(Watch {
            gate: self,
            yielded: false,
            more,
        })
    }

    /// Counts the caller in.
    pub(crate) fn enter<M: Fn() -> bool>(&self, more: M) -> Place<'_, M> {
        // ORD gate.enter-count: relaxed, the fence orders it.
        self.word.fetch_add(WAITER, Relaxed);
        // ORD gate.enter ⇒ ring.put-look, ring.get-look: this thread sees the change, or whoever made it sees
        // this thread (G2).
        full_fence_after_rmw();
        Place {
            gate: self,
            woken: false,
            more,
        }
    }

    /// Replaces the word by what `next` makes of it; `false` and unchanged if that is `None`.
    fn recount(&self, next: impl Fn(u32) -> Option<u32>) -> bool {
        // ORD gate.recount-look: relaxed, the exchange checks it.
        let mut now = self.word.load(Relaxed);
        while let Some(next) = next(now) {
            // ORD gate.recount: relaxed, the fences around it order it.
            match self.word.compare_exchange_weak(now, next, Relaxed, Relaxed) {
                Ok(_) => return true,
                Err(other) => now = other,
            }
        }
        false
    }
}

impl<M: Fn() -> bool> Place<'_, M> {
    /// Sleeps while nothing changes in the word. Returns at once, as `Changed`, if the caller must look at
    /// the queue again first. It has looked since it was counted.
    pub(crate) fn sleep(&mut self, deadline: Deadline) -> Wait {
        // ORD gate.before-sleep ⇒ gate.close: that the queue is shut down.
        let word = self.gate.word.load(Acquire);
        if word & CLOSED != 0 {
            return Wait::Changed;
        }
        if self.woken || word & ORPHAN != 0 {
            self.gate.recount(decided);
            // ORD gate.decide ⇒ ring.put-look, ring.get-look: as gate.enter.
            full_fence_after_rmw();
            self.woken = false;
            return Wait::Changed;
        }
        let end = futex::wait_as(Kind::Queue, &self.gate.word, word, deadline);
        self.woken |= end != Wait::Changed;
        end
    }

    /// One waiter fewer. One that was woken has decided; no mark outlives those it speaks of.
    fn without_me(&self, word: u32) -> u32 {
        let left = word - WAITER;
        if left & CLOSED != 0 || (left & WAITERS != 0 && !self.woken) {
            return left;
        }
        left & (WAITERS | REQUESTS)
    }
}

/// Whether somebody waits, and no wake is under way.
fn wakes(word: u32) -> bool {
    word.cast_signed() > 0 && word & WAITERS != 0
}

/// Without the marks of a wake, unless the gate is closed.
fn decided(word: u32) -> Option<u32> {
    (word & CLOSED == 0).then_some(word & (WAITERS | REQUESTS))
}

impl<M: Fn() -> bool> Drop for Place<'_, M> {
    fn drop(&mut self) {
        self.gate.recount(|word| Some(self.without_me(word)));
        // ORD gate.leave ⇒ ring.put-look, ring.get-look: as gate.enter.
        full_fence_after_rmw();
        if self.gate.is_wanted() && (self.more)() {
            self.gate.wake();
        }
    }
}

impl<M: Fn() -> bool> Watch<'_, M> {
    /// Counts how often in a row; whether it is too often.
    fn yielded_often(&self) -> bool {
        // ORD gate.yielded: relaxed, a hint.
        let before = self.gate.yielded.load(Relaxed);
        let now = match (self.yielded, before) {
            (false, 0) => return false,
            (false, _) => 0,
            (true, _) => (before + 1) % YIELDED_OFTEN,
        };
        // ORD gate.yielded-again: relaxed, as gate.yielded.
        self.gate.yielded.store(now, Relaxed);
        self.yielded && now == 0
    }
}

impl<M: Fn() -> bool> Drop for Watch<'_, M> {
    fn drop(&mut self) {
        self.gate.recount(decided);
        // ORD gate.watched ⇒ ring.put-look, ring.get-look: as gate.enter.
        full_fence_after_rmw();
        if self.gate.is_wanted() && (self.yielded_often() || (self.more)()) {
            self.gate.wake();
        }
    }
}
