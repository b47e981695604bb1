//! What was done, how long it took, and who does what since when.

use std::process::exit;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::Duration;

/// No further action is to begin.
pub(crate) static OVER: AtomicBool = AtomicBool::new(false);
pub(crate) static FAILED: AtomicBool = AtomicBool::new(false);
/// Workers that have ended, and were replaced; threads that actions started; signals sent.
pub(crate) static RETIRED: AtomicU64 = AtomicU64::new(0);
pub(crate) static STARTED: AtomicU64 = AtomicU64::new(0);
pub(crate) static SIGNALS: AtomicU64 = AtomicU64::new(0);

/// Of one sort of action.
#[derive(Debug, Default)]
pub(crate) struct Row {
    pub(crate) done: AtomicU64,
    /// Waits that timed out, deadlocks told, panics, queues shut down: what went wrong on purpose.
    pub(crate) faults: AtomicU64,
    /// The longest wait in one call, in nanoseconds, beyond what a time-out asked for.
    pub(crate) longest: AtomicU64,
}

impl Row {
    pub(crate) const fn new() -> Row {
        Row {
            done: AtomicU64::new(0),
            faults: AtomicU64::new(0),
            longest: AtomicU64::new(0),
        }
    }

    pub(crate) fn waited(&self, time: Duration) {
        self.longest.fetch_max(time.as_nanos() as u64, Relaxed);
    }

    pub(crate) fn fault(&self) {
        self.faults.fetch_add(1, Relaxed);
    }
}

/// Ends the program: an invariant does not hold.
pub(crate) fn fail(why: &str) {
    if FAILED.swap(true, Relaxed) {
        return;
    }
    println!("soak: FAILED: {why}");
    lockwright::threads::dump();
    exit(1);
}
