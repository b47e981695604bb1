//! The bodies of the lock's scenarios, generic over the contender.
//!
//! Every contended body counts under the lock what it did, and the count is compared with the sum
//! over the threads: a contender that does not exclude fails the run instead of winning it.

use super::Data;
use super::adapter::{Exclusive, ExclusiveTimed, LockKind, TimedLockKind};
use crate::runner::{Contender, Sample, Window, Worker, run_threads};
use crate::scenario::frame::{Load, contended as run_contended, repeat};
use crate::work::{chain, steps_for};
use crossbeam_utils::CachePadded;
use std::hint::black_box;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// One cell of the contended grid; times in nanoseconds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Grid {
    pub(crate) threads: usize,
    pub(crate) section: u64,
    pub(crate) outside: u64,
    pub(crate) data: Data,
}

/// What the lock protects.
#[derive(Default)]
struct Counter {
    count: u64,
    value: u64,
}

impl Counter {
    #[inline]
    fn work(&mut self, steps: u32) {
        self.count += 1;
        self.value = chain(self.value, steps);
    }
}

/// The same data beside the lock word or behind a pointer.
trait Place: Default + Send + 'static {
    fn counter(&mut self) -> &mut Counter;
}

impl Place for Counter {
    #[inline]
    fn counter(&mut self) -> &mut Counter {
        self
    }
}

impl Place for Box<CachePadded<Counter>> {
    #[inline]
    fn counter(&mut self) -> &mut Counter {
        self
    }
}

type Apart = Box<CachePadded<Counter>>;

/// A fresh lock alone on its cache line.
fn lock<K: LockKind, D: Place>() -> Box<CachePadded<K::Of<D>>> {
    Box::new(CachePadded::new(Exclusive::<D>::new(D::default())))
}

fn check<D: Place>(lock: &impl Exclusive<D>, sample: Sample) -> Sample {
    let count = lock.with(|d| d.counter().count);
    assert_eq!(
        count,
        sample.total_ops(),
        "two threads were in the section at once"
    );
    sample
}

pub(crate) fn uncontended<K: LockKind>(data: Data) -> Contender {
    fn run<K: LockKind, D: Place>(window: &Window) -> Sample {
        let lock = lock::<K, D>();
        let one = |w: &mut Worker<'_>| repeat(w, || lock.with(|d| d.counter().work(0)));
        check(&**lock, run_threads(1, window, one))
    }
    Contender::new(
        K::PEER,
        match data {
            Data::Beside => run::<K, Counter>,
            Data::Apart => run::<K, Apart>,
        },
    )
}

pub(super) fn try_hit<K: LockKind>() -> Contender {
    Contender::new(K::PEER, |window| {
        let lock = lock::<K, Counter>();
        let sample = run_threads(1, window, |w| {
            repeat(w, || {
                let hit = lock.try_with(|d| d.work(0));
                assert!(hit.is_some(), "the lock is free");
            })
        });
        check(&**lock, sample)
    })
}

pub(super) fn try_miss<K: LockKind>() -> Contender {
    Contender::new(K::PEER, |window| {
        let lock = lock::<K, Counter>();
        lock.with(|_| {
            run_threads(1, window, |w| {
                repeat(w, || {
                    let miss = lock.try_with(|d| d.work(0));
                    assert!(miss.is_none(), "the lock is taken");
                })
            })
        })
    })
}

pub(crate) fn contended<K: LockKind>(grid: Grid) -> Contender {
    Contender::new(K::PEER, move |window| match grid.data {
        Data::Beside => contend::<K, Counter>(grid, window),
        Data::Apart => contend::<K, Apart>(grid, window),
    })
}

fn contend<K: LockKind, D: Place>(grid: Grid, window: &Window) -> Sample {
    let lock = lock::<K, D>();
    let load = Load {
        section: grid.section,
        outside: grid.outside,
    };
    let sample = run_contended(grid.threads, window, load, |pass| {
        lock.with(|d| pass.inside(|steps| d.counter().work(steps)));
    });
    check(&**lock, sample)
}

/// So many threads, each of which asks under the lock, in a loop, whose turn it is.
pub(super) fn turns<K: LockKind>(threads: usize) -> Contender {
    Contender::new(K::PEER, move |window| {
        let lock = lock::<K, Counter>();
        let sample = run_threads(threads, window, |worker| {
            let me = worker.index as u64;
            let mut turns = 0;
            while !worker.stopped() {
                turns += lock.with(|d| {
                    let mine = d.count % threads as u64 == me;
                    d.count += u64::from(mine);
                    u64::from(mine)
                });
            }
            turns
        });
        check(&**lock, sample)
    })
}

fn timed_lock<K: TimedLockKind>() -> Box<CachePadded<K::TimedOf<Counter>>> {
    Box::new(CachePadded::new(Exclusive::<Counter>::new(
        Counter::default(),
    )))
}

pub(super) fn timed_pair<K: TimedLockKind>() -> Contender {
    Contender::new(K::PEER, |window| {
        let lock = timed_lock::<K>();
        let long = black_box(Duration::from_secs(10));
        let sample = run_threads(1, window, |w| {
            repeat(w, || {
                let got = lock.with_for(long, |d| d.work(0));
                assert!(got.is_some(), "the lock is free");
            })
        });
        check(&**lock, sample)
    })
}

/// How long the owner keeps the lock in [`handed_over`]: longer than anyone spins before sleeping.
const HELD: u64 = 150_000;

pub(super) fn handed_over<K: TimedLockKind>() -> Contender {
    Contender::new(K::PEER, |window| {
        let lock = timed_lock::<K>();
        let epoch = Instant::now();
        // Turn 2n: the owner takes the lock. Turn 2n + 1: it has it, the waiter asks for it.
        let turn = AtomicU64::new(0);
        let hold = steps_for(HELD);
        let sample = run_threads(2, window, |worker| {
            let mut ops = 0;
            let my_turn = |w: &Worker<'_>| loop {
                if turn.load(Ordering::Acquire) % 2 == w.index as u64 {
                    return true;
                }
                if w.stopped() {
                    return false;
                }
                std::thread::yield_now();
            };
            while !worker.stopped() && my_turn(worker) {
                if worker.index == 0 {
                    lock.with(|d| {
                        turn.fetch_add(1, Ordering::Release);
                        black_box(chain(ops, worker.random.around(hold / 2) + hold / 2));
                        d.value = epoch.elapsed().as_nanos() as u64;
                    });
                } else {
                    let waited = lock.with_for(Duration::from_secs(10), |d| {
                        Duration::from_nanos(epoch.elapsed().as_nanos() as u64 - d.value)
                    });
                    worker.record(waited.expect("the owner unlocks within 10 s"));
                    turn.fetch_add(1, Ordering::Release);
                }
                ops += 1;
            }
            ops
        });
        sample.by_median_latency()
    })
}

pub(super) fn times_out<K: TimedLockKind>() -> Contender {
    const TIMEOUT: Duration = Duration::from_millis(1);
    Contender::new(K::PEER, |window| {
        let lock = timed_lock::<K>();
        let sample = lock.with(|_| {
            run_threads(1, window, |worker| {
                let mut ops = 0;
                while !worker.stopped() {
                    let asked = Instant::now();
                    let got = lock.with_for(TIMEOUT, |_| ());
                    let took = asked.elapsed();
                    assert!(got.is_none(), "the lock is taken");
                    match took.checked_sub(TIMEOUT) {
                        Some(late) => worker.record(late),
                        None => worker.record_early(),
                    }
                    ops += 1;
                }
                ops
            })
        });
        sample.by_median_latency()
    })
}
