//! The lock on its way to a waiter, where wakes are not counted; the state table is in `raw.rs`.
//!
//! Where a wake says that it reached nobody, only then may whoever comes next adopt it. Elsewhere every wake
//! may be adopted, also by the thread that sent it: it would have back what it handed over while those it
//! woke are waking up. So there a newcomer who finds the lock handed to the waiters is not counted as one of
//! them before somebody has taken it: it puts a number into `owner`, and sleeps while that stands there.

use std::cell::Cell;

use core::sync::atomic::Ordering::Relaxed;

use futex::{Deadline, Kind, Wait};

use crate::raw::{FREE, TO_HEIR, TO_WAITER, Words};

/// `TO_WAITER`, and newcomers sleep on `owner`: with a number in the lower bits.
const WATCHED: u32 = 3 << 30;

futex::per_thread! {
    static WATCHES: Cell<u32> = Cell::new(0);
}

/// Whether the lock was handed to the waiters, and newcomers sleep until it is taken.
#[inline]
pub(crate) fn is_watched(owner: u32) -> bool {
    !futex::counts_wakes() && owner >= WATCHED
}

/// `WATCHED` with a number that tells this hand-over from the next ones: that there are two of the same is a
/// rare chance, and who sees them for one waits for the second too. It is even: `u32::MAX` is what no lock holds
/// (`futex::thread::at_hand`).
fn next_watched() -> u32 {
    WATCHES.with(|watches| {
        let n = watches.get().wrapping_add(1);
        watches.set(n);
        let thread = core::ptr::from_ref(watches).addr() >> 3;
        WATCHED | ((n.wrapping_mul(0x9E37_79B1) ^ thread as u32) & !1)
    })
}

impl Words {
    /// For a thread that is about to be counted: if the lock is on its way to those who are, returns when it
    /// has been taken or taken back. `false` if the deadline came first.
    pub(crate) fn let_pass(&self, deadline: Deadline, kind: Kind) -> bool {
        if futex::counts_wakes() {
            return true;
        }
        let Some(watched) = self.watch() else {
            return true;
        };
        let end = loop {
            let end = futex::wait_as(kind, &self.owner, watched, deadline);
            if end != Wait::Woken {
                break end;
            }
        };
        if self.owner() == TO_HEIR {
            // Heirs sleep there too, and what was meant for one may have woken this thread: where a wake of all
            // leaves those it woke in the queue until they run (wine 8), for certain.
            futex::wake_one(&raw const self.owner);
        }
        end == Wait::Changed
    }

    /// `TO_WAITER` → `WATCHED`; what is there then, or nothing if the lock is not on its way to the waiters.
    fn watch(&self) -> Option<u32> {
        let mut owner = self.owner();
        while owner == TO_WAITER {
            let watched = next_watched();
            // ORD lock.watch: relaxed; as a read-modify-write it carries on what was published.
            match self
                .owner
                .compare_exchange(TO_WAITER, watched, Relaxed, Relaxed)
            {
                Ok(_) => return Some(watched),
                Err(now) => owner = now,
            }
        }
        is_watched(owner).then_some(owner)
    }

    /// `owner` was what the caller has just replaced: wakes who slept on that. Heirs may be woken too.
    #[inline]
    pub(crate) fn passed(&self, owner: u32) {
        if is_watched(owner) {
            futex::wake_all(&raw const self.owner);
        }
    }

    /// Handed over → `FREE`, because nobody was left to take it; `false` if somebody was there all the same.
    pub(crate) fn take_back(&self, mut to: u32) -> bool {
        loop {
            // ORD lock.take-back: relaxed; as a read-modify-write it carries on what was published.
            match self.owner.compare_exchange(to, FREE, Relaxed, Relaxed) {
                Ok(_) => {
                    self.passed(to);
                    return true;
                }
                // Only a newcomer has come, who relies on this.
                Err(now) if to != TO_HEIR && is_watched(now) => to = now,
                Err(_) => return false,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_number_of_a_hand_over_is_what_no_lock_holds() {
        for _ in 0..10_000 {
            let watched = next_watched();
            assert!(watched >= WATCHED && watched & 1 == 0, "{watched:#x}");
        }
    }
}
