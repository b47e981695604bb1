//! Threads under criterion: starting and joining, and what is asked of them.
//!
//! `cargo compare --only thread` is the better instrument; see benches/lock.rs. `enumerate` is here only, because
//! std has nothing to compare it with.

use criterion::{Criterion, criterion_group, criterion_main};
use lockwright_benches::for_every_thread;
use lockwright_benches::peers::{AGAIN, Peer};
use lockwright_benches::scenario::frame::in_company;
use lockwright_benches::scenario::thread::adapter::ThreadPeer;
use std::hint::black_box;
use std::sync::mpsc;
use thread::{Thread, active_count, enumerate};

fn started<T: ThreadPeer>(peer: Peer, c: &mut Criterion) {
    // The second contender of the same build would only repeat the first.
    if peer == AGAIN {
        return;
    }
    for threads in [1, 8] {
        c.bench_function(&format!("thread/start-join/{threads}/{}", peer.id), |b| {
            b.iter(|| {
                let started: Vec<_> = (0..threads).map(T::start).collect();
                started.into_iter().map(T::join).sum::<u64>()
            });
        });
    }
    let ended = T::start(1);
    while !T::has_ended(&ended) {
        std::thread::yield_now();
    }
    c.bench_function(&format!("thread/ended/{}", peer.id), |b| {
        b.iter(|| T::has_ended(black_box(&ended)));
    });
    c.bench_function(&format!("thread/current/{}", peer.id), |b| {
        b.iter(T::current)
    });
}

/// With 64 threads that sleep.
fn listed(c: &mut Criterion) {
    let (go, threads): (Vec<_>, Vec<_>) = (0..64)
        .map(|_| {
            let (go, wait) = mpsc::channel::<()>();
            let thread = Thread::new(move || wait.recv().is_err());
            thread.start().expect("the system has threads");
            (go, thread)
        })
        .unzip();
    c.bench_function("thread/enumerate-64/lockwright", |b| b.iter(enumerate));
    c.bench_function("thread/active-count-64/lockwright", |b| {
        b.iter(active_count)
    });
    drop(go);
    for thread in threads {
        thread.join().expect("it does not panic");
    }
}

fn all(c: &mut Criterion) {
    in_company(|| {
        for_every_thread!(started(c));
        listed(c);
    });
}

criterion_group!(benches, all);
criterion_main!(benches);
