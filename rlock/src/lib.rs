#![doc = include_str!("../README.md")]

mod guard;
mod raw;
mod token;

use core::fmt;
use std::time::{Duration, Instant};

use deadlock::Asking;
use futex::thread::{ThreadId, current_id};
use futex::{Deadline, Kind};

pub use deadlock::Deadlock;
pub use guard::{RLock, RLockGuard};
use raw::Words;
use token::Token;

/// The error of [`RawRLock::release`] and [`RawRLock::release_save`]: the calling thread does not hold
/// the lock. It was left as it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("released a reentrant lock that the calling thread does not hold")]
pub struct NotOwner;

/// The error of acquiring a lock that the calling thread holds [`RawRLock::MAX_DEPTH`] times already. It
/// still does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "acquired a reentrant lock that the calling thread holds {} times already",
    RawRLock::MAX_DEPTH
)]
pub struct TooDeep;

/// A reentrant lock without data: sixteen bytes.
///
/// The thread that holds it may [`acquire`](Self::acquire) it again without waiting, and gives it back by
/// as many calls of [`release`](Self::release). The [page of the crate](crate) says what it promises.
///
/// ```
/// use lockwright_rlock::{NotOwner, RawRLock};
///
/// let lock = RawRLock::new();
/// lock.acquire()?;
/// lock.acquire()?; // the same thread, so it does not wait
/// assert_eq!(lock.depth(), 2);
/// std::thread::scope(|scope| {
///     scope.spawn(|| assert_eq!(lock.release(), Err(NotOwner)));
/// });
/// lock.release()?;
/// assert!(lock.is_owned());
/// lock.release()?;
/// assert!(!lock.is_owned() && !lock.is_locked());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct RawRLock {
    words: Words,
}

/// What [`RawRLock::release_save`] gave up: how often the thread held the lock.
#[must_use = "`acquire_restore` takes back what was given up"]
#[derive(Debug, PartialEq, Eq)]
pub struct Saved {
    depth: u32,
}

impl Saved {
    /// How often the thread held the lock.
    #[must_use]
    pub const fn depth(&self) -> u32 {
        self.depth
    }
}

/// How an acquire begins that may fail.
enum Nest {
    /// The thread held the lock already: it does once more, or too often.
    Done(Result<u64, TooDeep>),
    /// It did not; what it will sign with.
    First(Token),
}

impl RawRLock {
    /// How often a thread can hold the lock at a time.
    pub const MAX_DEPTH: u32 = raw::MAX_DEPTH;

    /// A lock that nobody holds.
    #[inline]
    #[must_use]
    pub const fn new() -> RawRLock {
        RawRLock {
            words: Words::new(),
        }
    }

    /// Takes the lock, sleeping until it is free; if the calling thread holds it already, once more,
    /// at once.
    ///
    /// # Errors
    ///
    /// [`TooDeep`] if it holds the lock [`MAX_DEPTH`](Self::MAX_DEPTH) times already.
    ///
    /// # Panics
    ///
    /// If waiting would be a deadlock.
    #[inline]
    #[track_caller]
    pub fn acquire(&self) -> Result<(), TooDeep> {
        self.take().map(|_now| ())
    }

    /// [`acquire`](Self::acquire), giving how the lock is held now.
    #[inline]
    #[track_caller]
    fn take(&self) -> Result<u64, TooDeep> {
        match self.take_as(Asking::for_a(Kind::RLock), 1) {
            Ok(taken) => taken,
            Err(deadlock) => panic!("{deadlock}"),
        }
    }

    /// Gives how the lock is held now. The errors: outside, that waiting would be a deadlock; inside, `TooDeep`.
    #[inline]
    #[track_caller]
    fn take_as(&self, asking: Asking, levels: u32) -> Result<Result<u64, TooDeep>, Deadlock> {
        if let Some(held) = self.words.held() {
            return Ok(self.words.deepen(held, levels));
        }
        // Before the lock is taken: it may panic.
        let token = token::mine_or_new();
        self.words.lock.acquire_owned(asking)?;
        Ok(Ok(self.words.sign(token, levels)))
    }

    /// Takes the lock if it is free or the calling thread's own, without waiting.
    ///
    /// # Errors
    ///
    /// As [`acquire`](Self::acquire).
    #[inline]
    #[must_use = "if it is not `Ok(true)` the lock was not taken"]
    #[track_caller]
    pub fn try_acquire(&self) -> Result<bool, TooDeep> {
        Ok(self.try_take()?.is_some())
    }

    /// [`try_acquire`](Self::try_acquire), giving how the lock is held now.
    #[inline]
    #[track_caller]
    fn try_take(&self) -> Result<Option<u64>, TooDeep> {
        let token = match self.nest() {
            Nest::Done(done) => return done.map(Some),
            Nest::First(token) => token,
        };
        Ok(self.signed(token, self.words.lock.try_acquire_owned(Kind::RLock)))
    }

    /// Takes the lock unless `timeout` goes by first; one too long for the clock never does.
    ///
    /// # Errors
    ///
    /// As [`acquire`](Self::acquire).
    #[inline]
    #[must_use = "if it is not `Ok(true)` the lock was not taken"]
    #[track_caller]
    pub fn acquire_for(&self, timeout: Duration) -> Result<bool, TooDeep> {
        let taken = self.take_until(|| Deadline::after(timeout))?;
        Ok(taken.is_some())
    }

    /// Takes the lock unless `deadline` comes first. Never gives up before; one in the past still tries.
    ///
    /// # Errors
    ///
    /// As [`acquire`](Self::acquire).
    #[inline]
    #[must_use = "if it is not `Ok(true)` the lock was not taken"]
    #[track_caller]
    pub fn acquire_until(&self, deadline: Instant) -> Result<bool, TooDeep> {
        let taken = self.take_until(|| Deadline::from(deadline))?;
        Ok(taken.is_some())
    }

    #[inline]
    #[track_caller]
    fn take_until(&self, deadline: impl FnOnce() -> Deadline) -> Result<Option<u64>, TooDeep> {
        let token = match self.nest() {
            Nest::Done(done) => return done.map(Some),
            Nest::First(token) => token,
        };
        let lock = &self.words.lock;
        Ok(self.signed(token, lock.acquire_owned_until(Kind::RLock, deadline)))
    }

    /// Takes the lock once more, if the calling thread holds it.
    #[inline]
    fn nest(&self) -> Nest {
        match self.words.held() {
            Some(held) => Nest::Done(self.words.deepen(held, 1)),
            // Before the lock is taken: it may panic.
            None => Nest::First(token::mine_or_new()),
        }
    }

    #[inline]
    fn signed(&self, token: Token, taken: bool) -> Option<u64> {
        taken.then(|| self.words.sign(token, 1))
    }

    /// Gives back one level; others can take the lock when the last is given back.
    ///
    /// # Errors
    ///
    /// [`NotOwner`] if the calling thread does not hold it; nothing changes then.
    #[inline]
    pub fn release(&self) -> Result<(), NotOwner> {
        let held = self.words.held().ok_or(NotOwner)?;
        // SAFETY: it was read just now.
        unsafe { self.words.release(held) };
        Ok(())
    }

    /// Gives back all levels at once, for [`acquire_restore`](Self::acquire_restore) to take them again:
    /// what a condition variable does around its wait.
    ///
    /// # Errors
    ///
    /// [`NotOwner`] if the calling thread does not hold the lock; nothing changes then.
    ///
    /// ```
    /// use lockwright_rlock::RawRLock;
    ///
    /// let lock = RawRLock::new();
    /// lock.acquire()?;
    /// lock.acquire()?;
    /// let saved = lock.release_save()?;
    /// assert!(!lock.is_locked()); // another thread may have it now
    /// lock.acquire_restore(saved);
    /// assert_eq!(lock.depth(), 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline]
    pub fn release_save(&self) -> Result<Saved, NotOwner> {
        let depth = self.words.held().ok_or(NotOwner)?.depth;
        // SAFETY: the calling thread holds the lock.
        unsafe { self.words.leave() };
        Ok(Saved { depth })
    }

    /// Takes the lock, sleeping until it is free, as often as `saved` says. If the calling thread has
    /// taken it again meanwhile, the levels are added.
    ///
    /// # Panics
    ///
    /// If the sum is above [`MAX_DEPTH`](Self::MAX_DEPTH).
    #[inline]
    #[track_caller]
    pub fn acquire_restore(&self, saved: Saved) {
        // Guards may live on meanwhile.
        let asking = Asking::for_a(Kind::RLock).without_unwinding();
        match self.take_as(asking, saved.depth) {
            Ok(Ok(_now)) => {}
            Ok(Err(error)) => panic!("{error}"),
            Err(deadlock) => unreachable!("{deadlock}"),
        }
    }

    /// Whether the calling thread holds the lock. Never stale.
    #[inline]
    #[must_use]
    pub fn is_owned(&self) -> bool {
        self.words.held().is_some()
    }

    /// How often the calling thread holds the lock; 0 if it does not, whoever does. Never stale.
    #[inline]
    #[must_use]
    pub fn depth(&self) -> u32 {
        self.words.held().map_or(0, |held| held.depth)
    }

    /// Whether some thread holds the lock; it may be stale by the time it is returned.
    #[inline]
    #[must_use]
    pub fn is_locked(&self) -> bool {
        self.words.lock.is_locked()
    }

    /// The thread that holds the lock; it may be stale by the time it is returned, unless it is the caller.
    ///
    /// If a thread exited without giving the lock back, its id may be another's by now: this may then name
    /// a thread that does not hold it, though never the caller. [`is_owned`](Self::is_owned) is not
    /// deceived.
    #[inline]
    #[must_use]
    pub fn owner(&self) -> Option<ThreadId> {
        let owner = self.words.lock.owner()?;
        (owner != current_id() || self.is_owned()).then_some(owner)
    }
}

impl Default for RawRLock {
    fn default() -> RawRLock {
        RawRLock::new()
    }
}

impl fmt::Debug for RawRLock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RawRLock")
            .field("lock", &self.words.lock)
            .field("depth", &self.words.depth_of_anybody())
            .finish()
    }
}
