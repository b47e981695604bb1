//! What can go wrong around the primitives, in every way that there is to be blocked: signals, panics,
//! deadlines at the ends of the clock, a clock that is set back, crowds, memory that runs out, forks.
//!
//! What concerns one crate alone is among that crate's tests.
#![cfg(not(loom))]

#[cfg(all(unix, not(miri)))]
mod alone;
#[cfg(all(
    target_os = "linux",
    target_env = "gnu",
    any(target_arch = "x86_64", target_arch = "aarch64"),
    not(miri)
))]
mod clock;
#[cfg(all(target_os = "linux", not(miri)))]
mod crowd;
mod deadlines;
#[cfg(all(unix, not(miri)))]
mod fork;
#[cfg(all(target_os = "linux", not(miri)))]
mod membarrier;
#[cfg(all(target_os = "linux", not(miri)))]
mod memory;
mod panics;
#[cfg(all(unix, not(miri)))]
mod signals;
mod ways;
