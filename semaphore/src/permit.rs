//! Permits that are given back when they are dropped.

use std::mem;
use std::sync::Arc;

use crate::{BoundedSemaphore, Semaphore};

mod sealed {
    pub trait Permits {
        /// Releases what a permit stands for. If there is no room for it, because others have released too
        /// much, nothing is released.
        fn give_back(&self, count: u32);
    }
}
use sealed::Permits;

impl Permits for Semaphore {
    #[inline]
    fn give_back(&self, count: u32) {
        let _no_room = self.release(count);
    }
}

impl Permits for BoundedSemaphore {
    #[inline]
    fn give_back(&self, count: u32) {
        let _no_room = self.release(count);
    }
}

/// One or more acquired permits of a semaphore: releases them when it is dropped, in whatever thread.
///
/// ```
/// use lockwright_semaphore::Semaphore;
///
/// let semaphore = Semaphore::new(3);
/// let one = semaphore.permit();
/// let two = semaphore.permits(2)?;
/// assert_eq!((one.count(), two.count(), semaphore.available()), (1, 2, 0));
/// drop(two);
/// assert_eq!(semaphore.available(), 2);
/// one.forget(); // never given back
/// assert_eq!(semaphore.available(), 2);
/// # Ok::<(), lockwright_semaphore::AcquireError>(())
/// ```
#[must_use = "the permits are released when this is dropped"]
#[derive(Debug)]
pub struct Permit<'a, S: Permits = Semaphore> {
    semaphore: &'a S,
    count: u32,
}

impl<'a, S: Permits> Permit<'a, S> {
    /// Takes charge of `count` permits that the caller has acquired and will not release itself: the
    /// inverse of [`forget`](Self::forget).
    #[inline]
    pub fn adopt(semaphore: &'a S, count: u32) -> Permit<'a, S> {
        Permit { semaphore, count }
    }

    /// How many permits it stands for.
    #[inline]
    #[must_use]
    pub fn count(&self) -> u32 {
        self.count
    }

    /// The semaphore they are of.
    #[inline]
    #[must_use]
    pub fn semaphore(&self) -> &'a S {
        self.semaphore
    }

    /// Does not release them: somebody else does, by `release`, or nobody.
    #[inline]
    pub fn forget(self) {
        mem::forget(self);
    }
}

impl<S: Permits> Drop for Permit<'_, S> {
    #[inline]
    fn drop(&mut self) {
        self.semaphore.give_back(self.count);
    }
}

/// A [`Permit`] that keeps its semaphore alive, to be stored or sent to another thread.
///
/// ```
/// use lockwright_semaphore::Semaphore;
/// use std::{sync::Arc, thread};
///
/// let semaphore = Arc::new(Semaphore::new(2));
/// let permit = semaphore.owned_permit();
/// let worker = thread::spawn(move || drop(permit)); // released there
/// worker.join().unwrap();
/// assert_eq!(semaphore.available(), 2);
/// ```
#[must_use = "the permits are released when this is dropped"]
#[derive(Debug)]
pub struct OwnedPermit<S: Permits = Semaphore> {
    semaphore: Arc<S>,
    count: u32,
}

impl<S: Permits> OwnedPermit<S> {
    /// As [`Permit::adopt`]: with the `acquire_…` calls it makes an owned permit of any kind.
    #[inline]
    pub fn adopt(semaphore: Arc<S>, count: u32) -> OwnedPermit<S> {
        OwnedPermit { semaphore, count }
    }

    /// How many permits it stands for.
    #[inline]
    #[must_use]
    pub fn count(&self) -> u32 {
        self.count
    }

    /// The semaphore they are of.
    #[inline]
    #[must_use]
    pub fn semaphore(&self) -> &Arc<S> {
        &self.semaphore
    }

    /// Does not release them: somebody else does, by `release`, or nobody.
    #[inline]
    pub fn forget(mut self) {
        self.count = 0;
    }
}

impl<S: Permits> Drop for OwnedPermit<S> {
    #[inline]
    fn drop(&mut self) {
        if self.count > 0 {
            self.semaphore.give_back(self.count);
        }
    }
}
