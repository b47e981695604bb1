//! A yield without a look at the clock, for threads that do little else between two of them.
//!
//! The clock is there to notice a yield that cost a time slice ([`DEAR`](super::DEAR)). The coarse one, which is
//! read in a third of the time, ticks some hundred times a second, and where a slice ends there is a tick. So a
//! thread that finds that it has ticked since its last yield makes the next one by a [`Spin`], which measures it.

use std::cell::Cell;
use std::thread;
use std::time::Duration;

use super::{Spin, YIELDS_FROM, crowd};
use crate::contention::is_observed;

thread_local! {
    /// What the coarse clock said when the calling thread last asked.
    static ASKED_AT: Cell<Option<Duration>> = const { Cell::new(None) };
}

impl Spin {
    /// Whether a [`yield_blindly`](Self::yield_blindly) is in order: not where the last one may have cost a time slice,
    /// nor while the thread does without yields since one did. Then a `Spin` says how to go on. In a model, always.
    // Not inlined: the code that is needed between two yields has left the CPU's cache each time, and this is the
    // shorter way (benches/results/, 2026-11-26).
    #[inline(never)]
    #[must_use]
    pub fn may_yield_blindly() -> bool {
        cfg!(loom) || !(has_ticked() || has_rested())
    }

    /// Whether such a yield is the way to begin with for one of `threads` that meet ([`Spin::meeting`]): if those are
    /// more than CPUs. Not while waits are observed, which are not told of. In a model, never.
    #[inline]
    #[must_use]
    pub fn may_meet_blindly(threads: u32) -> bool {
        !cfg!(loom) && crowd(threads) && !is_observed() && Spin::may_yield_blindly()
    }

    /// Lets another thread run; in a model that is the model's business.
    #[inline(always)]
    pub fn yield_blindly() {
        if !cfg!(loom) {
            thread::yield_now();
        }
    }
}

/// Whether the thread does without yields, or did until now: then the first one is measured, as all are beside a
/// neighbour that stays.
fn has_rested() -> bool {
    YIELDS_FROM.get().is_some()
}

/// Whether the coarse clock has ticked since the calling thread last asked; `true` if there is none.
fn has_ticked() -> bool {
    let now = coarse_clock();
    ASKED_AT.replace(now) != now || now.is_none()
}

fn coarse_clock() -> Option<Duration> {
    cfg_select! {
        all(any(target_os = "linux", target_os = "android"), not(any(loom, miri))) => {
            let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
            // SAFETY: `now` is valid for writes.
            let end = unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC_COARSE, &raw mut now) };
            let seconds = now.tv_sec.try_into().ok().filter(|_| end == 0)?;
            Some(Duration::new(seconds, now.tv_nsec.try_into().ok()?))
        }
        _ => None,
    }
}

#[cfg(all(
    test,
    any(target_os = "linux", target_os = "android"),
    not(any(loom, miri))
))]
mod tests {
    use std::time::Instant;

    use super::super::PENANCE;
    use super::*;

    /// Whether it may soon, since the clock may tick at any time.
    fn may_soon() -> bool {
        (0..100).any(|_| Spin::may_yield_blindly())
    }

    #[test]
    fn after_a_tick_the_next_yield_is_measured_and_then_they_are_blind_again() {
        YIELDS_FROM.set(None);
        // As in a thread that has never asked.
        ASKED_AT.set(None);
        assert!(!Spin::may_yield_blindly());
        assert!(may_soon());
        // No clock ticks less often than ten times a second.
        thread::sleep(Duration::from_millis(200));
        assert!(!Spin::may_yield_blindly());
        assert!(may_soon());
    }

    #[test]
    fn a_thread_that_rests_from_yields_does_not_yield_blindly_either() {
        YIELDS_FROM.set(Some(Instant::now() + PENANCE * Duration::from_secs(100)));
        assert!(!may_soon());
        // It is over, but for a yield that is measured.
        let over = Instant::now();
        YIELDS_FROM.set(Some(over));
        assert!(!may_soon());
        assert!(Spin::passing(0).turn(|| true));
        assert!(YIELDS_FROM.get().is_none_or(|from| from > over));
        YIELDS_FROM.set(None);
        assert!(may_soon());
    }
}
