//! What timers and intervals promise: one property to a test, named for it.
#![cfg(not(loom))]

mod delays;
mod interval;
mod join;
mod panics;
mod timer;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use lockwright_timer::Timer;

const SOON: Duration = Duration::from_millis(1);
/// Longer than any test.
const LATE: Duration = Duration::from_secs(100_000);

/// How often something happened.
#[derive(Clone, Debug, Default)]
struct Count(Arc<AtomicUsize>);

impl Count {
    fn add_one(&self) {
        self.0.fetch_add(1, SeqCst);
    }

    fn get(&self) -> usize {
        self.0.load(SeqCst)
    }

    /// A timer that counts.
    fn timer(&self, delay: Duration) -> Timer {
        let count = self.clone();
        Timer::after(delay, move || count.add_one())
    }
}
