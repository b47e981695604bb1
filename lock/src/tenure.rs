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

/// What the calling thread knows of its tenure. It is one for all locks: a thread that is busy with
/// several hands over a little more often.
#[derive(Clone, Copy)]
struct Tenure {
    /// When it first found waiters at a release, since it last waited itself.
    since: Option<Waited>,
    /// Releases that found waiters, since then.
    releases: u32,
}

const NONE: Tenure = Tenure {
    since: None,
    releases: 0,
};

futex::per_thread! {
    static TENURE_NOW: Cell<Tenure> = Cell::new(NONE);
}

/// The calling thread got a lock by waiting for it.
pub(crate) fn begin() {
    TENURE_NOW.with(|now| now.set(NONE));
}

/// The calling thread releases a lock that others wait for: whether to hand it over to them.
pub(crate) fn is_over() -> bool {
    TENURE_NOW.with(|now| {
        let (over, next) = now.get().after_release();
        now.set(next);
        over
    })
}

impl Tenure {
    fn after_release(self) -> (bool, Tenure) {
        let releases = self.releases.wrapping_add(1);
        // Often at first, in case the sections are long.
        if !(releases.is_power_of_two() || releases.is_multiple_of(RELEASES_PER_LOOK)) {
            return (false, Tenure { releases, ..self });
        }
        let since = self.since.unwrap_or_else(Waited::start);
        if since.at_least(TENURE) {
            return (true, NONE);
        }
        (
            false,
            Tenure {
                since: Some(since),
                releases,
            },
        )
    }
}
