//! Throughput and the longest waits.

use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use crate::actions::ACTIONS;
use crate::tally::{RETIRED, SIGNALS, STARTED};

fn longest() -> (Duration, &'static str) {
    let rows = ACTIONS.iter();
    let longest = rows.max_by_key(|action| action.row.longest.load(Relaxed));
    let longest = longest.expect("there are actions");
    let time = Duration::from_nanos(longest.row.longest.load(Relaxed));
    (time, longest.name)
}

/// Where it stands.
pub(crate) fn line(start: Instant) {
    let done: u64 = ACTIONS.iter().map(|a| a.row.done.load(Relaxed)).sum();
    let faults: u64 = ACTIONS.iter().map(|a| a.row.faults.load(Relaxed)).sum();
    let seconds = start.elapsed().as_secs_f64();
    let (wait, of) = longest();
    println!(
        "soak: {seconds:5.0} s: {done} actions ({:.0}/s), {faults} faults on purpose, {} threads, \
         {} signals; the longest wait {wait:.1?} ({of})",
        done as f64 / seconds,
        RETIRED.load(Relaxed) + STARTED.load(Relaxed),
        SIGNALS.load(Relaxed),
    );
}

/// Everything.
pub(crate) fn table(start: Instant) {
    let seconds = start.elapsed().as_secs_f64();
    println!(
        "{:<16} {:>12} {:>10} {:>12} {:>14}",
        "action", "done", "per s", "faults", "longest wait"
    );
    for action in &ACTIONS {
        let done = action.row.done.load(Relaxed);
        let wait = Duration::from_nanos(action.row.longest.load(Relaxed));
        println!(
            "{:<16} {done:>12} {:>10.0} {:>12} {:>14}",
            action.name,
            done as f64 / seconds,
            action.row.faults.load(Relaxed),
            format!("{wait:.1?}"),
        );
    }
    line(start);
}
