//! The bodies of the barrier's scenarios, generic over the contender.
//!
//! Every thread must have done as many phases as the others, and in each phase one of them led.

use super::adapter::{Meeting, Party};
use crate::peers::Peer;
use crate::runner::{Contender, run_threads};
use crate::scenario::frame::repeat;
use crate::work::{chain, steps_for};
use std::hint::black_box;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

pub(super) fn alone<M: Meeting>(peer: Peer) -> Contender {
    Contender::new(peer, |window| {
        let party = Mutex::new(M::new(1));
        run_threads(1, window, |worker| {
            let mut party = party.lock().unwrap().pop().expect("there is one");
            repeat(worker, || assert!(party.wait(), "it is the only one"))
        })
    })
}

/// Work of random length, then the others are waited for. The cost is that of one phase.
pub(super) fn phase<M: Meeting>(peer: Peer, parties: usize, outside: u64) -> Contender {
    Contender::new(peer, move |window| {
        let all = Mutex::new(M::new(parties));
        let steps = steps_for(outside);
        let led = AtomicU64::new(0);
        // The last phase: the first thread names it before it comes to it, so all know it when they leave.
        let last = AtomicU64::new(u64::MAX);
        let sample = run_threads(parties, window, |worker| {
            let mut party = all.lock().unwrap().pop().expect("one each");
            let (mut phase, mut leads) = (0, 0);
            let mut own = worker.index as u64;
            while phase < last.load(Ordering::Relaxed) {
                if steps > 0 {
                    own = chain(own, worker.random.around(steps));
                }
                phase += 1;
                if worker.index == 0 && worker.stopped() {
                    last.store(phase, Ordering::Relaxed);
                }
                let asked = window.account.then(Instant::now);
                leads += u64::from(party.wait());
                if let Some(asked) = asked {
                    worker.record(asked.elapsed());
                }
            }
            black_box(own);
            led.fetch_add(leads, Ordering::Relaxed);
            phase
        });
        let phases = led.into_inner();
        assert!(
            sample.ops.iter().all(|&ops| ops == phases),
            "{phases} phases were led, and passed: {:?}",
            sample.ops
        );
        sample.each(1.0 / parties as f64)
    })
}
