//! Waiting for a thread that is in the midst of a put or a get.

use core::hint;

use futex::Spin;

/// What a thread does that finds the ring neither ready nor full (or empty).
pub(super) struct Patience {
    tries: u32,
    spin: Option<Spin>,
}

impl Patience {
    pub(super) const fn new() -> Patience {
        Patience {
            tries: 0,
            spin: None,
        }
    }

    /// Another thread claimed the position first: get out of its way for a moment.
    #[inline]
    pub(super) fn lost(&mut self) {
        for _ in 0..8 << self.tries.min(2) {
            hint::spin_loop();
        }
        self.tries += 1;
    }

    /// Another thread is between its claim and the change of the turn, some instructions, unless it has
    /// been preempted there.
    #[cold]
    pub(super) fn wait(&mut self) {
        if !self.spin.get_or_insert_with(Spin::watching).turn(|| false) {
            futex::thread::yield_now();
        }
    }
}
