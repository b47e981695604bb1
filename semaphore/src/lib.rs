#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod acquiring;
mod error;
mod permit;
mod raw;
mod slow;
mod turn;
mod waiting;

use core::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futex::Deadline;

use acquiring::acquiring;
use error::may_ask;
pub use error::{AcquireError, ReleaseError};
pub use permit::{OwnedPermit, Permit};
use raw::Words;

/// A counting semaphore: twelve bytes.
///
/// It has a number of permits. [`acquire`](Self::acquire) takes one and sleeps while there is none,
/// [`release`](Self::release) adds some, and any thread may do either. The [page of the crate](crate) says
/// what it promises.
///
/// ```
/// use lockwright_semaphore::Semaphore;
///
/// let ready = Semaphore::new(0);
/// std::thread::scope(|scope| {
///     scope.spawn(|| ready.release(2));
///     ready.acquire();
///     ready.acquire();
/// });
/// assert!(!ready.try_acquire());
/// ```
pub struct Semaphore {
    words: Words,
}

/// A semaphore that never has more permits than it began with: sixteen bytes.
///
/// Releasing more than was acquired is an error, where a [`Semaphore`] would have more permits from then on.
///
/// ```
/// use lockwright_semaphore::{BoundedSemaphore, ReleaseError};
///
/// let pool = BoundedSemaphore::new(2);
/// pool.acquire();
/// pool.release(1)?;
/// let wrong = pool.release(1);
/// assert_eq!(wrong, Err(ReleaseError::ReleasedTooMany { bound: 2, would_be: 3 }));
/// assert_eq!(pool.available(), 2); // nothing changed
/// # Ok::<(), ReleaseError>(())
/// ```
pub struct BoundedSemaphore {
    words: Words,
    bound: u32,
}

impl Semaphore {
    /// The most permits that a semaphore can have.
    pub const MAX_PERMITS: u32 = raw::MAX;

    /// A semaphore with so many permits, perhaps none.
    ///
    /// # Panics
    ///
    /// If they are more than [`MAX_PERMITS`](Self::MAX_PERMITS).
    #[must_use]
    pub const fn new(permits: u32) -> Semaphore {
        Semaphore {
            words: Words::new(permits),
        }
    }

    /// Adds `count` permits, and wakes as many threads that wait for some.
    ///
    /// # Errors
    ///
    /// If `count` is 0, or if there would be more than [`MAX_PERMITS`](Self::MAX_PERMITS); nothing changes
    /// then.
    #[inline]
    pub fn release(&self, count: u32) -> Result<(), ReleaseError> {
        let released = match count {
            0 => return Err(ReleaseError::ReleasedNothing),
            1 => self.words.give_one(),
            _ => self.words.give(count, Self::MAX_PERMITS),
        };
        released.map_err(|would_be| ReleaseError::ReleasedTooMany {
            bound: Self::MAX_PERMITS,
            would_be,
        })
    }

    #[inline]
    #[track_caller]
    fn acquire_one(&self) {
        if !self.words.take_or_owe() {
            self.words.pay_and_wait(self.at_most());
        }
    }

    #[inline]
    const fn at_most(&self) -> u32 {
        Self::MAX_PERMITS
    }
}

impl BoundedSemaphore {
    /// A semaphore with so many permits, perhaps none, and never more.
    ///
    /// # Panics
    ///
    /// If they are more than [`Semaphore::MAX_PERMITS`].
    #[must_use]
    pub const fn new(permits: u32) -> BoundedSemaphore {
        BoundedSemaphore {
            words: Words::new(permits),
            bound: permits,
        }
    }

    /// The most permits that it may have: what it began with.
    #[inline]
    #[must_use]
    pub const fn bound(&self) -> u32 {
        self.bound
    }

    /// Adds `count` permits, and wakes as many threads that wait for some.
    ///
    /// # Errors
    ///
    /// If `count` is 0, or if there would be more than the [`bound`](Self::bound); nothing changes then.
    #[inline]
    pub fn release(&self, count: u32) -> Result<(), ReleaseError> {
        if count == 0 {
            return Err(ReleaseError::ReleasedNothing);
        }
        let released = self.words.give(count, self.bound);
        released.map_err(|would_be| ReleaseError::ReleasedTooMany {
            bound: self.bound,
            would_be,
        })
    }

    /// Without a debt: while there is one, a release too many would look like one that there is room for.
    #[inline]
    #[track_caller]
    fn acquire_one(&self) {
        if !self.words.take_all(1) {
            self.wait_for(1, Deadline::NEVER);
        }
    }

    #[inline]
    const fn at_most(&self) -> u32 {
        self.bound
    }
}

acquiring!(Semaphore);
acquiring!(BoundedSemaphore);

impl Default for Semaphore {
    /// With one permit, as in Python.
    fn default() -> Semaphore {
        Semaphore::new(1)
    }
}

impl Default for BoundedSemaphore {
    /// With one permit, as in Python.
    fn default() -> BoundedSemaphore {
        BoundedSemaphore::new(1)
    }
}

impl fmt::Debug for Semaphore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.words.show(f.debug_struct("Semaphore"))
    }
}

impl fmt::Debug for BoundedSemaphore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("BoundedSemaphore");
        shown.field("bound", &self.bound);
        self.words.show(shown)
    }
}

impl Words {
    /// All three words: the model registers them by this.
    fn show(&self, mut shown: fmt::DebugStruct<'_, '_>) -> fmt::Result {
        let (in_line, collecting) = self.line();
        shown
            .field("available", &self.available())
            .field("waiting", &(self.waiting() + in_line))
            .field("collecting", &collecting)
            .finish()
    }
}
