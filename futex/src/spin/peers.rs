//! Who had the CPU while a thread yielded: its peers, or others.
//!
//! Threads that come and go at a lock leave *traces* at the CPU on which they run. One that yields to them and finds, a
//! time slice later, hardly any traces yielded to something else, which will not give the CPU back sooner the next time.

use core::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::cell::Cell;
use std::thread;
use std::time::{Duration, Instant};

use super::{DEAR, Spin, is_yet_to_come};

/// Peers that had the whole slice are taken to leave a trace in so much time, or more: at a lock that others wait for, one
/// each 512 turns (with 50 ns a turn, two in that time; with above 98 ns too few), and one whenever it stays away from a
/// lock after a burst.
const TRACE_EACH: Duration = Duration::from_micros(50);
/// Who yielded to others does so no more for so many times as long. Beside another program on one of two CPUs
/// (benches/results/, 2026-11-27) Jain's index of 2, 8, 32 threads is 0.82, 0.86, 0.67; where they never yield 0.71, 0.98,
/// 0.84, where 2 or 8 always do, 0.5.
const REST: u32 = 8;

/// Traces by CPU; those with the same number modulo this share them, which hides some of the others.
static TRACES: [Traces; 64] = [const { Traces(AtomicU32::new(0)) }; 64];

/// On a cache line, and the one that is fetched along with it, of its own.
#[repr(align(128))]
struct Traces(AtomicU32);

thread_local! {
    /// Until when the calling thread does not yield to peers.
    static RESTS_UNTIL: Cell<Option<Instant>> = const { Cell::new(None) };
}

impl Spin {
    /// Says that the calling thread has its CPU for turns at a lock: for those who
    /// [let peers run](Self::let_peers_run), who take one that says so less often than each 50 µs for another program.
    /// Where the system does not say which CPU that is, nobody learns of it.
    pub fn leave_trace() {
        if let Some(traces) = here() {
            traces.leave();
        }
    }

    /// Lets another thread run, if looks are of use here: for one that comes from a burst and is about to look
    /// [late](Self::late), while one of its peers may need this CPU. If a time slice went by, and fewer
    /// [traces](Self::leave_trace) than one each 50 µs were left on this CPU in it, another program had it, or peers at
    /// locks that nobody else waits for; then this thread yields so no more for eight times as long.
    pub fn let_peers_run(&self) {
        if self.pauses == 0 {
            return;
        }
        let traces = here();
        // Also by one that rests: it has the CPU, or had it until now.
        let before = traces.map(Traces::leave);
        if is_yet_to_come(&RESTS_UNTIL) {
            return;
        }
        let since = Instant::now();
        thread::yield_now();
        let taken = since.elapsed();
        // Its own one is not among them.
        let left = traces.zip(before).map_or(0, |(traces, before)| {
            traces.leave().wrapping_sub(before).wrapping_sub(1)
        });
        rest_if_due(since + taken, taken, left);
    }
}

/// After a yield that ended then.
fn rest_if_due(end: Instant, taken: Duration, left: u32) {
    if went_to_others(taken, left) {
        RESTS_UNTIL.set(end.checked_add(REST * taken));
    }
}

impl Traces {
    /// How many there were.
    fn leave(&self) -> u32 {
        // ORD trace.leave: relaxed, a count.
        self.0.fetch_add(1, Relaxed)
    }
}

/// Those of the CPU that the calling thread runs on. None in the model, nor under Miri: there nobody yields.
fn here() -> Option<&'static Traces> {
    if cfg!(any(loom, miri)) {
        return None;
    }
    crate::cpu().map(|cpu| &TRACES[cpu as usize % TRACES.len()])
}

/// Whether a yield that took so long, and in which peers left so many traces, was to something else.
fn went_to_others(taken: Duration, left: u32) -> bool {
    taken > DEAR && TRACE_EACH * left < taken
}

#[cfg(all(test, not(any(loom, miri))))]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn a_time_slice_with_hardly_a_trace_went_to_others() {
        assert!(!went_to_others(DEAR, 0), "it was no slice");
        assert!(went_to_others(3 * MS, 0));
        assert!(went_to_others(3 * MS, 59));
        assert!(!went_to_others(3 * MS, 60));
        assert!(!went_to_others(3 * MS, u32::MAX));
    }

    #[test]
    fn who_yielded_to_others_rests_for_eight_times_as_long() {
        RESTS_UNTIL.set(None);
        let end = Instant::now();
        rest_if_due(end, 3 * MS, 60);
        assert_eq!(RESTS_UNTIL.get(), None, "peers had it");
        rest_if_due(end, 3 * MS, 0);
        assert_eq!(RESTS_UNTIL.get(), Some(end + 24 * MS));
    }

    #[test]
    fn who_rests_leaves_traces_and_does_not_yield() {
        let spin = Spin {
            pauses: 1,
            ..Spin::without_looks()
        };
        let long = Instant::now() + 3600 * 1000 * MS;
        RESTS_UNTIL.set(Some(long));
        // It may run on another CPU in between, which is rare.
        let left = |what: &dyn Fn()| {
            (0..1000).any(|_| {
                let Some(traces) = here() else { return true };
                let before = traces.leave();
                what();
                traces.leave().wrapping_sub(before) >= 2
            })
        };
        assert!(left(&Spin::leave_trace));
        assert!(left(&|| spin.let_peers_run()));
        assert_eq!(RESTS_UNTIL.get(), Some(long), "the rest goes on");
        let over = Instant::now();
        RESTS_UNTIL.set(Some(over));
        spin.let_peers_run();
        // A slice may have been lost by that; not one of an hour.
        assert!(
            RESTS_UNTIL
                .get()
                .is_none_or(|until| until > over && until < long),
            "it was over"
        );
    }

    #[test]
    fn who_has_no_looks_does_not_yield() {
        let over = Instant::now();
        RESTS_UNTIL.set(Some(over));
        Spin::without_looks().let_peers_run();
        assert_eq!(RESTS_UNTIL.get(), Some(over), "it did not even ask");
    }
}
