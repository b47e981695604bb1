//! A reentrant lock with its data, and the guard.

use core::fmt;
use core::marker::PhantomData;
use core::ops::Deref;
use std::time::{Duration, Instant};

use deadlock::{Asking, Lockable};
use futex::thread::ThreadId;
use futex::{Deadline, Kind};

use crate::{Deadlock, RawRLock, TooDeep};

/// A reentrant lock around a `T`.
///
/// The thread that holds it may lock it again, so there may be several guards at a time, all in that
/// thread, and each gives a `&T`. Data that change are in a [`Cell`](std::cell::Cell) or a
/// [`RefCell`](std::cell::RefCell).
///
/// ```
/// use lockwright_rlock::RLock;
/// use std::cell::RefCell;
///
/// let log = RLock::new(RefCell::new(Vec::new()));
/// let add = |line| log.lock().borrow_mut().push(line);
/// {
///     let _both_or_none = log.lock();
///     add("one"); // locks it a second time
///     add("two");
/// }
/// assert_eq!(log.into_inner().into_inner(), ["one", "two"]);
/// ```
#[derive(Default)]
pub struct RLock<T: ?Sized> {
    raw: RawRLock,
    data: T,
}

// SAFETY: a `&T` is had only through a guard. Guards stay in their thread (they are not `Send`), and
// exist in one thread at a time, that which holds the lock. So threads that share the lock have `T` one
// after the other: it is as if it were sent from one to the next, and what each did with it happens
// before what the next does (`lock` gives that).
unsafe impl<T: ?Sized + Send> Sync for RLock<T> {}

impl<T> RLock<T> {
    /// A lock that nobody holds, around `data`.
    #[inline]
    #[must_use]
    pub const fn new(data: T) -> RLock<T> {
        RLock {
            raw: RawRLock::new(),
            data,
        }
    }

    /// The data, without the lock.
    #[inline]
    pub fn into_inner(self) -> T {
        self.data
    }
}

impl<T: ?Sized> RLock<T> {
    /// Takes the lock, sleeping until it is free; if the calling thread holds it already, once more,
    /// at once.
    ///
    /// # Panics
    ///
    /// If the calling thread holds it [`RawRLock::MAX_DEPTH`] times already; it still does then.
    #[inline]
    #[track_caller]
    pub fn lock(&self) -> RLockGuard<'_, T> {
        match self.raw.take() {
            Ok(hold) => self.guard(hold),
            Err(error) => too_deep(error),
        }
    }

    /// [`lock`](Self::lock) that says when it would never return.
    ///
    /// # Errors
    ///
    /// [`Deadlock`] if the thread would wait in a circle of threads (taking again what it holds is none).
    /// Nothing was taken: give back what the thread holds, and try again.
    ///
    /// # Panics
    ///
    /// If the calling thread holds it [`RawRLock::MAX_DEPTH`] times already.
    #[inline]
    #[track_caller]
    pub fn lock_checked(&self) -> Result<RLockGuard<'_, T>, Deadlock> {
        match self.raw.take_as(Asking::for_a(Kind::RLock).checked(), 1)? {
            Ok(hold) => Ok(self.guard(hold)),
            Err(error) => too_deep(error),
        }
    }

    /// Takes the lock if it is free or the calling thread's own, without waiting.
    ///
    /// # Panics
    ///
    /// As [`lock`](Self::lock).
    #[inline]
    #[track_caller]
    pub fn try_lock(&self) -> Option<RLockGuard<'_, T>> {
        self.guard_if(self.raw.try_take())
    }

    /// Takes the lock unless `timeout` goes by first; one too long for the clock never does.
    ///
    /// # Panics
    ///
    /// As [`lock`](Self::lock).
    #[inline]
    #[track_caller]
    pub fn try_lock_for(&self, timeout: Duration) -> Option<RLockGuard<'_, T>> {
        self.guard_if(self.raw.take_until(|| Deadline::after(timeout)))
    }

    /// Takes the lock unless `deadline` comes first. Never gives up before; one in the past still tries.
    ///
    /// # Panics
    ///
    /// As [`lock`](Self::lock).
    #[inline]
    #[track_caller]
    pub fn try_lock_until(&self, deadline: Instant) -> Option<RLockGuard<'_, T>> {
        self.guard_if(self.raw.take_until(|| Deadline::from(deadline)))
    }

    /// The data, without locking: nobody else has the lock if one has a `&mut` to it.
    #[inline]
    pub fn get_mut(&mut self) -> &mut T {
        &mut self.data
    }

    /// As [`RawRLock::is_owned`].
    #[inline]
    #[must_use]
    pub fn is_owned(&self) -> bool {
        self.raw.is_owned()
    }

    /// As [`RawRLock::depth`].
    #[inline]
    #[must_use]
    pub fn depth(&self) -> u32 {
        self.raw.depth()
    }

    /// As [`RawRLock::is_locked`].
    #[inline]
    #[must_use]
    pub fn is_locked(&self) -> bool {
        self.raw.is_locked()
    }

    /// As [`RawRLock::owner`].
    #[inline]
    #[must_use]
    pub fn owner(&self) -> Option<ThreadId> {
        self.raw.owner()
    }

    /// The lock without its data.
    ///
    /// # Safety
    ///
    /// Whoever releases it releases what guards count on. Each guard's level must be held again before
    /// the guard is used or dropped, or anything that was borrowed through it is used. And while other
    /// threads can have the lock though guards of this thread exist (as between
    /// [`release_save`](RawRLock::release_save) and [`acquire_restore`](RawRLock::acquire_restore)), either
    /// `T` is `Sync`, or nothing is borrowed through any of those guards.
    #[inline]
    pub unsafe fn raw(&self) -> &RawRLock {
        &self.raw
    }

    #[inline]
    fn guard(&self, hold: u64) -> RLockGuard<'_, T> {
        RLockGuard {
            lock: self,
            hold,
            in_its_thread: PhantomData,
        }
    }

    #[inline]
    #[track_caller]
    fn guard_if(&self, taken: Result<Option<u64>, TooDeep>) -> Option<RLockGuard<'_, T>> {
        match taken {
            Ok(taken) => taken.map(|hold| self.guard(hold)),
            Err(error) => too_deep(error),
        }
    }
}

#[cold]
#[track_caller]
fn too_deep(error: TooDeep) -> ! {
    panic!("{error}")
}

impl<'a, T: ?Sized> Lockable for &'a RLock<T> {
    type Guard = RLockGuard<'a, T>;

    fn address(&self) -> usize {
        core::ptr::from_ref(&self.raw).addr()
    }

    #[track_caller]
    fn lock(self) -> RLockGuard<'a, T> {
        RLock::lock(self)
    }

    #[track_caller]
    fn try_lock(self) -> Option<RLockGuard<'a, T>> {
        RLock::try_lock(self)
    }

    #[track_caller]
    fn try_lock_until(self, deadline: Instant) -> Option<RLockGuard<'a, T>> {
        RLock::try_lock_until(self, deadline)
    }
}

impl<T> From<T> for RLock<T> {
    fn from(data: T) -> RLock<T> {
        RLock::new(data)
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for RLock<T> {
    /// Takes the lock to show the data, if that is possible without waiting.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("RLock");
        shown.field("raw", &self.raw);
        if let Ok(Some(hold)) = self.raw.try_take() {
            shown.field("data", &&*self.guard(hold));
        } else {
            shown.field("data", &format_args!("<locked>"));
        }
        shown.finish()
    }
}

/// One level of holding an [`RLock`]: gives the data, and the level back when it is dropped.
///
/// It stays in the thread that took the lock.
#[must_use = "the lock is released when the guard is dropped"]
pub struct RLockGuard<'a, T: ?Sized> {
    lock: &'a RLock<T>,
    /// How the lock was held with it.
    hold: u64,
    /// Not `Send`.
    in_its_thread: PhantomData<*const ()>,
}

// SAFETY: through a shared guard another thread gets a `&T`, and a `&RLock<T>` through which it gets
// nothing but a `&T` either.
unsafe impl<T: ?Sized + Sync> Sync for RLockGuard<'_, T> {}

impl<'a, T: ?Sized> RLockGuard<'a, T> {
    /// The lock that the guard is of. (Not a method, so that it hides none of `T`'s.)
    #[inline]
    #[must_use]
    pub fn rlock(guard: &RLockGuard<'a, T>) -> &'a RLock<T> {
        guard.lock
    }
}

impl<T: ?Sized> Deref for RLockGuard<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        &self.lock.data
    }
}

impl<T: ?Sized> Drop for RLockGuard<'_, T> {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: the guard was made in this thread, for one level, which nobody else has given back
        // (`RLock::raw` asks its callers for that).
        unsafe { self.lock.raw.words.release_guarded(self.hold) };
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for RLockGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T: ?Sized + fmt::Display> fmt::Display for RLockGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}
