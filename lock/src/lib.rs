#![doc = include_str!("../README.md")]

mod passing;
mod raw;
mod slow;
mod tenure;
mod waiting;

use core::fmt;
use std::time::{Duration, Instant};

use deadlock::Asking;
use futex::thread::{ThreadId, current_id};
use futex::{Deadline, Kind};
use lock_api::GuardNoSend;

pub use deadlock::Deadlock;

use raw::{ANONYMOUS, Words};

/// A mutual exclusion lock around a `T`: eight bytes and the data.
///
/// [`lock`](lock_api::Mutex::lock), [`try_lock`](lock_api::Mutex::try_lock),
/// [`try_lock_for`](lock_api::Mutex::try_lock_for) and
/// [`try_lock_until`](lock_api::Mutex::try_lock_until) give a [`LockGuard`], through which the data are
/// reached and which releases the lock when it is dropped. The [page of the crate](crate) says what it
/// promises: memory ordering, fairness, spurious wakeups, panics, size, and how it differs from Python's.
///
/// ```
/// use lockwright_lock::Lock;
///
/// let names = Lock::new(vec!["Ada"]);
/// names.lock().push("Grace");
/// {
///     let held = names.lock();
///     assert!(names.try_lock().is_none());
///     assert_eq!(*held, ["Ada", "Grace"]);
/// }
/// assert_eq!(names.into_inner().len(), 2);
/// ```
pub type Lock<T> = lock_api::Mutex<RawLock, T>;

/// The guard of a [`Lock`]: who has it, has the data. It stays in the thread that took the lock.
pub type LockGuard<'a, T> = lock_api::MutexGuard<'a, RawLock, T>;

/// The part of a lock that a guard of a [`Lock`] has been mapped to.
pub type MappedLockGuard<'a, T> = lock_api::MappedMutexGuard<'a, RawLock, T>;

/// The error of [`RawLock::release`]: nobody held the lock. It was left as it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("released a lock that nobody holds")]
pub struct ReleaseUnlocked;

/// A lock without data: eight bytes.
///
/// [`acquire`](Self::acquire) and [`release`](Self::release) belong to no thread: what one took another
/// may release, and [`owner`](Self::owner) names nobody meanwhile. The guards of a [`Lock`] use the same
/// words and do name their thread. The [page of the crate](crate) says what both promise.
///
/// ```
/// use lockwright_lock::RawLock;
/// use std::time::Duration;
///
/// let lock = RawLock::new();
/// assert!(lock.try_acquire());
/// assert!(!lock.acquire_for(Duration::from_millis(1)));
/// assert!(lock.is_locked() && lock.owner().is_none());
/// lock.release().expect("it is held");
/// ```
pub struct RawLock {
    words: Words,
}

impl RawLock {
    /// A lock that nobody holds.
    #[inline]
    #[must_use]
    pub const fn new() -> RawLock {
        RawLock {
            words: Words::new(),
        }
    }

    /// Takes the lock, sleeping until it is free. Any thread may release it.
    #[inline]
    #[track_caller]
    pub fn acquire(&self) {
        if !self.words.take_anonymously() {
            self.words
                .acquire_slow(ANONYMOUS, Deadline::NEVER, Kind::Lock);
        }
    }

    /// Takes the lock if it is free, without waiting.
    #[inline]
    #[must_use = "if it is false the lock was not taken"]
    pub fn try_acquire(&self) -> bool {
        self.words.owner() == raw::FREE && self.words.take_anonymously()
    }

    /// Takes the lock unless `timeout` goes by first; one too long for the clock never does.
    #[inline]
    #[must_use = "if it is false the lock was not taken"]
    #[track_caller]
    pub fn acquire_for(&self, timeout: Duration) -> bool {
        self.acquire_until_that(|| Deadline::after(timeout))
    }

    /// Takes the lock unless `deadline` comes first. Never gives up before; one in the past still tries.
    #[inline]
    #[must_use = "if it is false the lock was not taken"]
    #[track_caller]
    pub fn acquire_until(&self, deadline: Instant) -> bool {
        self.acquire_until_that(|| Deadline::from(deadline))
    }

    /// Gives the lock back; the calling thread need not be the one that took it.
    ///
    /// # Errors
    ///
    /// [`ReleaseUnlocked`] if nobody holds it; nothing changes then.
    ///
    /// ```
    /// use lockwright_lock::{RawLock, ReleaseUnlocked};
    ///
    /// let lock = RawLock::new();
    /// assert_eq!(lock.release(), Err(ReleaseUnlocked));
    /// assert!(lock.try_acquire());
    /// ```
    #[inline]
    pub fn release(&self) -> Result<(), ReleaseUnlocked> {
        if self.words.release_checked() {
            Ok(())
        } else {
            Err(ReleaseUnlocked)
        }
    }

    /// Whether somebody holds the lock; it may be stale by the time it is returned. Nobody does while
    /// it is on its way to a waiter, though [`try_acquire`](Self::try_acquire) may fail then.
    #[inline]
    #[must_use]
    pub fn is_locked(&self) -> bool {
        !self.words.is_free()
    }

    /// The thread that holds the lock, if it was taken through a guard; it may be stale by the time
    /// it is returned, unless it is the caller.
    #[inline]
    #[must_use]
    pub fn owner(&self) -> Option<ThreadId> {
        ThreadId::from_u32(self.words.owner())
    }

    /// Takes the lock for the calling thread, as a guard of a [`Lock`] does, for primitives that stand on this
    /// one and have guards of their own: it is given back by [`lock_api::RawMutex::unlock`], in this thread.
    ///
    /// # Errors
    ///
    /// [`Deadlock`], if `asking` is [`checked`](Asking::checked); the lock is as if it had not been asked for.
    ///
    /// # Panics
    ///
    /// If waiting would be a deadlock, and `asking` is neither that nor
    /// [`without_unwinding`](Asking::without_unwinding); with the lock untouched.
    #[inline]
    #[track_caller]
    pub fn acquire_owned(&self, asking: Asking) -> Result<(), Deadlock> {
        if self.words.take_uncounted() {
            return Ok(());
        }
        self.words.acquire_owned(asking)
    }

    /// [`acquire_owned`](Self::acquire_owned) that takes the lock if it is free, without waiting.
    #[inline]
    #[must_use = "if it is false the lock was not taken"]
    #[track_caller]
    pub fn try_acquire_owned(&self, kind: Kind) -> bool {
        self.words.owner() == raw::FREE && (self.words.take_at_once() || self.words.try_owned(kind))
    }

    /// [`acquire_owned`](Self::acquire_owned) that gives up at a deadline, which is asked for if the lock is not
    /// free.
    #[inline]
    #[must_use = "if it is false the lock was not taken"]
    #[track_caller]
    pub fn acquire_owned_until(&self, kind: Kind, deadline: impl FnOnce() -> Deadline) -> bool {
        self.words.take_at_once() || self.words.acquire_owned_until(deadline(), kind)
    }

    /// Takes the lock again where a guard of the calling thread lives on though the lock was given back, as
    /// around the wait of a condition variable. It never unwinds: a deadlock is told to the hook
    /// ([`deadlock::set_hook`]) or to standard error, and the thread waits all the same.
    #[inline]
    #[track_caller]
    pub fn relock(&self) {
        self.take_or_wait(Asking::for_a(Kind::Lock).without_unwinding());
    }

    #[inline]
    #[track_caller]
    fn take_or_wait(&self, asking: Asking) {
        if !self.words.take_at_once() {
            self.words.lock_slow(asking);
        }
    }

    #[inline]
    #[track_caller]
    fn acquire_until_that(&self, deadline: impl FnOnce() -> Deadline) -> bool {
        self.words.take_anonymously() || self.words.acquire_slow(ANONYMOUS, deadline(), Kind::Lock)
    }
}

// SAFETY: mutual exclusion is I1: the exchange that takes the lock finds a mark of nobody's in `owner`
// and leaves one that no other exchange takes for that. Every such exchange that takes it is an
// Acquire; every one that gives it back is a Release, and those in between are read-modify-writes,
// which carry it on. The guard state is a marker without destructor, so forgetting it leaves the lock
// held and does no more. The lock is two numbers and nobody sleeps on it without borrowing it: it may be
// moved or dropped while held. To get an id can panic, and whoever has none yet gets it first; and a deadlock
// does, before the lock was touched (but for the mark that it was checked, which is no state of it); so does a hook of
// `deadlock::order`. `at_hand` expects what a free lock holds, or what none does: the exchange takes a free lock or
// fails.
unsafe impl lock_api::RawMutex for RawLock {
    const INIT: RawLock = RawLock::new();

    type Guard = GuardNoSend;

    #[inline]
    #[track_caller]
    fn lock(&self) -> GuardNoSend {
        self.take_or_wait(Asking::for_a(Kind::Lock));
        GuardNoSend::new()
    }

    #[inline]
    #[track_caller]
    fn try_lock(&self) -> Option<GuardNoSend> {
        self.try_acquire_owned(Kind::Lock).then(GuardNoSend::new)
    }

    #[inline]
    unsafe fn unlock(&self, _guard: GuardNoSend) {
        self.words.release();
    }

    #[inline]
    fn is_locked(&self) -> bool {
        RawLock::is_locked(self)
    }
}

// SAFETY: as above: a timed attempt takes the lock by the same exchanges, and one that gives up has taken
// nothing.
unsafe impl lock_api::RawMutexTimed for RawLock {
    type Duration = Duration;
    type Instant = Instant;

    #[inline]
    #[track_caller]
    fn try_lock_for(&self, timeout: Duration) -> Option<GuardNoSend> {
        self.acquire_owned_until(Kind::Lock, || Deadline::after(timeout))
            .then(GuardNoSend::new)
    }

    #[inline]
    #[track_caller]
    fn try_lock_until(&self, deadline: Instant) -> Option<GuardNoSend> {
        self.acquire_owned_until(Kind::Lock, || Deadline::from(deadline))
            .then(GuardNoSend::new)
    }
}

// SAFETY: as above: a hand-over is a Release too, and I1 counts it as giving back. `bump` returns with the
// lock held, in the same thread, so the guard state is still true; `relock` does not unwind.
unsafe impl lock_api::RawMutexFair for RawLock {
    #[inline]
    unsafe fn unlock_fair(&self, _guard: GuardNoSend) {
        self.words.release_fair();
    }

    #[inline]
    #[track_caller]
    unsafe fn bump(&self, _guard: &mut GuardNoSend) {
        if self.words.waiting() != 0 {
            // Nothing after the release may unwind: the caller's guard is still there.
            let _ = current_id();
            self.words.release_fair();
            self.relock();
        }
    }
}

/// What a [`Lock`] can do besides what [`lock_api::Mutex`] knows of. `Lock` is that type, so this is a trait.
pub trait LockExt {
    /// What holds the lock.
    type Guard<'a>
    where
        Self: 'a;

    /// [`lock`](lock_api::Mutex::lock) that says when it would never return.
    ///
    /// # Errors
    ///
    /// [`Deadlock`] if the thread would wait in a circle of threads. Nothing was taken: give back what the
    /// thread holds, and try again.
    ///
    /// ```
    /// use lockwright_lock::{Lock, LockExt};
    ///
    /// let lock = Lock::new(1);
    /// let held = lock.lock_checked()?;
    /// let again = lock.lock_checked().expect_err("the thread holds it");
    /// assert_eq!(again.report().members().len(), 1);
    /// # drop(held);
    /// # Ok::<(), lockwright_lock::Deadlock>(())
    /// ```
    #[track_caller]
    fn lock_checked(&self) -> Result<Self::Guard<'_>, Deadlock>;
}

impl<T: ?Sized> LockExt for Lock<T> {
    type Guard<'a>
        = LockGuard<'a, T>
    where
        T: 'a;

    #[inline]
    #[track_caller]
    fn lock_checked(&self) -> Result<LockGuard<'_, T>, Deadlock> {
        // SAFETY: it is only taken.
        let raw = unsafe { self.raw() };
        raw.acquire_owned(Asking::for_a(Kind::Lock).checked())?;
        // SAFETY: the calling thread has just taken it, and there is no other guard of that.
        Ok(unsafe { self.make_guard_unchecked(GuardNoSend::new()) })
    }
}

impl Default for RawLock {
    fn default() -> RawLock {
        RawLock::new()
    }
}

impl fmt::Debug for RawLock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RawLock")
            .field("locked", &self.is_locked())
            .field("owner", &self.owner())
            .field("waiting", &self.words.waiting())
            .finish()
    }
}
