//! The words of a semaphore, and the transitions of the first; those of `waiting` are in `waiting.rs`, of
//! `turn` in `turn.rs`, the way of a thread through all of them in `slow.rs`.
//!
//! `permits`, what there is to take:
//!
//! | bits | meaning | who changes it, to what | may it be stale? |
//! |---|---|---|---|
//! | 0 ..= 27 | `ZERO` + *permits* − *debts* | a release adds; whoever takes *n* subtracts *n*; a hurried acquire subtracts 1 without looking, and adds it again if there was none for it: in between it is in debt | no: every change is an exchange |
//! | 28 ..= 31 | *heirs*: waiters passed over for too long; while there are any, only they may take | each counts itself in and out | no |
//!
//! `waiting`, who sleeps until there is something:
//!
//! | bits | meaning | may it be stale? |
//! |---|---|---|
//! | 0 ..= 21 | *waiters*: threads that sleep on `waiting`, or are on the way to or from it | no: each counts itself |
//! | 22 ..= 26 | *wakes* under way: so many waiters are awake, or about to be, and will look | it may be too small, which costs a wake too many; never more than the waiters |
//! | 27 ..= 31 | *orphans*: of those wakes, such as reached nobody; whoever is about to sleep adopts one | never more than the wakes |
//!
//! `turn`, which thread that wants several permits collects them: bit 0 `TAKEN`, above it how many stand in
//! line for it. A word that has a line but not `TAKEN` is handed to the line: newcomers join it.
//!
//! A thread tries, spins, then counts itself as a waiter and sleeps on `waiting`. Whatever makes permits
//! available wakes as many waiters as there are permits, less the wakes under way. A woken thread that
//! finds the permits taken sleeps again; if it has waited for long it becomes an heir, who sleeps on
//! `permits`, and then the semaphore is closed to all but heirs. A thread that wants several permits
//! waits for its turn and then as everybody does, but takes each permit that it finds until it has all.
//!
//! Invariants:
//!
//! - **S1** Permits are neither made nor lost: what a thread has taken, in whole or in part, it has or gives
//!   back, and a debt is paid at once by the thread that made it.
//! - **S2** A thread sleeps on `waiting` only while counted as a waiter and with an expected value that has no
//!   orphan; on `permits` only while counted as an heir, and with an expected value that has no permit.
//! - **S3** Whoever counts itself in, or takes a wake off, then looks at `permits`, with a full fence
//!   between, before it sleeps or returns. Whoever makes permits available (gives some, is the last heir)
//!   then looks at `waiting`, with a full fence between. Whoever pays a debt makes one available at most, and
//!   takes it itself, unless another has, or it is for heirs: then it wakes one.
//! - **S4** *wakes* − *orphans* is at most the number of threads that a wake has reached and that have not
//!   taken one off yet, plus those that a waker is just waking. If a wake reaches nobody the waker adds an
//!   orphan, and then wakes again whoever fell asleep in between; afterwards nobody can fall asleep
//!   while the orphan is there.
//! - **S5** A waiter can use any permit: one that wants several takes what there is. So a permit that is
//!   there while a waiter looks is taken.
//!
//! No wake is lost: let R make permits available for the last time, while T is counted as a waiter and
//! nobody is an heir. By the fences of S3 R sees T counted, or T sees the permits before it sleeps. If R
//! finds fewer wakes under way than permits and waiters, it adds some and wakes; then a sleeper wakes, or T
//! cannot sleep before it looks, because `waiting` has changed under it, and has an orphan (S2, S4). If R
//! finds enough wakes, S4 names for each a thread that is awake, or an orphan that keeps whoever is awake
//! from sleeping; it will take that wake off and then look (S3). Whoever looks takes a permit (S5), or times
//! out, and looks again after it was counted out: in either case, if permits are left, it wakes the next.
//!
//! With heirs the same is simpler: they are counted in the word they sleep on, so a release adds its
//! permits and learns of them in one step, an heir that compares after that does not sleep, and each
//! release wakes as many as there are permits. The last heir opens the semaphore and looks at `waiting`.
//!
//! Nobody sleeps for ever on `turn`: see `turn.rs`.

use core::sync::atomic::Ordering::{Acquire, Relaxed, Release};

use futex::atomic::{AtomicU32, full_fence_after_rmw};
use futex::{Deadline, Kind, Wait};

/// No permit, and no debt.
const ZERO: u32 = 1 << 26;
/// The most permits that a semaphore can have.
pub(crate) const MAX: u32 = ZERO - 1;
const HEIR: u32 = 1 << 28;
const HEIRS: u32 = 0xF << 28;

const _: () = {
    // Room below for a debt of each thread, and above for as many releases that find out too late that
    // they are too many: the field does not spill while there are fewer than 2²⁶ threads.
    assert!(2 * ZERO + MAX < HEIR && (HEIR - 1) & HEIRS == 0);
    assert!(HEIRS as u64 + HEIR as u64 == 1 << 32);
};

/// The three words.
#[repr(C)]
pub(crate) struct Words {
    permits: AtomicU32,
    pub(crate) waiting: AtomicU32,
    pub(crate) turn: AtomicU32,
}

/// A thread's place among those who wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// A waiter that is not, or no longer, awake by a wake.
    Waiter,
    /// A waiter that was woken and has not decided yet: a wake may be its own.
    Woken,
    /// An heir.
    Heir,
}

/// The permits that are there, in a value of the word.
#[inline]
const fn free(word: u32) -> u32 {
    (word & !HEIRS).saturating_sub(ZERO)
}

impl Words {
    pub(crate) const fn new(permits: u32) -> Words {
        assert!(permits <= MAX, "more permits than a semaphore can have");
        Words {
            permits: AtomicU32::new(ZERO + permits),
            waiting: AtomicU32::new(0),
            turn: AtomicU32::new(0),
        }
    }

    #[inline]
    fn look(&self) -> u32 {
        // ORD sem.look: relaxed, an exchange checks it, or a fence before it orders it.
        self.permits.load(Relaxed)
    }

    /// How many there are to take; it may be stale at once.
    #[inline]
    pub(crate) fn available(&self) -> u32 {
        free(self.look()).min(MAX)
    }

    /// How many heirs there are; it may be stale at once.
    pub(crate) fn heirs(&self) -> u32 {
        self.look() / HEIR
    }

    /// One permit, if there is one and no heir; otherwise a debt, to be paid by [`pay`](Self::pay) at
    /// once. Compared with looking first it saves a fifth of an uncontended pair.
    #[inline]
    pub(crate) fn take_or_owe(&self) -> bool {
        // ORD sem.take-first ⇒ sem.give, sem.give-many: what all who have released wrote.
        let before = self.permits.fetch_sub(1, Acquire);
        before.wrapping_sub(ZERO + 1) < HEIR - (ZERO + 1)
    }

    /// Ends a debt. A permit that was released meanwhile went to pay it, and is there again: for the caller,
    /// who looks next, or for an heir, who has to be told.
    pub(crate) fn pay(&self) {
        // ORD sem.pay: relaxed; as a read-modify-write it carries on what releases published. No fence:
        // the word that it changes says itself whether there are heirs.
        let before = self.permits.fetch_add(1, Relaxed);
        if before >= HEIR {
            self.wake_next();
        }
    }

    /// All of `count` permits, if they are there and nobody is an heir; or none.
    #[inline]
    pub(crate) fn take_all(&self, count: u32) -> bool {
        let mut word = self.look();
        while word < HEIR && free(word) >= count {
            // ORD sem.take ⇒ sem.give, sem.give-many: what all who have released wrote.
            // ORD sem.take (failure): relaxed, it looks again.
            match self
                .permits
                .compare_exchange_weak(word, word - count, Acquire, Relaxed)
            {
                Ok(_) => return true,
                Err(now) => word = now,
            }
        }
        false
    }

    /// Up to `count` permits, of those that are there for one in this place: how many.
    pub(crate) fn take_some(&self, count: u32, place: Place) -> u32 {
        let mut word = self.look();
        loop {
            let some = free(word).min(count);
            if some == 0 || (word >= HEIR && place != Place::Heir) {
                return 0;
            }
            // ORD sem.collect ⇒ sem.give, sem.give-many: what all who have released wrote.
            // ORD sem.collect (failure): relaxed, it looks again.
            match self
                .permits
                .compare_exchange_weak(word, word - some, Acquire, Relaxed)
            {
                Ok(_) => return some,
                Err(now) => word = now,
            }
        }
    }

    /// One permit more; `Err` says how many there would have been, more than [`MAX`].
    #[inline]
    pub(crate) fn give_one(&self) -> Result<(), u64> {
        // ORD sem.give ⇒ sem.take-first, sem.take, sem.collect: what the releasing thread wrote.
        let before = self.permits.fetch_add(1, Release);
        // ORD sem.look-given ⇒ sem.enter: either this thread sees who waits, or they see the permit (S3).
        full_fence_after_rmw();
        // Heirs are above.
        if before >= ZERO + MAX {
            return self.given_at_the_limit(before);
        }
        // ORD sem.who-waits: relaxed, the fence orders it.
        if self.waiting.load(Relaxed) != 0 {
            self.after_release();
        }
        Ok(())
    }

    /// There are heirs, or it was one too many: then takes it back, unless so many have been taken
    /// meanwhile that there is room for it.
    #[cold]
    fn given_at_the_limit(&self, before: u32) -> Result<(), u64> {
        if free(before) >= MAX {
            let mut word = self.look();
            while free(word) > MAX {
                // ORD sem.take-back: relaxed, what it takes is its own.
                match self
                    .permits
                    .compare_exchange_weak(word, word - 1, Relaxed, Relaxed)
                {
                    Ok(_) => return Err(u64::from(MAX) + 1),
                    Err(now) => word = now,
                }
            }
        }
        self.wake_next();
        Ok(())
    }

    /// `count` permits more; `Err` says how many there would have been, more than `bound`, and changes
    /// nothing.
    #[inline]
    pub(crate) fn give(&self, count: u32, bound: u32) -> Result<(), u64> {
        let mut word = self.look();
        loop {
            let would_be = u64::from(free(word)) + u64::from(count);
            if would_be > u64::from(bound) {
                return Err(would_be);
            }
            // ORD sem.give-many ⇒ sem.take-first, sem.take, sem.collect: what the releasing thread wrote.
            // ORD sem.give-many (failure): relaxed, it looks again.
            match self
                .permits
                .compare_exchange_weak(word, word + count, Release, Relaxed)
            {
                Ok(_) => break,
                Err(now) => word = now,
            }
        }
        // ORD sem.look-given-many ⇒ sem.enter: as sem.look-given.
        full_fence_after_rmw();
        // ORD sem.who-waits-many: relaxed, the fence orders it.
        if word >= HEIR || self.waiting.load(Relaxed) != 0 {
            self.after_release();
        }
        Ok(())
    }

    /// Gives back what a thread had collected before its time ran out; beyond `bound`, if too many were
    /// released meanwhile, there is no room for it.
    pub(crate) fn give_back(&self, count: u32, bound: u32) {
        let mut count = count;
        while count > 0 {
            match self.give(count, bound) {
                Ok(()) => return,
                Err(would_be) => {
                    let excess = would_be - u64::from(bound);
                    count = u64::from(count).saturating_sub(excess) as u32;
                }
            }
        }
    }

    /// The rest of a release that was not the end of it: somebody may have to be woken. While a woken
    /// thread is on its way, every release of a busy thread comes here, so it is short.
    #[cold]
    #[inline(never)]
    fn after_release(&self) {
        self.wake_next();
    }

    /// After permits became available, or somebody left: wakes as many as can use them, if they are not
    /// being woken already.
    #[inline]
    pub(crate) fn wake_next(&self) {
        loop {
            let word = self.look();
            let permits = free(word);
            if permits == 0 {
                return;
            }
            if word >= HEIR {
                futex::wake(&raw const self.permits, permits as usize);
                return;
            }
            if self.wake_waiters(permits) {
                return;
            }
        }
    }

    /// Counts one more heir, unless there are as many as can be counted.
    pub(crate) fn count_heir(&self) -> bool {
        let mut word = self.look();
        while word & HEIRS != HEIRS {
            // ORD sem.heir: relaxed, the heir learns of permits from the word itself.
            match self
                .permits
                .compare_exchange_weak(word, word + HEIR, Relaxed, Relaxed)
            {
                Ok(_) => return true,
                Err(now) => word = now,
            }
        }
        false
    }

    /// Counts an heir out, and passes on what may have been meant for it.
    pub(crate) fn discount_heir(&self) {
        // ORD sem.no-heir: relaxed; as a read-modify-write it carries on what releases published.
        self.permits.fetch_sub(HEIR, Relaxed);
        // ORD sem.look-opened ⇒ sem.enter: as sem.look-given.
        full_fence_after_rmw();
        self.wake_next();
    }

    /// An heir sleeps while there is no permit.
    pub(crate) fn sleep_as_heir(&self, deadline: Deadline) -> Wait {
        let word = self.look();
        if free(word) > 0 {
            return Wait::Changed;
        }
        futex::wait_as(Kind::Semaphore, &self.permits, word, deadline)
    }
}
