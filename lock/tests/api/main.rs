//! What the lock promises: one property to a test, named for it.
#![cfg(not(loom))]

mod guards;
mod raw;
mod timed;
mod waiting;

use lockwright_lock::{Lock, RawLock};

/// The raw lock of a `Lock`, to look at.
fn raw<T>(lock: &Lock<T>) -> &RawLock {
    // SAFETY: it is only looked at; nobody releases through it what a guard holds.
    unsafe { lock.raw() }
}

/// What `Debug` says of a lock that nobody holds or wants.
fn is_as_new(lock: &RawLock) -> bool {
    format!("{lock:?}") == format!("{:?}", RawLock::new())
}
