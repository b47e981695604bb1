//! The semaphore under criterion: its uncontended paths, and two threads that release each other.
//!
//! `cargo compare --only semaphore` is the better instrument; see benches/lock.rs.

use criterion::{Criterion, criterion_group, criterion_main};
use crossbeam_utils::CachePadded;
use lockwright_benches::for_every_semaphore;
use lockwright_benches::peers::{AGAIN, Peer};
use lockwright_benches::pin::pin_thread;
use lockwright_benches::scenario::frame::in_company;
use lockwright_benches::scenario::semaphore::adapter::Permits;
use std::hint::black_box;
use std::time::Instant;

fn uncontended<S: Permits>(peer: Peer, c: &mut Criterion) {
    // The second contender of the same build would only repeat the first.
    if peer == AGAIN {
        return;
    }
    let semaphore = CachePadded::new(S::new(1));
    c.bench_function(&format!("semaphore/pair/{}", peer.id), |b| {
        b.iter(|| {
            semaphore.acquire();
            semaphore.release(1);
        });
    });
    semaphore.acquire();
    c.bench_function(&format!("semaphore/try-miss/{}", peer.id), |b| {
        b.iter(|| black_box(semaphore.try_acquire()));
    });
}

/// Two threads, each on a CPU of its own where that is possible, release each other in turn.
fn hand_off<S: Permits>(peer: Peer, c: &mut Criterion) {
    if peer == AGAIN {
        return;
    }
    c.bench_function(&format!("semaphore/hand-off/{}", peer.id), |b| {
        b.iter_custom(|turns| {
            let go = [CachePadded::new(S::new(1)), CachePadded::new(S::new(0))];
            let take = |me: usize| {
                let _unpinned_will_do = pin_thread(me);
                let start = Instant::now();
                for _ in 0..turns.div_ceil(2) {
                    go[me].acquire();
                    go[1 - me].release(1);
                }
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
        for_every_semaphore!(uncontended(c));
        for_every_semaphore!(hand_off(c));
    });
}

criterion_group!(benches, all);
criterion_main!(benches);
