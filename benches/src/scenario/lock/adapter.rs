//! One shape for every mutual-exclusion lock, so that each is measured by the same body.
//!
//! Data is reached through a closure: what a guard is, and whether there is one, differs between the
//! libraries and disappears when the closure is inlined.

use crate::peers::{AGAIN, HOUSE, PARKING_LOT, Peer, SPIN, STD, UNDETECTED, USYNC};
use std::sync::{Mutex as StdMutex, PoisonError, TryLockError};
use std::time::Duration;

/// A lock with a `T` inside, placed where its address stays.
pub trait Exclusive<T>: Send + Sync {
    /// An unlocked lock. It may be moved until its first use and not after.
    fn new(value: T) -> Self;
    /// Runs `f` while holding the lock.
    fn with<R>(&self, f: impl FnOnce(&mut T) -> R) -> R;
    /// Runs `f` if the lock is free right now.
    fn try_with<R>(&self, f: impl FnOnce(&mut T) -> R) -> Option<R>;
}

/// A lock one can wait for with a time-out.
pub trait ExclusiveTimed<T>: Exclusive<T> {
    /// Runs `f` if the lock could be had before `timeout` has passed.
    fn with_for<R>(&self, timeout: Duration, f: impl FnOnce(&mut T) -> R) -> Option<R>;
}

/// A contender: a family of locks, one for each type of data.
pub trait LockKind: 'static {
    /// Who it is.
    const PEER: Peer;
    /// The lock around a `T`.
    type Of<T: Send>: Exclusive<T>;
}

/// A contender with timed acquires.
pub trait TimedLockKind: LockKind {
    /// The same lock as [`LockKind::Of`].
    type TimedOf<T: Send>: ExclusiveTimed<T>;
}

impl<R, T> Exclusive<T> for lock_api::Mutex<R, T>
where
    R: lock_api::RawMutex + Send + Sync,
    T: Send,
{
    fn new(value: T) -> Self {
        Self::new(value)
    }
    #[inline]
    fn with<Out>(&self, f: impl FnOnce(&mut T) -> Out) -> Out {
        f(&mut self.lock())
    }
    #[inline]
    fn try_with<Out>(&self, f: impl FnOnce(&mut T) -> Out) -> Option<Out> {
        self.try_lock().map(|mut data| f(&mut data))
    }
}

impl<R, T> ExclusiveTimed<T> for lock_api::Mutex<R, T>
where
    R: lock_api::RawMutexTimed<Duration = Duration> + Send + Sync,
    T: Send,
{
    #[inline]
    fn with_for<Out>(&self, timeout: Duration, f: impl FnOnce(&mut T) -> Out) -> Option<Out> {
        self.try_lock_for(timeout).map(|mut data| f(&mut data))
    }
}

impl<T: Send> Exclusive<T> for StdMutex<T> {
    fn new(value: T) -> Self {
        Self::new(value)
    }
    #[inline]
    fn with<Out>(&self, f: impl FnOnce(&mut T) -> Out) -> Out {
        f(&mut self.lock().unwrap_or_else(PoisonError::into_inner))
    }
    #[inline]
    fn try_with<Out>(&self, f: impl FnOnce(&mut T) -> Out) -> Option<Out> {
        match self.try_lock() {
            Ok(mut data) => Some(f(&mut data)),
            Err(TryLockError::Poisoned(poisoned)) => Some(f(&mut poisoned.into_inner())),
            Err(TryLockError::WouldBlock) => None,
        }
    }
}

macro_rules! exclusive_by_lock_and_try_lock {
    ($($lock:ty),*) => {$(
        impl<T: Send> Exclusive<T> for $lock {
            fn new(value: T) -> Self {
                Self::new(value)
            }
            #[inline]
            fn with<Out>(&self, f: impl FnOnce(&mut T) -> Out) -> Out {
                f(&mut self.lock())
            }
            #[inline]
            fn try_with<Out>(&self, f: impl FnOnce(&mut T) -> Out) -> Option<Out> {
                self.try_lock().map(|mut data| f(&mut data))
            }
        }
    )*};
}
exclusive_by_lock_and_try_lock!(usync::Mutex<T>, spin::Mutex<T>);

macro_rules! kinds {
    ($($(#[$meta:meta])* $kind:ident = $peer:expr => $lock:ty $(, timed $timed:ident)?;)*) => {$(
        $(#[$meta])*
        #[derive(Debug)]
        pub struct $kind;
        impl LockKind for $kind {
            const PEER: Peer = $peer;
            type Of<T: Send> = $lock;
        }
        $(impl TimedLockKind for $kind {
            type $timed<T: Send> = $lock;
        })?
    )*};
}
kinds! {
    /// This project's lock.
    House = HOUSE => lock::Lock<T>, timed TimedOf;
    /// This project's lock, a second time.
    Again = AGAIN => lock::Lock<T>, timed TimedOf;
    /// This project's lock, built without its detector.
    Undetected = UNDETECTED => undetected::Lock<T>, timed TimedOf;
    /// `std::sync::Mutex`.
    Std = STD => StdMutex<T>;
    /// `parking_lot::Mutex`.
    ParkingLot = PARKING_LOT => parking_lot::Mutex<T>, timed TimedOf;
    /// `usync::Mutex`.
    Usync = USYNC => usync::Mutex<T>;
    /// `spin::Mutex`.
    Spin = SPIN => spin::Mutex<T>;
}
#[cfg(unix)]
kinds! {
    /// `pthread_mutex_t`.
    Pthread = crate::peers::PTHREAD => super::pthread::Mutex<T>;
}
#[cfg(all(unix, not(target_vendor = "apple")))]
impl TimedLockKind for Pthread {
    type TimedOf<T: Send> = super::pthread::Mutex<T>;
}

/// Calls a function generic over a [`LockKind`] for every contender; the results in a `Vec`.
#[macro_export]
macro_rules! for_every_lock {
    ($function:ident ( $($argument:expr),* )) => {{
        use $crate::scenario::lock::adapter as a;
        vec![
            $function::<a::House>($($argument),*),
            $function::<a::Again>($($argument),*),
            $function::<a::Std>($($argument),*),
            $function::<a::ParkingLot>($($argument),*),
            $function::<a::Usync>($($argument),*),
            $function::<a::Spin>($($argument),*),
            #[cfg(unix)]
            $function::<a::Pthread>($($argument),*),
        ]
    }};
}

/// As [`for_every_lock`], for those that show what looking for deadlocks costs.
#[macro_export]
macro_rules! for_detectors {
    ($function:ident ( $($argument:expr),* )) => {{
        use $crate::scenario::lock::adapter as a;
        vec![
            $function::<a::House>($($argument),*),
            $function::<a::Again>($($argument),*),
            $function::<a::Undetected>($($argument),*),
            $function::<a::Std>($($argument),*),
            $function::<a::ParkingLot>($($argument),*),
        ]
    }};
}

/// As [`for_every_lock`], for those that implement [`TimedLockKind`].
#[macro_export]
macro_rules! for_every_timed_lock {
    ($function:ident ( $($argument:expr),* )) => {{
        use $crate::scenario::lock::adapter as a;
        vec![
            $function::<a::House>($($argument),*),
            $function::<a::Again>($($argument),*),
            $function::<a::ParkingLot>($($argument),*),
            #[cfg(all(unix, not(target_vendor = "apple")))]
            $function::<a::Pthread>($($argument),*),
        ]
    }};
}

#[cfg(test)]
mod tests {
    use super::*;

    fn excludes<K: LockKind>() -> &'static str {
        const EACH: u64 = 20_000;
        let lock = <K::Of<u64> as Exclusive<u64>>::new(0);
        std::thread::scope(|s| {
            for _ in 0..4 {
                s.spawn(|| {
                    for _ in 0..EACH {
                        // A read and a write apart, so that two holders at once lose a count.
                        lock.with(|n| *n = std::hint::black_box(*n) + 1);
                    }
                });
            }
        });
        assert_eq!(lock.with(|n| *n), 4 * EACH, "{}", K::PEER.id);
        lock.with(|_| {
            let missed = std::thread::scope(|s| s.spawn(|| lock.try_with(|_| ())).join());
            assert_eq!(missed.unwrap(), None, "{}", K::PEER.id);
        });
        assert_eq!(lock.try_with(|n| *n), Some(4 * EACH), "{}", K::PEER.id);
        K::PEER.id
    }

    #[test]
    fn every_contender_excludes() {
        let ids = for_every_lock!(excludes());
        assert_eq!(for_detectors!(excludes()).len(), 5);
        assert_eq!(&ids[..4], ["lockwright", "again", "std", PARKING_LOT.id]);
    }

    fn times_out<K: TimedLockKind>() -> &'static str {
        let lock = <K::TimedOf<u64> as Exclusive<u64>>::new(7);
        let timeout = Duration::from_millis(5);
        lock.with(|_| {
            std::thread::scope(|s| {
                s.spawn(|| {
                    let start = std::time::Instant::now();
                    assert_eq!(lock.with_for(timeout, |n| *n), None, "{}", K::PEER.id);
                    assert!(start.elapsed() >= timeout, "{}", K::PEER.id);
                });
            });
        });
        assert_eq!(lock.with_for(timeout, |n| *n), Some(7), "{}", K::PEER.id);
        K::PEER.id
    }

    #[test]
    fn every_timed_contender_times_out_and_succeeds() {
        assert!(for_every_timed_lock!(times_out()).len() >= 3);
    }
}
