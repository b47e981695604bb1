//! One end of the ring: `tail`, or `head`.

use core::sync::atomic::Ordering::Relaxed;

use futex::atomic::AtomicU64;

pub(super) struct End {
    /// What the table of `ring.rs` says.
    pub(super) at: AtomicU64,
    /// What `at` was made last, by a plain store: a claim that begins with a load of `at` itself waits for the
    /// locked instruction of the one before (benches/results/, 2026-11-26: 12.8 ns a put, with this 8.6). It may be
    /// older than `at`: then it is not the reader's turn there, or the exchange fails.
    lately: AtomicU64,
}

impl End {
    pub(super) fn new() -> End {
        let end = End {
            at: AtomicU64::new(0),
            lately: AtomicU64::new(0),
        };
        // Nobody shares it yet. (The model meets the word here.)
        end.claimed(0);
        end
    }

    /// `at` has been made that.
    #[inline(always)]
    pub(super) fn claimed(&self, next: u64) {
        // ORD ring.claimed: relaxed, a hint.
        self.lately.store(next, Relaxed);
    }

    /// Where the next claim may be tried first.
    #[inline(always)]
    pub(super) fn lately(&self) -> u64 {
        // ORD ring.lately: relaxed, a hint: the exchange checks it.
        self.lately.load(Relaxed)
    }

    #[inline(always)]
    pub(super) fn at(&self) -> u64 {
        // ORD ring.at: relaxed, an exchange checks it, or the fence of the gate orders it.
        self.at.load(Relaxed)
    }
}
