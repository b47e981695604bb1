#![doc = include_str!("../README.md")]

mod raw;
mod slow;
mod tenure;
mod waiting;

use core::fmt;
use std::time::{Duration, Instant};

use futex::Deadline;
use futex::thread::{ThreadId, current_id};
use lock_api::GuardNoSend;

use raw::{ANONYMOUS, Words};

/// A mutual exclusion lock around a `T`.
///
/// TODO docs
pub type Lock<T> = lock_api::Mutex<RawLock, T>;

/// The guard of a [`Lock`].
pub type LockGuard<'a, T> = lock_api::MutexGuard<'a, RawLock, T>;

/// The part of a lock that a guard of a [`Lock`] has been mapped to.
pub type MappedLockGuard<'a, T> = lock_api::MappedMutexGuard<'a, RawLock, T>;

/// The error of [`RawLock::release`]: nobody held the lock. It was left as it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("released a lock that nobody holds")]
pub struct ReleaseUnlocked;

/// A lock without data: eight bytes.
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
    pub fn acquire(&self) {
        self.acquire_as(ANONYMOUS);
    }

    /// Takes the lock if nobody holds it.
    #[inline]
    #[must_use = "if it is false the lock was not taken"]
    pub fn try_acquire(&self) -> bool {
        self.try_acquire_as(ANONYMOUS)
    }

    /// Takes the lock unless `timeout` goes by first.
    #[inline]
    #[must_use = "if it is false the lock was not taken"]
    pub fn acquire_for(&self, timeout: Duration) -> bool {
        self.acquire_as_until(ANONYMOUS, || Deadline::after(timeout))
    }

    /// Takes the lock unless `deadline` comes first.
    #[inline]
    #[must_use = "if it is false the lock was not taken"]
    pub fn acquire_until(&self, deadline: Instant) -> bool {
        self.acquire_as_until(ANONYMOUS, || Deadline::from(deadline))
    }

    /// Gives the lock back; the calling thread need not be the one that took it.
    ///
    /// # Errors
    ///
    /// [`ReleaseUnlocked`] if nobody holds it; nothing changes then.
    #[inline]
    pub fn release(&self) -> Result<(), ReleaseUnlocked> {
        if self.words.release_checked() {
            Ok(())
        } else {
            Err(ReleaseUnlocked)
        }
    }

    /// Whether somebody holds the lock; it may be stale by the time it is returned.
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

    #[inline]
    fn try_acquire_as(&self, me: u32) -> bool {
        self.words.owner() == raw::FREE && self.words.take_free(me)
    }

    #[inline]
    fn acquire_as(&self, me: u32) {
        if !self.words.take_free(me) {
            self.words.acquire_slow(me, Deadline::NEVER);
        }
    }

    #[inline]
    fn acquire_as_until(&self, me: u32, deadline: impl FnOnce() -> Deadline) -> bool {
        self.words.take_free(me) || self.words.acquire_slow(me, deadline())
    }
}

// SAFETY: TODO
unsafe impl lock_api::RawMutex for RawLock {
    const INIT: RawLock = RawLock::new();

    type Guard = GuardNoSend;

    #[inline]
    fn lock(&self) -> GuardNoSend {
        self.acquire_as(current_id().get());
        GuardNoSend::new()
    }

    #[inline]
    fn try_lock(&self) -> Option<GuardNoSend> {
        self.try_acquire_as(current_id().get())
            .then(GuardNoSend::new)
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

// SAFETY: TODO
unsafe impl lock_api::RawMutexTimed for RawLock {
    type Duration = Duration;
    type Instant = Instant;

    #[inline]
    fn try_lock_for(&self, timeout: Duration) -> Option<GuardNoSend> {
        let me = current_id().get();
        self.acquire_as_until(me, || Deadline::after(timeout))
            .then(GuardNoSend::new)
    }

    #[inline]
    fn try_lock_until(&self, deadline: Instant) -> Option<GuardNoSend> {
        let me = current_id().get();
        self.acquire_as_until(me, || Deadline::from(deadline))
            .then(GuardNoSend::new)
    }
}

// SAFETY: TODO
unsafe impl lock_api::RawMutexFair for RawLock {
    #[inline]
    unsafe fn unlock_fair(&self, _guard: GuardNoSend) {
        self.words.release_fair();
    }

    #[inline]
    unsafe fn bump(&self, _guard: &mut GuardNoSend) {
        if self.words.waiting() != 0 {
            // Nothing after the release may unwind: the caller's guard is still there.
            let me = current_id().get();
            self.words.release_fair();
            self.acquire_as(me);
        }
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
