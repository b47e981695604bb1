//! A lock, its condition and its data in one object, as Python's `Condition`.
//!
//! The lock may be held several levels deep by one thread, so there may be several guards. Who reaches the
//! data, reaches them as [`Data`], a borrow of which there is one at a time:
//!
//! - **D1** `lent` is read and written by the holder of the lock only.
//! - **D2** It is true exactly while there is a `Data`, or one was forgotten.
//! - **D3** No wait gives the lock up while `lent` is true. So a `Data` is in the thread that holds the lock.

use core::cell::{Cell, UnsafeCell};
use core::fmt;
use core::marker::PhantomData;
use core::ops::{Deref, DerefMut};
use std::time::{Duration, Instant};

use futex::Deadline;
use lock::RawLock;
use rlock::RawRLock;

use crate::locks::sealed::{Guard, Look};
use crate::{Condvar, WaitGuard, WaitLock};

/// A lock, a condition variable and the data in one, as Python's `threading.Condition`.
///
/// The lock is reentrant, as Python's is, or a plain one: `Condition<T, RawLock>`, made by
/// [`with_lock`](Self::with_lock).
///
/// ```
/// use lockwright_condvar::Condition;
///
/// let orders = Condition::new(Vec::new());
/// std::thread::scope(|scope| {
///     scope.spawn(|| {
///         let mut guard = orders.lock();
///         guard.wait_while(|orders| orders.is_empty());
///         assert_eq!(guard.data().pop(), Some("tea"));
///     });
///     let guard = orders.lock();
///     guard.data().push("tea");
///     orders.notify_one();
/// });
/// ```
pub struct Condition<T: ?Sized, L = RawRLock> {
    lock: L,
    condvar: Condvar,
    lent: Cell<bool>,
    data: UnsafeCell<T>,
}

// SAFETY: `lent` belongs to the holder of the lock (D1), and the data to the one `Data` there is, in the
// thread that holds the lock (D3): threads have `T` one after the other, as if it were sent.
unsafe impl<T: ?Sized + Send, L: Sync> Sync for Condition<T, L> {}

impl<T> Condition<T> {
    /// With a reentrant lock that nobody holds.
    #[inline]
    #[must_use]
    pub const fn new(data: T) -> Condition<T> {
        Condition::around(RawRLock::new(), data)
    }
}

impl<T> Condition<T, RawLock> {
    /// With a plain lock that nobody holds: smaller and a little faster; a thread that takes it twice waits for
    /// itself.
    #[inline]
    #[must_use]
    pub const fn with_lock(data: T) -> Condition<T, RawLock> {
        Condition::around(RawLock::new(), data)
    }
}

impl<T, L> Condition<T, L> {
    const fn around(lock: L, data: T) -> Condition<T, L> {
        Condition {
            lock,
            condvar: Condvar::new(),
            lent: Cell::new(false),
            data: UnsafeCell::new(data),
        }
    }

    /// The data, without the lock.
    #[inline]
    pub fn into_inner(self) -> T {
        self.data.into_inner()
    }
}

impl<T: ?Sized, L: WaitLock> Condition<T, L> {
    /// Takes the lock, sleeping until it is free; a reentrant one that the calling thread holds, once more.
    ///
    /// # Panics
    ///
    /// If the calling thread holds a reentrant one [`RawRLock::MAX_DEPTH`] times already.
    #[inline]
    #[track_caller]
    pub fn lock(&self) -> ConditionGuard<'_, T, L> {
        self.lock.acquire();
        self.guard()
    }

    /// Takes the lock if that needs no waiting.
    ///
    /// # Panics
    ///
    /// As [`lock`](Self::lock).
    #[inline]
    #[track_caller]
    pub fn try_lock(&self) -> Option<ConditionGuard<'_, T, L>> {
        self.lock.try_acquire().then(|| self.guard())
    }

    /// Takes the lock unless `timeout` goes by first; one too long for the clock never does.
    ///
    /// # Panics
    ///
    /// As [`lock`](Self::lock).
    #[inline]
    #[track_caller]
    pub fn try_lock_for(&self, timeout: Duration) -> Option<ConditionGuard<'_, T, L>> {
        self.try_lock_by(Deadline::after(timeout))
    }

    /// Takes the lock unless `deadline` comes first. Never gives up before; one in the past still tries.
    ///
    /// # Panics
    ///
    /// As [`lock`](Self::lock).
    #[inline]
    #[track_caller]
    pub fn try_lock_until(&self, deadline: Instant) -> Option<ConditionGuard<'_, T, L>> {
        self.try_lock_by(deadline.into())
    }

    #[inline]
    #[track_caller]
    fn try_lock_by(&self, deadline: Deadline) -> Option<ConditionGuard<'_, T, L>> {
        self.lock.acquire_until(deadline).then(|| self.guard())
    }

    #[inline]
    fn guard(&self) -> ConditionGuard<'_, T, L> {
        ConditionGuard {
            condition: self,
            in_its_thread: PhantomData,
        }
    }
}

impl<T: ?Sized, L> Condition<T, L> {
    /// As [`Condvar::notify_one`]. With or without the lock.
    #[inline]
    pub fn notify_one(&self) -> bool {
        self.condvar.notify_one()
    }

    /// As [`Condvar::notify`]. With or without the lock.
    #[inline]
    pub fn notify(&self, n: usize) -> usize {
        self.condvar.notify(n)
    }

    /// As [`Condvar::notify_all`]. With or without the lock.
    #[inline]
    pub fn notify_all(&self) -> usize {
        self.condvar.notify_all()
    }

    /// The data, without locking: nobody else has the lock if one has a `&mut` to it.
    #[inline]
    pub fn get_mut(&mut self) -> &mut T {
        self.data.get_mut()
    }
}

impl<T: Default> Default for Condition<T> {
    fn default() -> Condition<T> {
        Condition::new(T::default())
    }
}

impl<T: Default> Default for Condition<T, RawLock> {
    fn default() -> Condition<T, RawLock> {
        Condition::with_lock(T::default())
    }
}

impl<T: ?Sized, L: fmt::Debug> fmt::Debug for Condition<T, L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Condition")
            .field("lock", &self.lock)
            .field("condvar", &self.condvar)
            .finish_non_exhaustive()
    }
}

/// One level of holding a [`Condition`]'s lock: it reaches the data, waits, and gives the level back when
/// it is dropped. It stays in its thread.
#[must_use = "the lock is released when the guard is dropped"]
pub struct ConditionGuard<'a, T: ?Sized, L: WaitLock = RawRLock> {
    condition: &'a Condition<T, L>,
    /// Not `Send`.
    in_its_thread: PhantomData<*const ()>,
}

impl<T: ?Sized, L: WaitLock> ConditionGuard<'_, T, L> {
    /// Borrows the data until the [`Data`] is dropped.
    ///
    /// # Panics
    ///
    /// If they are borrowed already, through this guard or another of the same thread.
    #[inline]
    #[track_caller]
    pub fn data(&self) -> Data<'_, T> {
        self.assert_not_lent();
        self.condition.lent.set(true);
        Data {
            lent: &self.condition.lent,
            // SAFETY: this thread has the lock, and there is no other `Data` (D2): nobody else has them.
            data: unsafe { &mut *self.condition.data.get() },
            in_its_thread: PhantomData,
        }
    }

    #[inline]
    #[track_caller]
    fn assert_not_lent(&self) {
        assert!(
            !self.condition.lent.get(),
            "the condition's data are in use"
        );
    }

    /// As [`Condvar::wait`]. All levels of the lock are given up, and taken back.
    ///
    /// # Panics
    ///
    /// With nothing changed, if the data are borrowed through another guard. The same holds for the other
    /// waits.
    #[inline]
    #[track_caller]
    pub fn wait(&mut self) {
        self.condition.condvar.wait(self);
    }

    /// As [`Condvar::wait_while`].
    #[inline]
    #[track_caller]
    pub fn wait_while(&mut self, condition: impl FnMut(&mut T) -> bool) {
        self.condition.condvar.wait_while(self, condition);
    }

    /// As [`Condvar::wait_for`].
    #[inline]
    #[track_caller]
    pub fn wait_for(&mut self, timeout: Duration) -> bool {
        self.condition.condvar.wait_for(self, timeout)
    }

    /// As [`Condvar::wait_until`].
    #[inline]
    #[track_caller]
    pub fn wait_until(&mut self, deadline: Instant) -> bool {
        self.condition.condvar.wait_until(self, deadline)
    }

    /// As [`Condvar::wait_while_for`].
    #[inline]
    #[track_caller]
    #[must_use = "if it is false the condition is still true"]
    pub fn wait_while_for(
        &mut self,
        condition: impl FnMut(&mut T) -> bool,
        timeout: Duration,
    ) -> bool {
        let condvar = &self.condition.condvar;
        condvar.wait_while_for(self, condition, timeout)
    }

    /// As [`Condvar::wait_while_until`].
    #[inline]
    #[track_caller]
    #[must_use = "if it is false the condition is still true"]
    pub fn wait_while_until(
        &mut self,
        condition: impl FnMut(&mut T) -> bool,
        deadline: Instant,
    ) -> bool {
        let condvar = &self.condition.condvar;
        condvar.wait_while_until(self, condition, deadline)
    }
}

impl<T: ?Sized, L: WaitLock> WaitGuard for ConditionGuard<'_, T, L> {}

impl<'v, T: ?Sized, L: WaitLock> Look<'v> for ConditionGuard<'_, T, L> {
    type View = &'v mut T;
}

impl<T: ?Sized, L: WaitLock> Guard for ConditionGuard<'_, T, L> {
    type Lock = L;
    #[inline]
    #[track_caller]
    unsafe fn lock_to_wait_with(&mut self) -> &L {
        self.assert_not_lent(); // D3
        &self.condition.lock
    }

    #[inline]
    #[track_caller]
    fn look<R>(&mut self, look: impl FnOnce(&mut T) -> R) -> R {
        look(&mut self.data())
    }
}

impl<T: ?Sized, L: WaitLock> Drop for ConditionGuard<'_, T, L> {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: the guard was made in this thread, for one level, which nobody else gives back.
        unsafe { self.condition.lock.release_held() };
    }
}

impl<T: ?Sized, L: WaitLock + fmt::Debug> fmt::Debug for ConditionGuard<'_, T, L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ConditionGuard")
            .field(&self.condition)
            .finish()
    }
}

/// The data of a [`Condition`], borrowed: there is one such borrow at a time.
#[must_use = "the data are given back when it is dropped"]
pub struct Data<'g, T: ?Sized> {
    lent: &'g Cell<bool>,
    data: &'g mut T,
    /// Not `Sync` either: through `lent`.
    in_its_thread: PhantomData<*const ()>,
}

impl<T: ?Sized> Deref for Data<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        self.data
    }
}

impl<T: ?Sized> DerefMut for Data<'_, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        self.data
    }
}

impl<T: ?Sized> Drop for Data<'_, T> {
    #[inline]
    fn drop(&mut self) {
        self.lent.set(false);
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for Data<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.data.fmt(f)
    }
}
