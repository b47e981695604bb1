//! How long a thread may go on taking a lock that others wait for.
//!
//! A thread that releases a lock and takes it again at once keeps it warm in its cache and needs
//! nobody woken: that is where throughput comes from, and starvation. So a thread which finds
//! waiters at its releases goes on for a tenure, and then hands the lock to them.

use std::cell::Cell;
use std::time::Duration;

use futex::Waited;

/// One hand-over costs a wake and a switch, some 10 to 40 µs: a few per cent of this.
const TENURE: Duration = Duration::from_micros(500);
/// Reading the clock costs as much as several uncontended pairs: at most every so many releases.
const RELEASES_PER_LOOK: u32 = 32;

thread_local! {
    /// When the calling thread first found waiters at a release, since it last waited itself.
    static SINCE: Cell<Option<Waited>> = const { Cell::new(None) };
    /// Releases since then.
    static RELEASES: Cell<u32> = const { Cell::new(0) };
}

/// The calling thread got a lock by waiting for it.
pub(crate) fn begin() {
    SINCE.set(None);
    RELEASES.set(0);
}

/// The calling thread releases a lock that others wait for: whether to hand it over to them.
pub(crate) fn is_over() -> bool {
    let releases = RELEASES.get().wrapping_add(1);
    RELEASES.set(releases);
    // Often at first, in case the sections are long.
    if !(releases.is_power_of_two() || releases.is_multiple_of(RELEASES_PER_LOOK)) {
        return false;
    }
    let since = SINCE.get().unwrap_or_else(Waited::start);
    let over = since.at_least(TENURE);
    SINCE.set(if over { None } else { Some(since) });
    over
}
