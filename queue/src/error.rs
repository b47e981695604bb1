//! Why an item was not stored, or none was given out.

use core::fmt;

/// The error of `try_put`, `put_for` and `put_until`: the item was not stored, and comes back.
#[derive(Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PutError<T> {
    /// There was no room for it, or no memory, now or until the deadline.
    #[error("the queue is full")]
    Full(T),
    /// The queue has been shut down.
    #[error("the queue has been shut down")]
    ShutDown(T),
}

impl<T> PutError<T> {
    /// The item.
    pub fn into_item(self) -> T {
        match self {
            PutError::Full(item) | PutError::ShutDown(item) => item,
        }
    }
}

/// The error of `try_get`, `get_for` and `get_until`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GetError {
    /// There was no item, now or until the deadline.
    #[error("the queue is empty")]
    Empty,
    /// The queue has been shut down, and there is no item left.
    #[error("the queue has been shut down and is empty")]
    ShutDown,
}

/// The queue has been shut down: the error of `put`, with the item that was not stored, and of `get`,
/// with nothing, once no item is left.
#[derive(Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the queue has been shut down")]
pub struct ShutDown<T = ()>(pub T);

/// The error of `task_done`: it was called more often than items were put. Nothing changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("task_done was called more often than items were put into the queue")]
pub struct TooManyDone;

impl<T> ShutDown<T> {
    /// The item.
    pub fn into_item(self) -> T {
        self.0
    }
}

// So that `put` and `get` can stand beside the timed calls, with `?`.

impl<T> From<ShutDown<T>> for PutError<T> {
    fn from(ShutDown(item): ShutDown<T>) -> PutError<T> {
        PutError::ShutDown(item)
    }
}

impl From<ShutDown> for GetError {
    fn from(_: ShutDown) -> GetError {
        GetError::ShutDown
    }
}

// An item need not be `Debug` for the error to be one.

impl<T> fmt::Debug for PutError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            PutError::Full(_) => "Full(..)",
            PutError::ShutDown(_) => "ShutDown(..)",
        })
    }
}

impl<T> fmt::Debug for ShutDown<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ShutDown(..)")
    }
}
