//! How large stacks are.

use core::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// The smallest stack that can be asked for: 32 KiB, as in Python.
pub const MIN_STACK_SIZE: usize = 32 << 10;

/// The error of asking for a stack below [`MIN_STACK_SIZE`]; nothing was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a stack has at least {MIN_STACK_SIZE} bytes")]
pub struct StackTooSmall;

static SIZE: AtomicUsize = AtomicUsize::new(0);

pub(crate) fn check(bytes: usize) -> Result<usize, StackTooSmall> {
    match bytes {
        0 | MIN_STACK_SIZE.. => Ok(bytes),
        _ => Err(StackTooSmall),
    }
}

/// The stack of threads that are started from now on and do not ask for another: 0 stands for std's
/// default.
#[must_use]
pub fn stack_size() -> usize {
    // ORD stack.read: relaxed, a number and nothing behind it
    SIZE.load(Relaxed)
}

/// Sets [`stack_size`], and says what it was.
///
/// # Errors
///
/// [`StackTooSmall`] if it is below [`MIN_STACK_SIZE`] and not 0; nothing changes then.
///
/// ```
/// use lockwright_thread::{StackTooSmall, set_stack_size, stack_size};
///
/// assert_eq!(set_stack_size(1 << 20), Ok(0));
/// assert_eq!(set_stack_size(1000), Err(StackTooSmall));
/// assert_eq!(stack_size(), 1 << 20);
/// # set_stack_size(0)?;
/// # Ok::<(), StackTooSmall>(())
/// ```
pub fn set_stack_size(bytes: usize) -> Result<usize, StackTooSmall> {
    // ORD stack.write: relaxed, as stack.read
    check(bytes).map(|bytes| SIZE.swap(bytes, Relaxed))
}
