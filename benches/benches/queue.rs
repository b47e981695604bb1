//! The queue under criterion: one thread, and streams through it.
//!
//! `cargo compare --only queue` is the better instrument; see benches/lock.rs.

use criterion::{Criterion, criterion_group, criterion_main};
use crossbeam_utils::CachePadded;
use lockwright_benches::for_every_queue;
use lockwright_benches::peers::{AGAIN, Peer};
use lockwright_benches::pin::pin_thread;
use lockwright_benches::scenario::frame::in_company;
use lockwright_benches::scenario::queue::adapter::Bounded;
use std::time::Instant;

const CAPACITY: usize = 16;

fn same_thread<Q: Bounded>(peer: Peer, c: &mut Criterion) {
    // The second contender of the same build would only repeat the first.
    if peer == AGAIN {
        return;
    }
    let queue = CachePadded::new(Q::new(CAPACITY));
    c.bench_function(&format!("queue/same-thread/{}", peer.id), |b| {
        b.iter(|| {
            queue.put(7);
            queue.get()
        });
    });
}

/// One producer and one consumer, each on a CPU of its own where that is possible: the cost of an item.
fn stream<Q: Bounded>(peer: Peer, c: &mut Criterion) {
    if peer == AGAIN {
        return;
    }
    c.bench_function(&format!("queue/stream/{}", peer.id), |b| {
        b.iter_custom(|items| {
            let queue = CachePadded::new(Q::new(CAPACITY));
            std::thread::scope(|s| {
                s.spawn(|| {
                    let _unpinned_will_do = pin_thread(1);
                    (1..=items).for_each(|n| queue.put(n));
                });
                let consumer = s.spawn(|| {
                    let _unpinned_will_do = pin_thread(0);
                    let start = Instant::now();
                    queue.get_until(true, |n| n == items);
                    start.elapsed()
                });
                consumer.join().expect("it only takes items out")
            })
        });
    });
}

fn all(c: &mut Criterion) {
    in_company(|| {
        for_every_queue!(same_thread(c));
        for_every_queue!(stream(c));
    });
}

criterion_group!(benches, all);
criterion_main!(benches);
