//! What the reentrant lock promises: one property to a test, named for it.
#![cfg(not(loom))]

mod guards;
mod raw;
mod threads;
mod timed;

use lockwright_rlock::RawRLock;

/// What `Debug` says of a lock that nobody holds or wants.
fn is_as_new(lock: &RawRLock) -> bool {
    format!("{lock:?}") == format!("{:?}", RawRLock::new())
}

/// What another thread finds.
fn elsewhere<T: Send>(look: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| scope.spawn(look).join().expect("it does not panic"))
}
