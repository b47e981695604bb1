//! The bodies of the timers' scenarios, generic over the contender.

use super::adapter::Timers;
use super::pending::Pending;
use crate::peers::Peer;
use crate::runner::{Contender, Worker, run_threads};
use crate::work::Random;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// From ten seconds to twenty minutes: as time-outs are that are mostly cancelled.
fn some_delay(random: &mut Random) -> Duration {
    Duration::from_secs(10) + Duration::from_micros(u64::from(random.around(600_000_000)))
}

/// Repeats `op` until the window ends, and often in any case: arming the others may have taken all of it.
fn repeat(worker: &mut Worker<'_>, mut op: impl FnMut()) -> u64 {
    const BATCH: u64 = 1 << 8;
    const LEAST: u64 = 1 << 15;
    let mut ops = 0;
    while ops < LEAST || !worker.stopped() {
        (0..BATCH).for_each(|_| op());
        ops += BATCH;
    }
    ops
}

/// Arms a timer and cancels it, while others are pending.
pub(super) fn arm_cancel<T: Timers>(peer: Peer, pending: usize) -> Contender {
    Contender::new(peer, move |window| {
        run_threads(1, window, |worker| {
            let mut random = Random::new(window.seed);
            let (mut timers, others) = worker.leave_out(|| {
                let mut timers = T::new();
                let fill = |_| timers.arm(some_delay(&mut random), || ());
                let others: Vec<_> = (0..pending).map(fill).collect();
                (timers, others)
            });
            let ops = repeat(worker, || {
                let armed = timers.arm(some_delay(&mut random), || ());
                assert!(timers.cancel(armed), "it is not due");
            });
            worker.leave_out(|| {
                others.into_iter().for_each(|armed| {
                    timers.cancel(armed);
                });
                drop(timers);
            });
            ops
        })
    })
}

fn some_ticks(random: &mut Random) -> u64 {
    1_000_000 + u64::from(random.around(600_000_000))
}

/// The same without threads and callbacks: one of the pending, at random, is taken back, and another added.
pub(super) fn insert_remove<P: Pending>(peer: Peer, pending: usize) -> Contender {
    Contender::new(peer, move |window| {
        run_threads(1, window, |worker| {
            let mut random = Random::new(window.seed);
            let (mut all, mut keys) = worker.leave_out(|| {
                let mut all = P::new();
                let fill = |n| Some(all.insert(some_ticks(&mut random), n as u64));
                let keys: Vec<_> = (0..pending).map(fill).collect();
                (all, keys)
            });
            let ops = repeat(worker, || {
                let at = random.around(u32::MAX / 2) as usize % pending;
                let key = keys[at].take().expect("each has one");
                assert!(all.remove(key), "it was there");
                keys[at] = Some(all.insert(some_ticks(&mut random), at as u64));
            });
            worker.leave_out(|| drop((all, keys)));
            ops
        })
    })
}

/// How long it takes until all are due, in microseconds.
const SPREAD: u32 = 50_000;

/// So many, due within [`SPREAD`], all at once.
pub(super) fn fire<P: Pending>(peer: Peer, pending: u64) -> Contender {
    Contender::new(peer, move |window| {
        run_threads(1, window, |worker| {
            let mut random = Random::new(window.seed);
            let mut ops = 0;
            while ops == 0 || !worker.stopped() {
                let mut all = worker.leave_out(|| {
                    let mut all = P::new();
                    (1..=pending).for_each(|n| {
                        all.insert(u64::from(random.around(SPREAD / 2)) + 1, n);
                    });
                    all.ripen(SPREAD.into());
                    all
                });
                assert_eq!(all.fire(), pending * (pending + 1) / 2, "one was lost");
                worker.leave_out(|| drop(all));
                ops += pending;
            }
            ops
        })
    })
}

/// One timer of a millisecond after the other: how late each is, by that quantile of a window.
pub(super) fn lateness<T: Timers>(peer: Peer, quantile: f64) -> Contender {
    const DELAY: Duration = Duration::from_millis(1);
    Contender::new(peer, move |window| {
        run_threads(1, window, |worker| {
            let mut timers = T::new();
            let mut ops = 0;
            while ops == 0 || !worker.stopped() {
                let (late, me) = (Arc::new(AtomicU64::new(0)), std::thread::current());
                let theirs = Arc::clone(&late);
                let due = Instant::now() + DELAY;
                timers.arm(DELAY, move || {
                    let now = Instant::now();
                    let nanos = now
                        .checked_duration_since(due)
                        .map_or(0, |l| l.as_nanos() as u64);
                    theirs.store(nanos.max(1), Ordering::Release);
                    me.unpark();
                });
                while late.load(Ordering::Acquire) == 0 {
                    std::thread::park();
                }
                worker.record(Duration::from_nanos(late.load(Ordering::Acquire)));
                ops += 1;
            }
            ops
        })
        .by_latency(quantile)
    })
}
