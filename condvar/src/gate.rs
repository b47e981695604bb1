//! The gate to the list of waiters: held for some dozen instructions at a time.
//!
//! | value | meaning | who leaves it, to what |
//! |---|---|---|
//! | `FREE` | nobody is at the list | anyone → `HELD`, or `WANTED` if it has slept |
//! | `HELD` | a thread is at the list | it → `FREE`; one that finds it so and goes to sleep → `WANTED` |
//! | `WANTED` | the same, and somebody may sleep | the thread at the list → `FREE`, and wakes one |
//!
//! No wake is lost: whoever sleeps has put `WANTED` there, which only a release replaces, and that release
//! wakes one sleeper. That one puts `WANTED` there again, since others may sleep.

use core::sync::atomic::Ordering::{Acquire, Relaxed, Release};

use futex::Spin;
use futex::atomic::AtomicU32;

const FREE: u32 = 0;
const HELD: u32 = 1;
const WANTED: u32 = 2;

pub(crate) struct Gate(AtomicU32);

impl Gate {
    pub(crate) const fn new() -> Gate {
        Gate(AtomicU32::new(FREE))
    }

    /// Runs `f` at the list, alone. `f` must not panic: the gate would stay shut.
    #[inline]
    pub(crate) fn with<R>(&self, f: impl FnOnce() -> R) -> R {
        self.take();
        let result = f();
        self.give();
        result
    }

    pub(crate) fn is_taken(&self) -> bool {
        // ORD gate.peek: relaxed, for show.
        self.0.load(Relaxed) != FREE
    }

    #[inline]
    fn take(&self) {
        if !self.take_free() {
            self.take_slow();
        }
    }

    /// `FREE` → `HELD`.
    #[inline]
    fn take_free(&self) -> bool {
        // ORD gate.take ⇒ gate.give: the list as the last one left it.
        // ORD gate.take (failure): relaxed, whoever fails looks again.
        self.0
            .compare_exchange(FREE, HELD, Acquire, Relaxed)
            .is_ok()
    }

    /// Anything → `WANTED`; whether it was `FREE`, and so is the caller's now.
    fn take_wanted(&self) -> bool {
        // ORD gate.insist ⇒ gate.give: as gate.take.
        self.0.swap(WANTED, Acquire) == FREE
    }

    /// Held → `FREE`.
    #[inline]
    fn give(&self) {
        // ORD gate.give ⇒ gate.take: the list as it is now.
        if self.0.swap(FREE, Release) == WANTED {
            // By the address only: whoever waits for the gate may take it first, and need no wake.
            futex::wake_one(&raw const self.0);
        }
    }

    #[cold]
    #[inline(never)]
    fn take_slow(&self) {
        let mut spin = Spin::new();
        while spin.turn(|| true) {
            if !self.is_taken() && self.take_free() {
                return;
            }
        }
        while !self.take_wanted() {
            futex::wait(&self.0, WANTED);
        }
    }
}
