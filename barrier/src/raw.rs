//! The words of a barrier and their transitions; how a thread waits for one is in `waiting.rs`.
//!
//! `state`, one word with all that is decided:
//!
//! | bits | meaning | may it be stale? |
//! |---|---|---|
//! | 0 ..= 23 | *count*: threads that are in the current phase and have not left it | no: each counts itself |
//! | 24 `SLEEPERS` | somebody sleeps on `bell`, or is about to | it outlives a sleeper that timed out: that costs a wake |
//! | 25 `BROKEN` | the current phase will never be completed | no |
//! | 26 `RESET` | with `BROKEN`: the barrier is usable again when those counted have left | no |
//! | 27 ..= 63 | *phase*: how many phases have been completed | no; it wraps after 2³⁷ |
//!
//! Without the mark of the sleepers a barrier of *n* parties is
//!
//! | state | who leaves it, to what |
//! |---|---|
//! | *filling*: not `BROKEN`, count < *n* | who arrives → one more; the last → the next phase, empty, or with an action → *full*; `abort`, or one who timed out → *broken*; `reset` → *draining*, if anybody is counted |
//! | *full*: not `BROKEN`, count = *n*: the action runs | the thread that ran it → the next phase, empty; or, if it panicked, → *broken*; `abort` → *broken*; `reset` → *draining* |
//! | *broken*: `BROKEN` without `RESET` | each who was counted leaves → one fewer; `reset` → *draining*, or *filling* if nobody is left |
//! | *draining*: `BROKEN`, `RESET` | each who was counted leaves → one fewer; the last → *filling*, empty; `abort` → *broken* |
//!
//! Who arrives at a barrier that is *full* or *draining* waits until it is neither; at a *broken* one it
//! is turned away.
//!
//! `bell` is what everybody sleeps on: it says how often sleepers were woken, and nothing else.
//!
//! Invariants:
//!
//! - **I1** The phase changes only when the current one is completed: *n* threads were counted in it and
//!   it had not been broken. So whoever is counted and finds another phase has met all the others.
//! - **I2** A broken phase stays the current one until all that were counted in it have left. So whoever
//!   is counted and finds its own phase broken knows that nobody was let through.
//! - **I3** By I1 and I2 all threads of a phase find the same end of it, however late they look.
//! - **I4** The thread that runs the action is counted until the action is over, so no two overlap.
//! - **I5** Whatever ends a sleep (the next phase, broken, filling again) clears `SLEEPERS` in the same
//!   exchange; whoever has cleared it changes `bell` and then wakes all who sleep there.
//!
//! No wake is lost: S reads `bell`, then `state`, finds that it must wait and that `SLEEPERS` is set, or
//! sets it in exactly that state; then it sleeps on what it read from `bell`. Let E be the first to clear
//! the mark after that state. If S read `bell` as E or anybody later left it, it would have found `state` as
//! E left it too (barrier.ring, barrier.bell). So it read an older value, and E changes that before it wakes:
//! S does not fall asleep, or is woken. Nobody else's end can come before E's, since every end that
//! finds the mark clears it (I5). (An older value that looks the same again would need 2³² wakes
//! between two instructions of S.)

use core::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release};

use futex::atomic::{AtomicU32, AtomicU64};

/// The most parties that can be counted.
pub(crate) const MAX_PARTIES: u32 = (1 << 24) - 1;

const COUNT: u64 = MAX_PARTIES as u64;
const SLEEPERS: u64 = 1 << 24;
const BROKEN: u64 = 1 << 25;
const RESET: u64 = 1 << 26;
const PHASE: u64 = 1 << 27;
const PHASES: u64 = !(PHASE - 1);

const _: () = {
    assert!(COUNT + 1 == SLEEPERS && COUNT & (SLEEPERS | BROKEN | RESET) == 0);
    assert!(COUNT + SLEEPERS + BROKEN + RESET + PHASES == u64::MAX);
};

/// What `state` was at some moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct State(u64);

impl State {
    #[inline]
    pub(crate) fn count(self) -> u32 {
        (self.0 & COUNT) as u32
    }

    /// The phase, as a number that only compares.
    #[inline]
    pub(crate) fn phase(self) -> u64 {
        self.0 & PHASES
    }

    /// *broken* or *draining*: the current phase ends for all who are in it.
    #[inline]
    pub(crate) fn is_over(self) -> bool {
        self.0 & BROKEN != 0
    }

    #[inline]
    pub(crate) fn is_broken(self) -> bool {
        self.0 & (BROKEN | RESET) == BROKEN
    }

    #[inline]
    pub(crate) fn has_sleepers(self) -> bool {
        self.0 & SLEEPERS != 0
    }

    /// The next phase, nobody in it.
    #[inline]
    fn completed(self) -> State {
        State(self.phase().wrapping_add(PHASE))
    }

    fn broken(self) -> State {
        State(self.0 & !(SLEEPERS | RESET) | BROKEN)
    }

    /// Usable again, as soon as nobody is left of the phase that was broken for it.
    fn reset(self) -> State {
        if self.count() == 0 {
            State(self.phase())
        } else {
            State(self.0 & !SLEEPERS | BROKEN | RESET)
        }
    }

    /// One thread fewer in a phase that is broken.
    fn left(self) -> State {
        let left = State(self.0 - 1);
        match left.0 & RESET != 0 && left.count() == 0 {
            true => left.reset(),
            false => left,
        }
    }
}

/// How a thread has arrived.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Arrival {
    /// So many have come before it, in that phase; others are to come.
    Counted { index: u32, phase: u64 },
    /// It was the last, and the phase is completed.
    Completed,
    /// It was the last, and is to run the action.
    Full,
    /// The barrier is not *filling*: nothing was done.
    Closed,
}

/// A barrier without its action.
pub(crate) struct Words {
    state: AtomicU64,
    bell: AtomicU32,
    pub(crate) parties: u32,
}

impl Words {
    pub(crate) const fn new(parties: u32) -> Words {
        Words {
            state: AtomicU64::new(0),
            bell: AtomicU32::new(0),
            parties,
        }
    }

    /// The state, for a decision that an exchange will check.
    #[inline]
    pub(crate) fn peek(&self) -> State {
        // ORD barrier.peek: relaxed, nothing is read on the strength of it.
        State(self.state.load(Relaxed))
    }

    /// The state, to act on what others have done.
    #[inline]
    pub(crate) fn look(&self) -> State {
        // ORD barrier.look ⇒ barrier.complete, barrier.open, barrier.end: what was written before the end.
        State(self.state.load(Acquire))
    }

    /// The value to sleep on if what [`look`](Self::look) gives afterwards says so.
    #[inline]
    pub(crate) fn bell(&self) -> u32 {
        // ORD barrier.bell ⇒ barrier.ring: whoever hears it sees what it was rung for.
        self.bell.load(Acquire)
    }

    /// The word to sleep on.
    pub(crate) fn bed(&self) -> &AtomicU32 {
        &self.bell
    }

    #[inline]
    pub(crate) fn is_filling(&self, now: State) -> bool {
        now.0 & BROKEN == 0 && now.count() < self.parties
    }

    /// *filling* → one more; or the last → the next phase, or *full* if there is an action.
    #[inline]
    pub(crate) fn arrive(&self, action: bool) -> Arrival {
        loop {
            let now = self.peek();
            if !self.is_filling(now) {
                return Arrival::Closed;
            }
            let (index, phase) = (now.count(), now.phase());
            if index + 1 < self.parties {
                if self.join(now) {
                    return Arrival::Counted { index, phase };
                }
            } else if action {
                if self.fill(now) {
                    return Arrival::Full;
                }
            } else if self.complete(now) {
                return Arrival::Completed;
            }
        }
    }

    #[inline]
    fn join(&self, now: State) -> bool {
        // ORD barrier.join ⇒ barrier.complete, barrier.fill: what this thread wrote before it came.
        // ORD barrier.join (failure): relaxed, it looks again.
        self.state
            .compare_exchange_weak(now.0, now.0 + 1, Release, Relaxed)
            .is_ok()
    }

    #[inline]
    fn complete(&self, now: State) -> bool {
        // ORD barrier.complete ⇒ barrier.join, barrier.look: from all who came to all who wait.
        // ORD barrier.complete (failure): relaxed, it looks again.
        self.state
            .compare_exchange_weak(now.0, now.completed().0, AcqRel, Relaxed)
            .is_ok_and(|_| self.rings(now))
    }

    fn fill(&self, now: State) -> bool {
        // ORD barrier.fill ⇒ barrier.join, barrier.leave: the action sees what all who came wrote, and the
        // action before it.
        // ORD barrier.fill (failure): relaxed, it looks again.
        self.state
            .compare_exchange_weak(now.0, now.0 + 1, Acquire, Relaxed)
            .is_ok()
    }

    /// *full* → the next phase, after the action; `false` if the phase was broken meanwhile. The caller is
    /// the one that ran it.
    pub(crate) fn open(&self) -> bool {
        loop {
            let now = self.peek();
            if now.is_over() {
                return false;
            }
            // ORD barrier.open ⇒ barrier.look: what the action wrote, and before it all who came.
            // ORD barrier.open (failure): relaxed, it looks again.
            let opened =
                self.state
                    .compare_exchange_weak(now.0, now.completed().0, Release, Relaxed);
            if opened.is_ok() {
                return self.rings(now);
            }
        }
    }

    /// *filling*, *full* or *draining* → *broken*.
    pub(crate) fn abort(&self) {
        self.end(|now| (!now.is_broken()).then(|| now.broken()));
    }

    /// *full* → *broken*, for the one whose action panicked. If it was reset meanwhile, that phase is over
    /// already: others may meet.
    pub(crate) fn fail(&self) {
        self.end(|now| (!now.is_over()).then(|| now.broken()));
    }

    /// *filling* → *broken*, for one that is counted in `phase` and has no more time; changes nothing if
    /// that phase is full or over.
    pub(crate) fn give_up(&self, phase: u64) {
        self.end(|now| {
            let waits = now.phase() == phase && self.is_filling(now);
            waits.then(|| now.broken())
        });
    }

    /// Anything → *draining*, or *filling* if nobody is counted.
    pub(crate) fn reset(&self) {
        self.end(|now| {
            let is_empty = now.count() == 0 && !now.is_over();
            let is_reset = now.0 & RESET != 0;
            (!is_empty && !is_reset).then(|| now.reset())
        });
    }

    /// Ends what others may be waiting for, in the state that `next` makes of the present one, if any.
    fn end(&self, next: impl Fn(State) -> Option<State>) {
        loop {
            let now = self.peek();
            let Some(next) = next(now) else { return };
            // ORD barrier.end ⇒ barrier.look: what was written before the barrier was broken.
            // ORD barrier.end (failure): relaxed, it looks again.
            let ended = self
                .state
                .compare_exchange_weak(now.0, next.0, Release, Relaxed);
            if ended.is_ok() {
                self.rings(now);
                return;
            }
        }
    }

    /// One fewer in a phase that is broken; the last out of a barrier that was reset → *filling*. The
    /// caller is counted.
    pub(crate) fn leave(&self) {
        loop {
            let now = self.peek();
            let next = now.left();
            // ORD barrier.leave ⇒ barrier.fill: what an action wrote whose phase was broken meanwhile.
            // ORD barrier.leave (failure): relaxed, it looks again.
            let left = self
                .state
                .compare_exchange_weak(now.0, next.0, Release, Relaxed);
            if left.is_ok() {
                if !next.has_sleepers() {
                    self.rings(now);
                }
                return;
            }
        }
    }

    /// Sets `SLEEPERS` in `now`, if that is still the state.
    pub(crate) fn mark(&self, now: State) -> bool {
        // ORD barrier.mark: relaxed, it publishes nothing, and the value it replaces is the one looked at.
        self.state
            .compare_exchange(now.0, now.0 | SLEEPERS, Relaxed, Relaxed)
            .is_ok()
    }

    /// After an exchange that cleared `SLEEPERS`, if it was set in `before`: wakes all. Gives `true`.
    #[inline]
    fn rings(&self, before: State) -> bool {
        if before.has_sleepers() {
            self.ring();
        }
        true
    }

    #[cold]
    #[inline(never)]
    fn ring(&self) {
        // ORD barrier.ring ⇒ barrier.bell: the exchange before it, in which the mark was cleared.
        self.bell.fetch_add(1, Release);
        futex::wake_all(&raw const self.bell);
    }
}
