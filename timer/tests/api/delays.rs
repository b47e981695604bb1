//! Who delays whom, and what many timers cost.

use std::sync::{Arc, Barrier, Mutex, MutexGuard, PoisonError, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use lockwright_timer::{Outcome, Timer, pending, workers};
use testkit::in_time;

use crate::{Count, LATE, SOON};

/// Late by this at most: what is promised is 10 ms, on a machine that has the time.
const ALLOWED: Duration = Duration::from_millis(10);

/// A hundred thousand callbacks at once do delay others, by as long as they take, which under a sanitizer on a busy
/// machine is longer than five tries: they are not to come while lateness is measured.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// How late a timer is while `blocked` callbacks block. The best of some: a busy machine is late by itself.
fn lateness(blocked: usize) -> Duration {
    let gate = Arc::new(Barrier::new(blocked + 1));
    for _ in 0..blocked {
        let gate = Arc::clone(&gate);
        let blocks = move || {
            thread::sleep(Duration::from_secs(1));
            gate.wait();
        };
        Timer::after(Duration::ZERO, blocks).start().unwrap();
    }
    let late = |_| {
        let (tell, told) = mpsc::channel();
        let timer = Timer::after(2 * SOON, move || tell.send(Instant::now()).unwrap());
        let due = Instant::now() + 2 * SOON;
        timer.start().unwrap();
        told.recv().unwrap() - due
    };
    let least = (0..5).map(late).min().unwrap();
    // They have blocked until here, at least.
    gate.wait();
    least
}

#[test]
#[cfg_attr(miri, ignore = "it is about time")]
fn a_callback_that_blocks_delays_no_other() {
    in_time(|| {
        let _alone = alone();
        for blocked in [1, 4, 40] {
            let late = lateness(blocked);
            assert!(late < ALLOWED, "{blocked} that block: {late:?}");
        }
    });
}

#[test]
#[cfg_attr(miri, ignore = "too many")]
fn many_timers_cost_no_thread_each() {
    in_time(|| {
        const MANY: usize = 100_000;
        let _alone = alone();
        let count = Count::default();
        let late: Vec<_> = (0..MANY).map(|_| count.timer(LATE)).collect();
        for timer in &late {
            timer.start().unwrap();
        }
        assert!(pending() >= MANY);
        assert!(late.iter().all(Timer::cancel));
        let soon: Vec<_> = (0..MANY).map(|_| count.timer(SOON)).collect();
        for timer in &soon {
            timer.start().unwrap();
        }
        let most = soon.iter().map(|timer| {
            assert_eq!(timer.join(), Ok(Outcome::Ran));
            workers()
        });
        // Other tests have callbacks that block.
        assert!(most.max().unwrap() < 500);
        assert_eq!(count.get(), MANY);
    });
}
