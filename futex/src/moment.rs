//! Moments of the monotonic clock as numbers, so that a thread can write one where others read it.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

static FIRST: OnceLock<Instant> = OnceLock::new();

/// Now, in nanoseconds since this was first asked in the process.
#[must_use]
pub fn moment() -> u64 {
    let since = FIRST.get_or_init(Instant::now).elapsed();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}

/// The moment as the clock has it.
#[must_use]
pub fn instant(moment: u64) -> Instant {
    let first = *FIRST.get_or_init(Instant::now);
    let then = first.checked_add(Duration::from_nanos(moment));
    then.unwrap_or(first)
}
