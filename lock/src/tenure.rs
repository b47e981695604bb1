//! How long a thread may go on taking a lock that others wait for.
//!
//! A thread that releases a lock and takes it again at once keeps it warm in its cache and needs
//! nobody woken: that is where throughput comes from, and starvation. So a thread which finds
//! waiters at its releases goes on for a tenure, and then hands the lock to them.

use std::cell::Cell;
use std::time::Duration;

use futex::Waited;

/// One hand-over costs a wake and a switch, some 10 to 40 µs: a few per cent of this. With 4 ms the
/// longest wait was 119 ms (benches/results/).
const TENURE: Duration = Duration::from_millis(1);
/// Reading the clock costs as much as several uncontended pairs: at most every so many releases.
const RELEASES_PER_LOOK: u32 = 32;

/// What the calling thread knows of its tenure: one for all locks, and it begins anew whenever the
/// thread has waited for one. What bounds a waiter's wait are the heirs, not this.
#[derive(Clone, Copy)]
struct Tenure {
    /// When the clock was first read in it.
    since: Option<Waited>,
    /// Releases between the last two looks at the clock: 1, 2, 4 … in case the sections are long.
    step: u32,
}

const NEW: Tenure = Tenure {
    since: None,
    step: 1,
};

futex::per_thread! {
    /// Releases that found waiters still to go until the next look at the clock.
    static TO_GO: Cell<u32> = Cell::new(0);
    static CURRENT: Cell<Tenure> = Cell::new(NEW);
}

/// The calling thread got a lock by waiting for it.
pub(crate) fn begin() {
    TO_GO.with(|to_go| to_go.set(0));
    CURRENT.with(|current| current.set(NEW));
}

/// The calling thread releases a lock that others wait for: whether to hand it over to them.
#[inline]
pub(crate) fn is_over() -> bool {
    TO_GO.with(|to_go| match to_go.get() {
        0 => {
            let (over, next) = CURRENT.with(|current| {
                let (over, next) = look(current.get());
                current.set(next);
                (over, next)
            });
            to_go.set(next.step - 1);
            over
        }
        left => {
            to_go.set(left - 1);
            false
        }
    })
}

#[cold]
fn look(current: Tenure) -> (bool, Tenure) {
    let since = current.since.unwrap_or_else(Waited::start);
    if since.at_least(TENURE) {
        return (true, NEW);
    }
    let step = (2 * current.step).min(RELEASES_PER_LOOK);
    (
        false,
        Tenure {
            since: Some(since),
            step,
        },
    )
}
