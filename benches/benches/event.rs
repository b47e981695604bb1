//! The event under criterion: what costs nothing when nobody waits, and two threads in turn.
//!
//! `cargo compare --only event` is the better instrument; see benches/lock.rs.

use criterion::{Criterion, criterion_group, criterion_main};
use crossbeam_utils::CachePadded;
use lockwright_benches::for_every_event;
use lockwright_benches::peers::{AGAIN, Peer};
use lockwright_benches::pin::pin_thread;
use lockwright_benches::scenario::event::adapter::EventPeer;
use lockwright_benches::scenario::frame::in_company;
use std::time::Instant;

fn alone<E: EventPeer>(peer: Peer, c: &mut Criterion) {
    // The second contender of the same build would only repeat the first.
    if peer == AGAIN {
        return;
    }
    let event = CachePadded::new(E::new());
    c.bench_function(&format!("event/set-clear/{}", peer.id), |b| {
        b.iter(|| {
            event.set();
            event.clear();
        });
    });
    event.set();
    c.bench_function(&format!("event/is-set/{}", peer.id), |b| {
        b.iter(|| event.is_set());
    });
    c.bench_function(&format!("event/wait-set/{}", peer.id), |b| {
        b.iter(|| event.wait());
    });
}

/// Two threads, each on a CPU of its own where that is possible, let each other go: one hand-over.
fn hand_over<E: EventPeer>(peer: Peer, c: &mut Criterion) {
    if peer == AGAIN {
        return;
    }
    c.bench_function(&format!("event/ping-pong/{}", peer.id), |b| {
        b.iter_custom(|turns| {
            let events = [CachePadded::new(E::new()), CachePadded::new(E::new())];
            let wait = |n: usize| {
                events[n].wait();
                events[n].clear();
            };
            std::thread::scope(|s| {
                s.spawn(|| {
                    let _unpinned_will_do = pin_thread(1);
                    for _ in 0..turns {
                        wait(1);
                        events[0].set();
                    }
                });
                let first = s.spawn(|| {
                    let _unpinned_will_do = pin_thread(0);
                    let start = Instant::now();
                    for _ in 0..turns {
                        events[1].set();
                        wait(0);
                    }
                    start.elapsed()
                });
                first.join().expect("it only takes turns") / 2
            })
        });
    });
}

fn all(c: &mut Criterion) {
    in_company(|| {
        for_every_event!(alone(c));
        for_every_event!(hand_over(c));
    });
}

criterion_group!(benches, all);
criterion_main!(benches);
