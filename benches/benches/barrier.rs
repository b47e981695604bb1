//! The barrier under criterion: one party, and threads that meet.
//!
//! `cargo compare --only barrier` is the better instrument; see benches/lock.rs.

use criterion::{Criterion, criterion_group, criterion_main};
use lockwright_benches::for_every_barrier;
use lockwright_benches::peers::{AGAIN, Peer};
use lockwright_benches::pin::pin_thread;
use lockwright_benches::scenario::barrier::adapter::{Meeting, Party};
use lockwright_benches::scenario::frame::in_company;
use std::hint::black_box;
use std::time::Instant;

fn alone<M: Meeting>(peer: Peer, c: &mut Criterion) {
    // The second contender of the same build would only repeat the first.
    if peer == AGAIN {
        return;
    }
    let mut party = M::new(1).pop().expect("there is one");
    c.bench_function(&format!("barrier/alone/{}", peer.id), |b| {
        b.iter(|| party.wait());
    });
}

/// Threads, each on the CPU that its number falls to, meet as often as they can.
fn phase<M: Meeting>(peer: Peer, c: &mut Criterion, parties: usize) {
    if peer == AGAIN {
        return;
    }
    c.bench_function(&format!("barrier/phase-{parties}/{}", peer.id), |b| {
        b.iter_custom(|phases| {
            std::thread::scope(|s| {
                let threads: Vec<_> = (0..)
                    .zip(M::new(parties))
                    .map(|(index, mut party)| {
                        s.spawn(move || {
                            let _unpinned_will_do = pin_thread(index);
                            party.wait();
                            let start = Instant::now();
                            (0..phases).for_each(|_| _ = black_box(party.wait()));
                            start.elapsed()
                        })
                    })
                    .collect();
                let took = threads
                    .into_iter()
                    .map(|t| t.join().expect("it only meets"));
                took.max().expect("there are some")
            })
        });
    });
}

fn all(c: &mut Criterion) {
    in_company(|| {
        for_every_barrier!(alone(c));
        for_every_barrier!(phase(c, 2));
        for_every_barrier!(phase(c, 8));
    });
}

criterion_group!(benches, all);
criterion_main!(benches);
