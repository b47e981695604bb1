//! The reentrant lock under criterion: its outer and inner levels, and threads that compete.
//!
//! `cargo compare --only rlock` is the better instrument; see benches/lock.rs.

use criterion::{Criterion, criterion_group, criterion_main};
use crossbeam_utils::CachePadded;
use lockwright_benches::peers::{AGAIN, Peer};
use lockwright_benches::pin::pin_thread;
use lockwright_benches::scenario::frame::in_company;
use lockwright_benches::scenario::rlock::adapter::{Reentrant, ReentrantTried};
use lockwright_benches::{for_every_rlock, for_every_tried_rlock};
use std::cell::Cell;
use std::hint::black_box;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

fn add_one(n: &Cell<u64>) {
    n.set(n.get() + 1);
}

fn uncontended<L: Reentrant>(peer: Peer, c: &mut Criterion) {
    // The second contender of the same build would only repeat the first.
    if peer == AGAIN {
        return;
    }
    let lock = CachePadded::new(L::new());
    c.bench_function(&format!("rlock/outer/{}", peer.id), |b| {
        b.iter(|| lock.with(add_one));
    });
    c.bench_function(&format!("rlock/nested/{}", peer.id), |b| {
        // Not around all of criterion: one contender's lock is that of stdout.
        lock.with(|_| b.iter(|| lock.with(add_one)));
    });
}

fn try_miss<L: ReentrantTried>(peer: Peer, c: &mut Criterion) {
    if peer == AGAIN {
        return;
    }
    let lock = CachePadded::new(L::new());
    let (held, done) = (AtomicBool::new(false), AtomicBool::new(false));
    std::thread::scope(|s| {
        let holder = s.spawn(|| {
            lock.with(|_| {
                held.store(true, Ordering::Release);
                while !done.load(Ordering::Acquire) {
                    std::thread::park();
                }
            });
        });
        while !held.load(Ordering::Acquire) {
            std::thread::yield_now();
        }
        c.bench_function(&format!("rlock/try-miss/{}", peer.id), |b| {
            b.iter(|| black_box(lock.try_with(add_one)));
        });
        done.store(true, Ordering::Release);
        holder.thread().unpark();
    });
}

/// Threads that each take the lock two deep, as often as they can: the cost of one operation.
fn contended<L: Reentrant>(peer: Peer, c: &mut Criterion) {
    const THREADS: u64 = 4;
    if peer == AGAIN {
        return;
    }
    c.bench_function(&format!("rlock/contended/{}", peer.id), |b| {
        b.iter_custom(|ops| {
            let lock = CachePadded::new(L::new());
            let each = ops.div_ceil(THREADS);
            let start = Instant::now();
            std::thread::scope(|s| {
                for _ in 0..THREADS {
                    s.spawn(|| (0..each).for_each(|_| lock.with(|_| lock.with(add_one))));
                }
            });
            let took = start.elapsed();
            assert_eq!(lock.with(Cell::get), each * THREADS);
            took.mul_f64(ops as f64 / (each * THREADS) as f64)
        });
    });
}

/// Two threads, each on a CPU of its own where that is possible, take turns under the lock.
fn hand_off<L: Reentrant>(peer: Peer, c: &mut Criterion) {
    if peer == AGAIN {
        return;
    }
    c.bench_function(&format!("rlock/hand-off/{}", peer.id), |b| {
        b.iter_custom(|turns| {
            let lock = CachePadded::new(L::new());
            let take = |me: u64| {
                let _unpinned_will_do = pin_thread(me as usize);
                let start = Instant::now();
                while lock.with(|n| {
                    if n.get() % 2 == me {
                        add_one(n);
                    }
                    n.get() < 2 * turns
                }) {}
                start.elapsed()
            };
            std::thread::scope(|s| {
                s.spawn(|| take(1));
                s.spawn(|| take(0)).join().expect("it only takes turns")
            })
        });
    });
}

fn all(c: &mut Criterion) {
    in_company(|| {
        for_every_rlock!(uncontended(c));
        for_every_tried_rlock!(try_miss(c));
        for_every_rlock!(contended(c));
        for_every_rlock!(hand_off(c));
    });
}

criterion_group!(benches, all);
criterion_main!(benches);
