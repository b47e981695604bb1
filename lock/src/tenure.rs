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
use futex::thread::{current_id, id_at_hand, keep_at_hand};

use crate::raw::{WANTED, Words};

/// After this the lock is handed to a waiter that is awake and asks for it, which costs two moves of a
/// cache line. With 4 ms the longest wait was 119 ms (benches/results/).
const TENURE: Duration = Duration::from_millis(1);
/// After this to one that sleeps, or waits for the very CPU that the calling thread runs on: that costs a
/// wake and a switch, some 10 to 60 µs.
const PATIENCE: Duration = Duration::from_millis(2);
/// Reading the clock costs as much as several uncontended pairs: at most every so many turns.
const TURNS_PER_LOOK: u32 = 32;
/// A thread that took so many other locks since the one that it counts has left off taking that.
const ENOUGH_OTHERS: u32 = 64;

/// What the calling thread knows of its tenure: one for all locks, and it begins anew whenever the
/// thread has waited for one. What bounds a waiter's wait are the heirs, not this.
#[derive(Clone, Copy)]
struct Tenure {
    /// When the clock was first read in it.
    since: Option<Waited>,
    /// Turns between the last two looks at the clock: 1, 2, 4 … in case the sections are long.
    step: u32,
}

const NEW: Tenure = Tenure {
    since: None,
    step: 1,
};

futex::per_thread! {
    /// The lock whose turns are counted: the last that others waited for when this thread released it.
    /// Only compared with others, since it may be gone.
    static COUNTED: Cell<*const Words> = Cell::new(ptr::null());
    /// How many turns of it need no look yet.
    static TO_GO: Cell<u32> = Cell::new(0);
    /// How many other locks it took since it last took that one.
    static OTHERS: Cell<u32> = Cell::new(0);
    static CURRENT: Cell<Tenure> = Cell::new(NEW);
}

/// The calling thread got a lock by waiting for it.
pub(crate) fn begin() {
    TO_GO.with(|to_go| to_go.set(0));
    CURRENT.with(|current| current.set(NEW));
}

/// What the calling thread takes `lock` with: its id, and `WANTED` beside it if it is to look who waits
/// when it releases it, whether anybody asks it to or not.
#[inline]
pub(crate) fn mark(lock: &Words) -> u32 {
    match id_at_hand() {
        Some(id) => id.get(),
        None => counting_mark(lock),
    }
}

#[cold]
#[inline(never)]
fn counting_mark(lock: &Words) -> u32 {
    let me = current_id().get();
    if is_counted(lock) {
        return if is_up() { me | WANTED } else { me };
    }
    let others = OTHERS.with(Cell::get);
    if others == ENOUGH_OTHERS || is_counted(ptr::null()) {
        stop();
    } else {
        OTHERS.with(|count| count.set(others + 1));
    }
    me
}

/// The calling thread releases `lock`, which was taken in nobody's name: whether it is to look who waits for
/// it. It touches only what is the thread's own.
pub(crate) fn is_due(lock: &Words) -> bool {
    is_counted(lock) && is_up()
}

fn is_counted(lock: *const Words) -> bool {
    COUNTED.with(|counted| ptr::eq(counted.get(), lock))
}

/// Counts a turn of the lock that is counted: whether it needs a look.
fn is_up() -> bool {
    OTHERS.with(|others| others.set(0));
    TO_GO.with(|to_go| match to_go.get() {
        0 => true,
        left => {
            to_go.set(left - 1);
            false
        }
    })
}

/// The calling thread has released `lock`, and looked whether `others_wait`.
pub(crate) fn count(lock: &Words, others_wait: bool) {
    if others_wait {
        COUNTED.with(|counted| counted.set(lock));
        OTHERS.with(|others| others.set(0));
        keep_at_hand(false);
    } else if is_counted(lock) {
        stop();
    }
}

fn stop() {
    COUNTED.with(|counted| counted.set(ptr::null()));
    keep_at_hand(true);
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
    let step = (2 * current.step).min(TURNS_PER_LOOK);
    (
        false,
        Tenure {
            since: Some(since),
            step,
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_knows_of_waiters_looks_again_now_and_then() {
        let lock = Words::new();
        let me = current_id().get();
        assert_eq!([mark(&lock), mark(&lock)], [me, me]);
        count(&lock, true);
        for expected in [0, 1, 3, 7] {
            let without_a_look = (0..10).take_while(|_| mark(&lock) == me);
            assert_eq!(without_a_look.count(), expected);
            // The clock has just started, or is 1 ms further on: then it begins anew.
            if is_over(true) {
                return;
            }
        }
        count(&lock, false);
        assert_eq!([mark(&lock), mark(&lock)], [me, me]);
    }

    #[test]
    fn who_takes_only_other_locks_leaves_off_counting() {
        let (lock, other) = (Words::new(), Words::new());
        let me = current_id().get();
        count(&lock, true);
        for _ in 0..2 {
            for _ in 0..ENOUGH_OTHERS {
                assert_eq!(mark(&other), me);
            }
            assert_eq!(mark(&lock), me | WANTED, "nested, both are taken by turns");
        }
        count(&other, false);
        assert_eq!(id_at_hand(), None);
        for _ in 0..=ENOUGH_OTHERS {
            assert_eq!(mark(&other), me);
        }
        assert_eq!(id_at_hand().map(|id| id.get()), Some(me));
        assert_eq!(mark(&lock), me);
    }
}
