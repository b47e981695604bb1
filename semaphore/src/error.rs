//! What can be asked that cannot be done. None of it changes the semaphore.

/// Why permits can never be acquired.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AcquireError {
    /// No permit was asked for.
    #[error("asked a semaphore for no permit")]
    AskedForNothing,
    /// More permits were asked for than the semaphore can ever have.
    #[error("asked for {asked} permits of a semaphore that never has more than {at_most}")]
    AskedTooMany {
        /// How many were asked for.
        asked: u32,
        /// How many the semaphore can have: its bound, or [`Semaphore::MAX_PERMITS`](crate::Semaphore::MAX_PERMITS).
        at_most: u32,
    },
}

/// Why permits were not released.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReleaseError {
    /// No permit was to be released.
    #[error("released no permit of a semaphore")]
    ReleasedNothing,
    /// The semaphore would have had more permits than it may have.
    #[error("released too many permits: {would_be} would be available, at most {bound} may be")]
    ReleasedTooMany {
        /// How many it may have: its initial value if it is a
        /// [`BoundedSemaphore`](crate::BoundedSemaphore), else
        /// [`Semaphore::MAX_PERMITS`](crate::Semaphore::MAX_PERMITS).
        bound: u32,
        /// How many would have been available.
        would_be: u64,
    },
}

pub(crate) fn may_ask(asked: u32, at_most: u32) -> Result<(), AcquireError> {
    match asked {
        0 => Err(AcquireError::AskedForNothing),
        1.. if asked > at_most => Err(AcquireError::AskedTooMany { asked, at_most }),
        1.. => Ok(()),
    }
}
