//! How long a thread may go on taking a lock that others wait for.
//!
//! A thread that releases a lock and takes it again at once keeps it warm in its cache and needs
//! nobody woken: that is where throughput comes from, and starvation. So a thread which finds
//! waiters at a release counts its releases from then on, and hands the lock over when it has had it
//! for a tenure.

use std::cell::Cell;
use std::ptr;
use std::time::Duration;

use futex::Waited;

use crate::raw::Words;

/// After this the lock is handed to a waiter that is awake and asks for it, which costs two moves of a
/// cache line. With 4 ms the longest wait was 119 ms (benches/results/).
const TENURE: Duration = Duration::from_millis(1);
/// After this to one that sleeps, or waits for the very CPU that the calling thread runs on: that costs a
/// wake and a switch, some 10 to 60 µs.
const PATIENCE: Duration = Duration::from_millis(2);
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
    /// The lock whose releases are counted: the last that others waited for when this thread released
    /// it. Only compared with others, since it may be gone.
    static COUNTED: Cell<*const Words> = Cell::new(ptr::null());
    /// How many of its releases need no look yet.
    static TO_GO: Cell<u32> = Cell::new(0);
    static CURRENT: Cell<Tenure> = Cell::new(NEW);
}

/// The calling thread got a lock by waiting for it.
pub(crate) fn begin() {
    TO_GO.with(|to_go| to_go.set(0));
    CURRENT.with(|current| current.set(NEW));
}

/// The calling thread is about to release `lock`: whether it must look then who waits, though nobody
/// asked it to. It touches only what is the thread's own.
#[inline]
pub(crate) fn is_due(lock: &Words) -> bool {
    COUNTED.with(|counted| ptr::eq(counted.get(), lock)) && !count_down()
}

#[inline]
fn count_down() -> bool {
    TO_GO.with(|to_go| match to_go.get() {
        0 => false,
        left => {
            to_go.set(left - 1);
            true
        }
    })
}

/// The calling thread has released `lock`, and looked whether `others_wait`.
pub(crate) fn count(lock: &Words, others_wait: bool) {
    let counted = if others_wait { lock } else { ptr::null() };
    COUNTED.with(|current| current.set(counted));
}

/// The calling thread has released a lock that others wait for, one of whom may be `awake`: whether to
/// hand it over to them.
pub(crate) fn is_over(awake: bool) -> bool {
    let (over, next) = CURRENT.with(|current| {
        let (over, next) = look(current.get(), if awake { TENURE } else { PATIENCE });
        current.set(next);
        (over, next)
    });
    TO_GO.with(|to_go| to_go.set(next.step - 1));
    over
}

fn look(current: Tenure, limit: Duration) -> (bool, Tenure) {
    let since = current.since.unwrap_or_else(Waited::start);
    if since.at_least(limit) {
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
