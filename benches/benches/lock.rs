//! The lock under criterion: what is uncontended, and a hand-off between two threads.
//!
//! `cargo compare` is the better instrument: it interleaves the contenders and knows its noise.
//! This one is for people who have criterion's habits and its baselines.

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use crossbeam_utils::CachePadded;
use lockwright_benches::pin::pin_thread;
use lockwright_benches::scenario::frame::in_company;
use lockwright_benches::scenario::lock::adapter::{
    Exclusive, ExclusiveTimed, LockKind, TimedLockKind,
};
use lockwright_benches::{for_every_lock, for_every_timed_lock};
use std::hint::black_box;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

fn a_lock<K: LockKind>() -> CachePadded<K::Of<u64>> {
    CachePadded::new(Exclusive::<u64>::new(0))
}

/// The second contender of the same build would only repeat the first.
fn skip<K: LockKind>() -> bool {
    K::PEER == lockwright_benches::peers::AGAIN
}

fn uncontended<K: LockKind>(c: &mut Criterion) {
    if skip::<K>() {
        return;
    }
    let lock = a_lock::<K>();
    c.bench_function(&format!("lock/uncontended/{}", K::PEER.id), |b| {
        b.iter(|| lock.with(|n| *n += 1));
    });
}

fn try_hit<K: LockKind>(c: &mut Criterion) {
    if skip::<K>() {
        return;
    }
    let lock = a_lock::<K>();
    c.bench_function(&format!("lock/try-hit/{}", K::PEER.id), |b| {
        b.iter(|| lock.try_with(|n| *n += 1));
    });
}

fn try_miss<K: LockKind>(c: &mut Criterion) {
    if skip::<K>() {
        return;
    }
    let lock = a_lock::<K>();
    lock.with(|_| {
        c.bench_function(&format!("lock/try-miss/{}", K::PEER.id), |b| {
            b.iter(|| black_box(lock.try_with(|n| *n += 1)));
        });
    });
}

fn timed<K: TimedLockKind>(c: &mut Criterion) {
    if skip::<K>() {
        return;
    }
    let lock: CachePadded<K::TimedOf<u64>> = CachePadded::new(Exclusive::<u64>::new(0));
    let long = Duration::from_secs(10);
    c.bench_function(&format!("lock/timed-uncontended/{}", K::PEER.id), |b| {
        b.iter(|| lock.with_for(black_box(long), |n| *n += 1));
    });
}

/// Two threads, each on a CPU of its own where that is possible, take turns under the lock.
fn hand_off<K: LockKind>(c: &mut Criterion) {
    if skip::<K>() {
        return;
    }
    let id = BenchmarkId::new("lock/hand-off", K::PEER.id);
    c.bench_with_input(id, &(), |b, ()| {
        b.iter_custom(|turns| {
            let lock = a_lock::<K>();
            let done = AtomicBool::new(false);
            std::thread::scope(|s| {
                s.spawn(|| {
                    let _unpinned_will_do = pin_thread(1);
                    while !done.load(Ordering::Relaxed) {
                        lock.with(|n| *n += *n % 2);
                    }
                });
                let measured = s.spawn(|| {
                    let _unpinned_will_do = pin_thread(0);
                    let start = Instant::now();
                    while lock.with(|n| {
                        *n += 1 - *n % 2;
                        *n < 2 * turns
                    }) {}
                    done.store(true, Ordering::Relaxed);
                    start.elapsed()
                });
                measured.join().expect("it only takes turns")
            })
        });
    });
}

fn all(c: &mut Criterion) {
    in_company(|| {
        for_every_lock!(uncontended(c));
        for_every_lock!(try_hit(c));
        for_every_lock!(try_miss(c));
        for_every_timed_lock!(timed(c));
        for_every_lock!(hand_off(c));
    });
}

criterion_group!(benches, all);
criterion_main!(benches);
