//! Timers under criterion: arm and cancel, and the wheel alone.
//!
//! `cargo compare --only timer` is the better instrument, and has the lateness; see benches/lock.rs.

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use lockwright_benches::peers::{AGAIN, Peer};
use lockwright_benches::scenario::frame::in_company;
use lockwright_benches::scenario::timer::adapter::Timers;
use lockwright_benches::scenario::timer::pending::Pending;
use lockwright_benches::work::Random;
use lockwright_benches::{for_every_firing, for_every_timer};
use std::time::Duration;

const PENDING: u64 = 10_000;

fn arm_cancel<T: Timers>(peer: Peer, c: &mut Criterion) {
    // The second contender of the same build would only repeat the first.
    if peer == AGAIN {
        return;
    }
    let mut timers = T::new();
    let delay = |n| Duration::from_secs(100 + n % 1_000);
    let others: Vec<_> = (0..PENDING).map(|n| timers.arm(delay(n), || ())).collect();
    c.bench_function(&format!("timer/arm-cancel/{}", peer.id), |b| {
        b.iter(|| {
            let armed = timers.arm(Duration::from_secs(500), || ());
            assert!(timers.cancel(armed));
        });
    });
    for armed in others {
        let _ = timers.cancel(armed);
    }
}

fn fire<P: Pending>(peer: Peer, c: &mut Criterion) {
    if peer == AGAIN {
        return;
    }
    c.bench_function(&format!("timer/fire/{}", peer.id), |b| {
        let fill = || {
            let (mut all, mut random) = (P::new(), Random::new(1));
            (0..PENDING).for_each(|n| drop(all.insert(u64::from(random.around(500)) + 1, n)));
            all.ripen(1_000);
            all
        };
        b.iter_batched(fill, |mut all| (all.fire(), all), BatchSize::PerIteration);
    });
}

fn all(c: &mut Criterion) {
    in_company(|| {
        for_every_timer!(arm_cancel(c));
        for_every_firing!(fire(c));
    });
}

criterion_group!(benches, all);
criterion_main!(benches);
