//! One shape for every reentrant lock, so that each is measured by the same body.

use std::cell::Cell;
use std::fmt;
use std::io::{Stdout, stdout};

/// A reentrant lock with a number inside.
pub trait Reentrant: Send + Sync + 'static {
    /// A lock that nobody holds, around 0.
    fn new() -> Self;
    /// Runs `f` while holding the lock; the thread may hold it already.
    fn with<R>(&self, f: impl FnOnce(&Cell<u64>) -> R) -> R;
}

/// One that can be tried.
pub trait ReentrantTried: Reentrant {
    /// Runs `f` if the lock is free or the thread's own right now.
    fn try_with<R>(&self, f: impl FnOnce(&Cell<u64>) -> R) -> Option<R>;
}

/// This project's.
pub type House = rlock::RLock<Cell<u64>>;
/// `parking_lot::ReentrantMutex`.
pub type ParkingLot = parking_lot::ReentrantMutex<Cell<u64>>;

macro_rules! reentrant_by_lock_and_try_lock {
    ($($lock:ty),*) => {$(
        impl Reentrant for $lock {
            fn new() -> Self {
                Self::new(Cell::new(0))
            }
            #[inline]
            fn with<R>(&self, f: impl FnOnce(&Cell<u64>) -> R) -> R {
                f(&self.lock())
            }
        }
        impl ReentrantTried for $lock {
            #[inline]
            fn try_with<R>(&self, f: impl FnOnce(&Cell<u64>) -> R) -> Option<R> {
                self.try_lock().map(|n| f(&n))
            }
        }
    )*};
}
reentrant_by_lock_and_try_lock!(House, ParkingLot);

/// `std::sync::ReentrantLock`, which is not stable: the one that is within reach guards stdout, so
/// there is one for all, and no way to try it.
pub struct Std {
    lock: Stdout,
    number: Cell<u64>,
}

// SAFETY: `number` is used only while stdout is locked, so by one thread at a time.
unsafe impl Sync for Std {}

impl Reentrant for Std {
    fn new() -> Self {
        Std {
            lock: stdout(),
            number: Cell::new(0),
        }
    }
    #[inline]
    fn with<R>(&self, f: impl FnOnce(&Cell<u64>) -> R) -> R {
        let _held = self.lock.lock();
        f(&self.number)
    }
}

impl fmt::Debug for Std {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Std").finish_non_exhaustive()
    }
}

/// Calls a function generic over a [`Reentrant`] for every contender; the results in a `Vec`.
#[macro_export]
macro_rules! for_every_rlock {
    ($function:ident $arguments:tt) => {{
        use $crate::peers as p;
        use $crate::scenario::rlock::adapter as a;
        $crate::contenders!($function $arguments;
            p::HOUSE => a::House,
            p::AGAIN => a::House,
            p::STD => a::Std,
            p::PARKING_LOT => a::ParkingLot,
        )
    }};
}

/// As [`for_every_rlock`], for those that are [`ReentrantTried`].
#[macro_export]
macro_rules! for_every_tried_rlock {
    ($function:ident $arguments:tt) => {{
        use $crate::peers as p;
        use $crate::scenario::rlock::adapter as a;
        $crate::contenders!($function $arguments;
            p::HOUSE => a::House,
            p::AGAIN => a::House,
            p::PARKING_LOT => a::ParkingLot,
        )
    }};
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::peers::Peer;

    fn excludes<L: Reentrant>(peer: Peer) -> &'static str {
        const EACH: u64 = 5_000;
        let lock = L::new();
        std::thread::scope(|s| {
            for _ in 0..4 {
                s.spawn(|| {
                    for _ in 0..EACH {
                        lock.with(|outer| {
                            let before = outer.get();
                            lock.with(|inner| inner.set(std::hint::black_box(before) + 1));
                        });
                    }
                });
            }
        });
        assert_eq!(lock.with(Cell::get), 4 * EACH, "{}", peer.id);
        peer.id
    }

    #[test]
    fn every_contender_excludes_and_lets_its_owner_in_again() {
        let ids = for_every_rlock!(excludes());
        assert_eq!(ids, ["lockwright", "again", "std", "parking_lot"]);
    }

    fn can_be_tried<L: ReentrantTried>(peer: Peer) {
        let lock = L::new();
        lock.with(|_| {
            assert_eq!(lock.try_with(Cell::get), Some(0), "{}", peer.id);
            let other = std::thread::scope(|s| s.spawn(|| lock.try_with(Cell::get)).join());
            assert_eq!(other.unwrap(), None, "{}", peer.id);
        });
    }

    #[test]
    fn trying_is_for_the_owner_only() {
        for_every_tried_rlock!(can_be_tried());
    }
}
