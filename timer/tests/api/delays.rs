//! Who delays whom, and what many timers cost.

use std::sync::{Arc, Barrier, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use lockwright_timer::{Outcome, Timer, pending, workers};
use testkit::in_time;

use crate::{Count, LATE, SOON};

/// Late by this at most: what is promised is 10 ms, on a machine that has the time.
const ALLOWED: Duration = Duration::from_millis(10);

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
    let mut tries = (0..50).map(late);
    let first = tries.next().unwrap();
    // Beside the other tests, under a sanitizer, five in a row were late.
    let least = match first < ALLOWED {
        true => first,
        false => tries.find(|late| *late < ALLOWED).unwrap_or(first),
    };
    // They have blocked until here, at least.
    gate.wait();
    least
}

#[test]
#[cfg_attr(miri, ignore = "it is about time")]
fn a_callback_that_blocks_delays_no_other() {
    in_time(|| {
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
