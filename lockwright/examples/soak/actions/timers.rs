//! Timers: never early, and never both run and cancelled.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};

use lockwright::prelude::*;
use lockwright::timer::Outcome;

use crate::tally;
use crate::worker::Worker;

/// A timer that was started, and what became of it.
pub(crate) struct Armed {
    timer: Timer,
    ran: Arc<AtomicU32>,
    cancelled: bool,
    panics: bool,
}

/// Starts some; cancels or joins some that were started before.
pub(crate) fn timers(worker: &mut Worker) {
    let start = worker.timers.len() < 8;
    if start && worker.one_in(2) {
        let armed = arm(worker);
        worker.timers.push(armed);
        return;
    }
    let Some(mut armed) = worker.timers.pop() else {
        let armed = arm(worker);
        return worker.timers.push(armed);
    };
    if worker.one_in(2) {
        armed.cancelled = armed.timer.cancel();
        if armed.cancelled {
            worker.row.fault();
        }
    }
    if worker.one_in(2) {
        worker.wait_for(|timeout| armed.timer.join_for(timeout).expect("started").is_some());
    }
    // It is due within some milliseconds: those are not what is waited for too long.
    let outcome = armed.timer.join().expect("started");
    let ran = armed.ran.load(Relaxed);
    let expected = match (armed.cancelled, armed.panics) {
        (true, _) => (Outcome::Cancelled, 0),
        (false, true) => (Outcome::Panicked, 1),
        (false, false) => (Outcome::Ran, 1),
    };
    assert_eq!((outcome, ran), expected, "a timer");
}

fn arm(worker: &mut Worker) -> Armed {
    let delay = worker.random.duration(Duration::from_millis(5));
    let (panics, blocks) = (worker.one_in(50), worker.one_in(50));
    let ran = Arc::new(AtomicU32::new(0));
    let counts = Arc::clone(&ran);
    let row = worker.row;
    let due = Instant::now() + delay;
    let timer = Timer::after(delay, move || {
        let now = Instant::now();
        if now < due {
            tally::fail("a timer is early");
        }
        row.waited(now - due);
        counts.fetch_add(1, Relaxed);
        if blocks {
            thread::sleep(Duration::from_millis(1));
        }
        if panics {
            std::panic::resume_unwind(Box::new("on purpose"));
        }
    });
    timer.start().expect("it is new");
    Armed {
        timer,
        ran,
        cancelled: false,
        panics,
    }
}

/// An interval runs at its times, not at others, and not after it was cancelled.
pub(crate) fn interval(worker: &mut Worker) {
    let period = Duration::from_micros(200 + worker.random.below(1000));
    let ran = Arc::new(AtomicU32::new(0));
    let counts = Arc::clone(&ran);
    let start = Instant::now();
    let interval = Interval::every(period, move || {
        let runs = counts.fetch_add(1, Relaxed) + 1;
        if Instant::now() < start + period * runs {
            tally::fail("an interval is early");
        }
    });
    interval.start().expect("it is new");
    thread::sleep(worker.random.duration(Duration::from_millis(3)));
    let not_now = interval.cancel();
    let before = ran.load(Relaxed);
    interval.join().expect("started");
    assert!(
        !not_now || ran.load(Relaxed) == before,
        "it ran in spite of that"
    );
    let before = ran.load(Relaxed);
    thread::sleep(2 * period);
    assert_eq!(ran.load(Relaxed), before, "an interval ran after its end");
}
