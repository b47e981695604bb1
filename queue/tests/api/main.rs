//! What the queues promise: one property to a test, named for it.
#![cfg(not(loom))]

mod basics;
mod drops;
mod kinds;
mod shutdown;
mod tasks;
mod timed;
mod wakes;
