//! What can be waited with: guards, and raw locks.

use core::fmt;
use core::ops::Deref;

use futex::Deadline;
use futex::thread::current_id;
use lock::{LockGuard, RawLock};
use lock_api::{GuardNoSend, RawMutex};
use rlock::{RLockGuard, RawRLock, Saved};

use crate::NotOwner;

/// A guard that a [`Condvar`](crate::Condvar) can wait with: it gives up the guard's lock during the wait.
///
/// - [`LockGuard`]: the predicate gets a `&mut T`.
/// - [`RLockGuard`], if `T` is `Sync`: all levels are given up, and the predicate gets a `&T`.
/// - [`Outermost`], for an `RLockGuard` whose `T` is not `Sync`.
/// - [`ConditionGuard`](crate::ConditionGuard), with any condition variable: the predicate gets a `&mut T`.
///
/// The trait is sealed.
pub trait WaitGuard: sealed::Guard {}

/// A lock without data that a [`Condvar`](crate::Condvar) can wait with: [`RawLock`] or [`RawRLock`].
///
/// The trait is sealed.
pub trait WaitLock: sealed::Lock {}

/// The guard of an `RLock` whose data are not `Sync`, to wait with.
///
/// A wait gives up all levels, so other threads get at the data while this thread's outer guards, and
/// what it has borrowed through them, are still there. Where the data are `Sync`, that is fine. Where they are
/// not, it is fine if there is no other guard, and each wait makes sure of that: it panics, with nothing
/// changed, if the calling thread holds the lock more than once.
///
/// ```
/// use lockwright_condvar::{Condvar, Outermost};
/// # use rlock as lockwright_rlock;
/// use lockwright_rlock::RLock;
/// use std::cell::Cell;
///
/// let (ready, condvar) = (RLock::new(Cell::new(false)), Condvar::new());
/// std::thread::scope(|scope| {
///     scope.spawn(|| {
///         ready.lock().set(true);
///         condvar.notify_all();
///     });
///     let mut guard = ready.lock();
///     condvar.wait_while(&mut Outermost(&mut guard), |ready| !ready.get());
///     assert!(guard.get());
/// });
/// ```
pub struct Outermost<'g, 'a, T: ?Sized>(pub &'g mut RLockGuard<'a, T>);

impl<T: ?Sized> Deref for Outermost<'_, '_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        self.0
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for Outermost<'_, '_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

pub(crate) mod sealed {
    use super::{Deadline, NotOwner};

    pub trait Lock {
        /// How it was held.
        type Saved;

        /// Whether the calling thread may give it up. Changes nothing.
        fn check(&self) -> Result<(), NotOwner>;
        /// Gives it up, however often it is held. An error changes nothing.
        fn release(&self) -> Result<Self::Saved, NotOwner>;
        /// Takes it as it was. Does not unwind.
        fn restore(&self, saved: Self::Saved);

        /// Takes it for a guard.
        fn acquire(&self);
        fn try_acquire(&self) -> bool;
        fn acquire_until(&self, deadline: Deadline) -> bool;
        /// Gives back what a guard holds.
        ///
        /// # Safety
        ///
        /// The calling thread has taken it by one of the three above, and has not given that back.
        unsafe fn release_held(&self);
    }

    /// How a guard gives its data. (Not a type with a lifetime in [`Guard`]: for a predicate that takes it for
    /// any lifetime, that would ask the guard to live for ever. `Bound` says that it lives for `'v`.)
    pub trait Look<'v, Bound = &'v Self> {
        type View;
    }

    pub trait Guard: for<'v> Look<'v> {
        type Lock: super::WaitLock;

        /// The lock to give up.
        ///
        /// # Safety
        ///
        /// It is given up by the calling thread, and taken back by it as it was, while the guard is borrowed.
        ///
        /// # Panics
        ///
        /// If it must not be given up now.
        unsafe fn lock_to_wait_with(&mut self) -> &Self::Lock;
        fn look<R>(&mut self, look: impl FnOnce(<Self as Look<'_>>::View) -> R) -> R;
    }
}

impl<T: ?Sized> WaitGuard for LockGuard<'_, T> {}

impl<'v, T: ?Sized> sealed::Look<'v> for LockGuard<'_, T> {
    type View = &'v mut T;
}

impl<T: ?Sized> sealed::Guard for LockGuard<'_, T> {
    type Lock = RawLock;
    #[inline]
    unsafe fn lock_to_wait_with(&mut self) -> &RawLock {
        // SAFETY: it is taken back as it was, and nobody uses the data through the guard before (the caller
        // promises both).
        unsafe { LockGuard::mutex(self).raw() }
    }

    #[inline]
    fn look<R>(&mut self, look: impl FnOnce(&mut T) -> R) -> R {
        look(self)
    }
}

impl<T: ?Sized + Sync> WaitGuard for RLockGuard<'_, T> {}

impl<'v, T: ?Sized + Sync> sealed::Look<'v> for RLockGuard<'_, T> {
    type View = &'v T;
}

impl<T: ?Sized + Sync> sealed::Guard for RLockGuard<'_, T> {
    type Lock = RawRLock;
    #[inline]
    unsafe fn lock_to_wait_with(&mut self) -> &RawRLock {
        // SAFETY: all levels are taken back before this thread goes on (the caller promises that), and `T` is
        // `Sync`.
        unsafe { RLockGuard::rlock(self).raw() }
    }

    #[inline]
    fn look<R>(&mut self, look: impl FnOnce(&T) -> R) -> R {
        look(self)
    }
}

impl<T: ?Sized> WaitGuard for Outermost<'_, '_, T> {}

impl<'v, T: ?Sized> sealed::Look<'v> for Outermost<'_, '_, T> {
    type View = &'v T;
}

impl<T: ?Sized> sealed::Guard for Outermost<'_, '_, T> {
    type Lock = RawRLock;
    #[inline]
    unsafe fn lock_to_wait_with(&mut self) -> &RawRLock {
        let lock = RLockGuard::rlock(self.0);
        assert!(
            lock.depth() == 1,
            "waited with a reentrant lock held {} times, around data that are not Sync",
            lock.depth()
        );
        // SAFETY: as above, but that `T` need not be `Sync`: the lock is held once, so this is its only
        // guard, and it is borrowed, so nothing is borrowed through it.
        unsafe { lock.raw() }
    }

    #[inline]
    fn look<R>(&mut self, look: impl FnOnce(&T) -> R) -> R {
        look(self)
    }
}

impl WaitLock for RawLock {}

/// How a [`RawLock`] was held.
#[derive(Debug)]
pub enum Held {
    /// By the calling thread, named.
    Mine,
    /// By anybody.
    Anonymously,
}

impl sealed::Lock for RawLock {
    type Saved = Held;

    #[inline]
    fn check(&self) -> Result<(), NotOwner> {
        let mine = match self.owner() {
            Some(owner) => owner == current_id(),
            // Held by nobody in particular, so by the caller as well as by any other.
            None => self.is_locked(),
        };
        mine.then_some(()).ok_or(NotOwner)
    }

    #[inline]
    fn release(&self) -> Result<Held, NotOwner> {
        if self.owner() == Some(current_id()) {
            // SAFETY: a guard of this thread holds it; its state is a mark without content.
            unsafe { self.unlock(GuardNoSend::new()) };
            return Ok(Held::Mine);
        }
        match RawLock::release(self) {
            Ok(()) => Ok(Held::Anonymously),
            Err(_) => Err(NotOwner),
        }
    }

    #[inline]
    fn restore(&self, saved: Held) {
        match saved {
            Held::Mine => self.relock(),
            Held::Anonymously => RawLock::acquire(self),
        }
    }

    #[inline]
    fn acquire(&self) {
        self.lock();
    }

    #[inline]
    fn try_acquire(&self) -> bool {
        self.try_lock().is_some()
    }

    #[inline]
    fn acquire_until(&self, deadline: Deadline) -> bool {
        use lock_api::RawMutexTimed;
        match deadline.instant() {
            Some(deadline) => self.try_lock_until(deadline).is_some(),
            None => {
                self.lock();
                true
            }
        }
    }

    #[inline]
    unsafe fn release_held(&self) {
        // SAFETY: the caller has it by `lock` or `try_lock`, whose guard is a mark without content.
        unsafe { self.unlock(GuardNoSend::new()) };
    }
}

impl WaitLock for RawRLock {}

impl sealed::Lock for RawRLock {
    type Saved = Saved;

    #[inline]
    fn check(&self) -> Result<(), NotOwner> {
        self.is_owned().then_some(()).ok_or(NotOwner)
    }

    #[inline]
    fn release(&self) -> Result<Saved, NotOwner> {
        self.release_save().map_err(|_| NotOwner)
    }

    #[inline]
    fn restore(&self, saved: Saved) {
        self.acquire_restore(saved);
    }

    #[inline]
    #[track_caller]
    fn acquire(&self) {
        if let Err(error) = RawRLock::acquire(self) {
            panic!("{error}");
        }
    }

    #[inline]
    #[track_caller]
    fn try_acquire(&self) -> bool {
        RawRLock::try_acquire(self).unwrap_or_else(|error| panic!("{error}"))
    }

    #[inline]
    #[track_caller]
    fn acquire_until(&self, deadline: Deadline) -> bool {
        match deadline.instant() {
            Some(deadline) => {
                RawRLock::acquire_until(self, deadline).unwrap_or_else(|error| panic!("{error}"))
            }
            None => {
                sealed::Lock::acquire(self);
                true
            }
        }
    }

    #[inline]
    unsafe fn release_held(&self) {
        self.release().expect("the guard holds it");
    }
}
