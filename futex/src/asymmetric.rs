//! A pair of fences for a handshake whose one side runs a thousand times as often as the other.
//!
//! *Store into my word, look at yours*, against *store into yours, look at mine*: at least one of the two
//! sees the other, if both have a full fence between their store and their look, which costs as much as a
//! locked instruction. Here the frequent side has the [`light_fence`], which only holds the compiler back,
//! and the rare side the [`heavy_fence`], which has the system put a full fence into every thread of the
//! process: membarrier(2), `MEMBARRIER_CMD_PRIVATE_EXPEDITED` of Linux 4.14. It takes a fraction of a
//! microsecond if the process runs on no other CPU, some 20 µs if it does, and interrupts the threads that
//! run there. The first one in a process of several threads takes some 10 ms.
//!
//! Every light fence is ordered with every heavy fence as if both were `fence(SeqCst)`; two light fences
//! are not ordered.

#[cfg(loom)]
pub use crate::model::asymmetric::{heavy_fence, is_available, is_possible, light_fence};
#[cfg(not(loom))]
pub use real::{heavy_fence, is_available, is_possible};

/// So many light fences instead of full ones save what one heavy fence costs, or a little more. In the model none
/// do, so that every turn is one.
pub const WORTH: u32 = if cfg!(loom) { 0 } else { 4000 };

/// The side that is to cost nothing. Only where the fences are [available](is_available).
#[cfg(not(any(loom, miri)))]
#[inline(always)]
pub fn light_fence() {
    // ORD fence.light ⇒ fence.heavy: the system's fence comes before it or after it in this thread.
    core::sync::atomic::compiler_fence(core::sync::atomic::Ordering::SeqCst);
}

/// The side that is to cost nothing. Only where the fences are [available](is_available).
#[cfg(all(miri, not(loom)))]
#[inline(always)]
pub fn light_fence() {
    // ORD fence.light-interpreted ⇒ fence.heavy: that it is as good as one.
    crate::atomic::fence(crate::atomic::Ordering::SeqCst);
}

#[cfg(all(not(loom), target_os = "linux"))]
mod real {
    use core::sync::atomic::{AtomicU8, Ordering::Relaxed};
    use std::thread;
    use std::time::Duration;

    use crate::os::membarrier;

    /// What the system said; the process asks once.
    static SAID: AtomicU8 = AtomicU8::new(UNASKED);
    const UNASKED: u8 = 0;
    const GRANTED: u8 = 1;
    /// From the beginning: there has never been a light fence.
    const REFUSED: u8 = 2;
    const WITHDRAWN: u8 = 3;

    /// Longer than a store takes to become visible by itself, by far.
    const SETTLED: Duration = Duration::from_millis(1);

    /// Whether this system may have them at all: where not, both sides need their own fences. Where they may
    /// be had, the system may still refuse: [`is_available`].
    #[inline(always)]
    #[must_use]
    pub const fn is_possible() -> bool {
        true
    }

    /// Whether the system grants them to this process: not before Linux 4.14, nor where a filter of system
    /// calls forbids it. The first call asks.
    #[inline]
    #[must_use]
    pub fn is_available() -> bool {
        // ORD fence.said: relaxed, nothing else depends on it.
        match SAID.load(Relaxed) {
            UNASKED => ask(),
            said => said == GRANTED,
        }
    }

    #[cold]
    fn ask() -> bool {
        let said = if membarrier::is_known() {
            GRANTED
        } else {
            REFUSED
        };
        // ORD fence.say: relaxed, as fence.said.
        let _first = SAID.compare_exchange(UNASKED, said, Relaxed, Relaxed);
        // ORD fence.said-first: relaxed, as fence.said.
        SAID.load(Relaxed) == GRANTED
    }

    /// The side that pays: it interrupts all threads of the process that run. Where the fences were never
    /// [available](is_available), and so nobody has used the other, it does nothing.
    ///
    /// If the process forbids itself the system call afterwards (seccomp), this waits a millisecond instead, by
    /// when each processor has long made visible what it had stored before it looked (A. Morrison, Y. Afek,
    /// *Temporally Bounding TSO for Fence-Free Asymmetric Synchronization*, 2015); and from then on they count as
    /// not available. Callers have a full fence of their own before it.
    pub fn heavy_fence() {
        // ORD fence.said-no: relaxed, as fence.said.
        if !is_available() && SAID.load(Relaxed) == REFUSED {
            return;
        }
        if membarrier::everywhere().is_err() {
            // ORD fence.withdraw: relaxed, as fence.said.
            SAID.store(WITHDRAWN, Relaxed);
            thread::sleep(SETTLED);
        }
    }
}

#[cfg(all(not(loom), not(target_os = "linux")))]
mod real {
    /// Never.
    #[inline(always)]
    #[must_use]
    pub const fn is_possible() -> bool {
        false
    }

    /// Never.
    #[inline]
    #[must_use]
    pub const fn is_available() -> bool {
        false
    }

    /// Nothing.
    #[inline]
    pub const fn heavy_fence() {}
}
