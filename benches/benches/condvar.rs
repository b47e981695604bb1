//! The condition variable under criterion: notifies that find nobody, and two threads that take turns.
//!
//! `cargo compare --only condvar` is the better instrument; see benches/lock.rs.

use criterion::{Criterion, criterion_group, criterion_main};
use crossbeam_utils::CachePadded;
use lockwright_benches::for_every_condvar;
use lockwright_benches::peers::{AGAIN, Peer};
use lockwright_benches::pin::pin_thread;
use lockwright_benches::scenario::frame::in_company;
use lockwright_benches::scenario::monitor::Monitor;
use std::time::Instant;

fn nobody_waits<M: Monitor<u64>>(peer: Peer, c: &mut Criterion) {
    // The second contender of the same build would only repeat the first.
    if peer == AGAIN {
        return;
    }
    let monitor = CachePadded::new(M::new(0));
    c.bench_function(&format!("condvar/notify-one-of-none/{}", peer.id), |b| {
        b.iter(|| monitor.notify_one(0));
    });
    c.bench_function(&format!("condvar/notify-all-of-none/{}", peer.id), |b| {
        b.iter(|| monitor.notify_all(0));
    });
}

/// Two threads, each on a CPU of its own where that is possible, take turns.
fn ping_pong<M: Monitor<u64>>(peer: Peer, c: &mut Criterion) {
    if peer == AGAIN {
        return;
    }
    c.bench_function(&format!("condvar/ping-pong/{}", peer.id), |b| {
        b.iter_custom(|turns| {
            let monitor = CachePadded::new(M::new(0));
            let play = |me: u64| {
                let _unpinned_will_do = pin_thread(me as usize);
                let start = Instant::now();
                for _ in 0..turns {
                    monitor.wait(0, |turn| (*turn % 2 == me).then(|| *turn += 1));
                    monitor.notify_one(0);
                }
                start.elapsed() / 2
            };
            std::thread::scope(|s| {
                s.spawn(|| play(1));
                s.spawn(|| play(0)).join().expect("it only takes turns")
            })
        });
    });
}

fn all(c: &mut Criterion) {
    in_company(|| {
        for_every_condvar!(nobody_waits(c));
        for_every_condvar!(ping_pong(c));
    });
}

criterion_group!(benches, all);
criterion_main!(benches);
