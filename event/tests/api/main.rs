//! What the event promises: one property to a test, named for it.
#![cfg(not(loom))]

mod calls;
mod lifetime;
#[cfg(all(target_os = "linux", not(miri)))]
mod signals;
mod state;
mod timed;
mod waking;
