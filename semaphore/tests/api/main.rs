//! What the semaphore promises: one property to a test, named for it.
#![cfg(not(loom))]

mod bounded;
mod counting;
mod fairness;
mod permits;
mod several;
mod timed;

use lockwright_semaphore::Semaphore;

/// Nobody waits in it, and it has so many permits.
fn is_as_new(semaphore: &Semaphore, permits: u32) -> bool {
    format!("{semaphore:?}") == format!("{:?}", Semaphore::new(permits))
}
