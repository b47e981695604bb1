//! A scenario beside a thread that keeps the first CPU busy, as another program may.
//!
//! Whoever gives its CPU up where the neighbour runs, by a yield say, gets it back after the neighbour's time
//! slice, some milliseconds later. Fast ways to wait must not rely on getting it back at once.

use crate::pin::{Pinning, can_pin, pin_thread};
use crate::runner::{Contender, Mode};
use crate::work::chain;
use std::hint::black_box;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// The same contenders, each window of theirs beside a busy neighbour.
#[must_use]
pub fn beside_a_neighbour(contenders: Vec<Contender>) -> Vec<Contender> {
    let beside = |Contender { peer, body }| {
        Contender::new(peer, move |window| {
            beside(&AtomicU64::new(0), || body(window))
        })
    };
    contenders.into_iter().map(beside).collect()
}

/// How two threads that take turns are tied beside the neighbour, and the mode that first shows it: nothing where
/// threads cannot be tied, as the neighbour is.
#[must_use]
pub fn turns_beside() -> &'static [(Pinning, Mode)] {
    match can_pin() {
        true => &[
            (Pinning::Pinned, Mode::Default),
            (Pinning::Unpinned, Mode::Full),
        ],
        false => &[],
    }
}

/// Ends the neighbour, also if what it runs beside panics.
struct Ends<'a>(&'a AtomicBool);

impl Drop for Ends<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Runs `f` beside a thread tied to the first CPU that counts `rounds`, and has begun.
fn beside<R>(rounds: &AtomicU64, f: impl FnOnce() -> R) -> R {
    let over = AtomicBool::new(false);
    std::thread::scope(|s| {
        let ends = Ends(&over);
        s.spawn(|| {
            assert!(pin_thread(0), "the CPUs allowed at the start are gone");
            let mut own = 1;
            while !over.load(Ordering::Relaxed) {
                own = chain(own, 1_000);
                rounds.fetch_add(1, Ordering::Relaxed);
            }
            black_box(own);
        });
        while rounds.load(Ordering::Relaxed) == 0 {
            std::thread::yield_now();
        }
        let result = f();
        drop(ends);
        result
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::panic::{AssertUnwindSafe, catch_unwind};

    #[test]
    fn the_neighbour_is_busy_as_long_as_what_it_is_beside_and_no_longer() {
        if !can_pin() {
            return;
        }
        let rounds = AtomicU64::new(0);
        let count = || rounds.load(Ordering::Relaxed);
        beside(&rounds, || {
            let before = count();
            while count() < before + 10 {
                std::thread::yield_now();
            }
        });
        let after = count();
        std::thread::sleep(std::time::Duration::from_millis(5));
        assert_eq!(count(), after);
        let panics = AssertUnwindSafe(|| beside(&rounds, || panic!("in the window")));
        assert!(catch_unwind(panics).is_err(), "and it has ended");
    }
}
